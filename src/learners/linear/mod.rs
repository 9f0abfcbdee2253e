//! Linear models on the original scale of the columns, fitted by linfa behind adapters that centre, scale and check.

mod elastic_net;
mod logistic;

use ndarray::{Array1, Array2, ArrayView2};
use serde::{Deserialize, Serialize};

pub use elastic_net::{ElasticNet, ElasticNetError, ElasticNetParams, ElasticNetValidParams, Penalty};
pub use logistic::{LogisticError, LogisticParams, LogisticRegression, LogisticValidParams};

/// `intercept + coefficients . x`, with the training means from which contributions are measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LinearPredictor {
    coefficients: Array1<f64>,
    intercept: f64,
    means: Array1<f64>,
}

impl LinearPredictor {
    pub(super) const fn new(coefficients: Array1<f64>, intercept: f64, means: Array1<f64>) -> Self {
        Self { coefficients, intercept, means }
    }

    /// One coefficient per column, on the column's own scale.
    pub const fn coefficients(&self) -> &Array1<f64> {
        &self.coefficients
    }

    /// The value at `x = 0`.
    pub const fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The value at the training means: what a row is compared with.
    pub fn at_means(&self) -> f64 {
        self.intercept + self.coefficients.dot(&self.means)
    }

    /// The value of each row of `(n, p)` records.
    ///
    /// # Panics
    /// If `x` has another number of columns than in training.
    pub fn scores(&self, x: ArrayView2<'_, f64>) -> Array1<f64> {
        x.dot(&self.coefficients) + self.intercept
    }

    /// `(n, p)`: `coefficient * (x - mean)`; a row's sum plus [`Self::at_means`] is its score.
    ///
    /// # Panics
    /// If `x` has another number of columns than in training.
    pub fn contributions(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        (&x - &self.means) * &self.coefficients
    }
}
