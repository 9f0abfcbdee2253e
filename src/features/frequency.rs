//! How often the account orders, and the inputs of BG/NBD (Fader, Hardie & Lee 2005).
//!
//! An order counts in the month in which its first line was booked; an order day is a distinct calendar day.

use super::{as_of::History, catalogue::Feature};

const FAMILY: &str = "frequency";

/// The windows of all counts and amounts, in months.
pub(super) const WINDOWS: [usize; 5] = [1, 3, 6, 12, 24];

const fn orders(name: &'static str, window: u8) -> Feature {
    Feature::number(FAMILY, name, "orders", "number of orders").over(window)
}

const fn order_days(name: &'static str, window: u8) -> Feature {
    Feature::number(FAMILY, name, "days", "number of distinct order days").over(window)
}

pub(super) const FEATURES: [Feature; 13] = [
    orders("orders_1", 1),
    orders("orders_3", 3),
    orders("orders_6", 6),
    orders("orders_12", 12),
    orders("orders_24", 24),
    order_days("order_days_1", 1),
    order_days("order_days_3", 3),
    order_days("order_days_6", 6),
    order_days("order_days_12", 12),
    order_days("order_days_24", 24),
    Feature::number(
        FAMILY,
        "repeat_order_days",
        "days",
        "x of BG/NBD: distinct order days after the first one, over the whole known history",
    ),
    Feature::number(
        FAMILY,
        "recency_days",
        "days",
        "t_x of BG/NBD: days from the first to the last order day; 0 for a single one",
    ),
    Feature::number(FAMILY, "age_days", "days", "T of BG/NBD: days from the first order day to the end of `t`"),
];

/// The family's values in the order of [`FEATURES`].
pub(super) fn values(history: &History) -> [Option<f64>; FEATURES.len()] {
    let mut values = [None; FEATURES.len()];
    for (position, &months) in WINDOWS.iter().enumerate() {
        values[position] = history.sum(months, |month| i64::from(month.orders)).map(|n| n as f64);
        values[WINDOWS.len() + position] =
            history.sum(months, |month| i64::from(month.days.count_ones())).map(|n| n as f64);
    }
    if let (Some(first), Some(last)) = (history.first_order_day(), history.last_order_day()) {
        values[10] = Some(f64::from(history.order_days() - 1));
        values[11] = Some(f64::from(last - first));
        values[12] = Some(f64::from(history.end_day() - first));
    }
    values
}
