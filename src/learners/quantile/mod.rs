//! Linear quantile regression: the value that a share `level` of outcomes stays below, as a linear function.
//!
//! R. Koenker and G. Bassett, "Regression Quantiles", Econometrica 46 (1978). Objective, over standardised columns:
//! `mean(pinball_level(y - b0 - z b)) + ridge / 2 * |b|^2`, solved to a duality gap by the interior-point method of
//! Portnoy & Koenker (1997), on the rows near the line where there are many. Levels are solved apart and predictions
//! sorted within each row, so that quantiles never cross (Chernozhukov, Fernández-Val & Galichon 2010).

mod interior_point;
mod reduction;

use linfa::traits::{Fit, PredictInplace};
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array1, Array2, ArrayBase, Axis, Data, Ix1, Ix2};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::input::{self, InputError};
use super::linear::LinearPredictor;
use super::scaling::StandardScaler;

/// What can go wrong in a quantile regression.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum QuantileError {
    /// A hyperparameter out of range.
    #[error("quantile regression: {name} is {value}, expected {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// No level to fit, or levels out of order.
    #[error("quantile regression: levels are {levels:?}, expected at least one, ascending")]
    Levels {
        /// The levels.
        levels: Vec<f64>,
    },
    /// The duality gap did not close.
    #[error("quantile regression: level {level} has a duality gap of {gap:.1e} after {iterations} iterations")]
    NotConverged {
        /// The level.
        level: f64,
        /// Gap relative to the objective.
        gap: f64,
        /// Steps taken.
        iterations: usize,
    },
    /// Input that no estimator accepts.
    #[error("quantile regression: {0}")]
    Input(#[from] InputError),
}

impl QuantileError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotConverged { .. } => Some("raise `ridge` or `max_iterations`".into()),
            Self::Input(error) => error.hint(),
            _ => None,
        }
    }
}

impl From<linfa::Error> for QuantileError {
    fn from(error: linfa::Error) -> Self {
        Self::Input(error.into())
    }
}

/// Checked hyperparameters; see [`QuantileParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuantileValidParams {
    levels: Vec<f64>,
    ridge: f64,
    tolerance: f64,
    max_iterations: usize,
}

/// Hyperparameters of a [`QuantileRegression`].
///
/// | name | default | meaning |
/// |---|---|---|
/// | `levels` | .1, .5, .9 | shares in (0, 1), ascending |
/// | `ridge` | 0 | weight of the squared coefficients of the standardised columns; the intercept is free |
/// | `tolerance` | 1e-9 | duality gap, relative to the objective, that counts as solved |
/// | `max_iterations` | 200 | steps of the interior-point method |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuantileParams(QuantileValidParams);

impl Default for QuantileParams {
    fn default() -> Self {
        Self(QuantileValidParams { levels: vec![0.1, 0.5, 0.9], ridge: 0.0, tolerance: 1e-9, max_iterations: 200 })
    }
}

impl QuantileParams {
    /// Sets the levels.
    #[must_use]
    pub fn levels(mut self, levels: &[f64]) -> Self {
        self.0.levels = levels.to_vec();
        self
    }

    /// Sets the weight of the squared coefficients.
    #[must_use]
    pub const fn ridge(mut self, ridge: f64) -> Self {
        self.0.ridge = ridge;
        self
    }

    /// Sets the relative duality gap that counts as solved.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: f64) -> Self {
        self.0.tolerance = tolerance;
        self
    }

    /// Sets the number of steps after which the fit is given up.
    #[must_use]
    pub const fn max_iterations(mut self, max_iterations: usize) -> Self {
        self.0.max_iterations = max_iterations;
        self
    }
}

impl ParamGuard for QuantileParams {
    type Checked = QuantileValidParams;
    type Error = QuantileError;

