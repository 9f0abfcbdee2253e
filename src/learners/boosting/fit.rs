//! The boosting loop.

use linfa::DatasetBase;
use linfa::traits::Fit;
use ndarray::{Array1, Array2, ArrayBase, ArrayView1, ArrayView2, Axis, CowArray, Data, Ix1, Ix2};
use rayon::prelude::*;

use super::BoostingError;
use super::model::GradientBoosting;
use super::objective;
use super::params::GradientBoostingValidParams;
use crate::learners::input;
use crate::learners::tree::{
    Binned, GroupedTargets, Grower, GrowthLimits, RowGroups, Tree, draw_columns, not_infinite, quantile, renew,
    value_of,
};

/// Of fewer rows than this the derivatives are computed one by one, as they were drawn; of more by all threads.
const FEW_ROWS: usize = 16_384;

/// What a fit walks over.
#[derive(Clone, Copy)]
pub(super) struct Training<'a> {
    pub(super) x: ArrayView2<'a, f64>,
    /// Per record, as are groups and offset.
    pub(super) y: &'a [f64],
    pub(super) groups: Option<ArrayView1<'a, usize>>,
    /// A known part of the score.
    pub(super) offset: Option<&'a [f64]>,
    /// Records to fit on, ascending, possibly repeated; all without it.
    pub(super) rows: Option<&'a [u32]>,
    pub(super) validation: Option<Validation<'a>>,
}

/// Later rows on which early stopping looks.
#[derive(Debug, Clone, Copy)]
pub struct Validation<'a> {
    /// `(n, p)`, columns as in training.
    pub x: ArrayView2<'a, f64>,
    /// What happened, `(n)`.
    pub y: &'a [f64],
    /// A known part of the score, `(n)`.
    pub offset: Option<&'a [f64]>,
}

/// Records `(n, p)` with their bins, made once for many fits.
pub struct BinnedRecords {
    x: Array2<f64>,
    binned: Binned,
}

/// What one fit sees of [`BinnedRecords`].
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Positions of the records, ascending, each as often as it was drawn.
    pub rows: &'a [u32],
    /// What happened, one entry per element of `rows`.
    pub y: &'a [f64],
    /// Group code, one entry per element of `rows`.
    pub groups: &'a [usize],
    /// A known part of the score (such as a baseline's log mean under Tweedie loss), one entry per element of `rows`:
    /// the trees learn the rest, and a prediction is `link(offset + score)`.
    pub offset: Option<&'a [f64]>,
}

impl BinnedRecords {
    /// Learns bins (at most `max_bins` a column) and applies them; `categorical` columns hold codes.
    ///
    /// # Errors
    /// If a record is infinite, a categorical column does not exist or holds something else than codes or NaN.
    pub fn new(x: Array2<f64>, categorical: &[usize], max_bins: usize) -> Result<Self, BoostingError> {
        not_infinite(x.view())?;
        if let Some(&column) = categorical.iter().find(|column| **column >= x.ncols()) {
            return Err(missing_column(column, "categorical"));
        }
        let x = if x.is_standard_layout() { x } else { x.as_standard_layout().into_owned() };
        let binned = Binned::new(x.view(), categorical, max_bins)?;
        Ok(Self { x, binned })
    }

    /// The records as they came.
    pub const fn x(&self) -> &Array2<f64> {
        &self.x
    }
}

