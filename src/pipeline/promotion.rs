//! The train stage: the backtest's models become challengers, and the registry says which are in use.
//!
//! Where a champion may not be replaced, the backtest is asked again with its recipe held, so that every figure of the
//! report is about the model that scored. All that is written is written at the end, target by target: a run that was
//! killed decides the same again.

use super::{
    Moment, Origin, PipelineError, Stage,
    artifacts::{read_json, write_json},
    stages::{Run, relative},
    work::{Artifact, Key},
};
use crate::{
    backtest::{self, Backtest, BacktestError, Duel, DuelPlan, Hold, Holds, OriginPlan, Trained},
    domain::{Month, Notice, Target},
    features::catalogue::schema_hash,
    registry::{Act, Card, Decision, DuelOutcome, Registered, Registry},
    train::Recipe,
};

/// The models in use, with the backtest that judged their recipes.
pub(super) struct InUse {
    pub champions: Registered,
    pub backtest: Backtest,
    pub key: Key,
}

/// A duel as it rests between runs; `Err` is why there was none.
struct Fought(DuelOutcome);

impl Artifact for Fought {
    fn write(&self, folder: &std::path::Path) -> Result<(), PipelineError> {
        write_json(&folder.join("duel.json"), &self.0)
    }

    fn read(folder: &std::path::Path) -> Result<Self, PipelineError> {
        let outcome: Result<Duel, String> = read_json(&folder.join("duel.json"))?;
        Ok(Self(outcome))
    }
}

impl Run<'_> {
    /// Registers the challengers of `free`, decides about each, and returns what is in use as of the moment.
    pub(super) fn train(&mut self, moment: &Moment, free: Backtest, key: Key) -> Result<InUse, PipelineError> {
        let _span = tracing::info_span!("train").entered();
        self.progress.started(Stage::Train);
        let registry = Registry::open(self.config.models());
        let as_of = moment.plan.as_of;
        let challengers = registry.register(&free)?;
        let mut decisions = Vec::with_capacity(challengers.len());
        for card in &challengers {
            let target = card.training.target;
            decisions.push(registry.decide(card, as_of, |recipes, since| self.duel(moment, target, recipes, since))?);
        }
        let (backtest, key) = self.evidence(moment, free, key, &challengers, &mut decisions)?;

        let mut changed = false;
        let mut ids = Vec::with_capacity(challengers.len());
        for (card, decision) in challengers.iter().zip(decisions) {
            let target = card.training.target;
            let id = match decision {
                Decision::Reigns { id } => id,
                Decision::Promote { act, reason } => {
                    changed |= registry.crown(card, act, as_of, &reason)?;
                    card.id.clone()
                }
                Decision::Keep { entry, hold, reason } => {
                    changed |= registry.keep(card, &entry, as_of, &reason)?;
                    let pinned = entry.act.is_manual() && entry.as_of >= as_of;
                    match backtest.champions.iter().find(|model| model.target == target && hold.is_some() && !pinned) {
                        None => entry.id,
                        Some(refit) => {
                            let (id, is_new) = refitted(&registry, &backtest, refit, &entry.id)?;
                            changed |= is_new;
                            id
                        }
                    }
                }
            };
            ids.push((target, id));
        }
        let champions = registry.read(&ids, &schema_hash())?;
        self.notices.extend(backtest.report.notices.iter().cloned());
        self.notices.extend(decided(&registry, &champions, &challengers, as_of)?);
        let text = format!(
            "{} models as of {as_of}, {} ahead, in {}",
            champions.models().len(),
            moment.plan.horizon,
            relative(self.config, &self.config.models())
        );
        self.progress.finished(Stage::Train, if changed { Origin::Made } else { Origin::Reused }, &text);
        Ok(InUse { champions, backtest, key })
    }

    /// Judges and trains expected revenue and margin at the horizon beside the main one.
    pub(super) fn beside(&mut self, moment: Moment) -> Result<(Moment, InUse), PipelineError> {
        let (free, key) = self.backtest(&moment)?;
        let in_use = self.train(&moment, free, key)?;
        Ok((moment, in_use))
    }

    /// The backtest of what is in use: the free one, or one that holds the recipes that stay. A recipe that can no
    /// longer be fitted, or that clearly loses to the baseline, does not stay.
    fn evidence(
        &self,
        moment: &Moment,
        free: Backtest,
        key: Key,
        challengers: &[Card],
        decisions: &mut [Decision],
    ) -> Result<(Backtest, Key), PipelineError> {
        let mut holds = Holds::new();
        for (card, decision) in challengers.iter().zip(&*decisions) {
            if let Decision::Keep { hold: Some(hold), .. } = decision {
                holds.insert(card.training.target, Hold::clone(hold));
            }
        }
        while !holds.is_empty() {
            let (held, held_key, _) = self.judge(moment, &holds)?;
            let stays = |target: Target, recipe: &Recipe| {
                held.champions.iter().any(|model| model.target == target && model.recipe.is_same(recipe))
            };
            let lost: Vec<Target> = holds
                .iter()
                .filter(|(target, hold)| !stays(**target, &hold.recipe))
                .map(|(target, _)| *target)
                .collect();
            if lost.is_empty() {
                return Ok((held, held_key));
            }
            for (card, decision) in challengers.iter().zip(&mut *decisions) {
                if lost.contains(&card.training.target) {
                    let reason = "the recipe in use can no longer be fitted, or clearly loses to the baseline on the \
                                  locked origin"
                        .to_owned();
                    *decision = Decision::Promote { act: Act::Won, reason };
                }
            }
            holds.retain(|target, _| !lost.contains(target));
        }
        Ok((free, key))
    }

    /// Two recipes on what has closed since a month.
    pub(super) fn duel(
        &self,
        moment: &Moment,
        target: Target,
        recipes: [&Recipe; 2],
        since: Month,
    ) -> Result<DuelOutcome, PipelineError> {
        let OriginPlan { first, as_of, horizon, .. } = moment.plan;
        let plan = match DuelPlan::new(first, since, as_of, horizon) {
            Ok(plan) => plan,
            Err(why) => return Ok(Err(why)),
        };
        let (abc, seed) = (self.config.abc, self.config.seed);
        let question = format!("{target} {plan:?} {abc:?} {} {recipes:?}", seed.0);
        let key = Key::of("duel", &[("facts", &moment.facts_key), ("as of", &as_of), ("question", &question)]);
        let (Fought(outcome), _) =
            self.store.reuse_or_make(&format!("duel/{}/{target}", moment.folder()), &key, || {
                let panel = self.facts()?.panel(&plan.origins(), horizon, as_of)?;
                match backtest::duel(&panel, &plan, target, recipes, abc, seed) {
                    Ok(duel) => Ok(Fought(Ok(duel))),
                    Err(BacktestError::Train(error)) if error.is_of_the_rung() => Ok(Fought(Err(error.to_string()))),
                    Err(error) => Err(error.into()),
                }
            })?;
        Ok(outcome)
    }
}

