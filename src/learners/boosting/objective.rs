//! The losses that boosting minimises: start value, gradient and curvature, link, and how a leaf's value is set.

use serde::{Deserialize, Serialize};

use super::BoostingError;
use crate::learners::loss;
use crate::learners::tree::quantile;

/// Steps that bring a constant log-odds beside an offset to its last digits.
const NEWTON_STEPS: usize = 20;

/// What is predicted, by what it is proper for.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "loss")]
pub enum Loss {
    /// A mean: `(y - f)^2 / 2`.
    Squared,
    /// A mean of non-negative values with many zeros: Tweedie deviance, `mean = exp(f)`; `1 < power < 2`.
    Tweedie {
        /// Variance is proportional to `mean^power`.
        power: f64,
    },
    /// The probability that `y` is 1: log loss, `p = 1 / (1 + exp(-f))`; `y` is 0 or 1.
    Logistic,
    /// A quantile: pinball loss; leaves are set to the quantile of their residuals.
    Pinball {
        /// Share of outcomes below, in (0, 1).
        level: f64,
    },
}

impl Loss {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Squared => "squared",
            Self::Tweedie { .. } => "tweedie",
            Self::Logistic => "logistic",
            Self::Pinball { .. } => "pinball",
        }
    }

    pub(super) fn check(self) -> Result<(), BoostingError> {
        match self {
            Self::Tweedie { power: value } if !(1.0 < value && value < 2.0) => {
                Err(BoostingError::Parameter { name: "power", value, expected: "a number between 1 and 2" })
            }
            Self::Pinball { level: value } if !(0.0 < value && value < 1.0) => {
                Err(BoostingError::Parameter { name: "level", value, expected: "a share between 0 and 1" })
            }
            _ => Ok(()),
        }
    }

    /// Refuses targets outside the domain of the loss.
    pub(super) fn check_targets(self, y: &[f64]) -> Result<(), BoostingError> {
        let refuse =
            |row: usize, expected| Err(BoostingError::Target { row, value: y[row], expected, loss: self.name() });
        match self {
            Self::Squared | Self::Pinball { .. } => Ok(()),
            Self::Tweedie { .. } => match y.iter().position(|y| *y < 0.0) {
                Some(row) => refuse(row, "zero or a positive number"),
                None if y.iter().all(|y| *y == 0.0) => refuse(0, "at least one positive number"),
                None => Ok(()),
            },
            Self::Logistic => match y.iter().position(|y| *y != 0.0 && *y != 1.0) {
                Some(row) => refuse(row, "0 or 1"),
                None if y.iter().all(|v| *v == y[0]) => refuse(0, "both 0 and 1"),
                None => Ok(()),
            },
        }
    }

    /// The constant that, added to `offset`, has the least loss.
    pub(super) fn start(self, y: &[f64], offset: &[f64]) -> f64 {
        let mean = |value: &dyn Fn(f64, f64) -> f64| {
            y.iter().zip(offset).map(|(y, o)| value(*y, *o)).sum::<f64>() / y.len() as f64
        };
        match self {
            Self::Squared => mean(&|y, o| y - o),
            Self::Tweedie { power } => {
                let (up, down) = (mean(&|y, o| y * ((1.0 - power) * o).exp()), mean(&|_, o| ((2.0 - power) * o).exp()));
                (up / down).ln()
            }
            Self::Logistic => {
                let rate = mean(&|y, _| y);
                let mut start = (rate / (1.0 - rate)).ln() - mean(&|_, o| o);
                for _ in 0..NEWTON_STEPS {
                    let excess = mean(&|y, o| loss::logistic(start + o) - y);
                    let slope = mean(&|_, o| loss::logistic(start + o) * loss::logistic(-start - o));
                    // near 0 or 1 for all rows the step would be without bound
                    start -= (excess / slope.max(1e-6)).clamp(-4.0, 4.0);
                }
                start
            }
            Self::Pinball { level } => {
                quantile(&mut y.iter().zip(offset).map(|(y, o)| y - o).collect::<Vec<_>>(), level)
            }
        }
    }

    /// First and second derivative of the loss at a score. Pinball has no curvature: 1 stands in, as in LightGBM.
    #[inline]
    pub(super) fn derivatives(self, y: f64, score: f64) -> [f32; 2] {
        let (first, second) = match self {
            Self::Squared => (score - y, 1.0),
            Self::Tweedie { power } => {
                let (mut up, down) = (((2.0 - power) * score).exp(), ((1.0 - power) * score).exp());
                // exp overflows the f32 of a derivative long before f64: a score this far off is held there
                up = up.min(1e30);
                let down = down.min(1e30);
                (up - y * down, (2.0 - power) * up + (power - 1.0) * y * down)
            }
            Self::Logistic => {
                let p = loss::logistic(score);
                (p - y, (p * (1.0 - p)).max(1e-16))
            }
            Self::Pinball { level } => (if score > y { 1.0 - level } else { -level }, 1.0),
        };
        [first as f32, second as f32]
    }

    /// From score to prediction.
    #[inline]
    pub(super) fn link(self, score: f64) -> f64 {
        match self {
            Self::Squared | Self::Pinball { .. } => score,
            Self::Tweedie { .. } => score.exp(),
            Self::Logistic => loss::logistic(score),
        }
    }

    /// Loss of one score, for early stopping and reports.
    pub(super) fn value(self, y: f64, score: f64) -> f64 {
        match self {
            Self::Squared => loss::squared(y, score),
            Self::Tweedie { power } => loss::tweedie_deviance(power, y, score.exp()),
            Self::Logistic => loss::logistic_loss(y > 0.5, score),
            Self::Pinball { level } => loss::pinball(level, y, score),
        }
    }

    /// The level whose residual quantile replaces a leaf's Newton step.
    pub(super) const fn renewed_level(self) -> Option<f64> {
        match self {
            Self::Pinball { level } => Some(level),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_the_slopes_of_the_loss() {
        for loss in [Loss::Squared, Loss::Tweedie { power: 1.3 }, Loss::Logistic] {
            for (y, score) in [(0.0, -1.2), (1.0, 0.4), (1.0, -0.3)] {
                // the reported loss is twice the boosted one for squared error and for a deviance
                let scale = if matches!(loss, Loss::Logistic) { 1.0 } else { 2.0 };
                let at = |s: f64| loss.value(y, s) / scale;
                let step = 1e-4;
                let first = (at(score + step) - at(score - step)) / (2.0 * step);
                let second = (at(score + step) - 2.0 * at(score) + at(score - step)) / (step * step);
                let found = loss.derivatives(y, score);
                assert!((f64::from(found[0]) - first).abs() < 1e-5, "{loss:?} {y} {score}: {found:?} {first}");
                assert!((f64::from(found[1]) - second).abs() < 1e-5, "{loss:?} {y} {score}: {found:?} {second}");
            }
        }
    }

    #[test]
    fn the_start_is_the_best_constant() {
        let y = [0.0, 1.0, 0.0, 1.0, 1.0];
        let losses = [Loss::Squared, Loss::Tweedie { power: 1.5 }, Loss::Logistic, Loss::Pinball { level: 0.3 }];
        for loss in losses {
            for offset in [[0.0; 5], [0.3, -1.0, 0.0, 2.0, 0.5]] {
                let start = loss.start(&y, &offset);
                let total = |score: f64| y.iter().zip(&offset).map(|(y, o)| loss.value(*y, score + o)).sum::<f64>();
                for other in [start - 0.05, start + 0.05] {
                    assert!(total(start) <= total(other), "{loss:?}");
                }
            }
        }
    }
}
