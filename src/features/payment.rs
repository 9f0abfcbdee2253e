//! How the account pays: days beyond terms, share of late invoices, what is open and overdue at `t`.
//!
//! Invoices come as they stood at `t`: one that was paid after `t` is open. Rates look at the invoices issued in the
//! last 24 months; what is open counts whatever its age. Credit notes (negative amounts) reduce what is open and take
//! part in nothing else. All sums are of integers, so that the grouping's order cannot matter.

use std::collections::BTreeMap;

use polars::prelude::*;
use serde::{Deserialize, Serialize};

use super::{FeatureError, as_of::Known, catalogue::Feature};
use crate::domain::Money;

const FAMILY: &str = "payment";
const WINDOW: i32 = 24;

pub(super) const FEATURES: [Feature; 13] = [
    Feature::number(
        FAMILY,
        "days_beyond_terms_24",
        "days",
        "mean of payment day minus due day over paid invoices issued in the window; negative if early",
    )
    .over(24)
    .own_share_free(),
    Feature::number(FAMILY, "days_beyond_terms_weighted_24", "days", "the same, weighted by invoice amount")
        .over(24)
        .own_share_free(),
    Feature::number(
        FAMILY,
        "share_late_24",
        "share",
        "share of the invoices issued in the window and due by `t` that were paid late or are still open",
    )
    .over(24)
    .own_share_free(),
    Feature::number(
        FAMILY,
        "days_beyond_terms_change_6",
        "days",
        "mean of payment day minus due day over the invoices paid in the last 6 months, minus that of those paid in \
         the 18 months before",
    )
    .over(24),
    Feature::number(
        FAMILY,
        "early_share_24",
        "share",
        "share of the paid invoices issued in the window that were paid within the first half of their term",
    )
    .over(24),
    Feature::number(
        FAMILY,
        "open_amount",
        "currency",
        "unpaid amount of all invoices issued by `t`, less credit notes",
    ),
    Feature::number(
        FAMILY,
        "open_share_12",
        "share",
        "unpaid amount of the invoices issued in the window divided by their amount, credit notes apart",
    )
    .over(12),
    Feature::number(FAMILY, "overdue_amount", "currency", "unpaid amount of invoices due before the end of `t`"),
    Feature::number(FAMILY, "overdue_share", "share", "overdue amount divided by the unpaid amount of all invoices"),
    Feature::number(FAMILY, "oldest_overdue_days", "days", "days the oldest overdue invoice is beyond its due day"),
    Feature::number(
        FAMILY,
        "dunning_level",
        "level",
        "highest dunning level of the open invoices; unknown before such a state was received",
    ),
    Feature::number(
        FAMILY,
        "disputed_share",
        "share",
        "share of the open invoices whose state is known that are disputed",
    ),
    Feature::number(FAMILY, "payment_known", "flag", "1 if an invoice of the account is known at `t`, else 0"),
];

