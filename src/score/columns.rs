//! The columns of the score frame, declared once: type, range, and whether an account of the population must have one.

use polars::prelude::DataType;

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Range {
    /// Any text, date, integer or truth value.
    Any,
    /// A finite number.
    Finite,
    /// A finite number, zero or more.
    NotNegative,
    /// 0 to 1.
    Probability,
}

/// One column.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    pub name: &'static str,
    pub dtype: DataType,
    pub range: Range,
    /// Whether every account of the population has a value; accounts outside it have none but in key columns.
    pub required: bool,
}

/// Columns that every account has, in the population or not.
pub(super) const KEYS: [&str; 8] = [
    "customer_id",
    "as_of",
    "horizon_months",
    "population",
    "model_run",
    "standing",
    "account_revenue",
    "account_margin",
];

/// Pairs whose first may not exceed the second.
pub(super) const BOUNDS: [(&str, &str); 2] =
    [("expected_revenue_low", "expected_revenue_high"), ("headroom_low", "headroom_high")];

/// How the columns of the refits' headroom begin; they come last, `headroom_refit_00` and up.
pub(super) const REFIT: &str = "headroom_refit_";

/// All columns in order, with those of `refits` refits.
pub(super) fn declared(refits: usize) -> Vec<(String, Declared)> {
    use Range::{Any, Finite, NotNegative, Probability};
    let column = |name, dtype, range, required| Declared { name, dtype, range, required };
    let number = |name, range, required| column(name, DataType::Float64, range, required);
    let mut all: Vec<(String, Declared)> = [
        column("customer_id", DataType::String, Any, true),
        column("as_of", DataType::Date, Any, true),
        column("horizon_months", DataType::Int32, Any, true),
        column("population", DataType::Boolean, Any, true),
        number("revenue_last", Finite, true),
        number("margin_last", Finite, true),
        number("expected_revenue", Finite, true),
        number("expected_revenue_low", Finite, false),
        number("expected_revenue_high", Finite, false),
        number("expected_margin", Finite, true),
        number("stretch_revenue", Finite, false),
        number("peer_revenue", Finite, false),
        column("level_used", DataType::String, Any, false),
        number("headroom_revenue", NotNegative, false),
        number("headroom_low", NotNegative, false),
        number("headroom_high", NotNegative, false),
        number("headroom_margin", NotNegative, false),
        number("growth_probability", Probability, false),
        number("inactivity_probability", Probability, false),
        column("model_run", DataType::String, Any, true),
        // what ranking needs beside METHOD's columns
        column("standing", DataType::String, Any, true),
        // revenue and margin of the last 12 months of every account, in the population or not
        number("account_revenue", Finite, true),
        number("account_margin", Finite, true),
        number("base_revenue", Finite, true),
        number("growth_threshold", NotNegative, true),
        column("is_new", DataType::Boolean, Any, true),
        // what headroom is measured against
        number("level_revenue", Finite, false),
        number("upside_revenue", Finite, false),
        number("margin_rate", Finite, false),
        number("loss_rate", Probability, true),
        number("overdue_amount", Finite, false),
    ]
    .into_iter()
    .map(|column| (column.name.to_owned(), column))
    .collect();
    all.extend((0..refits).map(|refit| (format!("{REFIT}{refit:02}"), number("headroom_refit", NotNegative, true))));
    all
}
