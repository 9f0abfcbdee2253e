//! The boosting loop.

use linfa::DatasetBase;
use linfa::traits::Fit;
use ndarray::{Array1, ArrayBase, ArrayView1, ArrayView2, Data, Ix1, Ix2};
use rayon::prelude::*;

use super::BoostingError;
use super::model::GradientBoosting;
use super::objective;
use super::params::GradientBoostingValidParams;
use crate::learners::input;
use crate::learners::tree::{
    Binned, GroupedTargets, Grower, GrowthLimits, Tree, draw_columns, draw_groups, not_infinite, quantile, renew,
};

/// What a fit walks over.
pub(super) struct Training<'a> {
    pub(super) x: ArrayView2<'a, f64>,
    pub(super) y: &'a [f64],
    pub(super) groups: Option<ArrayView1<'a, usize>>,
    pub(super) validation: Option<(ArrayView2<'a, f64>, ArrayView1<'a, f64>)>,
}

impl<D, S> Fit<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>, BoostingError> for GradientBoostingValidParams
where
    D: Data<Elem = f64>,
    S: Data<Elem = f64>,
{
    type Object = GradientBoosting;

    /// All trees, without early stopping.
    ///
    /// # Errors
    /// If a record is infinite, a target is outside the domain of the loss, a category is no code, or rows are to be
    /// drawn (`row_fraction`) without groups.
    fn fit(
        &self,
        dataset: &DatasetBase<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>>,
    ) -> Result<GradientBoosting, BoostingError> {
        let y = dataset.targets().to_vec();
        self.boost(&Training { x: dataset.records().view(), y: &y, groups: None, validation: None })
    }
}

impl<D: Data<Elem = f64>> Fit<ArrayBase<D, Ix2>, GroupedTargets, BoostingError> for GradientBoostingValidParams {
    type Object = GradientBoosting;

    /// All trees, without early stopping.
    ///
    /// # Errors
    /// As without groups; also if groups and targets differ in length.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, GroupedTargets>) -> Result<GradientBoosting, BoostingError> {
        let (y, groups) = (dataset.targets().y.to_vec(), dataset.targets().groups.view());
        self.boost(&Training { x: dataset.records().view(), y: &y, groups: Some(groups), validation: None })
    }
}

impl GradientBoostingValidParams {
    /// Fits with early stopping: trees after the one with the least mean loss on `validation` are dropped, and the fit
    /// ends once `patience` trees have not improved it.
    ///
    /// # Errors
    /// As [`Fit::fit`], of either data set.
    pub fn fit_validated<D: Data<Elem = f64>>(
        &self,
        dataset: &DatasetBase<ArrayBase<D, Ix2>, GroupedTargets>,
        validation: &DatasetBase<ArrayBase<D, Ix2>, Array1<f64>>,
    ) -> Result<GradientBoosting, BoostingError> {
        let (y, groups) = (dataset.targets().y.to_vec(), dataset.targets().groups.view());
        let validation = Some((validation.records().view(), validation.targets().view()));
        self.boost(&Training { x: dataset.records().view(), y: &y, groups: Some(groups), validation })
    }

    fn boost(&self, training: &Training<'_>) -> Result<GradientBoosting, BoostingError> {
        self.check_training(training)?;
        let binned = Binned::new(training.x, &self.categorical, self.max_bins)?;
        self.boost_binned(training, &binned)
    }

    pub(super) fn check_training(&self, training: &Training<'_>) -> Result<(), BoostingError> {
        let &Training { x, y, groups, validation } = training;
        not_infinite(x)?;
        input::finite_target(ArrayView1::from(y), x.nrows())?;
        self.loss.check_targets(y)?;
        for (column, declared) in self
            .categorical
            .iter()
            .map(|column| (*column, "categorical"))
            .chain(self.monotone.iter().map(|(column, _)| (*column, "monotone")))
        {
            if column >= x.ncols() {
                return Err(BoostingError::Column { column, declared, problem: "records end before it" });
            }
        }
        match groups {
            Some(groups) => input::same_rows("groups", groups.len(), y.len())?,
            None if self.row_fraction < 1.0 => {
                return Err(BoostingError::Ungrouped { row_fraction: self.row_fraction });
            }
            None => {}
        }
        if let Some((x_later, y_later)) = validation {
            not_infinite(x_later)?;
            input::same_columns("validation records", x_later.ncols(), x.ncols())?;
            input::finite_target(y_later, x_later.nrows())?;
        }
        Ok(())
    }

