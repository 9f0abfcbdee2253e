//! Logistic regression: the probability of an event, by linfa.
//!
//! Objective over standardised columns: `sum of log losses + alpha |b|^2 / 2`, the intercept free. Two traps of linfa
//! are dealt with here: its positive class is the *majority* class (so labels are read, not assumed), and its solver
//! does not say whether it converged (so the gradient is checked).

use linfa::traits::{Fit, PredictInplace};
use linfa::{Dataset, DatasetBase, ParamGuard};
use ndarray::{Array1, Array2, ArrayBase, ArrayView2, Data, Ix1, Ix2};
use serde::{Deserialize, Serialize};

use super::LinearPredictor;
use crate::learners::input::{self, InputError};
use crate::learners::loss;
use crate::learners::scaling::StandardScaler;

/// What can go wrong in a logistic regression.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LogisticError {
    /// A hyperparameter out of range.
    #[error("logistic regression: {name} is {value}, expected {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// Every row has the same outcome.
    #[error("logistic regression: all {rows} outcomes are {outcome}, expected both")]
    SingleClass {
        /// Rows.
        rows: usize,
        /// Their outcome.
        outcome: bool,
    },
    /// The solver stopped where the gradient does not vanish.
    #[error("logistic regression: not converged after {iterations} iterations (gradient {gradient_norm:.1e} per row)")]
    NotConverged {
        /// Largest number of steps.
        iterations: u64,
        /// Largest component of the gradient, divided by the number of rows.
        gradient_norm: f64,
    },
    /// An error of linfa's logistic regression.
    #[error("logistic regression: {0}")]
    Linfa(String),
    /// Input that no estimator accepts.
    #[error("logistic regression: {0}")]
    Input(#[from] InputError),
}

impl LogisticError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::SingleClass { .. } => Some("use the base rate: there is nothing to tell apart".into()),
            Self::NotConverged { .. } => Some("raise `alpha` or `max_iterations`".into()),
            Self::Input(error) => error.hint(),
            _ => None,
        }
    }
}

impl From<linfa::Error> for LogisticError {
    fn from(error: linfa::Error) -> Self {
        Self::Input(error.into())
    }
}

impl From<linfa_logistic::error::Error> for LogisticError {
    fn from(error: linfa_logistic::error::Error) -> Self {
        Self::Linfa(error.to_string())
    }
}

/// Checked hyperparameters; see [`LogisticParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogisticValidParams {
    alpha: Option<f64>,
    tolerance: f64,
    max_iterations: u64,
}

/// Hyperparameters of a [`LogisticRegression`].
///
/// | name | default | meaning |
/// |---|---|---|
/// | `alpha` | number of columns | weight of the squared coefficients; the default is a prior under which all columns together explain log-odds of deviation 1 |
/// | `tolerance` | 1e-6 | largest component of the gradient per row that counts as converged |
/// | `max_iterations` | 1,000 | steps of the solver |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogisticParams(LogisticValidParams);

impl Default for LogisticParams {
    fn default() -> Self {
        Self(LogisticValidParams { alpha: None, tolerance: 1e-6, max_iterations: 1000 })
    }
}

impl LogisticParams {
    /// Sets the weight of the squared coefficients.
    #[must_use]
    pub const fn alpha(mut self, alpha: f64) -> Self {
        self.0.alpha = Some(alpha);
        self
    }

    /// Sets the gradient per row that counts as converged.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: f64) -> Self {
        self.0.tolerance = tolerance;
        self
    }

    /// Sets the number of steps after which the fit is given up.
    #[must_use]
    pub const fn max_iterations(mut self, max_iterations: u64) -> Self {
        self.0.max_iterations = max_iterations;
        self
    }
}

impl ParamGuard for LogisticParams {
    type Checked = LogisticValidParams;
    type Error = LogisticError;

