//! BG/NBD: how often will a customer buy who buys irregularly and may have left unnoticed?
//!
//! P. S. Fader, B. G. S. Hardie and K. L. Lee, "Counting Your Customers the Easy Way: An Alternative to the
//! Pareto/NBD Model", Marketing Science 24 (2005). While alive, purchases follow a Poisson process whose rate is
//! gamma(r, alpha) over customers; after each repeat purchase the customer leaves with a probability that is
//! beta(a, b) over customers.
//!
//! Records are `(n, 3)`: repeat purchases `x`, time of the last one `t_x`, time observed `T`, both since the first
//! purchase and in any one unit; several purchases in one unit of the calendar count once. The target is not read.
//! Prediction (`PredictInplace`) is the expected number of purchases in `(T, T + horizon]`.
//!
//! Not a churn score: a customer without repeat purchase is alive with probability 1 by construction.

mod expectation;
mod likelihood;

use linfa::traits::{Fit, PredictInplace};
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array1, Array2, ArrayBase, ArrayView2, Data, Ix2};
use serde::{Deserialize, Serialize};

use super::bfgs;
use super::input::{self, InputError};
use likelihood::mean_log_likelihood;

/// What can go wrong in a BG/NBD fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BgNbdError {
    /// A hyperparameter out of range.
    #[error("bg/nbd: {name} is {value}, expected {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// A row that is no purchase history.
    #[error("bg/nbd: row {row} has x = {x}, t_x = {t_x}, T = {t}, expected {expected}")]
    History {
        /// Row, from 0.
        row: usize,
        /// Repeat purchases.
        x: f64,
        /// Time of the last one.
        t_x: f64,
        /// Time observed.
        t: f64,
        /// The rule it breaks.
        expected: &'static str,
    },
    /// Nobody bought twice: rate and dropout cannot be told apart.
    #[error("bg/nbd: none of {rows} buyers has a repeat purchase, expected at least one")]
    NoRepeatPurchases {
        /// Customers.
        rows: usize,
    },
    /// The likelihood has no maximum at finite parameters, or it was not found.
    #[error(
        "bg/nbd: not converged after {iterations} iterations (r = {r:.4}, alpha = {alpha:.4}, a = {a:.4}, b = {b:.4}, \
         gradient {gradient_norm:.1e})"
    )]
    NotConverged {
        /// Steps taken.
        iterations: usize,
        /// Where it stopped.
        r: f64,
        /// Where it stopped.
        alpha: f64,
        /// Where it stopped.
        a: f64,
        /// Where it stopped.
        b: f64,
        /// Largest component of the gradient of the mean log-likelihood there.
        gradient_norm: f64,
    },
    /// Input that no estimator accepts.
    #[error("bg/nbd: {0}")]
    Input(#[from] InputError),
}

impl BgNbdError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotConverged { .. } => {
                Some("set a small `penalty` (0.001, say): buyers this regular leave dropout undetermined".into())
            }
            Self::NoRepeatPurchases { .. } => Some("extend the calibration period, or use a baseline".into()),
            Self::Input(error) => error.hint(),
            _ => None,
        }
    }
}

impl From<linfa::Error> for BgNbdError {
    fn from(error: linfa::Error) -> Self {
        Self::Input(error.into())
    }
}

/// Checked hyperparameters; see [`BgNbdParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BgNbdValidParams {
    horizon: f64,
    penalty: f64,
    tolerance: f64,
    max_iterations: usize,
}

/// Hyperparameters of a [`BgNbd`].
///
/// | name | default | meaning |
/// |---|---|---|
/// | `horizon` | 1 | length of the predicted period, in the unit of the records |
/// | `penalty` | 0 | weight of the squared log-parameters (time in units of its mean) in the mean log-likelihood |
/// | `tolerance` | 1e-7 | largest component of the gradient of the mean log-likelihood that counts as converged |
/// | `max_iterations` | 500 | steps of the optimiser |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BgNbdParams(BgNbdValidParams);

impl Default for BgNbdParams {
    fn default() -> Self {
        Self(BgNbdValidParams { horizon: 1.0, penalty: 0.0, tolerance: 1e-7, max_iterations: 500 })
    }
}

impl BgNbdParams {
    /// Sets the length of the predicted period, in the unit of the records.
    #[must_use]
    pub const fn horizon(mut self, horizon: f64) -> Self {
        self.0.horizon = horizon;
        self
    }

    /// Sets the weight of the squared log-parameters.
    #[must_use]
    pub const fn penalty(mut self, penalty: f64) -> Self {
        self.0.penalty = penalty;
        self
    }

    /// Sets the gradient that counts as converged.
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

impl ParamGuard for BgNbdParams {
    type Checked = BgNbdValidParams;
    type Error = BgNbdError;

    fn check_ref(&self) -> Result<&Self::Checked, BgNbdError> {
        let ranges = input::Ranges(|name, value, expected| BgNbdError::Parameter { name, value, expected });
        let p = &self.0;
        ranges.positive("horizon", p.horizon)?;
        ranges.not_negative("penalty", p.penalty)?;
        ranges.positive("tolerance", p.tolerance)?;
        ranges.at_least_one("max_iterations", p.max_iterations)?;
        Ok(p)
    }