    fn check_ref(&self) -> Result<&Self::Checked, QuantileError> {
        let ranges = input::Ranges(|name, value, expected| QuantileError::Parameter { name, value, expected });
        let p = &self.0;
        p.levels.iter().try_for_each(|level| ranges.level("level", *level))?;
        if p.levels.is_empty() || p.levels.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(QuantileError::Levels { levels: p.levels.clone() });
        }
        ranges.not_negative("ridge", p.ridge)?;
        ranges.positive("tolerance", p.tolerance)?;
        ranges.at_least_one("max_iterations", p.max_iterations)?;
        Ok(p)
    }

    fn check(self) -> Result<Self::Checked, QuantileError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// Fitted conditional quantiles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuantileRegression {
    levels: Vec<f64>,
    lines: Vec<LinearPredictor>,
}

impl<D, S> Fit<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>, QuantileError> for QuantileValidParams
where
    D: Data<Elem = f64>,
    S: Data<Elem = f64>,
{
    type Object = QuantileRegression;

    /// One line per level; levels are solved in parallel and independently.
    ///
    /// # Errors
    /// If a value is not finite, if there are fewer rows than coefficients without a ridge, or if a level's duality
    /// gap does not close.
    fn fit(
        &self,
        dataset: &DatasetBase<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>>,
    ) -> Result<QuantileRegression, QuantileError> {
        let (x, y) = (dataset.records(), dataset.targets());
        input::finite_records(x)?;
        input::finite_target(y.view(), x.nrows())?;
        if self.ridge == 0.0 && x.nrows() <= x.ncols() {
            let (rows, needed) = (x.nrows(), x.ncols() + 1);
            return Err(InputError::TooFewRows { rows, needed, needed_for: "unpenalised coefficients" }.into());
        }
        let scaler = StandardScaler::of(x.view())?;
        // the first column is the intercept
        let mut z = Array2::ones((x.nrows(), x.ncols() + 1));
        z.slice_mut(ndarray::s![.., 1..]).assign(&scaler.standardise(x.view()));
        let center = y.mean().unwrap_or(0.0);
        let unit = y.iter().map(|v| (v - center).abs()).sum::<f64>() / y.len() as f64;
        let unit = if unit > 0.0 { unit } else { 1.0 };
        let scaled = y.mapv(|v| (v - center) / unit);
        // the objective in units of `unit`: the ridge acts on coefficients of the original y
        let mut penalty = Array1::from_elem(z.ncols(), self.ridge * unit * y.len() as f64);
        penalty[0] = 0.0;
        let solve = |level: &f64| {
            let found =
                reduction::solve(z.view(), scaled.view(), &penalty, *level, self.tolerance, self.max_iterations);
            if !found.converged {
                let (gap, iterations) = (found.gap, found.iterations);
                return Err(QuantileError::NotConverged { level: *level, gap, iterations });
            }
            let coefficients = found.coefficients.slice(ndarray::s![1..]).mapv(|c| c * unit);
            Ok(scaler.unscale(coefficients.view(), found.coefficients[0] * unit + center))
        };
        let lines = self.levels.par_iter().map(solve).collect::<Result<Vec<_>, _>>()?;
        Ok(QuantileRegression { levels: self.levels.clone(), lines })
    }
}

impl QuantileRegression {
    /// The levels, ascending: the columns of a prediction.
    pub fn levels(&self) -> &[f64] {
        &self.levels
    }

    /// The line of each level, before rows are sorted.
    pub fn lines(&self) -> &[LinearPredictor] {
        &self.lines
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array2<f64>> for QuantileRegression {
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array2<f64>) {
        assert_eq!((x.nrows(), self.lines.len()), y.dim(), "one row per record, one column per level");
        for (line, mut column) in self.lines.iter().zip(y.axis_iter_mut(Axis(1))) {
            column.assign(&line.scores(x.view()));
        }
        for mut row in y.rows_mut() {
            let mut sorted = row.to_vec();
            sorted.sort_by(f64::total_cmp);
            row.assign(&Array1::from_vec(sorted));
        }
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array2<f64> {
        Array2::zeros((x.nrows(), self.lines.len()))
    }
}
