//! What predictions are measured by: arrays and weights in, one figure out.
//!
//! Every metric takes a weight per row (1, or how often a bootstrap drew the account), so that resampling costs no
//! sorting. Nothing here knows a target, an origin or a rung.

pub mod level;
pub mod probability;
pub mod quantile;
pub mod ranking;

pub use ranking::Order;

/// One decile of a calibration plot: mean prediction, mean outcome, rows.
pub fn deciles(predicted: &[f64], actual: &[f64]) -> Vec<(f64, f64, usize)> {
    let n = predicted.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| predicted[i].total_cmp(&predicted[j]));
    let bins = n.min(10);
    (0..bins)
        .map(|bin| {
            let rows = &order[n * bin / bins..n * (bin + 1) / bins];
            let mean = |values: &[f64]| rows.iter().map(|&i| values[i]).sum::<f64>() / rows.len() as f64;
            (mean(predicted), mean(actual), rows.len())
        })
        .collect()
}

/// `1 - loss / baseline loss`. Where the baseline makes no error, nothing can be taken off it: 0 for a model that makes
/// none either, else -1.
pub fn skill(loss: f64, baseline_loss: f64) -> f64 {
    if baseline_loss > 0.0 {
        1.0 - loss / baseline_loss
    } else if loss > 0.0 {
        -1.0
    } else {
        0.0
    }
}

/// Weighted mean; NaN of nothing.
pub fn mean(values: &[f64], weight: &[f64]) -> f64 {
    let total: f64 = weight.iter().sum();
    values.iter().zip(weight).map(|(v, w)| v * w).sum::<f64>() / total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deciles_hold_all_rows_in_ascending_order() {
        let predicted: Vec<f64> = (0..25).rev().map(f64::from).collect();
        let bins = deciles(&predicted, &predicted);
        assert_eq!(bins.iter().map(|bin| bin.2).sum::<usize>(), 25);
        assert!(bins.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(bins.iter().all(|bin| bin.0 == bin.1));
        assert_eq!(deciles(&[1.0, 2.0], &[0.0, 0.0]).len(), 2);
    }
}
