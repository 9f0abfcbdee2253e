//! First purchases of product groups within the run: learned and judged beside the backtest, put into money beside the
//! ranking.

use super::PipelineError;
use crate::{
    backtest::{self, Backtest, BacktestError, Setting},
    domain::{AbcThresholds, Horizon, Notice},
    features::{Facts, Slice},
    score::{self, ScoreFrame, WhitespaceScores},
};

/// Learns and judges on the origins of `panel`, and puts what was found into `found`.
pub(super) fn judge(
    facts: &Facts,
    panel: &[Slice],
    setting: &Setting<'_>,
    found: &mut Backtest,
) -> Result<(), PipelineError> {
    let plan = setting.plan;
    let purchases = panel
        .iter()
        .map(|slice| facts.purchases(slice.as_of(), plan.horizon, Some(plan.as_of)))
        .collect::<Result<Vec<_>, _>>()?;
    let origins: Vec<backtest::Origin<'_>> = panel.iter().zip(&purchases).collect();
    found.whitespace = backtest::whitespace(&origins, setting)?;
    if let Some(whitespace) = &found.whitespace {
        let table = whitespace.report.table(setting).map_err(BacktestError::from)?;
        found.report.metrics.vstack_mut(&table).map_err(BacktestError::from)?;
        found.report.notices.push(Notice::info("first-purchases", whitespace.report.verdict.as_str()));
    }
    Ok(())
}

/// What the accounts of `slice` could buy for the first time; `None` where nothing could be learned of it.
pub(super) fn score(
    facts: &Facts,
    backtest: &Backtest,
    slice: &Slice,
    horizon: Horizon,
    abc: AbcThresholds,
    scores: &ScoreFrame,
) -> Result<Option<WhitespaceScores>, PipelineError> {
    let Some(model) = &backtest.whitespace else { return Ok(None) };
    let purchases = facts.purchases(slice.as_of(), horizon, None)?;
    let found = model.predict((slice, &purchases), abc)?;
    Ok(Some(score::whitespace(&found.purchases, found.breadth, purchases.groups(), slice, scores)?))
}
