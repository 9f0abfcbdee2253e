//! Quantile forest: conditional quantiles as those of the training targets that share leaves with a row.
//!
//! N. Meinshausen, "Quantile Regression Forests", JMLR 7 (2006). Trees minimise squared error, each on a share of the
//! groups (accounts) and of the columns; a training target weighs `1 / (leaf size * trees)` in each leaf that it shares
//! with the row. A leaf keeps at most 32 of its targets, at equal ranks, which bounds model and time. All levels come
//! from one distribution, so quantiles never cross. Records as in [`super::boosting`]: NaN is missing, codes are
//! categories.

use linfa::traits::{Fit, PredictInplace};
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array2, ArrayBase, Data, Ix2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::input::{self, InputError};
use super::tree::{Binned, Grower, GrowthLimits, RowGroups, Tree, draw_columns, not_infinite};
pub use super::tree::{CategoryError, GroupedTargets};
use crate::domain::Seed;

/// Targets that a leaf keeps.
const KEPT: usize = 32;

/// What can go wrong in a quantile forest.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ForestError {
    /// A hyperparameter out of range.
    #[error("quantile forest: {name} is {value}, expected {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// A category that is no code.
    #[error("quantile forest: {0}")]
    Category(#[from] CategoryError),
    /// Input that no estimator accepts.
    #[error("quantile forest: {0}")]
    Input(#[from] InputError),
}

impl ForestError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Category(_) => Some("encode categories as codes, unknown ones as NaN".into()),
            Self::Input(error) => error.hint(),
            Self::Parameter { .. } => None,
        }
    }
}

impl From<linfa::Error> for ForestError {
    fn from(error: linfa::Error) -> Self {
        Self::Input(error.into())
    }
}

/// Checked hyperparameters; see [`QuantileForestParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuantileForestValidParams {
    levels: Vec<f64>,
    trees: usize,
    leaves: usize,
    min_leaf_rows: usize,
    row_fraction: f64,
    column_fraction: f64,
    max_bins: usize,
    categorical: Vec<usize>,
    seed: Seed,
}

/// Hyperparameters of a [`QuantileForest`].
///
/// | name | default | meaning |
/// |---|---|---|
/// | `levels` | .1, .5, .9 | shares in (0, 1), ascending |
/// | `trees` | 200 | number of trees |
/// | `leaves` | 256 | leaves of a tree at most |
/// | `min_leaf_rows` | 20 | rows of a leaf |
/// | `row_fraction` | .5 | share of the groups drawn for each tree |
/// | `column_fraction` | .5 | share of the columns drawn for each tree |
/// | `max_bins` | 255 | values told apart in a column |
/// | `categorical` | none | columns that hold codes |
/// | `seed` | 0 | of the draws |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuantileForestParams(QuantileForestValidParams);

impl Default for QuantileForestParams {
    fn default() -> Self {
        Self(QuantileForestValidParams {
            levels: vec![0.1, 0.5, 0.9],
            trees: 200,
            leaves: 256,
            min_leaf_rows: 20,
            row_fraction: 0.5,
            column_fraction: 0.5,
            max_bins: 255,
            categorical: Vec::new(),
            seed: Seed(0),
        })
    }
}

impl QuantileForestParams {
    /// Sets the levels.
    #[must_use]
    pub fn levels(mut self, levels: &[f64]) -> Self {
        self.0.levels = levels.to_vec();
        self
    }

    /// Sets the number of trees.
    #[must_use]
    pub const fn trees(mut self, trees: usize) -> Self {
        self.0.trees = trees;
        self
    }

    /// Sets the largest number of leaves of a tree.
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

    /// Sets the number of values told apart in a column.
    #[must_use]
    pub const fn max_bins(mut self, bins: usize) -> Self {
        self.0.max_bins = bins;
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

impl ParamGuard for QuantileForestParams {
    type Checked = QuantileForestValidParams;
    type Error = ForestError;

    fn check_ref(&self) -> Result<&Self::Checked, ForestError> {
        let p = &self.0;
        let refuse = |name, value, expected| ForestError::Parameter { name, value, expected };
        let ranges = input::Ranges(refuse);
        p.levels.iter().try_for_each(|level| ranges.level("level", *level))?;
        ranges.at_least_one("levels", p.levels.len())?;
        if let Some(pair) = p.levels.windows(2).find(|pair| pair[0] >= pair[1]) {
            return Err(refuse("level", pair[1], "ascending levels"));
        }
        ranges.fraction("row_fraction", p.row_fraction)?;
        ranges.fraction("column_fraction", p.column_fraction)?;
        ranges.bins("max_bins", p.max_bins)?;
        ranges.at_least_one("trees", p.trees)?;
        ranges.at_least_one("leaves", p.leaves)?;
        ranges.at_least_one("min_leaf_rows", p.min_leaf_rows)?;
        Ok(p)
    }

    fn check(self) -> Result<Self::Checked, ForestError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// A fitted quantile forest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuantileForest {
    levels: Vec<f64>,
    columns: usize,
    trees: Vec<LeafTargets>,
}

/// A tree and what its leaves keep: ascending targets by node, none for nodes that are split.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct LeafTargets {
    tree: Tree,
    targets: Vec<Vec<f64>>,
}

impl<D: Data<Elem = f64>> Fit<ArrayBase<D, Ix2>, GroupedTargets, ForestError> for QuantileForestValidParams {
    type Object = QuantileForest;