    pub(super) fn boost_binned(
        &self,
        training: &Training<'_>,
        binned: &Binned,
    ) -> Result<GradientBoosting, BoostingError> {
        let &Training { x, y, groups, validation } = training;
        let start = self.loss.start(y);
        let mut model = GradientBoosting {
            loss: self.loss,
            columns: x.ncols(),
            start,
            trees: Vec::with_capacity(self.trees),
            validation_loss: None,
        };
        let mut scores = vec![start; y.len()];
        let mut derivatives = vec![[0f32; 2]; y.len()];
        let mut stopping = validation.map(|(x, y)| Stopping::new(x, y, start, self));
        let limits = GrowthLimits {
            leaves: self.leaves,
            min_leaf_rows: self.min_leaf_rows,
            l2: self.l2,
            monotone: self.monotone.clone(),
        };
        let mut grower = Grower::new(binned, &limits);
        let mut rows: Vec<u32> = Vec::new();
        for number in 0..self.trees {
            derivatives
                .par_iter_mut()
                .zip(y.par_iter().zip(&scores))
                .with_min_len(4096)
                .for_each(|(derivative, (y, score))| *derivative = self.loss.derivatives(*y, *score));
            rows.clear();
            let seed = |what: &str| self.seed.derive(&format!("boosting/{what}/{number}"));
            let drawn = groups
                .filter(|_| self.row_fraction < 1.0)
                .map(|groups| draw_groups(groups, self.row_fraction, seed("rows")));
            let columns = draw_columns(x.ncols(), self.column_fraction, seed("columns"));
            rows.extend((0..y.len() as u32).filter(|row| drawn.as_ref().is_none_or(|drawn| drawn[*row as usize])));
            if rows.is_empty() {
                continue;
            }
            let mut nodes = grower.grow(&mut rows, &derivatives, &columns);
            if nodes.len() == 1 && drawn.is_none() && self.column_fraction >= 1.0 {
                // nothing gains any more, and the next tree would see the same
                break;
            }
            if let Some(level) = self.loss.renewed_level() {
                renew(&mut nodes, &self.monotone, |range| {
                    let mut residuals: Vec<f64> =
                        rows[range].iter().map(|row| y[*row as usize] - scores[*row as usize]).collect();
                    quantile(&mut residuals, level)
                });
            }
            let tree = Tree::new(&nodes, binned, self.learning_rate);
            match &drawn {
                None => {
                    for leaf in nodes.iter().filter(|node| node.split.is_none()) {
                        let step = leaf.value * self.learning_rate;
                        for row in &rows[leaf.rows.clone()] {
                            scores[*row as usize] += step;
                        }
                    }
                }
                // rows that were not drawn need the tree's value too
                Some(_) => add_tree(&tree, x, &mut scores),
            }
            model.trees.push(tree);
            if let Some(stopping) = &mut stopping
                && stopping.is_over(&model)
            {
                break;
            }
        }
        if let Some(stopping) = stopping {
            model.trees.truncate(stopping.best_trees);
            model.validation_loss = Some(stopping.best_loss);
        }
        Ok(model)
    }
}

/// Early stopping on rows that the caller set aside.
struct Stopping<'a> {
    x: ArrayView2<'a, f64>,
    y: ArrayView1<'a, f64>,
    scores: Vec<f64>,
    loss: objective::Loss,
    patience: usize,
    best_loss: f64,
    best_trees: usize,
}

impl<'a> Stopping<'a> {
    fn new(x: ArrayView2<'a, f64>, y: ArrayView1<'a, f64>, start: f64, params: &GradientBoostingValidParams) -> Self {
        let (loss, patience) = (params.loss, params.patience);
        let mut stopping =
            Self { x, y, scores: vec![start; y.len()], loss, patience, best_loss: f64::INFINITY, best_trees: 0 };
        stopping.best_loss = stopping.mean_loss();
        stopping
    }

    fn mean_loss(&self) -> f64 {
        self.y.iter().zip(&self.scores).map(|(y, score)| self.loss.value(*y, *score)).sum::<f64>() / self.y.len() as f64
    }

    /// Takes the newest tree into account; whether `patience` trees in a row brought nothing.
    fn is_over(&mut self, model: &GradientBoosting) -> bool {
        if let Some(tree) = model.trees.last() {
            add_tree(tree, self.x, &mut self.scores);
        }
        let loss = self.mean_loss();
        if loss < self.best_loss {
            (self.best_loss, self.best_trees) = (loss, model.trees.len());
        }
        model.trees.len() >= self.best_trees + self.patience
    }
}

fn add_tree(tree: &Tree, x: ArrayView2<'_, f64>, scores: &mut [f64]) {
    let x = x.as_standard_layout();
    let columns = x.ncols();
    let values = x.as_slice().unwrap_or(&[]);
    scores.par_iter_mut().zip(values.par_chunks_exact(columns)).with_min_len(1024).for_each(|(score, row)| {
        *score += tree.value(row);
    });
}
