//! What went wrong: complaints opened, still open, and how long they took.
//!
//! A complaint closed after `t` is open at `t`. Whether a company without complaints had none or did not write them
//! down cannot be seen, so everything is unknown before the first complaint of the whole company, and a window is
//! unknown unless it begins after that; from then on no complaint means none.

use polars::prelude::*;

use super::{
    FeatureError,
    as_of::{Known, month_of_day},
    catalogue::Feature,
};

const FAMILY: &str = "complaints";

pub(super) const FEATURES: [Feature; 9] = [
    Feature::number(FAMILY, "complaints_12", "count", "complaints opened").over(12),
    Feature::number(FAMILY, "complaints_24", "count", "complaints opened").over(24),
    Feature::number(FAMILY, "complaints_per_order_12", "ratio", "complaints opened divided by orders").over(12),
    Feature::number(FAMILY, "complaints_open", "count", "complaints that are open at the end of `t`"),
    Feature::number(
        FAMILY,
        "oldest_open_complaint_days",
        "days",
        "days from the opening of the oldest open complaint to the end of `t`",
    ),
    Feature::number(FAMILY, "days_since_last_complaint", "days", "days from the newest complaint to the end of `t`"),
    Feature::number(
        FAMILY,
        "days_to_close_24",
        "days",
        "mean days from opening to closing, of those opened and closed",
    )
    .over(24),
    Feature::category(
        FAMILY,
        "complaint_severity",
        "severity of the newest complaint, as the source names it; unknown before such a state was received",
    ),
    Feature::number(FAMILY, "complaints_known", "flag", "1 if complaints were recorded by the end of `t`, else 0"),
];

/// One row per account with a complaint known at `t`: `account` and the columns counts are made of.
pub(super) fn frame(known: &Known<'_>) -> LazyFrame {
    let within = |months: i32| col("opened_on").cast(DataType::Int32).gt_eq(lit(known.first_day_of_window(months)));
    let closed = within(24).and(col("closed_on").is_not_null());
    let duration = col("closed_on").cast(DataType::Int64) - col("opened_on").cast(DataType::Int64);
    known
        .complaints()
        .group_by([col("account")])
        .agg([
            within(12).sum().cast(DataType::Float64).alias("complaints_12"),
            within(24).sum().cast(DataType::Float64).alias("complaints_24"),
            col("closed_on").is_null().sum().cast(DataType::Float64).alias("complaints_open"),
            (lit(known.end_day()) - col("opened_on").filter(col("closed_on").is_null()).min().cast(DataType::Int32))
                .cast(DataType::Float64)
                .alias("oldest_open_complaint_days"),
            (lit(known.end_day()) - col("opened_on").max().cast(DataType::Int32))
                .cast(DataType::Float64)
                .alias("days_since_last_complaint"),
            duration.filter(closed.clone()).sum().alias("duration_sum"),
            closed.sum().alias("closed_count"),
            col("severity")
                .sort_by(["opened_on", "id"].map(col), SortMultipleOptions::default())
                .last()
                .alias("complaint_severity"),
        ])
        .with_column(ratio("duration_sum", "closed_count", "days_to_close_24"))
        .drop(by_name(["duration_sum", "closed_count"], true, false))
}

/// Months from the first complaint of the whole company known at `t` to `t`, both included.
pub(super) fn recorded_months(known: &Known<'_>) -> Result<Option<i32>, FeatureError> {
    let first = known.complaints().select([col("opened_on").min().cast(DataType::Int32)]).collect()?;
    Ok(first.column("opened_on")?.i32()?.get(0).map(|day| known.months_before_end(month_of_day(day)) + 1))
}

/// Turns the absence of a complaint into zero where complaints were recorded, and adds the rate per order.
///
/// `frame` has a row per account of the population, `orders_12` and the columns of [`frame`]; `recorded_months` is the
/// number of months up to `t` since the first complaint of the company, if any.
pub(super) fn complete(frame: LazyFrame, recorded_months: Option<i32>) -> LazyFrame {
    let recorded = |months: i32| recorded_months.is_some_and(|since| since >= months);
    let count = |name: &str, known: bool| {
        let counted = if known { col(name).fill_null(lit(0.0)) } else { lit(NULL).cast(DataType::Float64) };
        counted.alias(name)
    };
    frame
        .with_columns([
            count("complaints_12", recorded(12)),
            count("complaints_24", recorded(24)),
            count("complaints_open", recorded(0)),
            lit(f64::from(u8::from(recorded(0)))).alias("complaints_known"),
        ])
        .with_column(ratio("complaints_12", "orders_12", "complaints_per_order_12"))
}

/// Unknown unless the denominator is positive.
fn ratio(numerator: &str, denominator: &str, name: &str) -> Expr {
    when(col(denominator).gt(lit(0)))
        .then(col(numerator).cast(DataType::Float64) / col(denominator).cast(DataType::Float64))
        .otherwise(lit(NULL))
        .alias(name)
}
