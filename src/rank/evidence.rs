//! What the backtest and the models allow a ranking to say.

use super::RankError;
use crate::{
    backtest::{BacktestReport, Trained, Verdict},
    domain::Target,
    features::Slice,
    score::{Shock, shocks},
    train::Contributions,
};

/// How one linear model explains its figures.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// What it predicts.
    pub target: Target,
    /// Contributions per account of the population and column, on the model's own scale.
    pub contributions: Contributions,
}

/// What a ranking may claim, and why.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// METHOD's third verdict: is there potential to rank?
    pub potential: Verdict,
    /// Whether growth probability has skill over its baseline.
    pub growth_has_skill: bool,
    /// Share of accounts that grew among the rows growth was trained on; `None` without a model of growth.
    pub growth_base_rate: Option<f64>,
    /// How past totals came out.
    pub shocks: Vec<Shock>,
    /// The explanation of the model that decides the rank, where that model is linear.
    pub explanation: Option<Explanation>,
}

impl Evidence {
    /// Collects the evidence for ranking the population of `slice`.
    ///
    /// The rank follows growth probability where potential is shown, expected margin otherwise; the model of that
    /// figure explains it. Where growth is no linear model, expected revenue's explanation stands in if it is one.
    ///
    /// # Errors
    /// If a model does not fit the slice or the backtest's tables lack a column.
    pub fn of(report: &BacktestReport, models: &[Trained], slice: &Slice) -> Result<Self, RankError> {
        let model = |target: Target| models.iter().find(|model| model.target == target);
        let potential = report.verdicts.potential.clone();
        let deciding: &[Target] =
            if potential.holds { &[Target::Growth, Target::ExpectedRevenue] } else { &[Target::ExpectedMargin] };
        let mut explanation = None;
        for model in deciding.iter().filter_map(|&target| model(target)) {
            if let Some(contributions) = model.contributions(slice)? {
                explanation = Some(Explanation { target: model.target, contributions });
                break;
            }
        }
        Ok(Self {
            growth_has_skill: report.targets.iter().any(|t| t.target == Target::Growth && t.claimed),
            growth_base_rate: model(Target::Growth).and_then(|model| model.base_rate),
            shocks: shocks(report),
            potential,
            explanation,
        })
    }
}