    fn check(self) -> Result<Self::Checked, BgNbdError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// A fitted BG/NBD model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BgNbd {
    /// Shape of the gamma distribution of purchase rates.
    pub r: f64,
    /// Its rate, in the unit of time of the records.
    pub alpha: f64,
    /// First parameter of the beta distribution of dropout probabilities.
    pub a: f64,
    /// Second parameter.
    pub b: f64,
    /// Log-likelihood of the training records (without penalty).
    pub log_likelihood: f64,
    /// Length of the predicted period.
    pub horizon: f64,
}

impl<D: Data<Elem = f64>, T> Fit<ArrayBase<D, Ix2>, T, BgNbdError> for BgNbdValidParams {
    type Object = BgNbd;

    /// Maximum likelihood in log-parameters by BFGS.
    ///
    /// # Errors
    /// If a row is no purchase history, if nobody bought twice, or if the optimiser did not converge.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<BgNbd, BgNbdError> {
        let records = dataset.records().view();
        check_histories(records)?;
        let n = records.nrows() as f64;
        let repeats = records.column(0).sum();
        if repeats <= 0.0 {
            return Err(BgNbdError::NoRepeatPurchases { rows: records.nrows() });
        }
        // the unit of time is arbitrary: fit in units of the mean observation time, so that all logs are of order one
        let unit = records.column(2).sum() / n;
        let scaled: Vec<[f64; 3]> = records.rows().into_iter().map(|h| [h[0], h[1] / unit, h[2] / unit]).collect();
        let negative = |log: &[f64; 4]| {
            let (value, gradient) = mean_log_likelihood(&scaled, &log.map(f64::exp));
            let ridge: f64 = log.iter().map(|l| l * l).sum();
            let gradient = std::array::from_fn(|i| -gradient[i] * log[i].exp() + 2.0 * self.penalty * log[i]);
            (-value + self.penalty * ridge, gradient)
        };
        // one purchase rate for all gives r / alpha = n / repeats in these units; heterogeneity starts at shape one
        let start = [0.0, (n / repeats).ln(), 0.0, 0.0];
        let found = bfgs::minimise(negative, start, self.tolerance, self.max_iterations);
        let [r, alpha, a, b] = found.at.map(f64::exp);
        let interior = found.at.iter().all(|log| log.abs() < LARGEST_LOG_PARAMETER);
        if !found.converged || !interior {
            let (iterations, gradient_norm) = (found.iterations, found.gradient_norm);
            return Err(BgNbdError::NotConverged { iterations, r, alpha: alpha * unit, a, b, gradient_norm });
        }
        // a density per scaled unit of time: each of the x purchases contributes one factor 1 / unit
        let log_likelihood = n * mean_log_likelihood(&scaled, &[r, alpha, a, b]).0 - repeats * unit.ln();
        Ok(BgNbd { r, alpha: alpha * unit, a, b, log_likelihood, horizon: self.horizon })
    }
}

/// Beyond e^14 a parameter is at its boundary, whatever the gradient says.
const LARGEST_LOG_PARAMETER: f64 = 14.0;

impl BgNbd {
    /// Expected purchases in `(T, T + horizon]` of one customer.
    pub fn expected_purchases(&self, horizon: f64, x: f64, t_x: f64, t: f64) -> f64 {
        expectation::expected_purchases(self, horizon, x, t_x, t)
    }

    /// Probability that a customer is still alive at `T`: 1 for every customer without a repeat purchase.
    pub fn probability_alive(&self, x: f64, t_x: f64, t: f64) -> f64 {
        expectation::probability_alive(self, x, t_x, t)
    }

    /// [`Self::probability_alive`] of each row of `(n, 3)` records.
    ///
    /// # Errors
    /// If a row is no purchase history.
    pub fn probabilities_alive(&self, records: ArrayView2<'_, f64>) -> Result<Array1<f64>, BgNbdError> {
        check_histories(records)?;
        Ok(records.rows().into_iter().map(|h| self.probability_alive(h[0], h[1], h[2])).collect())
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for BgNbd {
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        assert_eq!(x.nrows(), y.len(), "one target per row");
        for (expected, h) in y.iter_mut().zip(x.rows()) {
            *expected = self.expected_purchases(self.horizon, h[0], h[1], h[2]);
        }
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}

/// The `(n, 3)` records of histories given column by column.
///
/// # Errors
/// If the columns differ in length.
pub fn histories(x: &[f64], t_x: &[f64], t: &[f64]) -> Result<Array2<f64>, InputError> {
    input::same_rows("t_x", t_x.len(), x.len())?;
    input::same_rows("T", t.len(), x.len())?;
    Ok(Array2::from_shape_fn((x.len(), 3), |(row, column)| [x[row], t_x[row], t[row]][column]))
}

fn check_histories(records: ArrayView2<'_, f64>) -> Result<(), BgNbdError> {
    input::finite_records(&records)?;
    input::same_columns("records", records.ncols(), 3)?;
    for (row, h) in records.rows().into_iter().enumerate() {
        let (x, t_x, t) = (h[0], h[1], h[2]);
        let refuse = |expected| Err(BgNbdError::History { row, x, t_x, t, expected });
        if x < 0.0 || x.fract() != 0.0 {
            return refuse("a whole number of repeat purchases");
        }
        if !(0.0 <= t_x && t_x <= t) {
            return refuse("0 <= t_x <= T");
        }
        if (x == 0.0) != (t_x == 0.0) {
            return refuse("t_x = 0 exactly where x = 0");
        }
    }
    if records.column(2).iter().all(|t| *t == 0.0) {
        return Err(BgNbdError::NoRepeatPurchases { rows: records.nrows() });
    }
    Ok(())
}
