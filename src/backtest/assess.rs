//! One list of predictions measured against what came of it, beside a baseline, with the backtest's own figures.

use serde::{Deserialize, Serialize};

use super::{
    BacktestError,
    bootstrap::Bootstrap,
    contest::training_rows,
    losses::{Measured, losses, outcome},
    metrics::{deciles, mean, skill},
    report::{CalibrationBin, Estimate},
};
use crate::{
    domain::{AbcThresholds, Horizon, Seed, Target},
    features::Slice,
    train::{FittedModel, MAX_ROWS, Panel, Rows, Task, baselines, fit_rows},
};

/// Replicates behind a skill.
const REPLICATES: usize = 1000;

/// One figure of the predictions beside that of the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measure {
    /// The measure, as in `backtest.parquet`.
    pub metric: String,
    /// Of the predictions.
    pub value: f64,
    /// Of the baseline.
    pub baseline: f64,
}

/// How good one target's predictions were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// The target.
    pub target: Target,
    /// Accounts.
    pub n: usize,
    /// Skill over the baseline by the deciding measure, with its 90 % interval by account.
    pub skill: Estimate,
    /// All measures, the deciding one first.
    pub measures: Vec<Measure>,
    /// Predicted and actual by tenth of accounts.
    pub calibration: Vec<CalibrationBin>,
}

/// Measures predictions, one per account, against outcomes; all three lists are in one order and not empty.
pub fn assess(target: Target, predicted: &[f64], baseline: &[f64], actual: &[f64], seed: Seed) -> Assessment {
    let n = actual.len();
    let account: Vec<u32> = (0..n as u32).collect();
    let (own, base) = (losses(target, predicted, actual), losses(target, baseline, actual));
    let bootstrap = Bootstrap::new(n, REPLICATES, seed.derive(&format!("assess/{target}")));
    let ones = vec![1.0; n];
    let values = Measured::new(target, predicted, actual).all(&ones);
    let baselines = Measured::new(target, baseline, actual).all(&ones);
    Assessment {
        target,
        n,
        skill: bootstrap.estimate(&account, |weight| skill(mean(&own, weight), mean(&base, weight))),
        measures: values
            .into_iter()
            .zip(baselines)
            .map(|((metric, value), (_, baseline))| Measure { metric: metric.into(), value, baseline })
            .collect(),
        calibration: deciles(predicted, actual)
            .into_iter()
            .map(|(predicted, actual, n)| CalibrationBin { predicted, actual, n })
            .collect(),
    }
}

/// The best baseline of `target` on labelled slices, and what it says of `now`.
///
/// # Errors
/// If a baseline cannot be computed.
pub fn best_baseline(
    training: &[Slice],
    now: &Slice,
    target: Target,
    abc: AbcThresholds,
    seed: Seed,
) -> Result<(String, Vec<f64>), BacktestError> {
    let slices: Vec<&Slice> = training.iter().filter(|slice| slice.labels().is_some()).collect();
    let panel = Panel::sampled(&slices, abc, MAX_ROWS, seed.derive("sample of accounts"))?;
    let rows = training_rows(target, &panel.rows())?;
    let (name, model) = fit_best_baseline(target, now.horizon(), &rows)?;
    Ok((name, model.predict(now)?))
}

/// The baseline with the least loss on the rows it is fitted on.
pub(super) fn fit_best_baseline(
    target: Target,
    horizon: Horizon,
    rows: &Rows<'_>,
) -> Result<(String, FittedModel), BacktestError> {
    let actual = outcome(target, rows)?;
    let mut best: Option<(f64, String, FittedModel)> = None;
    for candidate in baselines(target) {
        let task = Task { candidate: &candidate, target, horizon, anchor: &candidate, calibrate: None };
        let model = fit_rows(&task, rows)?;
        let loss = losses(target, &model.predict_rows(rows)?, &actual).iter().sum::<f64>();
        if best.as_ref().is_none_or(|(least, ..)| loss < *least) {
            best = Some((loss, candidate.name.clone(), model));
        }
    }
    best.map(|(_, name, model)| (name, model)).ok_or(BacktestError::NoBaseline { target })
}
