//! What kind of company the account is.
//!
//! Attributes come from the newest customer row known at `t`. They carry no date of their own and count as part of the
//! account's identity: a row holds from its `known_at` on. Where an account unites several source records, each
//! attribute is the newest one that is not empty.

use polars::prelude::*;

use super::catalogue::Feature;

const FAMILY: &str = "firmographics";

pub(super) const FEATURES: [Feature; 8] = [
    Feature::number(FAMILY, "log_employees", "log", "log(1 + employees)").own_share_free(),
    Feature::number(FAMILY, "log_annual_revenue", "log", "log(1 + the company's own annual revenue)").own_share_free(),
    Feature::category(FAMILY, "industry", "industry").own_share_free(),
    Feature::category(FAMILY, "region", "sales region").own_share_free(),
    Feature::category(FAMILY, "country", "country").own_share_free(),
    Feature::number(
        FAMILY,
        "sites",
        "accounts",
        "accounts under the same parent (one level), it and this one included; 1 without parent or subsidiaries",
    )
    .own_share_free(),
    Feature::number(FAMILY, "stated_share", "share", "our share of what the account buys, as it says itself"),
    Feature::number(FAMILY, "firmographics_known", "flag", "1 if a customer row is known at `t`, else 0"),
];

/// One row per account with a customer row known at `t`: `account`, then [`FEATURES`].
pub(super) fn frame(customers: &DataFrame) -> LazyFrame {
    // the head of a group is its parent, or the account itself
    let head = coalesce(&[col("parent_id"), col("customer_id")]);
    let customers = customers.clone().lazy().with_column(head.alias("head"));
    let sites = customers
        .clone()
        .group_by([col("head")])
        .agg([col("account").n_unique().cast(DataType::Float64).alias("sites")]);
    customers.join(sites, [col("head")], [col("head")], JoinArgs::new(JoinType::Left)).select([
        col("account"),
        log_of("employees", "log_employees"),
        log_of("annual_revenue", "log_annual_revenue"),
        col("industry"),
        col("region"),
        col("country"),
        col("sites"),
        col("stated_share"),
        lit(1.0).alias("firmographics_known"),
    ])
}

/// Negative figures are no figures.
fn log_of(column: &str, name: &str) -> Expr {
    when(col(column).gt_eq(lit(0.0))).then(col(column).cast(DataType::Float64).log1p()).otherwise(lit(NULL)).alias(name)
}
