//! Conformalised quantile regression: predicted quantiles moved until they cover as often as they claim.
//!
//! Y. Romano, E. Patterson and E. Candès, "Conformalized Quantile Regression" (2019), theorem 2: the tails are
//! calibrated apart. On calibration rows, `low - y` and `y - high` are ranked per group, and the
//! `ceil((n + 1) (1 - miss))`-th smallest of each is added. Groups with fewer than `min_group` calibration rows (and
//! groups unknown) take the offsets of all rows. Coverage holds if calibration rows are exchangeable with later ones;
//! time breaks that, so it is measured elsewhere and not promised here.

use std::collections::BTreeMap;

use linfa::traits::Fit;
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array1, Array2, ArrayBase, ArrayView2, Data, Ix2};
use serde::{Deserialize, Serialize};

use super::input::{self, InputError};

/// What can go wrong in a calibration.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConformalError {
    /// A hyperparameter out of range.
    #[error("conformal calibration: {name} is {value}, expected {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// Input that no estimator accepts.
    #[error("conformal calibration: {0}")]
    Input(#[from] InputError),
}

impl ConformalError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.hint(),
            Self::Parameter { .. } => None,
        }
    }
}

impl From<linfa::Error> for ConformalError {
    fn from(error: linfa::Error) -> Self {
        Self::Input(error.into())
    }
}

/// Outcomes of calibration rows with the group of each, as the target of a calibration.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcomes {
    /// What happened, on the scale of the predicted quantiles.
    pub y: Array1<f64>,
    /// Group code per row (ABC class, say).
    pub groups: Array1<usize>,
}

/// Checked hyperparameters; see [`ConformalParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConformalValidParams {
    miss_below: f64,
    miss_above: f64,
    min_group: usize,
}

/// Hyperparameters of [`ConformalOffsets`].
///
/// | name | default | meaning |
/// |---|---|---|
/// | `miss_below`, `miss_above` | .1 | share of outcomes that may lie below the lower and above the upper bound |
/// | `min_group` | 100 | calibration rows from which a group has offsets of its own |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConformalParams(ConformalValidParams);

impl Default for ConformalParams {
    fn default() -> Self {
        Self(ConformalValidParams { miss_below: 0.1, miss_above: 0.1, min_group: 100 })
    }
}

impl ConformalParams {
    /// Sets the share of outcomes that may lie below the lower bound.
    #[must_use]
    pub const fn miss_below(mut self, miss: f64) -> Self {
        self.0.miss_below = miss;
        self
    }

    /// Sets the share of outcomes that may lie above the upper bound.
    #[must_use]
    pub const fn miss_above(mut self, miss: f64) -> Self {
        self.0.miss_above = miss;
        self
    }

    /// Sets the number of rows from which a group has offsets of its own.
    #[must_use]
    pub const fn min_group(mut self, rows: usize) -> Self {
        self.0.min_group = rows;
        self
    }
}

impl ParamGuard for ConformalParams {
    type Checked = ConformalValidParams;
    type Error = ConformalError;

    fn check_ref(&self) -> Result<&Self::Checked, ConformalError> {
        for (name, value) in [("miss_below", self.0.miss_below), ("miss_above", self.0.miss_above)] {
            if !(0.0 < value && value < 1.0) {
                return Err(ConformalError::Parameter { name, value, expected: "a share between 0 and 1" });
            }
        }
        Ok(&self.0)
    }

    fn check(self) -> Result<Self::Checked, ConformalError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// How far the two bounds of a group move outwards (inwards where negative).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Offsets {
    /// Subtracted from the lower bound.
    pub below: f64,
    /// Added to the upper bound.
    pub above: f64,
    /// Calibration rows behind it.
    pub rows: usize,
}

/// Fitted offsets, pooled and per group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConformalOffsets {
    pooled: Offsets,
    // A list by ascending group, not a map: inside a tagged enum serde hands JSON's keys over as text, which no
    // integer is read from.
    groups: Vec<(usize, Offsets)>,
}

impl<D: Data<Elem = f64>> Fit<ArrayBase<D, Ix2>, Outcomes, ConformalError> for ConformalValidParams {
    type Object = ConformalOffsets;

    /// Records are `(n, 2)`: lower and upper predicted quantile.
    ///
    /// # Errors
    /// If a value is not finite, or rows are too few for the offset of a tail to be finite (`1 / miss - 1`).
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, Outcomes>) -> Result<ConformalOffsets, ConformalError> {
        let (bounds, outcomes) = (dataset.records(), dataset.targets());
        input::finite_records(bounds)?;
        input::same_columns("records", bounds.ncols(), 2)?;
        input::finite_target(outcomes.y.view(), bounds.nrows())?;
        input::same_rows("groups", outcomes.groups.len(), bounds.nrows())?;
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (row, group) in outcomes.groups.iter().enumerate() {
            members.entry(*group).or_default().push(row);
        }
        let all: Vec<usize> = (0..bounds.nrows()).collect();
        let offsets = |rows: &[usize]| self.offsets(bounds.view(), &outcomes.y, rows);
        let pooled = offsets(&all).ok_or_else(|| {
            let needed = (1.0 / self.miss_below.min(self.miss_above)).ceil() as usize - 1;
            InputError::TooFewRows { rows: all.len(), needed, needed_for: "conformal offsets" }
        })?;
        let groups = members
            .into_iter()
            .filter(|(_, rows)| rows.len() >= self.min_group)
            .filter_map(|(group, rows)| offsets(&rows).map(|offsets| (group, offsets)))
            .collect();
        Ok(ConformalOffsets { pooled, groups })
    }
}

