//! Histogram gradient boosting: an additive model of regression trees, for means, probabilities and quantiles.
//!
//! J. H. Friedman, "Greedy Function Approximation: A Gradient Boosting Machine" (2001); second-order steps as T. Chen and
//! C. Guestrin, "XGBoost" (2016); binned columns, leaf-wise growth and histogram subtraction as G. Ke et al., "LightGBM"
//! (2017). Each tree minimises the second-order expansion of the loss plus `l2 / 2` times the squared leaf values.
//!
//! Records are `(n, p)`, NaN meaning missing: at each split missing values go to the side that the loss prefers.
//! Categorical columns hold codes (whole numbers from 0). Rows are drawn by group (account), never one by one, and early
//! stopping looks at validation rows that the caller gives: rows of one account in both would measure memory, not skill.
//!
//! Same bytes on any number of threads: every histogram cell is summed by one task in row order.
//!
//! What it does not do: choose its hyperparameters, weight rows, or fit several targets at once.

mod fit;
mod model;
mod objective;
mod params;
mod quantiles;

pub use fit::{BinnedRecords, Sample, Validation};
pub use model::{Contributions, GradientBoosting, RankedRecords};
pub use objective::Loss;
pub use params::{GradientBoostingParams, GradientBoostingValidParams};
pub use quantiles::{BoostedQuantiles, BoostedQuantilesParams, BoostedQuantilesValidParams};

pub use super::tree::{CategoryError, GroupedTargets, Monotone};

use super::input::InputError;

/// What can go wrong in gradient boosting.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BoostingError {
    /// A hyperparameter out of range.
    #[error("gradient boosting: {name} is {value}, expected {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// A target that the loss is not defined for.
    #[error("gradient boosting: target is {value} in row {row}, expected {expected} for the {loss} loss")]
    Target {
        /// Row, from 0.
        row: usize,
        /// The value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
        /// The loss.
        loss: &'static str,
    },
    /// A category that is no code.
    #[error("gradient boosting: {0}")]
    Category(#[from] CategoryError),
    /// A column that is both categorical and monotone, or that does not exist.
    #[error("gradient boosting: column {column} is declared {declared}, but {problem}")]
    Column {
        /// Column, from 0.
        column: usize,
        /// `categorical` or `monotone`.
        declared: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Rows are to be drawn, but by what?
    #[error("gradient boosting: row_fraction is {row_fraction}, but targets carry no groups to draw by")]
    Ungrouped {
        /// The fraction.
        row_fraction: f64,
    },
    /// Input that no estimator accepts.
    #[error("gradient boosting: {0}")]
    Input(#[from] InputError),
}

impl BoostingError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Ungrouped { .. } => Some("pass `GroupedTargets` with one group per account".into()),
            Self::Category(_) => Some("encode categories as codes, unknown ones as NaN".into()),
            Self::Input(error) => error.hint(),
            _ => None,
        }
    }
}

impl From<linfa::Error> for BoostingError {
    fn from(error: linfa::Error) -> Self {
        Self::Input(error.into())
    }
}
