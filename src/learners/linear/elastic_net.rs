//! Elastic net: a linear mean with shrunk and selected coefficients, by linfa.
//!
//! H. Zou and T. Hastie, "Regularization and variable selection via the elastic net" (2005). Objective over
//! standardised columns and standardised target, so that no penalty depends on a unit:
//! `|y - Zb|^2 / (2n) + penalty (l1_ratio |b|_1 + (1 - l1_ratio) |b|^2 / 2)`. linfa centres y but not X, so columns are
//! centred and scaled here and coefficients returned on their own scale.

use linfa::traits::{Fit, PredictInplace};
use linfa::{Dataset, DatasetBase, ParamGuard};
use ndarray::{Array1, Array2, ArrayBase, ArrayView2, Axis, Data, Ix1, Ix2, ShapeBuilder, concatenate, s};
use serde::{Deserialize, Serialize};

use super::LinearPredictor;
use crate::learners::input::{self, InputError};
use crate::learners::normal_equations::{Cholesky, gram};
use crate::learners::scaling::StandardScaler;

/// What can go wrong in an elastic net.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ElasticNetError {
    /// A hyperparameter out of range.
    #[error("elastic net: {name} is {value}, expected {expected}")]
    Parameter {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        expected: &'static str,
    },
    /// Coordinate descent stopped before its duality gap closed.
    #[error("elastic net: not converged after {iterations} iterations (duality gap {gap:.1e})")]
    NotConverged {
        /// Sweeps taken.
        iterations: u32,
        /// Gap relative to the sum of squares of y.
        gap: f64,
    },
    /// An error of linfa's elastic net.
    #[error("elastic net: {0}")]
    Linfa(String),
    /// Input that no estimator accepts.
    #[error("elastic net: {0}")]
    Input(#[from] InputError),
}

impl ElasticNetError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotConverged { .. } => Some("raise `penalty` or `max_iterations`".into()),
            Self::Input(error) => error.hint(),
            _ => None,
        }
    }
}

impl From<linfa::Error> for ElasticNetError {
    fn from(error: linfa::Error) -> Self {
        Self::Input(error.into())
    }
}

impl From<linfa_elasticnet::ElasticNetError> for ElasticNetError {
    fn from(error: linfa_elasticnet::ElasticNetError) -> Self {
        Self::Linfa(error.to_string())
    }
}

/// How strongly coefficients are shrunk.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Penalty {
    /// The penalty itself; 1 leaves nothing of any column under an `l1_ratio` of 1.
    Fixed(f64),
    /// `factor * sigma * sqrt(2 ln(p) / n)`: what the largest of `p` columns of pure noise reaches, sigma being the
    /// share of y's deviation that the solution leaves (scaled lasso: T. Sun and C.-H. Zhang, Biometrika 99, 2012). Needs no
    /// validation rows, and leaves nothing but the mean where there is no signal.
    Noise(f64),
}

/// Checked hyperparameters; see [`ElasticNetParams`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ElasticNetValidParams {
    penalty: Penalty,
    l1_ratio: f64,
    tolerance: f64,
    max_iterations: u32,
}

/// Hyperparameters of an [`ElasticNet`].
///
/// | name | default | meaning |
/// |---|---|---|
/// | `penalty` | `Noise(1.0)` | strength of shrinkage |
/// | `l1_ratio` | .5 | share of the absolute penalty (1: lasso, 0: ridge) |
/// | `tolerance` | 1e-7 | duality gap, relative to the sum of squares of y |
/// | `max_iterations` | 5,000 | sweeps over the columns |
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ElasticNetParams(ElasticNetValidParams);

impl Default for ElasticNetParams {
    fn default() -> Self {
        Self(ElasticNetValidParams {
            penalty: Penalty::Noise(1.0),
            l1_ratio: 0.5,
            tolerance: 1e-7,
            max_iterations: 5000,
        })
    }
}

impl ElasticNetParams {
    /// Sets the strength of shrinkage.
    #[must_use]
    pub const fn penalty(mut self, penalty: Penalty) -> Self {
        self.0.penalty = penalty;
        self
    }

    /// Sets the share of the absolute penalty.
    #[must_use]
    pub const fn l1_ratio(mut self, l1_ratio: f64) -> Self {
        self.0.l1_ratio = l1_ratio;
        self
    }

    /// Sets the relative duality gap that counts as solved.
    #[must_use]
    pub const fn tolerance(mut self, tolerance: f64) -> Self {
        self.0.tolerance = tolerance;
        self
    }

    /// Sets the number of sweeps after which the fit is given up.
    #[must_use]
    pub const fn max_iterations(mut self, max_iterations: u32) -> Self {
        self.0.max_iterations = max_iterations;
        self
    }
}

impl ParamGuard for ElasticNetParams {
    type Checked = ElasticNetValidParams;
    type Error = ElasticNetError;

    fn check_ref(&self) -> Result<&Self::Checked, ElasticNetError> {
        let ranges = input::Ranges(|name, value, expected| ElasticNetError::Parameter { name, value, expected });
        let p = &self.0;
        let (Penalty::Fixed(strength) | Penalty::Noise(strength)) = p.penalty;
        ranges.not_negative("penalty", strength)?;
        ranges.share("l1_ratio", p.l1_ratio)?;
        ranges.positive("tolerance", p.tolerance)?;
        ranges.at_least_two("max_iterations", p.max_iterations as usize)?;
        Ok(p)
    }

    fn check(self) -> Result<Self::Checked, ElasticNetError> {
        self.check_ref()?;
        Ok(self.0)
    }
}

/// A fitted elastic net.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ElasticNet {
    predictor: LinearPredictor,
    penalty: f64,
}