/// The champion's recipe on the newest data: its model if that is no other than before, else a new one in use.
fn refitted(
    registry: &Registry,
    backtest: &Backtest,
    refit: &Trained,
    id: &str,
) -> Result<(String, bool), PipelineError> {
    if registry.load::<Trained>(refit.target, id, &schema_hash())?.model() == refit {
        return Ok((id.to_owned(), false));
    }
    let card = registry.register_one(backtest, refit)?;
    let reason = format!("the same recipe, fitted on the data up to {}", refit.as_of);
    let changed = registry.crown(&card, Act::Refit, refit.as_of, &reason)?;
    Ok((card.id, changed))
}

/// What the journal says of this month, so that a repeated run says the same.
fn decided(
    registry: &Registry,
    champions: &Registered,
    challengers: &[Card],
    as_of: Month,
) -> Result<Vec<Notice>, PipelineError> {
    let mut notices = Vec::new();
    for (card, challenger) in champions.cards().iter().zip(challengers) {
        let (target, horizon) = (card.training.target, card.training.horizon);
        let what = format!("{target} over {horizon}");
        let history = registry.history(target, horizon)?;
        for entry in history.iter().filter(|entry| entry.as_of == as_of) {
            let refused = entry.other.as_deref() == Some(&challenger.id);
            match entry.act {
                Act::Won if entry.id == card.id => {
                    notices.push(Notice::info("champion-replaced", format!("{what}: {}", entry.reason)));
                }
                Act::Forced | Act::RolledBack if entry.id == card.id => notices.push(Notice::warning(
                    "champion-overruled",
                    format!(
                        "{what}: {} was put into use by {}: {}",
                        entry.id,
                        entry.by.as_deref().unwrap_or("somebody"),
                        entry.reason
                    ),
                )),
                Act::Kept if refused && challenger.id != card.id => notices.push(Notice::info(
                    "challenger-refused",
                    format!("{what}: the challenger {} is not in use, since {}", challenger.id, entry.reason),
                )),
                _ => {}
            }
        }
    }
    Ok(notices)
}
