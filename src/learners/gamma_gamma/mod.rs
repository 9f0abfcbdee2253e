//! Gamma-Gamma: what is a customer's purchase worth on average, given few of them?
//!
//! P. S. Fader and B. G. S. Hardie, "The Gamma-Gamma Model of Monetary Value" (2013). Values of one customer are
//! gamma(p, nu), nu is gamma(q, gamma) over customers, and value is independent of frequency. Records are `(n, 2)`:
//! number of purchases `x` and their mean value `m`. Rows with `x = 0` carry no value (`m` is not read) and are left
//! out of the fit; their prediction is the population mean. Prediction is the expected mean value of a purchase.

use linfa::traits::{Fit, PredictInplace};
use linfa::{DatasetBase, ParamGuard};
use ndarray::{Array1, ArrayBase, Data, Ix2};
use serde::{Deserialize, Serialize};
use statrs::function::gamma::{digamma, ln_gamma};

use super::bfgs;
use super::input::{self, InputError};

/// What can go wrong in a Gamma-Gamma fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GammaGammaError {
    /// A hyperparameter out of range.
    #[error("gamma-gamma: {name} is {value}, expected {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// A row that the model cannot describe.
    #[error("gamma-gamma: row {row} has x = {x}, mean value {value}, expected {expected}")]
    Value {
        /// Row, from 0.
        row: usize,
        /// Number of purchases.
        x: f64,
        /// Their mean value.
        value: f64,
        /// The rule it breaks.
        expected: &'static str,
    },
    /// The likelihood has no maximum at finite parameters, or it was not found.
    #[error(
        "gamma-gamma: not converged after {iterations} iterations (p = {p:.4}, q = {q:.4}, gamma = {gamma:.4}, \
         gradient {gradient_norm:.1e})"
    )]
    NotConverged {
        /// Steps taken.
        iterations: usize,
        /// Where it stopped.
        p: f64,
        /// Where it stopped.
        q: f64,
        /// Where it stopped.
        gamma: f64,
        /// Largest component of the gradient of the mean log-likelihood there.
        gradient_norm: f64,
    },
    /// A population whose mean is infinite: new customers have no expectation.
    #[error("gamma-gamma: q is {q:.4}, expected above 1, since the mean over buyers is infinite otherwise")]
    InfiniteMean {
        /// The estimate.
        q: f64,
    },
    /// Input that no estimator accepts.
    #[error("gamma-gamma: {0}")]
    Input(#[from] InputError),
}

impl GammaGammaError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotConverged { .. } | Self::InfiniteMean { .. } => {
                Some("set a small `penalty` (0.001, say), or use each buyer's shrunk mean instead".into())
            }
            Self::Value { .. } => Some("leave out buyers whose mean value is not positive".into()),
            Self::Input(error) => error.hint(),
            _ => None,
        }
    }
}

impl From<linfa::Error> for GammaGammaError {
    fn from(error: linfa::Error) -> Self {
        Self::Input(error.into())
    }
}

/// Checked hyperparameters; see [`GammaGammaParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GammaGammaValidParams {
    penalty: f64,
    tolerance: f64,
    max_iterations: usize,
}

/// Hyperparameters of a [`GammaGamma`].
///
/// | name | default | meaning |
/// |---|---|---|
/// | `penalty` | 0 | weight of the squared log-parameters (values in units of their mean) in the mean log-likelihood |
/// | `tolerance` | 1e-7 | largest component of the gradient of the mean log-likelihood that counts as converged |
/// | `max_iterations` | 500 | steps of the optimiser |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GammaGammaParams(GammaGammaValidParams);

impl Default for GammaGammaParams {
    fn default() -> Self {
        Self(GammaGammaValidParams { penalty: 0.0, tolerance: 1e-7, max_iterations: 500 })
    }
}

impl GammaGammaParams {
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

impl ParamGuard for GammaGammaParams {
    type Checked = GammaGammaValidParams;
    type Error = GammaGammaError;

