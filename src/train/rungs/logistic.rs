//! Rung 3 for probabilities: linfa's logistic regression.

use linfa::{
    Dataset, ParamGuard,
    traits::{Fit, Predict},
};
use serde::{Deserialize, Serialize};

use super::{Param, Rung, gave_up, label, refuse_few, set, too_few};
use crate::{
    domain::Target,
    learners::linear::{LogisticParams, LogisticRegression},
    train::{Contributions, Encoder, Rows, TrainError, fit::Task},
};

/// Fewer outcomes of either kind than this tell nothing apart.
const ENOUGH: usize = 20;

/// `log(p / (1 - p))` is linear in the encoded features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Logistic {
    encoder: Encoder,
    regression: LogisticRegression,
}

impl Rung for Logistic {
    const TARGETS: &'static [Target] = &[Target::Growth, Target::Inactivity];
    const STEP: u8 = 3;
    const KEYS: &'static [&'static str] = &["features"];

    fn params() -> Vec<Param> {
        vec![Param { name: "alpha", default: 10.0, range: 0.0..=1e6, expected: "zero or a positive number" }]
    }

    fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let design = rows.panel().design(&task.features())?;
        refuse_few(task, rows, design.encoder.width())?;
        let y = rows.label(label(task.target))?;
        let positive = y.iter().filter(|y| **y > 0.5).count();
        for (found, what) in [(positive, "positive outcomes"), (y.len() - positive, "negative outcomes")] {
            if found < ENOUGH {
                return Err(too_few(task, what, found, ENOUGH));
            }
        }
        let set = set(&design, rows, y)?;
        let params =
            LogisticParams::default().alpha(task.param("alpha")).check().map_err(|error| gave_up(task, error))?;
        let regression = params
            .fit(&Dataset::new(set.x().clone(), set.y().mapv(|y| y > 0.5)))
            .map_err(|error| gave_up(task, error))?;
        Ok(Self { encoder: design.encoder.clone(), regression })
    }

    fn predict(&self, _target: Target, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        Ok(self.regression.predict(&self.encoder.transform(rows)?).to_vec())
    }

    fn contributions(&self, rows: &Rows<'_>) -> Result<Option<Contributions>, TrainError> {
        let values = self.regression.contributions(self.encoder.transform(rows)?.view());
        Ok(Some(Contributions { names: self.encoder.names(), values }))
    }
}
