//! How good a probability is: log loss to compare rungs by, and how it orders.

use super::Order;

/// Probabilities are kept this far from 0 and 1: one surprise must not decide everything.
const MARGIN: f64 = 0.005;

/// Log loss per row.
pub fn log_loss(predicted: &[f64], outcome: &[f64]) -> Vec<f64> {
    (predicted.iter().zip(outcome))
        .map(|(p, y)| {
            let p = p.clamp(MARGIN, 1.0 - MARGIN);
            if *y > 0.5 { -p.ln() } else { -(1.0 - p).ln() }
        })
        .collect()
}

/// Probability that a positive row ranks above a negative one, ties counted half; .5 with one kind of rows only.
pub fn auc(predicted: &Order, outcome: &[f64], weight: &[f64]) -> f64 {
    let (mut wins, mut positives_above, mut negatives) = (0.0, 0.0, 0.0);
    for (positive, negative) in counts(predicted, outcome, weight) {
        wins += negative * (positives_above + 0.5 * positive);
        positives_above += positive;
        negatives += negative;
    }
    if positives_above * negatives > 0.0 { wins / (positives_above * negatives) } else { 0.5 }
}

/// Mean precision over the positive rows, ties taken together; 0 without positive rows.
pub fn average_precision(predicted: &Order, outcome: &[f64], weight: &[f64]) -> f64 {
    let (mut sum, mut positives, mut rows) = (0.0, 0.0, 0.0);
    for (positive, negative) in counts(predicted, outcome, weight) {
        positives += positive;
        rows += positive + negative;
        if rows > 0.0 {
            sum += positive * positives / rows;
        }
    }
    if positives > 0.0 { sum / positives } else { 0.0 }
}

/// Rate of positives among the `share` of rows ranked highest over the base rate; 1 without positive rows.
pub fn lift(predicted: &Order, outcome: &[f64], weight: &[f64], share: f64) -> f64 {
    let total: f64 = weight.iter().sum();
    let positives: f64 = outcome.iter().zip(weight).map(|(y, w)| y * w).sum();
    if positives > 0.0 { predicted.top_sum(outcome, weight, share * total) / (share * positives) } else { 1.0 }
}

/// Positives and negatives of each run of ties, highest first.
fn counts<'a>(
    predicted: &'a Order,
    outcome: &'a [f64],
    weight: &'a [f64],
) -> impl Iterator<Item = (f64, f64)> + use<'a> {
    predicted.ties().map(move |run| {
        run.iter().fold((0.0, 0.0), |(positive, negative), &row| {
            let (y, w) = (outcome[row as usize], weight[row as usize]);
            if y > 0.5 { (positive + w, negative) } else { (positive, negative + w) }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOME: [f64; 4] = [0.0, 0.0, 1.0, 1.0];

    #[test]
    fn auc_and_average_precision_match_scikit_learn() {
        // its own documentation: y = [0, 0, 1, 1], score = [.1, .4, .35, .8] gives AUC .75 and AP .8333
        let order = Order::descending(&[0.1, 0.4, 0.35, 0.8]);
        assert_eq!(auc(&order, &OUTCOME, &[1.0; 4]), 0.75);
        assert!((average_precision(&order, &OUTCOME, &[1.0; 4]) - 5.0 / 6.0).abs() < 1e-12);
    }

    #[test]
    fn a_constant_probability_orders_nothing() {
        let order = Order::descending(&[0.3; 4]);
        assert_eq!(auc(&order, &OUTCOME, &[1.0; 4]), 0.5);
        assert_eq!(average_precision(&order, &OUTCOME, &[1.0; 4]), 0.5);
        assert!((lift(&order, &OUTCOME, &[1.0; 4], 0.1) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn lift_is_the_rate_at_the_top_over_the_base_rate() {
        let order = Order::descending(&[0.1, 0.2, 0.3, 0.9]);
        assert!((lift(&order, &OUTCOME, &[1.0; 4], 0.25) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn log_loss_of_a_sure_error_is_bounded() {
        assert!((log_loss(&[0.0], &[1.0])[0] - 0.005f64.ln().abs()).abs() < 1e-12);
        assert!((log_loss(&[0.5], &[0.0])[0] - 2f64.ln()).abs() < 1e-12);
    }
}
