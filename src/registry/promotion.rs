//! Champion and challenger: whether a retrained model may take over, and the record of what was decided.
//!
//! METHOD section 5: recipes are compared on the origins whose labels have closed since the champion's was promoted, and
//! a challenger may be worse by at most one standard error. The same recipe on newer data is not worse than itself. What
//! a person put into use stays until the next month's data.

use super::{Act, Card, Entry, Override, Registry, RegistryError, journal::Journal};
use crate::{
    backtest::{Duel, Hold},
    domain::{Horizon, Month, Target},
    train::Recipe,
};

/// What is to become of a challenger.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// It, or the very same model under another card, is in use already.
    Reigns {
        /// The model in use.
        id: String,
    },
    /// It takes over.
    Promote {
        /// As what.
        act: Act,
        /// Why.
        reason: String,
    },
    /// What is in use stays.
    Keep {
        /// The champion's entry.
        entry: Entry,
        /// Its recipe, where it is another than the challenger's.
        hold: Option<Box<Hold>>,
        /// Why.
        reason: String,
    },
}

/// A duel, or in one sentence why there can be none.
pub type DuelOutcome = Result<Duel, String>;

impl Registry {
    /// Decides about a stored `challenger` as of `as_of`; `duel` compares two recipes (champion, challenger) on what
    /// closed since a month.
    ///
    /// # Errors
    /// If the journal cannot be read, or whatever `duel` fails with.
    pub fn decide<E: From<RegistryError>>(
        &self,
        challenger: &Card,
        as_of: Month,
        duel: impl FnOnce([&Recipe; 2], Month) -> Result<DuelOutcome, E>,
    ) -> Result<Decision, E> {
        let (target, horizon) = (challenger.training.target, challenger.training.horizon);
        let journal = self.journal(target)?;
        let Some(entry) = journal.in_use(horizon, Some(as_of)).cloned() else {
            return Ok(Decision::Promote { act: Act::First, reason: first(&journal, horizon, as_of) });
        };
        if entry.id == challenger.id {
            return Ok(Decision::Reigns { id: entry.id });
        }
        let champion = match self.card(target, &entry.id) {
            Ok(card) if card.training.feature_schema == challenger.training.feature_schema => card,
            Ok(_) => return Ok(unusable("it was trained on another set of features")),
            Err(damage) => return Ok(unusable(&damage.to_string())),
        };
        let (old, new) = (&champion.training.recipe, &challenger.training.recipe);
        if champion.files.get("model.json") == challenger.files.get("model.json") {
            return Ok(Decision::Reigns { id: entry.id });
        }
        let pinned = entry.act.is_manual() && entry.as_of >= as_of;
        let hold = (!old.is_same(new)).then(|| Box::new(Hold { recipe: old.clone(), forced: entry.act.is_manual() }));
        if journal.was_rolled_back(horizon, &challenger.id) {
            let reason = "it was in use and somebody went back from it".to_owned();
            return Ok(Decision::Keep { entry, hold, reason });
        }
        if pinned {
            let who = entry.by.as_deref().unwrap_or("somebody");
            let reason = format!("{who} put {} into use as of {}: {}", entry.id, entry.as_of, entry.reason);
            return Ok(Decision::Keep { entry, hold, reason });
        }
        if hold.is_none() {
            let reason = format!("the same recipe, fitted on the data up to {as_of}");
            return Ok(Decision::Promote { act: Act::Refit, reason });
        }
        Ok(match duel([old, new], entry.since)? {
            Ok(duel) if duel.is_won() => Decision::Promote {
                act: Act::Won,
                reason: format!(
                    "{new} replaces {old}, being not worse by more than one standard error: {}",
                    duel.sentence()
                ),
            },
            Ok(duel) => Decision::Keep {
                entry,
                hold,
                reason: format!("{new} is worse than {old} by more than one standard error: {}", duel.sentence()),
            },
            Err(why) => Decision::Keep { entry, hold, reason: format!("{new} cannot be compared with {old}: {why}") },
        })
    }

    /// Puts a stored model into use from `as_of` on; says whether that changed anything.
    ///
    /// # Errors
    /// If the model is unknown or was changed, or the journal cannot be written.
    pub fn crown(&self, card: &Card, act: Act, as_of: Month, reason: &str) -> Result<bool, RegistryError> {
        self.enter(card, act, as_of, reason, None)
    }