/// One row per account with an invoice known at `t`: `account`, then [`FEATURES`].
pub(super) fn frame(known: &Known<'_>) -> LazyFrame {
    let end = end_of(known);
    let since =
        |column: &str, months: i32| col(column).cast(DataType::Int32).gt_eq(lit(known.first_day_of_window(months)));
    let recent = || since("issued_on", WINDOW);
    let last_year = || invoice().and(since("issued_on", 12));
    let open = || col("open_e4").neq(lit(0));
    let overdue = || is_overdue(&end);

    let paid = invoice().and(recent()).and(col("paid_on").is_not_null()).and(col("due_on").is_not_null());
    let settled = || invoice().and(col("paid_on").is_not_null()).and(col("due_on").is_not_null());
    let paid_lately = settled().and(since("paid_on", 6));
    let paid_before = settled().and(since("paid_on", WINDOW)).and(since("paid_on", 6).not());
    let in_first_half = (days(col("paid_on"), col("issued_on")) * lit(2)).lt_eq(days(col("due_on"), col("issued_on")));
    let due = invoice().and(recent()).and(col("due_on").lt_eq(end.clone()));
    let late = coalesce(&[col("paid_on"), end.clone()]).gt(col("due_on"));

    invoices(known)
        .with_columns([
            days(col("paid_on"), col("due_on")).alias("beyond"),
            in_first_half.and(paid.clone()).alias("early"),
            paid.alias("paid"),
            paid_lately.alias("paid_lately"),
            paid_before.alias("paid_before"),
            due.clone().alias("due"),
            due.and(late).alias("late"),
        ])
        .group_by([col("account")])
        .agg([
            col("beyond").filter(col("paid")).sum().alias("beyond_sum"),
            col("paid").sum().alias("paid_count"),
            // in whole units: days times ten-thousandths of large amounts would leave 64 bits
            (col("beyond") * (col("amount_e4").floor_div(lit(Money::SCALE))))
                .filter(col("paid"))
                .sum()
                .alias("weighted"),
            col("amount_e4").floor_div(lit(Money::SCALE)).filter(col("paid")).sum().alias("weights"),
            col("beyond").filter(col("paid_lately")).sum().alias("lately_sum"),
            col("paid_lately").sum().alias("lately_count"),
            col("beyond").filter(col("paid_before")).sum().alias("before_sum"),
            col("paid_before").sum().alias("before_count"),
            col("early").sum().alias("early_count"),
            col("open_e4").filter(last_year()).sum().alias("open_12"),
            col("amount_e4").filter(last_year()).sum().alias("issued_12"),
            col("due").sum().alias("due_count"),
            col("late").sum().alias("late_count"),
            col("open_e4").sum().alias("open"),
            col("open_e4").filter(invoice()).sum().alias("open_invoices"),
            col("open_e4").filter(overdue()).sum().alias("overdue"),
            days(end.clone(), col("due_on")).filter(overdue()).max().alias("oldest"),
            col("dunning_level").filter(open().and(invoice())).max().alias("dunning"),
            col("disputed").filter(open().and(invoice())).sum().alias("disputed_count"),
            col("disputed").filter(open().and(invoice())).count().alias("state_count"),
        ])
        .select([
            col("account"),
            ratio("beyond_sum", "paid_count", "days_beyond_terms_24"),
            ratio("weighted", "weights", "days_beyond_terms_weighted_24"),
            ratio("late_count", "due_count", "share_late_24"),
            (quotient("lately_sum", "lately_count") - quotient("before_sum", "before_count"))
                .alias("days_beyond_terms_change_6"),
            ratio("early_count", "paid_count", "early_share_24"),
            units("open", "open_amount"),
            ratio("open_12", "issued_12", "open_share_12"),
            units("overdue", "overdue_amount"),
            ratio("overdue", "open_invoices", "overdue_share"),
            col("oldest").cast(DataType::Float64).alias("oldest_overdue_days"),
            col("dunning").cast(DataType::Float64).alias("dunning_level"),
            ratio("disputed_count", "state_count", "disputed_share"),
            lit(1.0).alias("payment_known"),
        ])
}

/// The overdue invoices of an account.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Overdue {
    /// How many there are.
    pub invoices: u32,
    /// Days beyond their due day, on average.
    pub mean_days: f64,
}

/// The overdue invoices behind `overdue_amount`, by number of the account.
pub(super) fn overdue(known: &Known<'_>) -> Result<BTreeMap<usize, Overdue>, FeatureError> {
    let end = end_of(known);
    let frame = invoices(known)
        .filter(is_overdue(&end))
        .group_by([col("account")])
        .agg([len().cast(DataType::Int64).alias("invoices"), days(end, col("due_on")).sum().alias("days")])
        .collect()?;
    let (account, days) = (frame.column("account")?.i32()?, frame.column("days")?.i64()?);
    let number = frame.column("invoices")?.i64()?;
    let found = account.into_no_null_iter().zip(number.into_no_null_iter()).zip(days.into_no_null_iter());
    Ok(found
        .map(|((account, number), days)| {
            (account as usize, Overdue { invoices: number as u32, mean_days: days as f64 / number as f64 })
        })
        .collect())
}

/// Invoices as they stood at `t`, with what is unpaid of each: nothing is known of a part payment without a date before
/// the state was received.
fn invoices(known: &Known<'_>) -> LazyFrame {
    let unpaid = when(col("paid_on").is_not_null())
        .then(col("amount_e4") - coalesce(&[col("paid_amount_e4"), col("amount_e4")]))
        .otherwise(col("amount_e4") - coalesce(&[col("paid_amount_e4"), lit(0i64)]));
    known.invoices().with_column(unpaid.alias("open_e4"))
}

fn invoice() -> Expr {
    col("amount_e4").gt(lit(0))
}

fn is_overdue(end: &Expr) -> Expr {
    invoice().and(col("open_e4").gt(lit(0))).and(col("due_on").lt(end.clone()))
}

fn days(later: Expr, earlier: Expr) -> Expr {
    later.cast(DataType::Int64) - earlier.cast(DataType::Int64)
}

fn end_of(known: &Known<'_>) -> Expr {
    lit(known.end_day()).cast(DataType::Int32).cast(DataType::Date)
}

fn units(e4: &str, name: &str) -> Expr {
    (col(e4).cast(DataType::Float64) / lit(Money::SCALE as f64)).alias(name)
}

/// Unknown unless the denominator is positive.
pub(super) fn ratio(numerator: &str, denominator: &str, name: &str) -> Expr {
    quotient(numerator, denominator).alias(name)
}

fn quotient(numerator: &str, denominator: &str) -> Expr {
    when(col(denominator).gt(lit(0)))
        .then(col(numerator).cast(DataType::Float64) / col(denominator).cast(DataType::Float64))
        .otherwise(lit(NULL))
}
