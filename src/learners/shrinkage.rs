//! Empirical-Bayes shrinkage: the mean of a group, drawn towards the mean of the group it belongs to.
//!
//! B. Efron and C. Morris, "Data Analysis Using Stein's Estimator" (1975). Groups are nested: column 0 of the records
//! is the coarsest (ABC class, say), each further column divides it (industry within class). Level by level, a
//! group's mean `m` of `n` rows and the estimate `e` of its parent give `w m + (1 - w) e`, `w = n / (n + s2 / t2)`,
//! where `s2` is the variance within groups of the level and `t2` the variance between groups of one parent, both by
//! the method of moments (Searle, Casella & McCulloch 1992, section 3.6). Without variance between, the parent's
//! estimate stands. A group that training has not seen gets its parent's.

use std::collections::BTreeMap;

use linfa::traits::{Fit, PredictInplace};
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array1, ArrayBase, Data, Ix1, Ix2};
use serde::{Deserialize, Serialize};

use super::input::{self, InputError};

/// What can go wrong in shrinkage.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ShrinkageError {
    /// A hyperparameter out of range.
    #[error("shrinkage: {name} is {value}, expected {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// Input that no estimator accepts.
    #[error("shrinkage: {0}")]
    Input(#[from] InputError),
}

impl ShrinkageError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Input(error) => error.hint(),
            Self::Parameter { .. } => None,
        }
    }
}

impl From<linfa::Error> for ShrinkageError {
    fn from(error: linfa::Error) -> Self {
        Self::Input(error.into())
    }
}

/// Checked hyperparameters; see [`ShrunkMeansParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShrunkMeansValidParams {
    prior_rows: Option<f64>,
}

/// Hyperparameters of [`ShrunkMeans`].
///
/// | name | default | meaning |
/// |---|---|---|
/// | `prior_rows` | estimated | `s2 / t2`: how many rows the parent's estimate is worth, at every level |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShrunkMeansParams(ShrunkMeansValidParams);

impl Default for ShrunkMeansParams {
    fn default() -> Self {
        Self(ShrunkMeansValidParams { prior_rows: None })
    }
}

impl ShrunkMeansParams {
    /// Fixes how many rows the parent's estimate is worth.
    #[must_use]
    pub const fn prior_rows(mut self, prior_rows: f64) -> Self {
        self.0.prior_rows = Some(prior_rows);
        self
    }
}

impl ParamGuard for ShrunkMeansParams {
    type Checked = ShrunkMeansValidParams;
    type Error = ShrinkageError;

    fn check_ref(&self) -> Result<&Self::Checked, ShrinkageError> {
        if let Some(rows) = self.0.prior_rows {
            let ranges = input::Ranges(|name, value, expected| ShrinkageError::Parameter { name, value, expected });
            ranges.not_negative("prior_rows", rows)?;
        }
        Ok(&self.0)
    }

    fn check(self) -> Result<Self::Checked, ShrinkageError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// Fitted means, by level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShrunkMeans {
    mean: f64,
    levels: Vec<Level>,
}

/// The groups of one level, ordered by key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Level {
    prior_rows: Option<f64>,
    // a list, since a map with list keys has no JSON form
    estimates: Vec<(Vec<usize>, f64)>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Moments {
    rows: f64,
    sum: f64,
}

impl Moments {
    fn mean(self) -> f64 {
        self.sum / self.rows
    }
}

impl<D, S> Fit<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>, ShrinkageError> for ShrunkMeansValidParams
where
    D: Data<Elem = usize>,
    S: Data<Elem = f64>,
{
    type Object = ShrunkMeans;

    /// Records are `(n, levels)` group codes, coarse to fine; without columns every row is one group.
    ///
    /// # Errors
    /// If there are no rows or a target is not finite.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>>) -> Result<ShrunkMeans, ShrinkageError> {
        let (groups, y) = (dataset.records(), dataset.targets());
        if groups.nrows() == 0 {
            return Err(InputError::Empty { what: "records", axis: "rows" }.into());
        }
        input::finite_target(y.view(), groups.nrows())?;
        let mean = y.sum() / y.len() as f64;
        let mut parents = BTreeMap::from([(Vec::new(), Moments { rows: y.len() as f64, sum: y.sum() })]);
        let mut estimates_above = BTreeMap::from([(Vec::new(), mean)]);
        let mut levels = Vec::with_capacity(groups.ncols());
        for depth in 1..=groups.ncols() {
            let keys: Vec<Vec<usize>> =
                groups.rows().into_iter().map(|row| row.iter().take(depth).copied().collect()).collect();
            let mut cells: BTreeMap<Vec<usize>, Moments> = BTreeMap::new();
            for (key, value) in keys.iter().zip(y) {
                let cell = cells.entry(key.clone()).or_default();
                cell.rows += 1.0;
                cell.sum += value;
            }
            let squares_within: f64 = keys.iter().zip(y).map(|(key, v)| (v - cells[key].mean()).powi(2)).sum();
            let prior_rows =
                self.prior_rows.or_else(|| prior_rows(&cells, &parents, squares_within, groups.nrows() as f64));
            let estimates: BTreeMap<Vec<usize>, f64> = cells
                .iter()
                .map(|(key, cell)| {
                    let parent = estimates_above[&key[..depth - 1]];
                    let weight = prior_rows.map_or(0.0, |prior| cell.rows / (cell.rows + prior));
                    (key.clone(), weight * cell.mean() + (1.0 - weight) * parent)
                })
                .collect();
            levels.push(Level { prior_rows, estimates: estimates.clone().into_iter().collect() });
            (parents, estimates_above) = (cells, estimates);
        }
        Ok(ShrunkMeans { mean, levels })
    }
}

