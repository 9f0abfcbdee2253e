//! How long the account has been a customer.

use super::{as_of::History, catalogue::Feature};

const FAMILY: &str = "tenure";

pub(super) const FEATURES: [Feature; 4] = [
    Feature::number(FAMILY, "months_since_first_order", "months", "months from the month of the first order to `t`")
        .own_share_free(),
    Feature::number(
        FAMILY,
        "first_order_censored",
        "flag",
        "1 if the first order lies in the first 12 months of data, so that the account may be older; else 0",
    ),
    Feature::number(
        FAMILY,
        "months_since_customer_since",
        "months",
        "months from the recorded start of the business relation to `t`",
    )
    .own_share_free(),
    Feature::number(FAMILY, "tenure_known", "flag", "1 if the start of the business relation is recorded, else 0"),
];

/// The family's values in the order of [`FEATURES`]; `customer_since` is a day since 1970-01-01.
pub(super) fn values(history: &History, customer_since: Option<i32>) -> [Option<f64>; FEATURES.len()] {
    let age = history.months_since_first_order();
    [
        age.map(f64::from),
        age.map(|age| f64::from(u8::from(history.covered() as i32 - age <= 12))),
        customer_since.map(|day| f64::from(history.end_month() - super::as_of::month_of_day(day))),
        Some(f64::from(u8::from(customer_since.is_some()))),
    ]
}