impl ConformalValidParams {
    fn offsets(&self, bounds: ArrayView2<'_, f64>, y: &Array1<f64>, rows: &[usize]) -> Option<Offsets> {
        let below = rows.iter().map(|&row| bounds[[row, 0]] - y[row]).collect();
        let above = rows.iter().map(|&row| y[row] - bounds[[row, 1]]).collect();
        Some(Offsets {
            below: conformal_quantile(below, self.miss_below)?,
            above: conformal_quantile(above, self.miss_above)?,
            rows: rows.len(),
        })
    }
}

/// The `ceil((n + 1) (1 - miss))`-th smallest value; `None` if that is beyond the last.
fn conformal_quantile(mut values: Vec<f64>, miss: f64) -> Option<f64> {
    // the product may round up past a whole number: 10 * (1 - .1) must be 9
    let rank = ((values.len() + 1) as f64 * (1.0 - miss) - 1e-9).ceil() as usize;
    values.sort_by(f64::total_cmp);
    values.get(rank.max(1) - 1).copied()
}

impl ConformalOffsets {
    /// The offsets that a group gets.
    pub fn of(&self, group: usize) -> Offsets {
        let found = self.groups.binary_search_by_key(&group, |(known, _)| *known);
        found.map_or(self.pooled, |at| self.groups[at].1)
    }

    /// The offsets of all rows together.
    pub const fn pooled(&self) -> Offsets {
        self.pooled
    }

    /// `(n, 2)` calibrated bounds; where offsets turn an interval inside out, both bounds are its middle.
    ///
    /// # Errors
    /// If shapes do not fit.
    pub fn apply(&self, bounds: ArrayView2<'_, f64>, groups: &[usize]) -> Result<Array2<f64>, ConformalError> {
        input::same_columns("records", bounds.ncols(), 2)?;
        input::same_rows("groups", groups.len(), bounds.nrows())?;
        let mut moved = bounds.to_owned();
        for (mut row, group) in moved.rows_mut().into_iter().zip(groups) {
            let offsets = self.of(*group);
            row[0] -= offsets.below;
            row[1] += offsets.above;
            if row[0] > row[1] {
                let middle = 0.5 * (row[0] + row[1]);
                row.fill(middle);
            }
        }
        Ok(moved)
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array;
    use rand::Rng;

    use super::*;
    use crate::domain::Seed;

    fn draw(n: usize, purpose: &str) -> (Array2<f64>, Outcomes) {
        let mut rng = Seed(7).derive(purpose).rng();
        let groups = Array::from_shape_fn(n, |_| rng.random_range(0..3usize));
        // group 2 is three times as wide as the quantiles claim; outcomes are skewed, so the tails differ
        let y = groups.mapv(|g| -(1.0 - rng.random::<f64>()).ln() * if g == 2 { 3.0 } else { 1.0 });
        (Array2::from_shape_fn((n, 2), |(_, column)| [0.5, 1.0][column]), Outcomes { y, groups })
    }

    #[test]
    fn each_tail_of_each_group_misses_as_often_as_asked_on_new_rows() {
        let (bounds, outcomes) = draw(6000, "calibrate");
        let offsets = ConformalParams::default().fit(&DatasetBase::new(bounds, outcomes)).unwrap();
        let (bounds, outcomes) = draw(6000, "test");
        let moved = offsets.apply(bounds.view(), &outcomes.groups.to_vec()).unwrap();
        for group in 0..3 {
            let rows: Vec<usize> = (0..6000).filter(|row| outcomes.groups[*row] == group).collect();
            let share =
                |miss: &dyn Fn(usize) -> bool| rows.iter().filter(|row| miss(**row)).count() as f64 / rows.len() as f64;
            let below = share(&|row| outcomes.y[row] < moved[[row, 0]]);
            let above = share(&|row| outcomes.y[row] > moved[[row, 1]]);
            assert!((below - 0.1).abs() < 0.03 && (above - 0.1).abs() < 0.03, "{group}: {below} {above}");
        }
    }

    #[test]
    fn small_and_unknown_groups_take_the_pooled_offsets() {
        let (bounds, mut outcomes) = draw(500, "small");
        outcomes.groups.slice_mut(ndarray::s![..99]).fill(9);
        outcomes.groups.slice_mut(ndarray::s![99..]).fill(0);
        let offsets = ConformalParams::default().fit(&DatasetBase::new(bounds, outcomes)).unwrap();
        assert_eq!(offsets.of(9), offsets.pooled());
        assert_eq!(offsets.of(77), offsets.pooled());
        assert_eq!(offsets.of(0).rows, 401);
    }

    #[test]
    fn offsets_read_back_from_within_a_tagged_enum() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "rung")]
        enum Rung {
            Quantiles { offsets: ConformalOffsets },
        }
        let (bounds, outcomes) = draw(600, "store");
        let rung =
            Rung::Quantiles { offsets: ConformalParams::default().fit(&DatasetBase::new(bounds, outcomes)).unwrap() };
        let restored: Rung = serde_json::from_str(&serde_json::to_string(&rung).unwrap()).unwrap();
        assert_eq!(restored, rung);
    }

    #[test]
    fn the_rank_is_that_of_the_paper_and_too_few_rows_are_an_error() {
        assert_eq!(conformal_quantile((1..=9).map(f64::from).collect(), 0.1), Some(9.0));
        assert_eq!(conformal_quantile((1..=19).map(f64::from).collect(), 0.1), Some(18.0));
        assert_eq!(conformal_quantile((1..=8).map(f64::from).collect(), 0.1), None);
        let outcomes = Outcomes { y: Array1::zeros(8), groups: Array1::zeros(8) };
        let error = ConformalParams::default().fit(&DatasetBase::new(Array2::zeros((8, 2)), outcomes)).unwrap_err();
        assert!(matches!(error, ConformalError::Input(InputError::TooFewRows { needed: 9, .. })), "{error}");
    }
}
