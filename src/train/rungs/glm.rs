//! Rung 3 for means: a Tweedie generalised linear model with log link, relative to the baseline.
//!
//! `E[(Y+ + c) / (B0 + c)] = exp(f(x))` under weights `(B0 + c)^(2 - power)`, which is the Tweedie deviance of the amounts
//! themselves; what remains of each class's total (returns, for one) is set right.

use linfa::{DatasetBase, ParamGuard, traits::Fit};
use ndarray::Array1;
use serde::{Deserialize, Serialize};

use super::{
    Param, Rung, gave_up, label,
    ratio::{Anchor, Smearing},
    refuse_few, set,
    tweedie_boosting::POWER,
};
use crate::{
    domain::Target,
    learners::glm::{Family, Glm as Line, GlmParams},
    train::{Contributions, Encoder, Rows, TrainError, fit::Task},
};

/// Far below what a mean of money can be known to.
const TOLERANCE: f64 = 1e-6;

/// `E = (B0 + c) * smear * exp(f(x)) - c`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Glm {
    anchor: Anchor,
    encoder: Encoder,
    line: Line,
    smearing: Smearing,
    /// Smallest and largest `f` in training: no account is sent further than any was seen to go.
    range: (f64, f64),
}

impl Glm {
    fn scores(&self, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let f = self.line.predictor().scores(self.encoder.transform(rows)?.view());
        Ok(f.iter().map(|f| f.clamp(self.range.0, self.range.1)).collect())
    }
}

impl Rung for Glm {
    const TARGETS: &'static [Target] = &[Target::ExpectedRevenue, Target::ExpectedMargin];
    const STEP: u8 = 3;
    const KEYS: &'static [&'static str] = &["features"];

    fn params() -> Vec<Param> {
        vec![
            Param { name: "penalty", default: 0.02, range: 0.0..=100.0, expected: "a number from 0 to 100" },
            Param { name: "l1_ratio", default: 0.0, range: 0.0..=1.0, expected: "a share from 0 to 1" },
        ]
    }

    fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let design = rows.panel().design(&task.features())?;
        refuse_few(task, rows, design.encoder.width())?;
        let anchor = Anchor::learn(task.anchor, task.target, rows)?;
        let (b, c) = anchor.values(rows)?;
        let y = rows.label(label(task.target))?;
        let ratio = (0..y.len()).map(|i| (y[i].max(0.0) + c[i]) / (b[i] + c[i])).collect();
        let set = set(&design, rows, ratio)?;
        let unit = (0..y.len()).map(|i| b[i] + c[i]).sum::<f64>() / y.len().max(1) as f64;
        let weights: Array1<f32> = (0..y.len()).map(|i| ((b[i] + c[i]) / unit).powf(2.0 - POWER) as f32).collect();
        let params = GlmParams::new(Family::Tweedie { power: POWER })
            .penalty(task.param("penalty"))
            .l1_ratio(task.param("l1_ratio"))
            .tolerance(TOLERANCE)
            .check()
            .map_err(|error| gave_up(task, error))?;
        let line = params
            .fit(&DatasetBase::new(set.x().clone(), set.y().clone()).with_weights(weights))
            .map_err(|error| gave_up(task, error))?;
        let f = line.predictor().scores(set.x().view()).to_vec();
        let range = f.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
        let smearing = Smearing::learn(&y, &f, &b, &c, &rows.class());
        Ok(Self { anchor, encoder: design.encoder.clone(), line, smearing, range })
    }

    fn predict(&self, _target: Target, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let (b, c) = self.anchor.values(rows)?;
        Ok(self.smearing.apply(&self.scores(rows)?, &b, &c, &rows.class()))
    }

    fn contributions(&self, rows: &Rows<'_>) -> Result<Option<Contributions>, TrainError> {
        let values = self.line.contributions(self.encoder.transform(rows)?.view());
        Ok(Some(Contributions { names: self.encoder.names(), values }))
    }
}
