//! A fitted boosting model: scores, predictions and contributions.

use std::ops::Range;

use linfa::traits::PredictInplace;
use ndarray::{Array1, Array2, ArrayBase, ArrayView2, Data, Ix2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Loss;
use crate::learners::tree::{BLOCK, Node, RankedTree, Ranker, Tree, add_contributions};

/// Blocks of records that are asked for at a time when they are ranked.
const TAKEN: usize = 8;

/// A fitted additive model of trees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GradientBoosting {
    pub(super) loss: Loss,
    pub(super) columns: usize,
    pub(super) start: f64,
    pub(super) trees: Vec<Tree>,
    pub(super) validation_loss: Option<f64>,
}

/// What each column adds to the scores of some rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Contributions {
    /// The mean score over training rows: what a row is compared with.
    pub base: f64,
    /// `(n, p)`; a row's sum plus `base` is its score.
    pub values: Array2<f64>,
}

/// Records as ranks among the bounds that several models split at: made once, they serve all of these.
pub struct RankedRecords {
    ranker: Ranker,
    rows: usize,
    /// Column by column within each block of rows.
    ranks: Vec<i16>,
}

impl RankedRecords {
    /// Ranks so many `rows` for `models`, all of the same number of columns; `None` where these have too many different
    /// bounds. `records` gives consecutive rows, `(n, p)`, so that never all of them need be in memory.
    ///
    /// # Errors
    /// Those of `records`.
    ///
    /// # Panics
    /// If the records have another number of columns than the models in training.
    pub fn new<E: Send>(
        rows: usize,
        models: &[&GradientBoosting],
        records: impl Fn(Range<usize>) -> Result<Array2<f64>, E> + Sync,
    ) -> Result<Option<Self>, E> {
        let columns = models.iter().map(|model| model.columns).max().unwrap_or_default();
        let Some(ranker) = Ranker::of(models.iter().flat_map(|model| &model.trees), columns) else { return Ok(None) };
        let mut ranks = vec![0; rows.div_ceil(BLOCK) * ranker.block()];
        let parts = ranks.par_chunks_mut((TAKEN * ranker.block()).max(1)).enumerate();
        parts.try_for_each(|(part, ranks)| {
            let start = part * TAKEN * BLOCK;
            let x = records(start..rows.min(start + TAKEN * BLOCK))?;
            assert!(models.iter().all(|model| model.columns == x.ncols()), "as many columns as in training");
            let x = x.as_standard_layout();
            let blocks = x.as_slice().unwrap_or(&[]).chunks((BLOCK * columns).max(1));
            ranks.chunks_mut(ranker.block()).zip(blocks).for_each(|(ranks, rows)| ranker.rank(rows, ranks));
            Ok(())
        })?;
        Ok(Some(Self { ranker, rows, ranks }))
    }
}

impl GradientBoosting {
    /// The loss it was fitted to.
    pub const fn loss(&self) -> Loss {
        self.loss
    }

    /// Number of trees, after early stopping.
    pub fn trees(&self) -> usize {
        self.trees.len()
    }

    /// Mean loss of the validation rows at the last tree kept; `None` if there were none.
    pub const fn validation_loss(&self) -> Option<f64> {
        self.validation_loss
    }

    /// The score of each row, before the link (a log mean under Tweedie loss, log-odds under logistic).
    ///
    /// # Panics
    /// If `x` has another number of columns than in training.
    pub fn scores(&self, x: ArrayView2<'_, f64>) -> Array1<f64> {
        assert_eq!(x.ncols(), self.columns, "as many columns as in training");
        let x = x.as_standard_layout();
        let mut scores = vec![self.start; x.nrows()];
        let values = x.as_slice().unwrap_or(&[]);
        let blocks = scores.par_chunks_mut(BLOCK).zip(values.par_chunks((BLOCK * self.columns).max(1)));
        let ranker = Ranker::of(self.trees.iter(), self.columns);
        match ranker.and_then(|ranker| Some((self.ranked(&ranker)?, ranker))) {
            Some((trees, ranker)) => blocks.for_each_init(
                || vec![0; ranker.block()],
                |ranks, (scores, rows)| {
                    ranker.rank(rows, ranks);
                    trees.iter().for_each(|tree| tree.add(ranks, scores));
                },
            ),
            None => blocks.for_each(|(scores, rows)| {
                for (score, row) in scores.iter_mut().zip(rows.chunks_exact(self.columns)) {
                    self.trees.iter().for_each(|tree| *score += tree.value(row));
                }
            }),
        }
        Array1::from_vec(scores)
    }

    /// The same of records that were ranked; `None` if they were not ranked for this model.
    pub fn scores_of(&self, records: &RankedRecords) -> Option<Array1<f64>> {
        let trees = self.ranked(&records.ranker)?;
        let mut scores = vec![self.start; records.rows];
        let blocks = scores.par_chunks_mut(BLOCK).zip(records.ranks.par_chunks(records.ranker.block().max(1)));
        blocks.for_each(|(scores, ranks)| trees.iter().for_each(|tree| tree.add(ranks, scores)));
        Some(Array1::from_vec(scores))
    }

    fn ranked(&self, ranker: &Ranker) -> Option<Vec<RankedTree>> {
        self.trees.iter().map(|tree| RankedTree::of(tree, ranker)).collect()
    }

    /// Exact Shapley values of the score, by TreeSHAP.
    ///
    /// # Panics
    /// If `x` has another number of columns than in training.
    pub fn contributions(&self, x: ArrayView2<'_, f64>) -> Contributions {
        assert_eq!(x.ncols(), self.columns, "as many columns as in training");
        let base = self.start + self.trees.iter().map(Tree::expected).sum::<f64>();
        let x = x.as_standard_layout();
        let mut values = vec![0.0; x.len()];
        let rows = x.as_slice().unwrap_or(&[]);
        values.par_chunks_exact_mut(self.columns).zip(rows.par_chunks_exact(self.columns)).for_each(|(to, row)| {
            for tree in &self.trees {
                add_contributions(tree, row, to);
            }
        });
        let values = Array2::from_shape_vec(x.dim(), values).expect("as many values as records");
        Contributions { base, values }
    }

    /// How many splits each column made.
    pub fn splits(&self) -> Vec<usize> {
        let mut counts = vec![0; self.columns];
        for node in self.trees.iter().flat_map(Tree::nodes) {
            if let Node::Split { column, .. } = node {
                counts[*column] += 1;
            }
        }
        counts
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for GradientBoosting {
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        assert_eq!(x.nrows(), y.len(), "one target per row");
        y.assign(&self.scores(x.view()));
        y.mapv_inplace(|score| self.loss.link(score));
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}
