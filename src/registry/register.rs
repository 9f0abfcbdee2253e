//! From a backtest to models on disk, and from the journal to the models that score.

use super::{Card, CardDraft, Made, Registry, RegistryError, run_id};
use crate::{
    backtest::{Backtest, Trained},
    domain::Target,
};

/// The models in use for one run, in the order of the backtest.
#[derive(Debug, Clone, Default)]
pub struct Registered {
    cards: Vec<Card>,
    models: Vec<Trained>,
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

    /// The model of one target.
    pub fn model(&self, target: Target) -> Option<&Trained> {
        self.models.iter().find(|model| model.target == target)
    }

    /// The id of the whole set, for the `model_run` column.
    pub fn run_id(&self) -> String {
        run_id(self.cards.iter().map(|card| card.id.as_str()))
    }
}

impl Registry {
    /// Stores the models of `backtest`, each with the card its report gives, in its order. None is put into use by that.
    ///
    /// # Errors
    /// If a model has no report, does not read back as written, or the file system refuses.
    pub fn register(&self, backtest: &Backtest) -> Result<Vec<Card>, RegistryError> {
        backtest.champions.iter().map(|champion| self.register_one(backtest, champion)).collect()
    }

    /// The same for one of its models.
    ///
    /// # Errors
    /// As [`Self::register`].
    pub fn register_one(&self, backtest: &Backtest, model: &Trained) -> Result<Card, RegistryError> {
        let target = model.target;
        let report = backtest
            .report
            .targets
            .iter()
            .find(|report| report.target == target)
            .ok_or(RegistryError::NoReport { target })?;
        self.save(CardDraft::of(&backtest.report, report, &Made::by(model))?, model)
    }

    /// Reads models by target and id, each after its hashes were compared.
    ///
    /// # Errors
    /// If one is unknown, was changed, or does not fit `feature_schema`.
    pub fn read(&self, ids: &[(Target, String)], feature_schema: &str) -> Result<Registered, RegistryError> {
        let mut registered = Registered::default();
        for (target, id) in ids {
            let (card, model) = self.load::<Trained>(*target, id, feature_schema)?.into_parts();
            registered.cards.push(card);
            registered.models.push(model);
        }
        Ok(registered)
    }
}
