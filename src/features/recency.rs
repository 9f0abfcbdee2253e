//! How long ago the account last ordered, judged against its own rhythm.
//!
//! Order days are distinct calendar days; several orders on one day are one. Gaps are those between consecutive order
//! days of the last 24 months, so that a rhythm of long ago does not excuse a silence of today.

use super::{as_of::History, catalogue::Feature};

const FAMILY: &str = "recency";

pub(super) const FEATURES: [Feature; 7] = [
    Feature::number(FAMILY, "days_since_last_order", "days", "days from the last order day to the end of `t`"),
    Feature::number(FAMILY, "order_gap_mean_24", "days", "mean gap between consecutive order days").over(24),
    Feature::number(FAMILY, "order_gap_median_24", "days", "median gap between consecutive order days").over(24),
    Feature::number(
        FAMILY,
        "order_gap_sd_24",
        "days",
        "standard deviation (n - 1) of the gaps between consecutive order days; two gaps at least",
    )
    .over(24),
    Feature::number(
        FAMILY,
        "hiatus_ratio",
        "ratio",
        "`days_since_last_order` divided by `order_gap_mean_24`: above 1 the account is later than usual",
    ),
    Feature::number(FAMILY, "active_months_12", "months", "months with an order").over(12),
    Feature::number(FAMILY, "active_months_24", "months", "months with an order").over(24),
];

/// The family's values in the order of [`FEATURES`]; `gaps` is scratch space.
pub(super) fn values(history: &History, gaps: &mut Vec<i32>) -> [Option<f64>; FEATURES.len()] {
    history.order_gaps(24, gaps);
    let since_last = history.last_order_day().map(|day| f64::from(history.end_day() - day));
    let mean = mean(gaps);
    let active = |months| history.count(months, |month| month.days != 0).map(|n| n as f64);
    [
        since_last,
        mean,
        median(gaps),
        standard_deviation(gaps),
        since_last.zip(mean).map(|(days, mean)| days / mean),
        active(12),
        active(24),
    ]
}

fn mean(gaps: &[i32]) -> Option<f64> {
    let sum: i64 = gaps.iter().copied().map(i64::from).sum();
    (!gaps.is_empty()).then(|| sum as f64 / gaps.len() as f64)
}

/// The middle gap, or the mean of the two middle ones; reorders `gaps`.
fn median(gaps: &mut [i32]) -> Option<f64> {
    if gaps.is_empty() {
        return None;
    }
    let middle = gaps.len() / 2;
    let odd = gaps.len() % 2 == 1;
    let (below, &mut upper, _) = gaps.select_nth_unstable(middle);
    let lower = if odd { upper } else { *below.iter().max().expect("an even number of gaps is at least two") };
    Some(f64::from(lower + upper) / 2.0)
}

/// From exact integer sums, so that the order of the gaps does not matter.
fn standard_deviation(gaps: &[i32]) -> Option<f64> {
    let n = gaps.len() as i64;
    if n < 2 {
        return None;
    }
    let sum: i64 = gaps.iter().copied().map(i64::from).sum();
    let squares: i64 = gaps.iter().map(|&gap| i64::from(gap) * i64::from(gap)).sum();
    Some(((n * squares - sum * sum) as f64 / (n * (n - 1)) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_gap_has_no_spread_and_no_gap_has_no_rhythm() {
        assert_eq!((mean(&[]), median(&mut []), standard_deviation(&[])), (None, None, None));
        assert_eq!((mean(&[7]), median(&mut [7]), standard_deviation(&[7])), (Some(7.0), Some(7.0), None));
    }

    #[test]
    fn gaps_of_an_uneven_rhythm() {
        let mut gaps = vec![2, 4, 4, 4, 5, 5, 7, 9];
        assert_eq!(mean(&gaps), Some(5.0));
        assert_eq!(median(&mut gaps), Some(4.5));
        assert!((standard_deviation(&gaps).unwrap() - (32.0_f64 / 7.0).sqrt()).abs() < 1e-12);
    }
}
