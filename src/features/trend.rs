//! Where the account is heading: recent months against earlier ones.
//!
//! Ratios are logarithms of `(recent + c) / (earlier + c)` with both scaled to a year and `c` 1 % of the population's
//! mean revenue of the last 12 months (METHOD's `d` without the account's own part), so that small accounts do not
//! swing between minus and plus infinity. Negative sums count as zero in a ratio.

use super::{as_of::History, catalogue::Feature, monetary::units, portfolio::Portfolio};

const FAMILY: &str = "trend";

pub(super) const FEATURES: [Feature; 8] = [
    Feature::number(
        FAMILY,
        "revenue_change_3",
        "share",
        "last 3 months against the 3 before: difference divided by the sum of both absolute values",
    )
    .over(6),
    Feature::number(
        FAMILY,
        "revenue_change_12",
        "share",
        "last 12 months against the 12 before: difference divided by the sum of both absolute values",
    )
    .over(24),
    Feature::number(
        FAMILY,
        "revenue_slope_24",
        "log per month",
        "least-squares slope over time of log(1 + month's revenue / account's mean monthly revenue)",
    )
    .over(24),
    Feature::number(FAMILY, "log_ratio_3_to_12", "log", "last 3 months, scaled to a year, against the last 12")
        .over(12),
    Feature::number(FAMILY, "log_ratio_6_to_12", "log", "last 6 months, scaled to a year, against the last 12")
        .over(12),
    Feature::number(FAMILY, "log_ratio_12_to_24", "log", "last 12 months against the mean year of the last 24")
        .over(24),
    Feature::number(
        FAMILY,
        "log_ratio_3_to_last_year",
        "log",
        "last 3 months against the same 3 months a year earlier, both scaled to a year",
    )
    .over(15),
    Feature::number(
        FAMILY,
        "orders_change_12",
        "share",
        "orders of the last 12 months against the 12 before: difference divided by the sum",
    )
    .over(24),
];

/// The family's values in the order of [`FEATURES`].
pub(super) fn values(history: &History, portfolio: &Portfolio) -> [Option<f64>; FEATURES.len()] {
    let revenue = |from: usize, to: usize| history.between(from, to, |month| month.revenue);
    let orders = |from: usize, to: usize| history.between(from, to, |month| i64::from(month.orders));
    let yearly = |from: usize, to: usize| revenue(from, to).map(|sum| units(sum.max(0)) * (12.0 / (to - from) as f64));
    let c = portfolio.small_amount();
    let log_ratio = |recent: Option<f64>, earlier: Option<f64>| {
        recent.zip(earlier).map(|(recent, earlier)| ((recent + c) / (earlier + c)).ln())
    };
    [
        change(revenue(0, 3), revenue(3, 6)),
        change(revenue(0, 12), revenue(12, 24)),
        slope(history),
        log_ratio(yearly(0, 3), yearly(0, 12)),
        log_ratio(yearly(0, 6), yearly(0, 12)),
        log_ratio(yearly(0, 12), yearly(0, 24)),
        log_ratio(yearly(0, 3), yearly(12, 15)),
        change(orders(0, 12), orders(12, 24)),
    ]
}

/// `(recent - earlier) / (|recent| + |earlier|)`, from -1 to 1; unknown if both are zero.
fn change(recent: Option<i64>, earlier: Option<i64>) -> Option<f64> {
    let (recent, earlier) = recent.zip(earlier)?;
    let size = recent.abs() + earlier.abs();
    (size > 0).then(|| (recent - earlier) as f64 / size as f64)
}

fn slope(history: &History) -> Option<f64> {
    const MONTHS: usize = 24;
    let mean = units(history.sum(MONTHS, |month| month.revenue)?) / MONTHS as f64;
    if mean <= 0.0 {
        return None;
    }
    // sum over i of (i - 11.5)^2 for i = 0..24, the sum of squares of the months about their mean
    const SQUARES: f64 = 1150.0;
    let logs = |ago: usize| (1.0 + units(history.month(ago).revenue.max(0)) / mean).ln();
    Some((0..MONTHS).map(|ago| (11.5 - ago as f64) * logs(ago)).sum::<f64>() / SQUARES)
}