    fn check_ref(&self) -> Result<&Self::Checked, LogisticError> {
        let ranges = input::Ranges(|name, value, expected| LogisticError::Parameter { name, value, expected });
        let p = &self.0;
        if let Some(alpha) = p.alpha {
            ranges.positive("alpha", alpha)?;
        }
        ranges.positive("tolerance", p.tolerance)?;
        ranges.at_least_one("max_iterations", p.max_iterations as usize)?;
        Ok(p)
    }

    fn check(self) -> Result<Self::Checked, LogisticError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// A fitted logistic regression; predicts the probability of `true`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogisticRegression {
    predictor: LinearPredictor,
}

impl LogisticRegression {
    /// The line in log-odds of `true`.
    pub const fn predictor(&self) -> &LinearPredictor {
        &self.predictor
    }

    /// `(n, p)` contributions in log-odds.
    pub fn contributions(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        self.predictor.contributions(x)
    }
}

impl<D, S> Fit<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>, LogisticError> for LogisticValidParams
where
    D: Data<Elem = f64>,
    S: Data<Elem = bool>,
{
    type Object = LogisticRegression;

    /// # Errors
    /// If a value is not finite, if only one outcome occurs, or if the solver does not converge.
    fn fit(
        &self,
        dataset: &DatasetBase<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>>,
    ) -> Result<LogisticRegression, LogisticError> {
        let (x, y) = (dataset.records(), dataset.targets());
        input::finite_records(x)?;
        input::same_rows("target", y.len(), x.nrows())?;
        let events = y.iter().filter(|outcome| **outcome).count();
        if events == 0 || events == y.len() {
            return Err(LogisticError::SingleClass { rows: y.len(), outcome: events > 0 });
        }
        let scaler = StandardScaler::of(x.view())?;
        if scaler.is_constant() {
            let log_odds = (events as f64 / (y.len() - events) as f64).ln();
            return Ok(LogisticRegression { predictor: scaler.unscale(Array1::zeros(x.ncols()).view(), log_odds) });
        }
        let z = scaler.standardise(x.view());
        let alpha = self.alpha.unwrap_or(x.ncols() as f64);
        let standardised = Dataset::new(z, y.to_owned());
        let fitted = linfa_logistic::LogisticRegression::default()
            .alpha(alpha)
            .max_iterations(self.max_iterations)
            .gradient_tolerance(0.1 * self.tolerance * y.len() as f64)
            .fit(&standardised)?;
        let sign = if fitted.labels().pos.class { 1.0 } else { -1.0 };
        let (coefficients, intercept) = (fitted.params() * sign, fitted.intercept() * sign);
        let gradient_norm = largest_gradient(&standardised, &coefficients, intercept, alpha);
        if gradient_norm.is_nan() || gradient_norm > self.tolerance {
            return Err(LogisticError::NotConverged { iterations: self.max_iterations, gradient_norm });
        }
        Ok(LogisticRegression { predictor: scaler.unscale(coefficients.view(), intercept) })
    }
}

/// Largest absolute component of the objective's gradient, divided by the number of rows.
fn largest_gradient(
    standardised: &DatasetBase<Array2<f64>, Array1<bool>>,
    coefficients: &Array1<f64>,
    intercept: f64,
    alpha: f64,
) -> f64 {
    let z = standardised.records();
    let residual = (z.dot(coefficients) + intercept)
        .iter()
        .zip(standardised.targets())
        .map(|(odds, outcome)| loss::logistic(*odds) - f64::from(u8::from(*outcome)))
        .collect::<Array1<f64>>();
    let gradient = z.t().dot(&residual) + coefficients * alpha;
    let largest =
        gradient.iter().fold(residual.sum().abs(), |most, g| if g.is_nan() { f64::NAN } else { most.max(g.abs()) });
    largest / z.nrows() as f64
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for LogisticRegression {
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        assert_eq!(x.nrows(), y.len(), "one target per row");
        y.assign(&self.predictor.scores(x.view()).mapv(loss::logistic));
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}
