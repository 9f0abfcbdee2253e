//! Generalised linear models of a mean with log link: Poisson, gamma and Tweedie, with ridge and lasso penalties.
//!
//! J. A. Nelder and R. W. M. Wedderburn, "Generalized Linear Models" (1972); penalised as J. Friedman, T. Hastie and
//! R. Tibshirani, "Regularization Paths for Generalized Linear Models via Coordinate Descent" (2010). Objective over
//! standardised columns, the intercept free:
//! `mean deviance / 2 + penalty (l1_ratio |b|_1 + (1 - l1_ratio) |b|^2 / 2)`, `log mean = b0 + z b`.
//! linfa's own Tweedie regression is not used: its gradient is wrong and it may not end.

mod irls;

use linfa::traits::{Fit, PredictInplace};
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array1, Array2, ArrayBase, ArrayView2, Data, Ix1, Ix2};
use serde::{Deserialize, Serialize};

use super::input::{self, InputError};
use super::linear::LinearPredictor;
use super::scaling::StandardScaler;

/// What can go wrong in a generalised linear model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GlmError {
    /// A hyperparameter out of range.
    #[error("glm: {name} is {value}, expected {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// A target outside the family.
    #[error("glm: target is {value} in row {row}, expected {expected}")]
    Target {
        /// Row, from 0.
        row: usize,
        /// The value.
        value: f64,
        /// What the family allows.
        expected: &'static str,
    },
    /// The score equations were not solved: often a column that separates zeros from the rest.
    #[error("glm: not converged after {iterations} iterations (gradient {gradient_norm:.1e})")]
    NotConverged {
        /// Steps taken.
        iterations: usize,
        /// Largest violation of the optimality conditions, relative to the mean.
        gradient_norm: f64,
    },
    /// Input that no estimator accepts.
    #[error("glm: {0}")]
    Input(#[from] InputError),
}

impl GlmError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotConverged { .. } => Some("raise `penalty`: some coefficient has no finite estimate".into()),
            Self::Input(error) => error.hint(),
            _ => None,
        }
    }
}

impl From<linfa::Error> for GlmError {
    fn from(error: linfa::Error) -> Self {
        Self::Input(error.into())
    }
}

/// How variance grows with the mean.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "family")]
pub enum Family {
    /// As the mean: counts, zeros included.
    Poisson,
    /// As its square: positive amounts.
    Gamma,
    /// As its power, `1 < power < 2`: amounts with exact zeros.
    Tweedie {
        /// The power.
        power: f64,
    },
}

impl Family {
    /// The exponent of the mean in the variance.
    pub const fn power(self) -> f64 {
        match self {
            Self::Poisson => 1.0,
            Self::Gamma => 2.0,
            Self::Tweedie { power } => power,
        }
    }

    /// Half the unit deviance of a mean `exp(score)`, without terms in `y` alone.
    pub(super) fn half_deviance(self, y: f64, score: f64) -> f64 {
        match self {
            Self::Poisson => score.exp() - y * score,
            Self::Gamma => y * (-score).exp() + score,
            Self::Tweedie { power } => {
                ((2.0 - power) * score).exp() / (2.0 - power) - y * ((1.0 - power) * score).exp() / (1.0 - power)
            }
        }
    }

    fn check_targets(self, y: &[f64]) -> Result<(), GlmError> {
        let positive_only = matches!(self, Self::Gamma);
        match y.iter().position(|y| *y < 0.0 || (positive_only && *y == 0.0)) {
            Some(row) if positive_only => Err(GlmError::Target { row, value: y[row], expected: "a positive number" }),
            Some(row) => Err(GlmError::Target { row, value: y[row], expected: "zero or a positive number" }),
            None if y.iter().all(|y| *y == 0.0) => {
                Err(GlmError::Target { row: 0, value: 0.0, expected: "at least one positive number" })
            }
            None => Ok(()),
        }
    }
}

/// Checked hyperparameters; see [`GlmParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GlmValidParams {
    family: Family,
    penalty: f64,
    l1_ratio: f64,
    tolerance: f64,
    max_iterations: usize,
}

/// Hyperparameters of a [`Glm`].
///
/// | name | default | meaning |
/// |---|---|---|
/// | `penalty` | 0.01 | strength of shrinkage; 0 for maximum likelihood |
/// | `l1_ratio` | 0 | share of the absolute penalty (0: ridge, 1: lasso) |
/// | `tolerance` | 1e-8 | violation of the optimality conditions, relative to the mean, that counts as solved |
/// | `max_iterations` | 100 | reweighted least-squares steps |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GlmParams(GlmValidParams);