/// `s2 / t2` by the method of moments; `None` where groups differ no more than chance.
fn prior_rows(
    cells: &BTreeMap<Vec<usize>, Moments>,
    parents: &BTreeMap<Vec<usize>, Moments>,
    squares_within: f64,
    rows: f64,
) -> Option<f64> {
    let free_within = rows - cells.len() as f64;
    let free_between = (cells.len() - parents.len()) as f64;
    if free_within <= 0.0 || free_between <= 0.0 {
        return None;
    }
    let within = squares_within / free_within;
    let parent = |key: &[usize]| parents[&key[..key.len() - 1]];
    let squares_between: f64 = cells.iter().map(|(key, c)| c.rows * (c.mean() - parent(key).mean()).powi(2)).sum();
    // the coefficient of t2 in the expectation of the sum of squares between
    let coefficient: f64 = rows - cells.iter().map(|(key, c)| c.rows * c.rows / parent(key).rows).sum::<f64>();
    let between = (squares_between - free_between * within) / coefficient;
    (between > 0.0).then(|| within / between)
}

impl ShrunkMeans {
    /// Mean of all training rows.
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// How many rows the parent's estimate is worth at each level; `None` where it is all there is.
    pub fn prior_rows(&self) -> Vec<Option<f64>> {
        self.levels.iter().map(|level| level.prior_rows).collect()
    }

    /// The estimate for one row of group codes, coarse to fine.
    pub fn estimate(&self, groups: &[usize]) -> f64 {
        let mut estimate = self.mean;
        for (depth, level) in self.levels.iter().enumerate() {
            let found = groups
                .get(..=depth)
                .and_then(|key| level.estimates.binary_search_by(|(known, _)| known.as_slice().cmp(key)).ok());
            match found {
                Some(at) => estimate = level.estimates[at].1,
                None => break,
            }
        }
        estimate
    }
}

impl<D: Data<Elem = usize>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for ShrunkMeans {
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        assert_eq!(x.nrows(), y.len(), "one target per row");
        for (estimate, row) in y.iter_mut().zip(x.rows()) {
            *estimate = self.estimate(&row.to_vec());
        }
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}

#[cfg(test)]
mod tests {
    use linfa::traits::Predict;
    use ndarray::{Array2, array};

    use super::*;

    fn fit(groups: &Array2<usize>, y: &Array1<f64>) -> ShrunkMeans {
        ShrunkMeansParams::default().fit(&DatasetBase::new(groups.clone(), y.clone())).unwrap()
    }

    #[test]
    fn balanced_groups_shrink_by_the_textbook_factor() {
        // one-way analysis of variance by hand: means 1, 2, 6, within 1 (each group m - 1, m, m + 1), between
        // (3 * 14 - 2 * 1) / (9 - 3) = 20 / 3, so the parent is worth 3 / 20 rows
        let groups = array![[0], [0], [0], [1], [1], [1], [2], [2], [2]];
        let model = fit(&groups, &array![0.0, 1.0, 2.0, 1.0, 2.0, 3.0, 5.0, 6.0, 7.0]);
        let weight = 3.0 / (3.0 + 3.0 / 20.0);
        assert!((model.prior_rows()[0].unwrap() - 0.15).abs() < 1e-12, "{:?}", model.prior_rows());
        for (group, mean) in [(0, 1.0), (1, 2.0), (2, 6.0)] {
            let expected = weight * mean + (1.0 - weight) * 3.0;
            assert!((model.estimate(&[group]) - expected).abs() < 1e-12);
        }
    }

    #[test]
    fn small_groups_shrink_more_and_unknown_ones_get_their_parents_estimate() {
        let groups = array![[0, 0], [0, 0], [0, 0], [0, 0], [0, 1], [0, 1], [1, 2], [1, 2], [1, 3], [1, 3], [1, 3]];
        let y = array![9.0, 10.0, 11.0, 10.0, 3.0, 4.0, -5.0, -6.0, -20.0, -19.0, -21.0];
        let model = fit(&groups, &y);
        assert_eq!(model.estimate(&[0, 7]), model.estimate(&[0]));
        assert_eq!(model.estimate(&[5, 0]), model.mean());
        let predicted = model.predict(&groups);
        assert!(predicted[0] < 10.0 && predicted[4] > 3.5, "{predicted}");
        assert!((10.0 - predicted[0]) / 10.0 < (predicted[4] - 3.5) / 3.5, "{predicted}");
    }

    #[test]
    fn groups_that_differ_no_more_than_chance_all_get_the_mean() {
        let groups = array![[0], [0], [1], [1]];
        let model = fit(&groups, &array![0.0, 2.0, 2.0, 0.0]);
        assert_eq!(model.prior_rows(), [None]);
        assert_eq!(model.predict(&groups).to_vec(), [1.0; 4]);
    }

    #[test]
    fn a_stored_model_predicts_the_same_bits() {
        let groups = array![[0, 0], [0, 1], [1, 2], [1, 2], [0, 0], [1, 3]];
        let model = fit(&groups, &array![0.1, 0.7, 3.3, 3.4, 0.2, 9.9]);
        let restored: ShrunkMeans = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
        assert_eq!(restored.predict(&groups), model.predict(&groups));
    }
}