    fn check_ref(&self) -> Result<&Self::Checked, GammaGammaError> {
        let ranges = input::Ranges(|name, value, expected| GammaGammaError::Parameter { name, value, expected });
        let p = &self.0;
        ranges.not_negative("penalty", p.penalty)?;
        ranges.positive("tolerance", p.tolerance)?;
        ranges.at_least_one("max_iterations", p.max_iterations)?;
        Ok(p)
    }

    fn check(self) -> Result<Self::Checked, GammaGammaError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// A fitted Gamma-Gamma model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GammaGamma {
    /// Shape of the values of one customer.
    pub p: f64,
    /// Shape of the distribution of their scale over customers; above 1.
    pub q: f64,
    /// Scale of that distribution, in units of value.
    pub gamma: f64,
    /// Log-likelihood of the training records (without penalty).
    pub log_likelihood: f64,
}

impl<D: Data<Elem = f64>, T> Fit<ArrayBase<D, Ix2>, T, GammaGammaError> for GammaGammaValidParams {
    type Object = GammaGamma;

    /// Maximum likelihood in log-parameters by BFGS.
    ///
    /// # Errors
    /// If a buyer's mean value is not positive, if fewer than two buyers are left, if the optimiser did not converge
    /// or if the population has no finite mean.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, T>) -> Result<GammaGamma, GammaGammaError> {
        let records = dataset.records();
        input::same_columns("records", records.ncols(), 2)?;
        let mut buyers = Vec::with_capacity(records.nrows());
        for (row, record) in records.rows().into_iter().enumerate() {
            let (x, value) = (record[0], record[1]);
            let refuse = |expected| Err(GammaGammaError::Value { row, x, value, expected });
            if !(x >= 0.0 && x.is_finite() && x.fract() == 0.0) {
                return refuse("a whole number of purchases");
            }
            if x > 0.0 && !(value > 0.0 && value.is_finite()) {
                return refuse("a positive mean value");
            }
            if x > 0.0 {
                buyers.push((x, value));
            }
        }
        if buyers.len() < 2 {
            let needed_for = "the distribution of values over buyers";
            return Err(InputError::TooFewRows { rows: buyers.len(), needed: 2, needed_for }.into());
        }
        let n = buyers.len() as f64;
        let unit = buyers.iter().map(|(_, value)| value).sum::<f64>() / n;
        let scaled: Vec<(f64, f64)> = buyers.iter().map(|(x, value)| (*x, value / unit)).collect();
        let negative = |log: &[f64; 3]| {
            let (value, gradient) = mean_log_likelihood(&scaled, &log.map(f64::exp));
            let ridge: f64 = log.iter().map(|l| l * l).sum();
            let gradient = std::array::from_fn(|i| -gradient[i] * log[i].exp() + 2.0 * self.penalty * log[i]);
            (-value + self.penalty * ridge, gradient)
        };
        // q = 2 and p gamma / (q - 1) = 1, the mean in these units, with values as spread as an exponential
        let found = bfgs::minimise(negative, [0.0, 2f64.ln(), 0.0], self.tolerance, self.max_iterations);
        let [p, q, gamma] = found.at.map(f64::exp);
        if !found.converged || found.at.iter().any(|log| log.abs() >= 14.0) {
            let (iterations, gradient_norm) = (found.iterations, found.gradient_norm);
            return Err(GammaGammaError::NotConverged { iterations, p, q, gamma: gamma * unit, gradient_norm });
        }
        if q <= 1.0 {
            return Err(GammaGammaError::InfiniteMean { q });
        }
        // a density per scaled unit of value, once per buyer
        let log_likelihood = n * (mean_log_likelihood(&scaled, &[p, q, gamma]).0 - unit.ln());
        Ok(GammaGamma { p, q, gamma: gamma * unit, log_likelihood })
    }
}

impl GammaGamma {
    /// Expected value of a purchase of one customer, given `x` purchases with mean value `mean`:
    /// `p (gamma + x mean) / (p x + q - 1)` (equation 5 of the paper).
    pub fn expected_value(&self, x: f64, mean: f64) -> f64 {
        let spent = if x > 0.0 { x * mean } else { 0.0 };
        self.p * (self.gamma + spent) / (self.p * x.max(0.0) + self.q - 1.0)
    }