impl ElasticNet {
    /// Coefficients, scores and contributions.
    pub const fn predictor(&self) -> &LinearPredictor {
        &self.predictor
    }

    /// The penalty that was used.
    pub const fn penalty(&self) -> f64 {
        self.penalty
    }

    /// `(n, p)` contributions in units of y.
    pub fn contributions(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
        self.predictor.contributions(x)
    }
}

impl<D, S> Fit<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>, ElasticNetError> for ElasticNetValidParams
where
    D: Data<Elem = f64>,
    S: Data<Elem = f64>,
{
    type Object = ElasticNet;

    /// # Errors
    /// If a value is not finite, if there are fewer rows than coefficients without a penalty, or if coordinate
    /// descent does not converge.
    fn fit(&self, dataset: &DatasetBase<ArrayBase<D, Ix2>, ArrayBase<S, Ix1>>) -> Result<ElasticNet, ElasticNetError> {
        let (x, y) = (dataset.records(), dataset.targets());
        input::finite_records(x)?;
        input::finite_target(y.view(), x.nrows())?;
        if let Penalty::Fixed(0.0) | Penalty::Noise(0.0) = self.penalty
            && x.nrows() <= x.ncols()
        {
            let (rows, needed) = (x.nrows(), x.ncols() + 1);
            return Err(InputError::TooFewRows { rows, needed, needed_for: "unpenalised coefficients" }.into());
        }
        let scaler = StandardScaler::of(x.view())?;
        let mean = y.sum() / y.len() as f64;
        let deviation = (y.mapv(|v| (v - mean) * (v - mean)).sum() / y.len() as f64).sqrt();
        if scaler.is_constant() || deviation <= 1e-12 * mean.abs() {
            let predictor = scaler.unscale(Array1::zeros(x.ncols()).view(), mean);
            return Ok(ElasticNet { predictor, penalty: 0.0 });
        }
        let standardised = condensed(scaler.standardise(x.view()), y.mapv(|v| (v - mean) / deviation));
        let (coefficients, penalty) = match self.penalty {
            Penalty::Fixed(penalty) => (self.descend(&standardised, penalty)?, penalty),
            Penalty::Noise(factor) => {
                let noise = factor * (2.0 * (x.ncols().max(2) as f64).ln() / x.nrows() as f64).sqrt();
                self.descend_scaled(&standardised, noise)?
            }
        };
        let coefficients = coefficients * deviation;
        Ok(ElasticNet { predictor: scaler.unscale(coefficients.view(), mean), penalty })
    }
}

type Standardised = DatasetBase<Array2<f64>, Array1<f64>>;

/// A data set with the same objective for every coefficient and penalty: of many rows the triangular factor of
/// `[Z y]`, which is all that least squares sees of them, one row per column and one more. linfa divides squares by the
/// number of rows, so the factor is brought to the mean of theirs.
fn condensed(z: Array2<f64>, y: Array1<f64>) -> Standardised {
    let (n, p) = z.dim();
    let (z, y) = if n <= p + 1 {
        (z, y)
    } else {
        let joined = concatenate![Axis(1), z, y.insert_axis(Axis(1))];
        let share = Array1::from_elem(n, (p + 1) as f64 / n as f64);
        let factor = Cholesky::new(gram(joined.view(), share.view())).upper();
        (factor.slice(s![.., ..p]).to_owned(), factor.column(p).to_owned())
    };
    // linfa walks columns: column-major is several times faster (only its folds need row-major)
    let mut by_column = Array2::zeros(z.dim().f());
    by_column.assign(&z);
    Dataset::new(by_column, y)
}

impl ElasticNetValidParams {
    fn descend(&self, standardised: &Standardised, penalty: f64) -> Result<Array1<f64>, ElasticNetError> {
        let fitted = linfa_elasticnet::ElasticNetParams::new()
            .penalty(penalty)
            .l1_ratio(self.l1_ratio)
            .with_intercept(false)
            .tolerance(self.tolerance)
            .max_iterations(self.max_iterations)
            .fit(standardised)?;
        let squares = standardised.targets().dot(standardised.targets());
        let gap = fitted.duality_gap() / squares;
        if gap.is_nan() || gap > self.tolerance {
            return Err(ElasticNetError::NotConverged { iterations: fitted.n_steps(), gap });
        }
        Ok(fitted.hyperplane().clone())
    }

    /// Alternates between the solution and the residual deviation that sets its penalty. The target has deviation 1,
    /// so the first penalty is the largest, and the deviation falls monotonically to its fixed point.
    fn descend_scaled(&self, standardised: &Standardised, noise: f64) -> Result<(Array1<f64>, f64), ElasticNetError> {
        let rows = standardised.records().nrows();
        let mut sigma = 1.0;
        let mut coefficients = self.descend(standardised, noise)?;
        for _ in 0..10 {
            let residual = standardised.targets() - &standardised.records().dot(&coefficients);
            let next = (residual.dot(&residual) / rows as f64).sqrt().max(1e-6);
            if (next - sigma).abs() <= 1e-3 * sigma {
                break;
            }
            sigma = next;
            coefficients = self.descend(standardised, noise * sigma)?;
        }
        Ok((coefficients, noise * sigma))
    }
}

impl<D: Data<Elem = f64>> PredictInplace<ArrayBase<D, Ix2>, Array1<f64>> for ElasticNet {
    fn predict_inplace(&self, x: &ArrayBase<D, Ix2>, y: &mut Array1<f64>) {
        assert_eq!(x.nrows(), y.len(), "one target per row");
        y.assign(&self.predictor.scores(x.view()));
    }

    fn default_target(&self, x: &ArrayBase<D, Ix2>) -> Array1<f64> {
        Array1::zeros(x.nrows())
    }
}
