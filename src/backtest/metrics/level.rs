//! Losses and errors of a predicted amount.
//!
//! E is a mean, so rungs are compared by losses that are proper for means: Tweedie deviance of power 1.5 for revenue,
//! squared error for signed margin. Mean absolute error is reported and never used to choose: without any signal a
//! model "wins" it by shrinking everything towards zero.

use super::mean;

/// Predictions are floored at this share of the mean outcome: the deviance of a zero is infinite.
const FLOOR: f64 = 0.01;

/// Tweedie deviance of power 1.5 per row, `4 (sqrt y - sqrt mu)^2 / sqrt mu`, on amounts scaled to mean outcome 1;
/// negative outcomes count as 0.
pub fn tweedie_deviance(predicted: &[f64], actual: &[f64]) -> Vec<f64> {
    let total: f64 = actual.iter().map(|y| y.max(0.0)).sum();
    let unit = if total > 0.0 { total / actual.len() as f64 } else { 1.0 };
    (predicted.iter().zip(actual))
        .map(|(mu, y)| {
            let (mu, y) = ((mu / unit).max(FLOOR).sqrt(), (y.max(0.0) / unit).sqrt());
            4.0 * (y - mu).powi(2) / mu
        })
        .collect()
}

/// Squared error per row, on amounts scaled to mean absolute outcome 1.
pub fn squared_error(predicted: &[f64], actual: &[f64]) -> Vec<f64> {
    let total: f64 = actual.iter().map(|y| y.abs()).sum();
    let unit = if total > 0.0 { total / actual.len() as f64 } else { 1.0 };
    predicted.iter().zip(actual).map(|(p, y)| ((p - y) / unit).powi(2)).collect()
}

/// Root of the mean squared error, in currency.
pub fn rmse(predicted: &[f64], actual: &[f64], weight: &[f64]) -> f64 {
    let squares: Vec<f64> = predicted.iter().zip(actual).map(|(p, y)| (p - y).powi(2)).collect();
    mean(&squares, weight).sqrt()
}

/// Total bias: `sum predicted / sum actual - 1`; NaN if the outcomes sum to zero.
pub fn bias(predicted: &[f64], actual: &[f64], weight: &[f64]) -> f64 {
    let total = mean(actual, weight);
    if total == 0.0 { f64::NAN } else { mean(predicted, weight) / total - 1.0 }
}

/// Mean absolute error, in currency.
pub fn mae(predicted: &[f64], actual: &[f64], weight: &[f64]) -> f64 {
    let errors: Vec<f64> = predicted.iter().zip(actual).map(|(p, y)| (p - y).abs()).collect();
    mean(&errors, weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deviance_is_that_of_the_tweedie_family() {
        // Dunn & Smyth (2018), section 12.2, at p = 1.5: 2 (y^.5 / -.25 - y mu^-.5 / -.5 + mu^.5 / .5)
        let (mu, y) = (2.0f64, 0.5f64);
        let book = 2.0 * (y.sqrt() / -0.25 - y * mu.powf(-0.5) / -0.5 + mu.sqrt() / 0.5);
        // a second row makes the mean outcome 1, so that nothing is scaled
        let ours = tweedie_deviance(&[mu, 1.0], &[y, 1.5])[0];
        assert!((ours - book).abs() < 1e-12, "{ours} {book}");
        assert_eq!(tweedie_deviance(&[3.0], &[3.0]), [0.0]);
    }

    #[test]
    fn the_deviance_is_least_at_the_mean_and_finite_at_zero() {
        let actual = [0.0, 0.0, 1.0, 7.0];
        let at = |mu: f64| tweedie_deviance(&[mu; 4], &actual).iter().sum::<f64>();
        assert!(at(2.0) < at(1.9) && at(2.0) < at(2.1));
        assert!(at(0.0).is_finite() && at(-5.0) == at(0.0));
        assert!(tweedie_deviance(&[0.0], &[0.0])[0].is_finite());
    }

    #[test]
    fn scaling_money_changes_no_loss() {
        let (p, y) = ([3.0, 1.0, 0.0], [2.0, -1.0, 4.0]);
        let times = |v: &[f64]| v.iter().map(|v| v * 100.0).collect::<Vec<_>>();
        for (a, b) in tweedie_deviance(&p, &y).iter().zip(tweedie_deviance(&times(&p), &times(&y))) {
            assert!((a - b).abs() < 1e-12);
        }
        for (a, b) in squared_error(&p, &y).iter().zip(squared_error(&times(&p), &times(&y))) {
            assert!((a - b).abs() < 1e-12);
        }
    }

    #[test]
    fn errors_count_a_row_as_often_as_it_weighs() {
        let (p, y) = ([1.0, 5.0], [3.0, 4.0]);
        assert_eq!(mae(&p, &y, &[1.0, 1.0]), 1.5);
        assert_eq!(mae(&p, &y, &[0.0, 2.0]), 1.0);
        assert_eq!(rmse(&p, &y, &[1.0, 0.0]), 2.0);
        assert!((bias(&p, &y, &[1.0, 1.0]) - (6.0 / 7.0 - 1.0)).abs() < 1e-12);
    }
}