    /// # Errors
    /// If a record is infinite, a target is not finite, lengths differ, or a category is no code.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, GroupedTargets>) -> Result<QuantileForest, ForestError> {
        let (x, GroupedTargets { y, groups }) = (dataset.records().view(), dataset.targets());
        not_infinite(x)?;
        input::finite_target(y.view(), x.nrows())?;
        input::same_rows("groups", groups.len(), x.nrows())?;
        if let Some(&value) = self.categorical.iter().find(|column| **column >= x.ncols()) {
            let expected = "a column of the records";
            return Err(ForestError::Parameter { name: "categorical column", value: value as f64, expected });
        }
        let binned = Binned::new(x, &self.categorical, self.max_bins)?;
        let mean = y.sum() / y.len() as f64;
        let derivatives: Vec<[f32; 2]> = y.iter().map(|y| [(mean - y) as f32, 1.0]).collect();
        let limits =
            GrowthLimits { leaves: self.leaves, min_leaf_rows: self.min_leaf_rows, l2: 0.0, monotone: Vec::new() };
        let row_groups = RowGroups::new(groups.view());
        let grow = |number: usize| {
            let seed = |what: &str| self.seed.derive(&format!("forest/{what}/{number}"));
            let drawn = row_groups.draw(self.row_fraction, seed("rows"));
            let mut rows: Vec<u32> = (0..y.len() as u32).filter(|row| drawn[*row as usize]).collect();
            if rows.is_empty() {
                // of very few groups none may be drawn: then the tree sees all
                rows.extend(0..y.len() as u32);
            }
            let columns = draw_columns(x.ncols(), self.column_fraction, seed("columns"));
            let nodes = Grower::new(&binned, &limits).grow(&mut rows, &derivatives, &columns);
            let targets = nodes.iter().map(|node| match node.split {
                Some(_) => Vec::new(),
                None => kept(rows[node.rows.clone()].iter().map(|row| y[*row as usize]).collect()),
            });
            LeafTargets { targets: targets.collect(), tree: Tree::new(&nodes, &binned, 1.0) }
        };
        let trees = (0..self.trees).into_par_iter().map(grow).collect();
        Ok(QuantileForest { levels: self.levels.clone(), columns: x.ncols(), trees })
    }
}

/// The targets of a leaf, ascending; of many, those in the middle of [`KEPT`] equal shares.
fn kept(mut targets: Vec<f64>) -> Vec<f64> {
    targets.sort_unstable_by(f64::total_cmp);
    if targets.len() <= KEPT {
        return targets;
    }
    (0..KEPT).map(|share| targets[(2 * share + 1) * targets.len() / (2 * KEPT)]).collect()
}

impl QuantileForest {
    /// The levels, ascending: the columns of a prediction.
    pub fn levels(&self) -> &[f64] {
        &self.levels
    }

