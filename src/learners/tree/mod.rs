//! Regression trees on histograms: what boosting and the quantile forest share.
//!
//! Columns become bins of one byte, a leaf's sums per bin choose its split, the leaf with the largest gain is split next
//! (T. Chen and C. Guestrin, "XGBoost", 2016; G. Ke et al., "LightGBM", 2017). A finished tree decides on raw values. What
//! a leaf's value means, and how trees add up, is for the ensembles.

mod binning;
mod draw;
mod grow;
mod histogram;
mod node;
mod ranks;
mod shap;
mod split;

use ndarray::{Array1, ArrayView2};
use serde::{Deserialize, Serialize};

pub(super) use binning::Binned;
pub(super) use draw::{RowGroups, draw_columns};
pub(super) use grow::{Grower, GrowthLimits, renew, value_of};
pub(super) use node::{Node, Tree};
pub(super) use ranks::{BLOCK, RankedTree, Ranker};
pub(super) use shap::add_contributions;

use super::input::InputError;

/// The direction in which predictions may move with a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Monotone {
    /// Never down.
    Increasing,
    /// Never up.
    Decreasing,
}

/// Targets with the group (account) of each row, by which rows are drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupedTargets {
    /// What happened.
    pub y: Array1<f64>,
    /// Group code per row.
    pub groups: Array1<usize>,
}

/// A category that is no code.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("category is {value} in row {row}, column {column}, expected a whole number from 0")]
pub struct CategoryError {
    /// Row, from 0.
    pub row: usize,
    /// Column, from 0.
    pub column: usize,
    /// The value.
    pub value: f64,
}

/// The smallest value with a share of at least `level` at or below it; reorders its input.
pub(super) fn quantile(values: &mut [f64], level: f64) -> f64 {
    let rank = ((level * values.len() as f64 - 1e-9).ceil() as usize).clamp(1, values.len());
    *values.select_nth_unstable_by(rank - 1, f64::total_cmp).1
}

/// Refuses records without rows or columns, more rows than a tree can number, and infinite values; NaN is "missing".
pub(super) fn not_infinite(x: ArrayView2<'_, f64>) -> Result<(), InputError> {
    for (axis, length) in [("rows", x.nrows()), ("columns", x.ncols())] {
        if length == 0 {
            return Err(InputError::Empty { what: "records", axis });
        }
    }
    if u32::try_from(x.nrows()).is_err() {
        return Err(InputError::Shape { what: "records", axis: "rows", expected: u32::MAX as usize, found: x.nrows() });
    }
    match x.indexed_iter().find(|(_, value)| value.is_infinite()) {
        None => Ok(()),
        Some(((row, column), &value)) => Err(InputError::NonFinite { what: "records", row, column, value }),
    }
}
