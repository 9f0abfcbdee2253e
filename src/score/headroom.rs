//! Headroom from a level and E, and its estimation interval from refits.

use rayon::prelude::*;

/// `max(0, level - expected) * (1 - loss)` per account, in the report currency.
pub(super) fn headroom(level: &[f64], expected: &[f64], loss: &[f64]) -> Vec<f64> {
    level
        .iter()
        .zip(expected)
        .zip(loss)
        .map(|((level, expected), loss)| (level - expected).max(0.0) * (1.0 - loss))
        .collect()
}

/// 10th and 90th percentile over refits, per account.
///
/// `refits` is `(refits, accounts)`; percentiles interpolate linearly between order statistics (Hyndman & Fan 1996,
/// type 7).
pub(super) fn estimation_interval(refits: &[Vec<f64>], accounts: usize) -> (Vec<f64>, Vec<f64>) {
    let bounds = |values: &mut Vec<f64>, account: usize| {
        values.clear();
        values.extend(refits.iter().map(|refit| refit[account]));
        values.sort_unstable_by(f64::total_cmp);
        (quantile(values, 0.1), quantile(values, 0.9))
    };
    (0..accounts).into_par_iter().map_with(Vec::with_capacity(refits.len()), bounds).unzip()
}

/// Type 7 quantile of ascending `sorted`, which is not empty.
pub(super) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let position = p * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (position - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R: `quantile(1:21, c(.1, .9))` is 3 and 19; `quantile(c(1, 2), .1)` is 1.1.
    #[test]
    fn percentiles_agree_with_r() {
        let refits: Vec<Vec<f64>> = (1..=21).rev().map(|v| vec![f64::from(v), 5.0]).collect();
        let (low, high) = estimation_interval(&refits, 2);
        assert!((low[0] - 3.0).abs() < 1e-12 && (high[0] - 19.0).abs() < 1e-12);
        assert_eq!((low[1], high[1]), (5.0, 5.0));
        assert!((quantile(&[1.0, 2.0], 0.1) - 1.1).abs() < 1e-12);
    }

    #[test]
    fn a_level_below_e_is_no_negative_headroom_and_late_payers_lose_some() {
        assert_eq!(headroom(&[80.0, 150.0, 150.0], &[100.0; 3], &[0.0, 0.0, 0.2]), [0.0, 50.0, 40.0]);
    }
}