    /// Mean value over all customers, known or not: `p gamma / (q - 1)`.
    pub fn population_mean(&self) -> f64 {
        self.expected_value(0.0, 0.0)
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for GammaGamma {
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        assert_eq!(x.nrows(), y.len(), "one target per row");
        for (expected, record) in y.iter_mut().zip(x.rows()) {
            *expected = self.expected_value(record[0], record[1]);
        }
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}

/// Mean log-likelihood of `(x, mean value)` at `[p, q, gamma]` and its gradient (equation 1a of the paper):
/// `ln G(px+q) - ln G(px) - ln G(q) + q ln gamma + (px-1) ln m + px ln x - (px+q) ln(gamma + m x)`.
fn mean_log_likelihood(buyers: &[(f64, f64)], parameters: &[f64; 3]) -> (f64, [f64; 3]) {
    let [p, q, gamma] = *parameters;
    let (log_gamma_q, digamma_q) = (ln_gamma(q), digamma(q));
    let mut value = 0.0;
    let mut gradient = [0.0; 3];
    for &(x, m) in buyers {
        let shape = p * x;
        let total = gamma + m * x;
        value += ln_gamma(shape + q) - ln_gamma(shape) - log_gamma_q
            + q * gamma.ln()
            + (shape - 1.0) * m.ln()
            + shape * x.ln()
            - (shape + q) * total.ln();
        let digamma_both = digamma(shape + q);
        gradient[0] += x * (digamma_both - digamma(shape) + m.ln() + x.ln() - total.ln());
        gradient[1] += digamma_both - digamma_q + gamma.ln() - total.ln();
        gradient[2] += q / gamma - (shape + q) / total;
    }
    let n = buyers.len() as f64;
    (value / n, gradient.map(|g| g / n))
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn the_gradient_is_the_slope_of_the_likelihood() {
        let buyers = [(1.0, 22.0), (3.0, 40.5), (12.0, 7.9)];
        let at = [6.25, 3.74, 15.44];
        let (_, gradient) = mean_log_likelihood(&buyers, &at);
        for i in 0..3 {
            let (mut up, mut down) = (at, at);
            up[i] += 1e-5;
            down[i] -= 1e-5;
            let slope = (mean_log_likelihood(&buyers, &up).0 - mean_log_likelihood(&buyers, &down).0) / 2e-5;
            assert!((slope - gradient[i]).abs() < 1e-7, "component {i}: {slope} against {}", gradient[i]);
        }
    }

    #[test]
    fn more_purchases_move_the_expectation_from_the_population_to_the_own_mean() {
        let model = GammaGamma { p: 6.25, q: 3.74, gamma: 15.44, log_likelihood: 0.0 };
        let expected: Vec<f64> = [0.0, 1.0, 5.0, 500.0].map(|x| model.expected_value(x, 100.0)).to_vec();
        assert!((expected[0] - 35.22).abs() < 0.01, "{expected:?}");
        assert!(expected.windows(2).all(|pair| pair[0] < pair[1]) && (expected[3] - 100.0).abs() < 0.2, "{expected:?}");
    }

    #[test]
    fn a_buyer_with_returns_only_is_refused_by_row() {
        let records = DatasetBase::from(array![[2.0, 10.0], [0.0, 0.0], [1.0, -5.0]]);
        let error = GammaGammaParams::default().fit(&records).unwrap_err();
        assert!(matches!(error, GammaGammaError::Value { row: 2, .. }), "{error}");
    }

    #[test]
    fn equal_values_have_no_maximum_and_say_so() {
        let records = DatasetBase::from(Array2::from_shape_fn((50, 2), |(_, column)| [3.0, 20.0][column]));
        let error = GammaGammaParams::default().fit(&records).unwrap_err();
        assert!(matches!(error, GammaGammaError::NotConverged { .. }), "{error}");
    }
}
