//! How good a quantile or an interval is: pinball loss, the share above, the interval score.

/// Pinball loss per row at `share`, on amounts scaled to mean outcome 1; negative outcomes count as 0.
pub fn pinball(predicted: &[f64], actual: &[f64], share: f64) -> Vec<f64> {
    let total: f64 = actual.iter().map(|y| y.max(0.0)).sum();
    let unit = if total > 0.0 { total / actual.len() as f64 } else { 1.0 };
    (predicted.iter().zip(actual))
        .map(|(q, y)| {
            let miss = (y.max(0.0) - q) / unit;
            if miss >= 0.0 { share * miss } else { (share - 1.0) * miss }
        })
        .collect()
}

/// 1 per row whose outcome lies above its prediction, else 0; bounds are closed.
pub fn above(predicted: &[f64], actual: &[f64]) -> Vec<f64> {
    predicted.iter().zip(actual).map(|(q, y)| f64::from(u8::from(y.max(0.0) > *q))).collect()
}

/// Interval score of a central `1 - miss` interval (Gneiting & Raftery 2007, equation 43): its width, and `2 / miss`
/// times the distance of an outcome outside it.
pub fn interval_score(low: f64, high: f64, y: f64, miss: f64) -> f64 {
    (high - low) + 2.0 / miss * ((low - y).max(0.0) + (y - high).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pinball_is_least_at_the_quantile() {
        let actual: Vec<f64> = (1..=100).map(f64::from).collect();
        let at = |q: f64| pinball(&[q; 100], &actual, 0.9).iter().sum::<f64>();
        assert!(at(90.0) <= at(85.0) && at(90.0) <= at(95.0));
        assert_eq!(above(&[90.0; 100], &actual).iter().sum::<f64>(), 10.0);
    }

    #[test]
    fn a_miss_costs_ten_times_its_distance_at_eighty_percent() {
        assert_eq!(interval_score(10.0, 20.0, 15.0, 0.2), 10.0);
        assert_eq!(interval_score(10.0, 20.0, 22.0, 0.2), 30.0);
        assert_eq!(interval_score(10.0, 20.0, 10.0, 0.2), 10.0, "bounds are closed");
    }
}