const fn missing_column(column: usize, declared: &'static str) -> BoostingError {
    BoostingError::Column { column, declared, problem: "records end before it" }
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
        self.boost(&Training::all(dataset.records().view(), &y, None))
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
        self.boost(&Training::all(dataset.records().view(), &y, Some(groups)))
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
        let later = validation.targets().to_vec();
        let validation = Some(Validation { x: validation.records().view(), y: &later, offset: None });
        self.boost(&Training { validation, ..Training::all(dataset.records().view(), &y, Some(groups)) })
    }

    /// Fits on part of records that were binned before; their bins and categories hold, not those of the parameters.
    /// With `validation` trees are dropped as by [`Self::fit_validated`]. Returns the score of each element of the sample
    /// too, as [`GradientBoosting::scores`] has it, which is known once the fit is over.
    ///
    /// # Errors
    /// As [`Fit::fit`]; also if a position lies beyond the records or lengths differ.
    pub fn fit_sample(
        &self,
        records: &BinnedRecords,
        sample: &Sample<'_>,
        validation: Option<Validation<'_>>,
    ) -> Result<(GradientBoosting, Vec<f64>), BoostingError> {
        let n = records.x.nrows();
        let whole = Whole::of(sample, n)?;
        let training = Training {
            x: records.x.view(),
            y: &whole.y,
            groups: Some(ArrayView1::from(&whole.groups)),
            offset: sample.offset.is_some().then_some(whole.offset.as_slice()),
            rows: Some(sample.rows),
            validation: validation.as_ref().map(|v| Validation { x: v.x.view(), y: v.y, offset: v.offset }),
        };
        self.check_training(&training)?;
        let (model, scores) = self.boost_binned(&training, &records.binned);
        let rows = sample.rows.iter().map(|row| *row as usize);
        let scores = match scores {
            Some(scores) => rows.map(|row| scores[row] - whole.offset[row]).collect(),
            None => model.scores(records.x.select(Axis(0), &rows.collect::<Vec<_>>()).view()).to_vec(),
        };
        Ok((model, scores))
    }

    fn boost(&self, training: &Training<'_>) -> Result<GradientBoosting, BoostingError> {
        self.check_training(training)?;
        let binned = Binned::new(training.x, &self.categorical, self.max_bins)?;
        Ok(self.boost_binned(training, &binned).0)
    }

    pub(super) fn check_training(&self, training: &Training<'_>) -> Result<(), BoostingError> {
        let &Training { x, y, groups, offset, rows, validation } = training;
        // what comes with rows was checked when it was binned
        if rows.is_none() {
            not_infinite(x)?;
        }
        input::finite_target(ArrayView1::from(y), x.nrows())?;
        if let Some(offset) = offset {
            input::finite_target(ArrayView1::from(offset), x.nrows())?;
        }
        self.loss.check_targets(&gather(y, rows))?;
        for (column, declared) in self
            .categorical
            .iter()
            .map(|column| (*column, "categorical"))
            .chain(self.monotone.iter().map(|(column, _)| (*column, "monotone")))
        {
            if column >= x.ncols() {
                return Err(missing_column(column, declared));
            }
        }
        match groups {
            Some(groups) => input::same_rows("groups", groups.len(), y.len())?,
            None if self.row_fraction < 1.0 => {
                return Err(BoostingError::Ungrouped { row_fraction: self.row_fraction });
            }
            None => {}
        }
        if let Some(later) = validation {
            not_infinite(later.x)?;
            input::same_columns("validation records", later.x.ncols(), x.ncols())?;
            for column in std::iter::once(later.y).chain(later.offset) {
                input::finite_target(ArrayView1::from(column), later.x.nrows())?;
            }
        }
        Ok(())
    }

    /// The model, and the score of each record in use with its offset, unless trees were dropped in the end.
    pub(super) fn boost_binned(
        &self,
        training: &Training<'_>,
        binned: &Binned,
    ) -> (GradientBoosting, Option<Vec<f64>>) {
        let &Training { x, y, groups, offset, rows: sampled, validation } = training;
        let known = offset.map_or_else(|| vec![0.0; y.len()], <[f64]>::to_vec);
        let start = self.loss.start(&gather(y, sampled), &gather(&known, sampled));
        let mut model = GradientBoosting {
            loss: self.loss,
            columns: x.ncols(),
            start,
            trees: Vec::with_capacity(self.trees),
            validation_loss: None,
        };
        let mut scores: Vec<f64> = known.into_iter().map(|offset| offset + start).collect();
        let mut derivatives = vec![[0f32; 2]; y.len()];
        let mut stopping = validation.map(|later| Stopping::new(later, start, self));
        let groups = groups.filter(|_| self.row_fraction < 1.0).map(RowGroups::new);
        let limits = GrowthLimits {
            leaves: self.leaves,
            min_leaf_rows: self.min_leaf_rows,
            l2: self.l2,
            monotone: self.monotone.clone(),
        };
        let mut grower = Grower::new(binned, &limits);
        let (mut rows, mut others): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
        for number in 0..self.trees {
            rows.clear();
            others.clear();
            let seed = |what: &str| self.seed.derive(&format!("boosting/{what}/{number}"));
            let drawn = groups.as_ref().map(|groups| groups.draw(self.row_fraction, seed("rows")));
            let columns = draw_columns(x.ncols(), self.column_fraction, seed("columns"));
            let is_drawn = |row: u32| drawn.as_ref().is_none_or(|drawn| drawn[row as usize]);
            let mut divide = |row: u32| if is_drawn(row) { rows.push(row) } else { others.push(row) };
            match sampled {
                None => (0..y.len() as u32).for_each(&mut divide),
                Some(sampled) => sampled.iter().copied().for_each(&mut divide),
            }
            if rows.is_empty() {
                continue;
            }
            if rows.len() < FEW_ROWS {
                for &row in &rows {
                    let row = row as usize;
                    derivatives[row] = self.loss.derivatives(y[row], scores[row]);
                }
            } else {
                derivatives
                    .par_iter_mut()
                    .zip(y.par_iter().zip(&scores))
                    .with_min_len(4096)
                    .for_each(|(derivative, (y, score))| *derivative = self.loss.derivatives(*y, *score));
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
            for leaf in nodes.iter().filter(|node| node.split.is_none()) {
                let step = leaf.value * self.learning_rate;
                let mut last = None;
                // repeats of a row are neighbours
                for &row in &rows[leaf.rows.clone()] {
                    if last != Some(row) {
                        scores[row as usize] += step;
                    }
                    last = Some(row);
                }
            }
            // rows that were not drawn need the tree's value too
            others.dedup();
            let values: Vec<f64> =
                others.par_iter().with_min_len(4096).map(|row| value_of(&nodes, binned, *row)).collect();
            for (row, value) in others.iter().zip(values) {
                scores[*row as usize] += value * self.learning_rate;
            }
            model.trees.push(tree);
            if let Some(stopping) = &mut stopping
                && stopping.is_over(&model)
            {
                break;
            }
        }
        let Some(stopping) = stopping else { return (model, Some(scores)) };
        let grown = model.trees.len();
        model.trees.truncate(stopping.best_trees);
        model.validation_loss = Some(stopping.best_loss);
        (model, (grown == stopping.best_trees).then_some(scores))
    }
}

