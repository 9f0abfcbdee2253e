//! What an analyst asks of the registry that needs the data: compare two models, put one into use.

use super::{Moment, PipelineError, Resources, Silent, stages::Run};
use crate::{
    config::RunConfig,
    domain::{Horizon, Month},
    registry::{Card, Decision, Difference, DuelOutcome, Override, Registry, RegistryError, differences},
};

/// Two models of one target and horizon.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The model that is compared with, usually the champion.
    pub champion: Card,
    /// The other one.
    pub challenger: Card,
    /// Their recipes on what closed since the champion's was promoted, or why that cannot be had.
    pub outcome: DuelOutcome,
    /// In what they differ.
    pub differences: Vec<Difference>,
}

impl Comparison {
    /// The comparison as lines of text.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!("champion    {}  {}", self.champion.id, self.champion.training.recipe),
            format!("challenger  {}  {}", self.challenger.id, self.challenger.training.recipe),
        ];
        match &self.outcome {
            Err(why) => lines.push(format!("no comparison of recipes: {why}")),
            Ok(duel) => {
                lines.push(format!(
                    "{:<9} {:>12} {:>12} {:>9}",
                    duel.metric.replace('_', " "),
                    "champion",
                    "challenger",
                    "accounts"
                ));
                for round in &duel.rounds {
                    lines.push(format!(
                        "{:<16} {:>12.4} {:>12.4} {:>9}",
                        round.origin.to_string(),
                        round.champion,
                        round.challenger,
                        round.n
                    ));
                }
                let may = if duel.is_won() { "may take over" } else { "may not take over" };
                lines.push(format!(
                    "difference {:+.4}, one standard error {:.4}: the challenger {may}",
                    duel.difference, duel.standard_error
                ));
            }
        }
        lines.extend(difference_lines(&self.differences));
        lines
    }
}

/// Differences as lines of text.
pub fn difference_lines(differences: &[Difference]) -> Vec<String> {
    differences.iter().map(|d| format!("{:<28} {}  ->  {}", d.what, shown(&d.old), shown(&d.new))).collect()
}

fn shown(value: &str) -> &str {
    if value.is_empty() { "-" } else { value }
}

/// Compares the model whose id begins with `id` with another one, or with the champion of its target and horizon, on the
/// project's data.
///
/// # Errors
/// If a model is unknown, or any stage before the backtest fails.
pub fn compare(
    config: &RunConfig,
    resources: Resources,
    id: &str,
    with: Option<&str>,
) -> Result<Comparison, PipelineError> {
    let registry = Registry::open(config.models());
    let challenger = registry.show(id)?;
    let training = &challenger.training;
    let (champion, since) = match with {
        Some(other) => {
            let card = registry.show(other)?;
            let since = card.training.window.last.max(training.window.last);
            (card, since)
        }
        None => {
            let entry = registry
                .in_use(training.target, training.horizon, None)?
                .ok_or(RegistryError::NoChampion { target: training.target, horizon: training.horizon })?;
            (registry.show(&entry.id)?, entry.since)
        }
    };
    let differences = differences(&champion, &challenger)?;
    let config = at_horizon(config, training.horizon);
    let (run, moment) = prepared(&config, resources)?;
    let recipes = [&champion.training.recipe, &training.recipe];
    let outcome = if recipes[0].is_same(recipes[1]) {
        Err("both have the same recipe, fitted on other data".to_owned())
    } else {
        run.duel(&moment, training.target, recipes, since)?
    };
    Ok(Comparison { champion, challenger, outcome, differences })
}

/// Puts the model whose id begins with `id` into use if the method allows it, or because a person insists.
///
/// # Errors
/// If the model is unknown or refused, or any stage before the backtest fails.
pub fn promote(
    config: &RunConfig,
    resources: Resources,
    id: &str,
    insisting: Option<&Override>,
) -> Result<String, PipelineError> {
    let registry = Registry::open(config.models());
    let card = registry.show(id)?;
    let training = &card.training;
    let done = |how: &str| format!("{} is in use for {} over {}: {how}", card.id, training.target, training.horizon);
    if let Some(person) = insisting {
        let changed = registry.force(&card, person)?;
        let how = format!("{} insists: {}", person.by, person.reason);
        return Ok(done(if changed { &how } else { "it was already" }));
    }
    let refused = |reason: String| PipelineError::from(RegistryError::Refused { id: card.id.clone(), reason });
    if let Some(entry) = registry.in_use(training.target, training.horizon, None)?
        && entry.id != card.id
        && let Ok(champion) = registry.show(&entry.id)
        && champion.training.recipe.is_same(&training.recipe)
        && champion.training.window.last >= training.window.last
    {
        return Err(refused(format!("{} has the same recipe and knows as much or more", entry.id)));
    }
    let config = at_horizon(config, training.horizon);
    let (run, moment) = prepared(&config, resources)?;
    let as_of: Month = moment.plan.as_of;
    let decision =
        registry.decide(&card, as_of, |recipes, since| run.duel(&moment, training.target, recipes, since))?;
    match decision {
        Decision::Reigns { .. } => Ok(done("it was already")),
        Decision::Promote { act, reason } => {
            registry.crown(&card, act, as_of, &reason)?;
            Ok(done(&reason))
        }
        Decision::Keep { reason, .. } => Err(refused(reason)),
    }
}

fn at_horizon(config: &RunConfig, horizon: Horizon) -> RunConfig {
    RunConfig { horizon: Some(horizon), ..config.clone() }
}

/// A run whose ledger is up to date, and the moment it speaks of.
fn prepared(config: &RunConfig, resources: Resources) -> Result<(Run<'_>, Moment), PipelineError> {
    let mut run = Run::open(config, resources, &Silent)?;
    let moment = super::moment_of(&mut run)?;
    Ok((run, moment))
}
