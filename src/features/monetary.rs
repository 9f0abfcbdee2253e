//! How much the account buys, and what it leaves: net revenue, contribution margin, returns.
//!
//! Sums are exact integers; they become floating numbers only here. Where a record has no cost its margin is its
//! revenue times the portfolio's margin rate known at `t` (see [`super::as_of::Known::margin_rate`]), and
//! `cost_coverage_12` says how much of the account rests on costs that are known.

use super::{
    as_of::{History, MonthTotal},
    catalogue::Feature,
    frequency::WINDOWS,
};
use crate::domain::Money;

const FAMILY: &str = "monetary";

const fn revenue(name: &'static str, window: u8) -> Feature {
    Feature::number(FAMILY, name, "currency", "net revenue: sales minus returns").over(window)
}

const fn margin(name: &'static str, window: u8) -> Feature {
    Feature::number(FAMILY, name, "currency", "contribution margin: net revenue minus variable cost").over(window)
}

const fn returns(name: &'static str, window: u8) -> Feature {
    Feature::number(FAMILY, name, "currency", "value of returned goods and credits, as a positive amount").over(window)
}

pub(super) const FEATURES: [Feature; 23] = [
    revenue("revenue_1", 1),
    revenue("revenue_3", 3),
    revenue("revenue_6", 6),
    revenue("revenue_12", 12),
    revenue("revenue_24", 24),
    margin("margin_1", 1),
    margin("margin_3", 3),
    margin("margin_6", 6),
    margin("margin_12", 12),
    margin("margin_24", 24),
    returns("returns_1", 1),
    returns("returns_3", 3),
    returns("returns_6", 6),
    returns("returns_12", 12),
    returns("returns_24", 24),
    Feature::number(FAMILY, "mean_order_value_12", "currency", "net revenue divided by orders").over(12),
    Feature::number(FAMILY, "mean_order_value_24", "currency", "net revenue divided by orders").over(24),
    Feature::number(
        FAMILY,
        "largest_order_share_12",
        "share",
        "value of the largest single order divided by gross revenue",
    )
    .over(12),
    Feature::number(FAMILY, "returns_share_12", "share", "returns divided by gross revenue").over(12),
    Feature::number(FAMILY, "margin_rate_12", "share", "contribution margin divided by net revenue, if positive")
        .over(12),
    Feature::number(FAMILY, "cost_coverage_12", "share", "share of net revenue whose cost is known, if positive")
        .over(12),
    Feature::number(
        FAMILY,
        "value_per_order_day",
        "currency",
        "m of Gamma-Gamma: net revenue per distinct order day, over the whole known history",
    ),
    Feature::number(
        FAMILY,
        "one_off_excess_24",
        "currency",
        "what a month's largest order exceeded five times the account's usual order by, summed; base B leaves it out; \
         unknown with fewer than three months with orders",
    )
    .over(24),
];

/// The family's values in the order of [`FEATURES`].
pub(super) fn values(history: &History) -> [Option<f64>; FEATURES.len()] {
    let mut values = [None; FEATURES.len()];
    for (position, &months) in WINDOWS.iter().enumerate() {
        values[position] = history.sum(months, |month| month.revenue).map(units);
        values[WINDOWS.len() + position] = history.sum(months, |month| month.margin).map(units);
        values[2 * WINDOWS.len() + position] = history.sum(months, |month| month.returns).map(units);
    }
    let gross = history.sum(12, MonthTotal::gross);
    values[15] = mean_order_value(history, 12);
    values[16] = mean_order_value(history, 24);
    values[17] = share(history.largest_order(12), gross);
    values[18] = share(history.sum(12, |month| month.returns), gross);
    values[19] = share(history.sum(12, |month| month.margin), history.sum(12, |month| month.revenue));
    values[20] = share(history.sum(12, |month| month.costed_revenue), history.sum(12, |month| month.revenue));
    values[21] = (history.order_days() > 0).then(|| units(history.total_revenue()) / f64::from(history.order_days()));
    values[22] = history.one_off_excess().map(|excess| units(excess.iter().sum()));
    values
}

/// An exact amount in units of currency.
pub(super) fn units(e4: i64) -> f64 {
    Money::from_e4(e4).units()
}

fn mean_order_value(history: &History, months: usize) -> Option<f64> {
    let orders = history.sum(months, |month| i64::from(month.orders))?;
    let revenue = history.sum(months, |month| month.revenue)?;
    (orders > 0).then(|| units(revenue) / orders as f64)
}

/// `part / whole`, unknown unless the whole is positive.
fn share(part: Option<i64>, whole: Option<i64>) -> Option<f64> {
    part.zip(whole).and_then(|(part, whole)| (whole > 0).then(|| part as f64 / whole as f64))
}