/// Sample columns spread over all records; records outside the sample are never read.
struct Whole {
    y: Vec<f64>,
    groups: Vec<usize>,
    offset: Vec<f64>,
}

impl Whole {
    fn of(sample: &Sample<'_>, n: usize) -> Result<Self, BoostingError> {
        let m = sample.rows.len();
        if m == 0 {
            return Err(input::InputError::Empty { what: "sample", axis: "rows" }.into());
        }
        if let Some(&row) = sample.rows.iter().find(|row| **row as usize >= n) {
            let (found, expected) = (row as usize + 1, n);
            return Err(input::InputError::Shape { what: "sample", axis: "rows", expected, found }.into());
        }
        input::same_rows("target", sample.y.len(), m)?;
        input::same_rows("groups", sample.groups.len(), m)?;
        input::same_rows("offset", sample.offset.map_or(m, <[f64]>::len), m)?;
        let mut whole = Self { y: vec![0.0; n], groups: vec![0; n], offset: vec![0.0; n] };
        for (at, &row) in sample.rows.iter().enumerate() {
            whole.y[row as usize] = sample.y[at];
            whole.groups[row as usize] = sample.groups[at];
            whole.offset[row as usize] = sample.offset.map_or(0.0, |offset| offset[at]);
        }
        Ok(whole)
    }
}

fn gather(column: &[f64], rows: Option<&[u32]>) -> Vec<f64> {
    rows.map_or_else(|| column.to_vec(), |rows| rows.iter().map(|row| column[*row as usize]).collect())
}

/// Early stopping on rows that the caller set aside.
struct Stopping<'a> {
    later: Validation<'a>,
    records: RowMajor<'a>,
    scores: Vec<f64>,
    loss: objective::Loss,
    patience: usize,
    best_loss: f64,
    best_trees: usize,
}

impl<'a> Stopping<'a> {
    fn new(later: Validation<'a>, start: f64, params: &GradientBoostingValidParams) -> Self {
        let scores = (0..later.y.len()).map(|row| start + later.offset.map_or(0.0, |offset| offset[row])).collect();
        let (loss, patience) = (params.loss, params.patience);
        let records = RowMajor::of(later.x);
        let mut stopping = Self { later, records, scores, loss, patience, best_loss: f64::INFINITY, best_trees: 0 };
        stopping.best_loss = stopping.mean_loss();
        stopping
    }

    fn mean_loss(&self) -> f64 {
        let y = self.later.y;
        y.iter().zip(&self.scores).map(|(y, score)| self.loss.value(*y, *score)).sum::<f64>() / y.len() as f64
    }

    /// Takes the newest tree into account; whether `patience` trees in a row brought nothing.
    fn is_over(&mut self, model: &GradientBoosting) -> bool {
        if let Some(tree) = model.trees.last() {
            let add = |(row, score): (usize, &mut f64)| *score += tree.value(self.records.row(row));
            self.scores.par_iter_mut().enumerate().with_min_len(1024).for_each(add);
        }
        let loss = self.mean_loss();
        if loss < self.best_loss {
            (self.best_loss, self.best_trees) = (loss, model.trees.len());
        }
        model.trees.len() >= self.best_trees + self.patience
    }
}

/// Records whose rows are slices.
struct RowMajor<'a>(CowArray<'a, f64, Ix2>);

impl<'a> RowMajor<'a> {
    fn of(x: ArrayView2<'a, f64>) -> Self {
        Self(if x.is_standard_layout() { x.into() } else { x.as_standard_layout().into_owned().into() })
    }

    fn row(&self, at: usize) -> &[f64] {
        let columns = self.0.ncols();
        &self.0.as_slice().unwrap_or(&[])[at * columns..(at + 1) * columns]
    }
}

impl<'a> Training<'a> {
    /// All records, without offset or validation.
    pub(super) const fn all(x: ArrayView2<'a, f64>, y: &'a [f64], groups: Option<ArrayView1<'a, usize>>) -> Self {
        Self { x, y, groups, offset: None, rows: None, validation: None }
    }
}
