//! A fitted rung as a value: it predicts for a slice without labels, explains itself where it can, and is
//! stored as JSON.

use ndarray::Array2;
use serde::{Deserialize, Serialize};

use super::{Panel, Rows, TrainError, rungs::Fitted};
use crate::{
    domain::{AbcClass, AbcThresholds, Horizon, Target},
    features::{BaselineFrame, Slice, catalogue::schema_hash},
};

/// A fitted rung for one target and horizon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedModel {
    pub(super) rung: String,
    pub(super) step: u8,
    pub(super) target: Target,
    pub(super) horizon: Horizon,
    pub(super) schema_hash: String,
    pub(super) abc: AbcThresholds,
    pub(super) fitted: Fitted,
}

/// How much each column moved each account's score, on the model's own scale (log ratio to the baseline for money,
/// log odds for probabilities), relative to an average account.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    /// Column names, `p` of them: a feature, `feature=level`, `feature?` (missing), or `baseline/anchor`.
    pub names: Vec<String>,
    /// `(n, p)`, accounts in the order of the slice.
    pub values: Array2<f64>,
}

impl FittedModel {
    /// Name of the rung, as in the report.
    pub fn rung(&self) -> &str {
        &self.rung
    }

    /// Step of the ladder, 0 to 5.
    pub const fn step(&self) -> u8 {
        self.step
    }

    /// What it predicts.
    pub const fn target(&self) -> Target {
        self.target
    }

    /// Months ahead.
    pub const fn horizon(&self) -> Horizon {
        self.horizon
    }

    /// Hash of the feature catalogue it was fitted on.
    pub fn schema_hash(&self) -> &str {
        &self.schema_hash
    }

    /// One figure per account of `slice`, in its order: currency over the horizon, or a probability. Needs no labels.
    ///
    /// # Errors
    /// If the model was fitted on another feature schema or for another horizon.
    pub fn predict(&self, slice: &Slice) -> Result<Vec<f64>, TrainError> {
        self.predict_rows(&self.pool(slice, self.classes(slice.baselines())?)?.rows())
    }

    /// The ABC class of each account of an origin, from the baselines of all of them.
    pub(crate) fn classes(&self, baselines: &BaselineFrame) -> Result<Vec<AbcClass>, TrainError> {
        Panel::classes(baselines, self.abc)
    }

    /// Accounts of a slice, some or all, with their classes, as this model takes them: models of the same limits can
    /// share it.
    ///
    /// # Errors
    /// As [`Self::predict`].
    pub(crate) fn pool<'a>(&self, part: &'a Slice, class: Vec<AbcClass>) -> Result<Panel<'a>, TrainError> {
        self.check(part)?;
        Ok(Panel::of_part(part, class, self.abc))
    }

    /// Why: contributions per account and column; `None` for rungs that cannot tell (baselines, shrinkage, lifetimes).
    ///
    /// # Errors
    /// As [`Self::predict`].
    pub fn contributions(&self, slice: &Slice) -> Result<Option<Contributions>, TrainError> {
        self.fitted.contributions(&self.pool(slice, self.classes(slice.baselines())?)?.rows())
    }

    /// Whether rows made for `other` are those that this model takes.
    pub(crate) fn pools_as(&self, other: &Self) -> bool {
        self.schema_hash == other.schema_hash && self.horizon == other.horizon && self.abc == other.abc
    }

    /// What `models` make of the rows of `pool` alike, made once: predictions for all of its rows are then quicker.
    pub(crate) fn share(models: &[&Self], pool: &Panel<'_>) -> Result<(), TrainError> {
        Fitted::share(&models.iter().map(|model| &model.fitted).collect::<Vec<_>>(), pool)
    }

    pub(crate) fn predict_rows(&self, rows: &Rows<'_>) -> Result<Vec<f64>, TrainError> {
        self.fitted.predict(self.target, rows)
    }

    fn check(&self, slice: &Slice) -> Result<(), TrainError> {
        let frame = schema_hash();
        if self.schema_hash != frame {
            return Err(TrainError::Schema { model: self.schema_hash.clone(), frame });
        }
        if self.horizon != slice.horizon() {
            return Err(TrainError::Horizon { model: self.horizon.months(), slice: slice.horizon().months() });
        }
        Ok(())
    }
}