    fn quantiles(&self, row: &[f64], quantiles: &mut [f64]) {
        let mut weighted: Vec<(f64, f64)> = Vec::with_capacity(self.trees.len() * KEPT);
        for LeafTargets { tree, targets } in &self.trees {
            let targets = &targets[tree.leaf(row).0];
            let weight = 1.0 / (targets.len() * self.trees.len()) as f64;
            weighted.extend(targets.iter().map(|target| (*target, weight)));
        }
        weighted.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut below = 0.0;
        let mut at = 0;
        for (quantile, level) in quantiles.iter_mut().zip(&self.levels) {
            // weights sum to one but for rounding
            while at + 1 < weighted.len() && below + weighted[at].1 < level - 1e-9 {
                below += weighted[at].1;
                at += 1;
            }
            *quantile = weighted[at].0;
        }
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array2<f64>> for QuantileForest {
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array2<f64>) {
        assert_eq!(x.ncols(), self.columns, "as many columns as in training");
        assert_eq!((x.nrows(), self.levels.len()), y.dim(), "one row per record, one column per level");
        let x = x.as_standard_layout();
        let mut values = vec![0.0; y.len()];
        values
            .par_chunks_exact_mut(self.levels.len())
            .zip(x.as_slice().unwrap_or(&[]).par_chunks_exact(self.columns))
            .for_each(|(quantiles, row)| self.quantiles(row, quantiles));
        y.iter_mut().zip(values).for_each(|(to, value)| *to = value);
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array2<f64> {
        Array2::zeros((x.nrows(), self.levels.len()))
    }
}

#[cfg(test)]
mod tests {
    use linfa::traits::Predict;
    use ndarray::{Array1, Array2};
    use rand::Rng;

    use super::*;
    use crate::learners::tree::quantile;

    /// Spread grows with column 0; column 1 is noise, column 2 a code.
    fn draw(n: usize, purpose: &str) -> (Array2<f64>, GroupedTargets) {
        let mut rng = Seed(6).derive(purpose).rng();
        let x = Array2::from_shape_fn((n, 3), |(_, column)| match column {
            2 => f64::from(rng.random_range(0..4u8)),
            _ => rng.random_range(0.0..1.0),
        });
        let y = x.rows().into_iter().map(|r| r[2] + (0.5 + 3.0 * r[0]) * -(1.0 - rng.random::<f64>()).ln()).collect();
        (x, GroupedTargets { y, groups: Array1::from_shape_fn(n, |row| row / 3) })
    }

    fn params() -> QuantileForestParams {
        QuantileForestParams::default().trees(60).categorical(&[2])
    }

    #[test]
    fn quantiles_cover_later_rows_overall_and_where_spread_is_large() {
        let (x, targets) = draw(6000, "train");
        let model = params().column_fraction(1.0).fit(&DatasetBase::new(x, targets)).unwrap();
        let (x, targets) = draw(6000, "test");
        let predicted = model.predict(&x);
        assert!(predicted.rows().into_iter().all(|row| row[0] <= row[1] && row[1] <= row[2]));
        for (k, level) in model.levels().iter().enumerate() {
            for wide in [false, true] {
                let rows: Vec<usize> = (0..6000).filter(|row| (x[[*row, 0]] > 0.5) == wide).collect();
                let below = rows.iter().filter(|row| targets.y[**row] <= predicted[[**row, k]]).count();
                let share = below as f64 / rows.len() as f64;
                assert!((share - level).abs() < 0.04, "{level}, wide {wide}: {share}");
            }
        }
    }

    #[test]
    fn one_whole_tree_predicts_the_quantiles_of_each_leaf() {
        let (x, targets) = draw(400, "leaf");
        let params = params().trees(1).row_fraction(1.0).column_fraction(1.0).min_leaf_rows(10).leaves(40);
        let model = params.fit(&DatasetBase::new(x.clone(), targets.clone())).unwrap();
        let leaves: Vec<usize> =
            x.rows().into_iter().map(|row| model.trees[0].tree.leaf(row.to_slice().unwrap()).0).collect();
        let predicted = model.predict(&x);
        for row in 0..400 {
            let mut same: Vec<f64> =
                (0..400).filter(|other| leaves[*other] == leaves[row]).map(|other| targets.y[other]).collect();
            assert!(same.len() >= 10);
            if same.len() <= KEPT {
                for (k, level) in model.levels().iter().enumerate() {
                    assert_eq!(predicted[[row, k]], quantile(&mut same, *level));
                }
            }
        }
    }

    #[test]
    fn bytes_do_not_depend_on_the_number_of_threads_and_survive_storage() {
        let (x, targets) = draw(2000, "bytes");
        let dataset = DatasetBase::new(x.clone(), targets);
        let fit = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| params().trees(8).fit(&dataset).unwrap())
        };
        let (one, three) = (fit(1), fit(3));
        assert_eq!(one, three);
        let restored: QuantileForest = serde_json::from_str(&serde_json::to_string(&one).unwrap()).unwrap();
        assert_eq!(restored.predict(&x), one.predict(&x));
    }

    #[test]
    fn levels_out_of_order_and_infinite_records_are_refused() {
        let (mut x, targets) = draw(50, "refused");
        let error = params().levels(&[0.9, 0.1]).fit(&DatasetBase::new(x.clone(), targets.clone())).unwrap_err();
        assert_eq!(error.to_string(), "quantile forest: level is 0.1, expected ascending levels");
        x[[3, 1]] = f64::INFINITY;
        let error = params().fit(&DatasetBase::new(x, targets)).unwrap_err();
        assert!(error.to_string().contains("row 3, column 1"), "{error}");
    }
}
