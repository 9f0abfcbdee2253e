//! In which months of the year the account, and the whole portfolio, buys.
//!
//! An account's own season is read from its last 12 months: the months that follow `t` in the calendar are the oldest
//! ones of them. The portfolio's index is that of [`super::season`].

use super::{as_of::History, catalogue::Feature, portfolio::Portfolio};

const FAMILY: &str = "seasonality";

pub(super) const FEATURES: [Feature; 5] = [
    Feature::number(
        FAMILY,
        "season_share_next_3",
        "share",
        "share of the last 12 months' revenue that fell in the calendar months of t+1 to t+3",
    )
    .over(12),
    Feature::number(
        FAMILY,
        "season_share_next_6",
        "share",
        "share of the last 12 months' revenue that fell in the calendar months of t+1 to t+6",
    )
    .over(12),
    Feature::number(
        FAMILY,
        "seasonal_concentration_24",
        "index",
        "Herfindahl index of revenue over the 12 calendar months: 1/12 if even, 1 if all in one month",
    )
    .over(24),
    Feature::number(
        FAMILY,
        "portfolio_season_next_3",
        "ratio",
        "the portfolio's seasonal index of t+1 to t+3, 1 for average months; the same for all accounts",
    ),
    Feature::number(
        FAMILY,
        "portfolio_season_next_6",
        "ratio",
        "the portfolio's seasonal index of t+1 to t+6, 1 for average months; the same for all accounts",
    ),
];

/// The family's values in the order of [`FEATURES`].
pub(super) fn values(history: &History, portfolio: &Portfolio) -> [Option<f64>; FEATURES.len()] {
    let share_of_next = |months: usize| {
        // negative months count as zero: a credit note does not make the other months' share exceed 1
        let whole = history.sum(12, |month| month.revenue.max(0))?;
        let part = history.between(12 - months, 12, |month| month.revenue.max(0))?;
        (whole > 0).then(|| part as f64 / whole as f64)
    };
    [
        share_of_next(3),
        share_of_next(6),
        concentration(history),
        Some(portfolio.season().mean_of_next(3)),
        Some(portfolio.season().mean_of_next(6)),
    ]
}

fn concentration(history: &History) -> Option<f64> {
    let whole = history.sum(24, |month| month.revenue.max(0)).filter(|&whole| whole > 0)?;
    let share =
        |ago: usize| (history.month(ago).revenue.max(0) + history.month(ago + 12).revenue.max(0)) as f64 / whole as f64;
    Some((0..12).map(|ago| share(ago).powi(2)).sum())
}
