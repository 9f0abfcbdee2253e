//! Rung 3 for stretch, and the raw material of the prediction interval: conformalised linear quantile regression on
//! the log ratio to the baseline.
//!
//! Romano, Patterson & Candès (2019), with the two tails calibrated apart and per ABC class; a class with fewer than
//! 100 calibration rows takes the offsets of all. Where there is no calibration origin, offsets come from residuals
//! out of fold by account.

use linfa::{
    Dataset, DatasetBase, ParamGuard,
    traits::{Fit, Predict},
};
use ndarray::{Array1, Array2, Axis, concatenate};
use serde::{Deserialize, Serialize};

use super::{
    Param, Rung,
    baseline::STRETCH_LEVEL,
    gave_up, label,
    ratio::{Anchor, from_log_ratio, log_ratio},
    refuse_few, set,
};
use crate::{
    domain::Target,
    learners::{
        conformal::{ConformalOffsets, ConformalParams, Outcomes},
        quantile::{QuantileParams, QuantileRegression},
    },
    train::{Contributions, Encoder, Rows, TrainError, fit::Task},
};

/// Folds by account where there is no calibration origin.
const FOLDS: u32 = 3;
/// Relative duality gap: far below what a quantile of money can be known to.
const TOLERANCE: f64 = 1e-5;

/// Quantiles of `log((max(Y, 0) + c) / (B0 + c))`, linear in the encoded features, with offsets for the outer two.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LinearQuantile {
    lines: Lines,
    offsets: ConformalOffsets,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Lines {
    anchor: Anchor,
    encoder: Encoder,
    regression: QuantileRegression,
}

impl Lines {
    fn fit(levels: &[f64], task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let design = rows.panel().design(&task.features())?;
        refuse_few(task, rows, design.encoder.width())?;
        let anchor = Anchor::learn(task.anchor, task.target, rows)?;
        let (b, c) = anchor.values(rows)?;
        let y = rows.label(label(task.target))?;
        let z = (0..y.len()).map(|i| log_ratio(y[i], b[i], c[i])).collect();
        let set = set(&design, rows, z)?;
        let regression = QuantileParams::default()
            .levels(levels)
            .ridge(task.param("alpha") / rows.len() as f64)
            .tolerance(TOLERANCE)
            .check()
            .and_then(|params| params.fit(&Dataset::new(set.x().clone(), set.y().clone())))
            .map_err(|error| gave_up(task, error))?;
        Ok(Self { anchor, encoder: design.encoder.clone(), regression })
    }

    /// Predicted outer quantiles `(n, 2)` and what happened, both as log ratios.
    fn residuals(&self, task: &Task<'_>, rows: &Rows<'_>) -> Result<(Array2<f64>, Outcomes), TrainError> {
        let (b, c) = self.anchor.values(rows)?;
        let z = self.regression.predict(&self.encoder.transform(rows)?);
        let y = rows.label(label(task.target))?;
        let y = (0..y.len()).map(|i| log_ratio(y[i], b[i], c[i])).collect();
        let groups = rows.class().into_iter().map(|class| class as usize).collect();
        Ok((z.select(Axis(1), &[0, z.ncols() - 1]), Outcomes { y, groups }))
    }
}

impl LinearQuantile {
    /// Fits `levels` (ascending) at once and calibrates the outer two so that each misses as often as it claims.
    pub(crate) fn fit_levels(levels: &[f64], task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let lines = Lines::fit(levels, task, rows)?;
        let (bounds, outcomes) = match task.calibrate {
            Some(calibrate) => lines.residuals(task, calibrate)?,
            None => out_of_fold(levels, task, rows)?,
        };
        let (lowest, highest) = (levels[0], levels[levels.len() - 1]);
        let offsets = ConformalParams::default()
            .miss_below(lowest)
            .miss_above(1.0 - highest)
            .check()
            .and_then(|params| params.fit(&DatasetBase::new(bounds, outcomes)))
            .map_err(|error| gave_up(task, error))?;
        Ok(Self { lines, offsets })
    }

    /// The same rung on other rows with this one's offsets: what a bootstrap refit needs.
    pub(crate) fn refit(&self, task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let levels = self.lines.regression.levels();
        Ok(Self { lines: Lines::fit(levels, task, rows)?, offsets: self.offsets.clone() })
    }

    /// Calibrated quantiles in currency, `(n, levels)`, sorted within each row so that they never cross, and clipped
    /// at 0.
    pub(crate) fn quantiles(&self, rows: &Rows<'_>) -> Result<Array2<f64>, TrainError> {
        let (b, c) = self.lines.anchor.values(rows)?;
        let mut z = self.lines.regression.predict(&self.lines.encoder.transform(rows)?);
        let last = z.ncols() - 1;
        for (i, class) in rows.class().into_iter().enumerate() {
            let offsets = self.offsets.of(class as usize);
            if last > 0 {
                z[[i, 0]] -= offsets.below;
            }
            z[[i, last]] += offsets.above;
            let mut sorted = z.row(i).to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            for (j, value) in sorted.into_iter().enumerate() {
                z[[i, j]] = from_log_ratio(value, b[i], c[i]);
            }
        }
        Ok(z)
    }
}

fn out_of_fold(levels: &[f64], task: &Task<'_>, rows: &Rows<'_>) -> Result<(Array2<f64>, Outcomes), TrainError> {
    let mut outer = vec![levels[0], levels[levels.len() - 1]];
    outer.dedup();
    let mut bounds = Array2::zeros((0, 2));
    let (mut y, mut groups) = (Vec::new(), Vec::new());
    for fold in 0..FOLDS {
        let (inside, outside) = rows.fold(fold, FOLDS);
        let (predicted, outcomes) = Lines::fit(&outer, task, &outside)?.residuals(task, &inside)?;
        y.extend(outcomes.y);
        groups.extend(outcomes.groups);
        bounds = concatenate![Axis(0), bounds, predicted];
    }
    Ok((bounds, Outcomes { y: Array1::from(y), groups: Array1::from(groups) }))
}

impl Rung for LinearQuantile {
    const TARGETS: &'static [Target] = &[Target::Stretch];
    const STEP: u8 = 3;
    const KEYS: &'static [&'static str] = &["features"];
    const CALIBRATED: bool = true;

    fn params() -> Vec<Param> {
        // as in the logistic rung the weight of the squared coefficients in the sum over rows, not in the mean: with
        // few rows the lines fall back to the quantiles of all
        vec![Param { name: "alpha", default: 50.0, range: 0.0..=1e6, expected: "zero or a positive number" }]
    }

    fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        Self::fit_levels(&[STRETCH_LEVEL], task, rows)
    }

    fn predict(&self, _target: Target, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let quantiles = self.quantiles(rows)?;
        Ok(quantiles.column(quantiles.ncols() - 1).to_vec())
    }

    fn contributions(&self, rows: &Rows<'_>) -> Result<Option<Contributions>, TrainError> {
        let Some(line) = self.lines.regression.lines().last() else { return Ok(None) };
        let values = line.contributions(self.lines.encoder.transform(rows)?.view());
        Ok(Some(Contributions { names: self.lines.encoder.names(), values }))
    }
}
