//! The published recipe of one target, refit on everything known: what the registry stores and `score` applies.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{Horizon, Month, Seed, Target},
    features::Slice,
    train::{Contributions, FittedModel, Interval, IntervalModel, Recipe, TrainError},
};

/// A champion: the frozen recipe of one target, fitted on all slices whose labels were complete at `as_of`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trained {
    /// What it predicts.
    pub target: Target,
    /// The month the run speaks of: nothing later was seen.
    pub as_of: Month,
    /// Months ahead.
    pub horizon: Horizon,
    /// The published rung.
    pub rung: String,
    /// Its step of the ladder.
    pub step: u8,
    /// The best baseline on the training origins.
    pub baseline: String,
    /// What it was made by.
    pub recipe: Recipe,
    /// Origins whose slices it was fitted on; empty if there was no complete one.
    pub origins: Vec<Month>,
    /// Rows and distinct accounts it was fitted on.
    pub rows: usize,
    /// Distinct accounts among the rows.
    pub accounts: usize,
    /// Share of positive outcomes among the rows (growth and inactivity).
    pub base_rate: Option<f64>,
    /// The seed of the run.
    pub seed: Seed,
    /// The model.
    pub model: FittedModel,
    /// 80 % prediction interval of realised revenue (expected revenue only, where there was a complete origin).
    pub interval: Option<IntervalModel>,
    /// The same recipe on account-bootstrap samples (expected revenue and stretch): sample `k` holds the same
    /// accounts for both targets.
    pub refits: Vec<FittedModel>,
}

impl Trained {
    /// One figure per account, in the order of the slice.
    ///
    /// # Errors
    /// If the slice is of another feature schema or horizon.
    pub fn predict(&self, slice: &Slice) -> Result<Vec<f64>, TrainError> {
        self.model.predict(slice)
    }

    /// 80 % prediction interval per account; `None` where none was fitted.
    ///
    /// # Errors
    /// As [`Self::predict`].
    pub fn interval(&self, slice: &Slice) -> Result<Option<Interval>, TrainError> {
        self.interval.as_ref().map(|model| model.predict(slice)).transpose()
    }

    /// Contributions per account and column; `None` for rungs that are not linear.
    ///
    /// # Errors
    /// As [`Self::predict`].
    pub fn contributions(&self, slice: &Slice) -> Result<Option<Contributions>, TrainError> {
        self.model.contributions(slice)
    }
}