impl GlmParams {
    /// The defaults for a family.
    pub const fn new(family: Family) -> Self {
        Self(GlmValidParams { family, penalty: 0.01, l1_ratio: 0.0, tolerance: 1e-8, max_iterations: 100 })
    }

    /// Sets the strength of shrinkage.
    #[must_use]
    pub const fn penalty(mut self, penalty: f64) -> Self {
        self.0.penalty = penalty;
        self
    }

    /// Sets the share of the absolute penalty.
    #[must_use]
    pub const fn l1_ratio(mut self, l1_ratio: f64) -> Self {
        self.0.l1_ratio = l1_ratio;
        self
    }

    /// Sets the violation of the optimality conditions that counts as solved.
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

impl ParamGuard for GlmParams {
    type Checked = GlmValidParams;
    type Error = GlmError;

    fn check_ref(&self) -> Result<&Self::Checked, GlmError> {
        let ranges = input::Ranges(|name, value, expected| GlmError::Parameter { name, value, expected });
        let p = &self.0;
        if let Family::Tweedie { power } = p.family
            && !(1.0 < power && power < 2.0)
        {
            let expected = "a number between 1 and 2";
            return Err(GlmError::Parameter { name: "power", value: power, expected });
        }
        ranges.not_negative("penalty", p.penalty)?;
        ranges.share("l1_ratio", p.l1_ratio)?;
        ranges.positive("tolerance", p.tolerance)?;
        ranges.at_least_one("max_iterations", p.max_iterations)?;
        Ok(p)
    }

    fn check(self) -> Result<Self::Checked, GlmError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// A fitted model; predicts means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Glm {
    family: Family,
    predictor: LinearPredictor,
}

impl Glm {
    /// The family it was fitted to.
    pub const fn family(&self) -> Family {
        self.family
    }

    /// The line in log means.
    pub const fn predictor(&self) -> &LinearPredictor {
        &self.predictor
    }

    /// `(n, p)` contributions in log means.
    pub fn contributions(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        self.predictor.contributions(x)
    }
}

impl<D, S> Fit<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>, GlmError> for GlmValidParams
where
    D: Data<Elem = f64>,
    S: Data<Elem = f64>,
{
    type Object = Glm;

    /// The data set's weights, where it has any, count a row as often as they say: a mean of ratios to a known level `b`
    /// is that of the level under weights `b^(2 - power)`.
    ///
    /// # Errors
    /// If a value is not finite or outside the family, a weight is not positive, if there are fewer rows than coefficients without a penalty, or
    /// if the optimality conditions are not met in time.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>>) -> Result<Glm, GlmError> {
        let (x, y) = (dataset.records(), dataset.targets());
        input::finite_records(x)?;
        input::finite_target(y.view(), x.nrows())?;
        let y = y.to_vec();
        self.family.check_targets(&y)?;
        if self.penalty == 0.0 && x.nrows() <= x.ncols() {
            let (rows, needed) = (x.nrows(), x.ncols() + 1);
            return Err(InputError::TooFewRows { rows, needed, needed_for: "unpenalised coefficients" }.into());
        }
        let scaler = StandardScaler::of(x.view())?;
        // the first column is the intercept
        let mut z = Array2::ones((x.nrows(), x.ncols() + 1));
        z.slice_mut(ndarray::s![.., 1..]).assign(&scaler.standardise(x.view()));
        let weights = match dataset.weights() {
            None => vec![1.0; y.len()],
            Some(weights) => weights.iter().map(|w| f64::from(*w)).collect(),
        };
        input::same_rows("weights", weights.len(), y.len())?;
        if let Some(row) = weights.iter().position(|w| !(w.is_finite() && *w > 0.0)) {
            return Err(GlmError::Parameter { name: "weight", value: weights[row], expected: "a positive number" });
        }
        let total: f64 = weights.iter().sum();
        let weights: Vec<f64> = weights.into_iter().map(|w| w / total).collect();
        // a mean of one: penalties and tolerances then mean the same for any currency
        let unit = y.iter().zip(&weights).map(|(y, w)| w * y).sum::<f64>();
        let scaled: Vec<f64> = y.iter().map(|y| y / unit).collect();
        let found = irls::solve(z.view(), &scaled, &weights, self);
        if !found.converged {
            let (iterations, gradient_norm) = (found.iterations, found.gradient_norm);
            return Err(GlmError::NotConverged { iterations, gradient_norm });
        }
        let coefficients = found.coefficients.slice(ndarray::s![1..]);
        let predictor = scaler.unscale(coefficients, found.coefficients[0] + unit.ln());
        Ok(Glm { family: self.family, predictor })
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for Glm {
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        assert_eq!(x.nrows(), y.len(), "one target per row");
        y.assign(&self.predictor.scores(x.view()).mapv(f64::exp));
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}
