//! Losses per observation, with the derivatives that boosting and Newton steps need.
//!
//! Each loss is proper for what it predicts: squared error and Tweedie deviance for a mean, pinball loss for a
//! quantile, log loss for a probability. Aggregation, weighting and pairing with a baseline belong to the backtest.

/// `(y - f)^2`.
pub fn squared(y: f64, prediction: f64) -> f64 {
    (y - prediction) * (y - prediction)
}

/// Pinball loss of a predicted `level` quantile (Koenker & Bassett 1978):
/// `level (y - f)` above, `(1 - level) (f - y)` below.
pub fn pinball(level: f64, y: f64, prediction: f64) -> f64 {
    let residual = y - prediction;
    if residual >= 0.0 { level * residual } else { (level - 1.0) * residual }
}

/// Unit Tweedie deviance of a mean `mu > 0` for `1 < power < 2` and `y >= 0` (Jørgensen 1987):
/// `2 ( y^(2-p) / ((1-p)(2-p)) - y mu^(1-p) / (1-p) + mu^(2-p) / (2-p) )`.
pub fn tweedie_deviance(power: f64, y: f64, mu: f64) -> f64 {
    let (one, two) = (1.0 - power, 2.0 - power);
    2.0 * (y.powf(two) / (one * two) - y * mu.powf(one) / one + mu.powf(two) / two)
}

/// Log loss of a probability, in nats; probabilities are kept 1e-15 away from 0 and 1.
pub fn log_loss(outcome: bool, probability: f64) -> f64 {
    let p = probability.clamp(1e-15, 1.0 - 1e-15);
    if outcome { -p.ln() } else { -(-p).ln_1p() }
}

/// The logistic function `1 / (1 + exp(-x))`, without overflow.
pub fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// Log loss of a log-odds, without cancellation.
pub fn logistic_loss(outcome: bool, log_odds: f64) -> f64 {
    let margin = if outcome { log_odds } else { -log_odds };
    if margin > 0.0 { (-margin).exp().ln_1p() } else { margin.exp().ln_1p() - margin }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_loss_is_least_on_average_at_what_it_is_proper_for() {
        let y = [0.0, 0.0, 1.0, 4.0, 10.0];
        let mean = y.iter().sum::<f64>() / 5.0;
        let average = |loss: &dyn Fn(f64) -> f64| y.iter().map(|y| loss(*y)).sum::<f64>() / 5.0;
        for other in [0.5 * mean, 0.9 * mean, 1.1 * mean, 2.0 * mean] {
            assert!(average(&|y| squared(y, mean)) < average(&|y| squared(y, other)));
            assert!(average(&|y| tweedie_deviance(1.5, y, mean)) < average(&|y| tweedie_deviance(1.5, y, other)));
        }
        for other in [0.0, 1.0, 3.0, 5.0, 10.0] {
            assert!(average(&|y| pinball(0.7, y, 4.0)) <= average(&|y| pinball(0.7, y, other)));
        }
    }

    #[test]
    fn the_deviance_of_a_perfect_prediction_is_zero() {
        assert!(tweedie_deviance(1.5, 3.0, 3.0).abs() < 1e-12);
        // power 1.5, y = 0: 2 sqrt(mu) / .5
        assert!((tweedie_deviance(1.5, 0.0, 4.0) - 8.0).abs() < 1e-12);
    }

    #[test]
    fn log_loss_is_the_same_from_odds_and_from_probabilities_and_never_infinite() {
        for odds in [-3.0, -0.1, 0.0, 2.0] {
            for outcome in [true, false] {
                let difference = logistic_loss(outcome, odds) - log_loss(outcome, logistic(odds));
                assert!(difference.abs() < 1e-12, "{odds} {outcome}: {difference}");
            }
        }
        assert!(logistic_loss(true, -800.0).is_finite() && log_loss(true, 0.0).is_finite());
    }
}