    /// Puts a stored model into use because a person says so, from its own month or the champion's, the later of both.
    ///
    /// # Errors
    /// As [`Self::crown`].
    pub fn force(&self, card: &Card, person: &Override) -> Result<bool, RegistryError> {
        let (target, horizon) = (card.training.target, card.training.horizon);
        let own = card.training.window.last;
        let as_of = self.journal(target)?.in_use(horizon, None).map_or(own, |entry| entry.as_of.max(own));
        self.enter(card, Act::Forced, as_of, &person.reason, Some(person))
    }

    fn enter(
        &self,
        card: &Card,
        act: Act,
        as_of: Month,
        reason: &str,
        person: Option<&Override>,
    ) -> Result<bool, RegistryError> {
        let (target, horizon) = (card.training.target, card.training.horizon);
        self.card(target, &card.id)?;
        let mut journal = self.journal(target)?;
        let before = journal.in_use(horizon, Some(as_of)).cloned();
        let since = match (&before, act) {
            (Some(before), Act::Refit) => before.since,
            _ => as_of,
        };
        let entry = Entry {
            act,
            id: card.id.clone(),
            as_of,
            since,
            other: before.map(|entry| entry.id),
            reason: reason.into(),
            by: person.map(|person| person.by.clone()),
            on: person.map(|person| person.on.clone()),
        };
        journal.record(&self.journal_path(target), horizon, entry)
    }

    /// Records that `challenger` was refused as of `as_of` and `entry` stays in use.
    ///
    /// # Errors
    /// If the journal cannot be written.
    pub fn keep(&self, challenger: &Card, entry: &Entry, as_of: Month, reason: &str) -> Result<bool, RegistryError> {
        let (target, horizon) = (challenger.training.target, challenger.training.horizon);
        let mut journal = self.journal(target)?;
        // a refusal is told once a month, though the champion may have been refitted since
        let told = |known: &Entry| {
            known.act == Act::Kept
                && known.as_of == as_of
                && known.other.as_deref() == Some(&challenger.id)
                && known.reason == reason
        };
        if journal.entries(horizon).iter().any(told) {
            return Ok(false);
        }
        let kept = Entry {
            act: Act::Kept,
            id: entry.id.clone(),
            as_of,
            since: entry.since,
            other: Some(challenger.id.clone()),
            reason: reason.into(),
            by: None,
            on: None,
        };
        journal.record(&self.journal_path(target), horizon, kept)
    }

    /// Puts the model before the newest one back into use and returns its card.
    ///
    /// # Errors
    /// If there is no model before, it was changed, or the journal cannot be written.
    pub fn rollback(&self, target: Target, horizon: Horizon, person: &Override) -> Result<Card, RegistryError> {
        let mut journal = self.journal(target)?;
        let newest = journal.in_use(horizon, None).cloned().ok_or(RegistryError::NoChampion { target, horizon })?;
        let before = journal.before(horizon).cloned().ok_or(RegistryError::NothingBefore { target, horizon })?;
        let card = self.card(target, &before.id)?;
        let entry = Entry {
            act: Act::RolledBack,
            id: before.id,
            as_of: newest.as_of,
            since: newest.as_of,
            other: Some(newest.id),
            reason: person.reason.clone(),
            by: Some(person.by.clone()),
            on: Some(person.on.clone()),
        };
        journal.record(&self.journal_path(target), horizon, entry)?;
        Ok(card)
    }

    /// The horizons for which `target` has a model in use.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn horizons(&self, target: Target) -> Result<Vec<Horizon>, RegistryError> {
        let months = self.journal(target)?.horizons();
        Ok(months.into_iter().filter_map(|months| Horizon::new(months.into()).ok()).collect())
    }

    /// The entry in use as of `as_of`, or the newest one without a month.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn in_use(
        &self,
        target: Target,
        horizon: Horizon,
        as_of: Option<Month>,
    ) -> Result<Option<Entry>, RegistryError> {
        Ok(self.journal(target)?.in_use(horizon, as_of).cloned())
    }

    /// Every entry of `target` over `horizon`, oldest first.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn history(&self, target: Target, horizon: Horizon) -> Result<Vec<Entry>, RegistryError> {
        Ok(self.journal(target)?.entries(horizon).to_vec())
    }
}

fn first(journal: &Journal, horizon: Horizon, as_of: Month) -> String {
    match journal.in_use(horizon, None) {
        None => "the first model of this target and horizon".into(),
        Some(later) => {
            format!("the first model as of {as_of}; the one in use since {} knows what came later", later.as_of)
        }
    }
}

fn unusable(why: &str) -> Decision {
    Decision::Promote { act: Act::Won, reason: format!("what was in use cannot be used any more: {why}") }
}
