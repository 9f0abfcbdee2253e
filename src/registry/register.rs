//! From a backtest to models in use: every champion is stored with its card, crowned, and read back.

use super::{Card, CardDraft, Registry, RegistryError, run_id};
use crate::backtest::{Backtest, Trained};

/// The champions of one run as they lie in the registry, in the order of the backtest.
#[derive(Debug, Clone)]
pub struct Registered {
    cards: Vec<Card>,
    models: Vec<Trained>,
    changed: bool,
}

impl Registered {
    /// What each model is.
    pub fn cards(&self) -> &[Card] {
        &self.cards
    }

    /// The models, read back from their files: what scores is what is stored.
    pub fn models(&self) -> &[Trained] {
        &self.models
    }

    /// The id of the whole set, for the `model_run` column.
    pub fn run_id(&self) -> String {
        run_id(self.cards.iter().map(|card| card.id.as_str()))
    }

    /// Whether any of them was not in use before.
    pub const fn is_changed(&self) -> bool {
        self.changed
    }
}

impl Registry {
    /// Stores and crowns the champions of `backtest`, each with the card its report gives.
    ///
    /// # Errors
    /// If a champion has no report, does not read back as written, or the file system refuses.
    pub fn register(&self, backtest: &Backtest) -> Result<Registered, RegistryError> {
        let mut registered = Registered { cards: Vec::new(), models: Vec::new(), changed: false };
        for champion in &backtest.champions {
            let target = champion.target;
            let report = backtest
                .report
                .targets
                .iter()
                .find(|report| report.target == target)
                .ok_or(RegistryError::NoReport { target })?;
            let schema = champion.model.schema_hash();
            let card = self.save(CardDraft::of(&backtest.report, report, schema, champion.seed)?, champion)?;
            let reason = format!("published by the run as of {}", champion.as_of);
            registered.changed |= self.crown(&card, &reason)?;
            let (card, model) = self.load::<Trained>(target, &card.id, schema)?.into_parts();
            registered.cards.push(card);
            registered.models.push(model);
        }
        Ok(registered)
    }
}
