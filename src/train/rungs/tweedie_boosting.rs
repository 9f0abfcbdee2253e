//! Rung 4 for means: gradient boosting under Tweedie loss, starting from the baseline.
//!
//! `log E[Y+ + c] = log(B0 + c) + f(x)` with variance proportional to `mean^1.5`: the loss that compares rungs, so that no
//! smearing has to turn a median into a mean; what remains of each class's total (returns, for one) is set right.

use serde::{Deserialize, Serialize};

use super::{
    Param, Rung, label,
    ratio::{Anchor, Smearing},
    trees::{Learned, TreeModel, tree_params},
};
use crate::{
    domain::Target,
    learners::boosting::Loss,
    train::{Contributions, Rows, TrainError, fit::Task},
};

/// Variance is proportional to `mean^POWER`, as in the loss that decides.
pub(super) const POWER: f64 = 1.5;

/// `E = (B0 + c) * smear * exp(f) - c`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TweedieBoosting {
    anchor: Anchor,
    trees: TreeModel,
    smearing: Smearing,
}

impl TweedieBoosting {
    pub(crate) const fn tree_model(&self) -> &TreeModel {
        &self.trees
    }
}

impl Rung for TweedieBoosting {
    const TARGETS: &'static [Target] = &[Target::ExpectedRevenue, Target::ExpectedMargin];
    const STEP: u8 = 4;
    const KEYS: &'static [&'static str] = &["features"];

    fn params() -> Vec<Param> {
        tree_params()
    }

    fn fit(task: &Task<'_>, rows: &Rows<'_>) -> Result<Self, TrainError> {
        let rows = &rows.in_order();
        let anchor = Anchor::learn(task.anchor, task.target, rows)?;
        let y = rows.label(label(task.target))?;
        let (b, c) = anchor.values(rows)?;
        // a mean of one: penalties then mean the same for any currency
        let unit = (0..y.len()).map(|i| y[i].max(0.0) + c[i]).sum::<f64>() / y.len().max(1) as f64;
        let learned = |rows: &Rows<'_>| {
            let y = rows.label(label(task.target))?;
            let (b, c) = anchor.values(rows)?;
            Ok(Learned {
                y: y.iter().zip(&c).map(|(y, c)| (y.max(0.0) + c) / unit).collect(),
                offset: Some(b.iter().zip(&c).map(|(b, c)| ((b + c) / unit).ln()).collect()),
            })
        };
        let (trees, scores) = TreeModel::fit(task, rows, Loss::Tweedie { power: POWER }, &learned)?;
        let smearing = Smearing::learn(&y, &scores, &b, &c, &rows.class());
        Ok(Self { anchor, trees, smearing })
    }

    fn predict(&self, _target: Target, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        let (b, c) = self.anchor.values(rows)?;
        Ok(self.smearing.apply(&self.trees.scores(rows)?, &b, &c, &rows.class()))
    }

    fn contributions(&self, rows: &Rows<'_>) -> Result<Option<Contributions>, TrainError> {
        self.trees.contributions(rows).map(Some)
    }
}
