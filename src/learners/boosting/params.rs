//! Hyperparameters of gradient boosting, unchecked and checked.

use linfa::ParamGuard;
use serde::{Deserialize, Serialize};

use super::{BoostingError, Loss, Monotone};
use crate::domain::Seed;
use crate::learners::input::Ranges;

/// Checked hyperparameters; see [`GradientBoostingParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GradientBoostingValidParams {
    pub(super) loss: Loss,
    pub(super) trees: usize,
    pub(super) learning_rate: f64,
    pub(super) leaves: usize,
    pub(super) min_leaf_rows: usize,
    pub(super) l2: f64,
    pub(super) max_bins: usize,
    pub(super) row_fraction: f64,
    pub(super) column_fraction: f64,
    pub(super) patience: usize,
    pub(super) monotone: Vec<(usize, Monotone)>,
    pub(super) categorical: Vec<usize>,
    pub(super) seed: Seed,
}

/// Hyperparameters of a [`super::GradientBoosting`].
///
/// | name | default | meaning |
/// |---|---|---|
/// | `trees` | 200 | number of trees, an upper limit under early stopping |
/// | `learning_rate` | .1 | share of each tree's step that is taken |
/// | `leaves` | 31 | leaves of a tree; the leaf with the largest gain is split next |
/// | `min_leaf_rows` | 20 | rows of a leaf, in a histogram estimated from its share of the curvature |
/// | `l2` | 1 | penalty of squared leaf values |
/// | `max_bins` | 255 | values told apart in a column |
/// | `row_fraction` | 1 | share of the groups drawn for each tree |
/// | `column_fraction` | 1 | share of the columns drawn for each tree |
/// | `patience` | 20 | trees without improvement after which early stopping ends (with validation rows only) |
/// | `monotone` | none | columns with a direction |
/// | `categorical` | none | columns that hold codes |
/// | `seed` | 0 | of the draws |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GradientBoostingParams(GradientBoostingValidParams);

impl GradientBoostingParams {
    /// The defaults for a loss.
    pub const fn new(loss: Loss) -> Self {
        Self(GradientBoostingValidParams {
            loss,
            trees: 200,
            learning_rate: 0.1,
            leaves: 31,
            min_leaf_rows: 20,
            l2: 1.0,
            max_bins: 255,
            row_fraction: 1.0,
            column_fraction: 1.0,
            patience: 20,
            monotone: Vec::new(),
            categorical: Vec::new(),
            seed: Seed(0),
        })
    }

    /// Sets the loss, all else equal.
    #[must_use]
    pub const fn loss(mut self, loss: Loss) -> Self {
        self.0.loss = loss;
        self
    }

    /// Sets the number of trees.
    #[must_use]
    pub const fn trees(mut self, trees: usize) -> Self {
        self.0.trees = trees;
        self
    }

    /// Sets the share of each step that is taken.
    #[must_use]
    pub const fn learning_rate(mut self, learning_rate: f64) -> Self {
        self.0.learning_rate = learning_rate;
        self
    }

    /// Sets the number of leaves of a tree.
    #[must_use]
    pub const fn leaves(mut self, leaves: usize) -> Self {
        self.0.leaves = leaves;
        self
    }

    /// Sets the least number of rows of a leaf.
    #[must_use]
    pub const fn min_leaf_rows(mut self, rows: usize) -> Self {
        self.0.min_leaf_rows = rows;
        self
    }

    /// Sets the penalty of squared leaf values.
    #[must_use]
    pub const fn l2(mut self, l2: f64) -> Self {
        self.0.l2 = l2;
        self
    }

    /// Sets the number of values told apart in a column.
    #[must_use]
    pub const fn max_bins(mut self, bins: usize) -> Self {
        self.0.max_bins = bins;
        self
    }

    /// Sets the share of groups drawn for each tree.
    #[must_use]
    pub const fn row_fraction(mut self, fraction: f64) -> Self {
        self.0.row_fraction = fraction;
        self
    }

    /// Sets the share of columns drawn for each tree.
    #[must_use]
    pub const fn column_fraction(mut self, fraction: f64) -> Self {
        self.0.column_fraction = fraction;
        self
    }

    /// Sets the number of trees without improvement after which early stopping ends.
    #[must_use]
    pub const fn patience(mut self, trees: usize) -> Self {
        self.0.patience = trees;
        self
    }

    /// Sets the columns with a direction.
    #[must_use]
    pub fn monotone(mut self, columns: &[(usize, Monotone)]) -> Self {
        self.0.monotone = columns.to_vec();
        self
    }

    /// Sets the columns that hold codes.
    #[must_use]
    pub fn categorical(mut self, columns: &[usize]) -> Self {
        self.0.categorical = columns.to_vec();
        self
    }

    /// Sets the seed of the draws.
    #[must_use]
    pub const fn seed(mut self, seed: Seed) -> Self {
        self.0.seed = seed;
        self
    }
}

impl GradientBoostingParams {
    pub(super) fn into_inner(self) -> GradientBoostingValidParams {
        self.0
    }
}

impl ParamGuard for GradientBoostingParams {
    type Checked = GradientBoostingValidParams;
    type Error = BoostingError;

    fn check_ref(&self) -> Result<&Self::Checked, BoostingError> {
        let p = &self.0;
        p.loss.check()?;
        let ranges = Ranges(|name, value, expected| BoostingError::Parameter { name, value, expected });
        ranges.fraction("learning_rate", p.learning_rate)?;
        ranges.fraction("row_fraction", p.row_fraction)?;
        ranges.fraction("column_fraction", p.column_fraction)?;
        ranges.not_negative("l2", p.l2)?;
        ranges.bins("max_bins", p.max_bins)?;
        ranges.at_least_one("trees", p.trees)?;
        ranges.at_least_two("leaves", p.leaves)?;
        ranges.at_least_one("min_leaf_rows", p.min_leaf_rows)?;
        ranges.at_least_one("patience", p.patience)?;
        match p.monotone.iter().find(|(column, _)| p.categorical.contains(column)) {
            Some(&(column, _)) => {
                Err(BoostingError::Column { column, declared: "monotone", problem: "categories have no order" })
            }
            None => Ok(p),
        }
    }

    fn check(self) -> Result<Self::Checked, BoostingError> {
        self.check_ref()?;
        Ok(self.0)
    }
}
