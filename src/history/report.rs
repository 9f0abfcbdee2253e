//! What a build did, as data for the command line and the stage's record.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    HistoryError,
    plan::{Plan, Profile},
    reconcile::Totals,
};
use crate::{domain::Month, params, warehouse::Warehouse};

/// What a build of the ledger did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerReport {
    /// Whether it was built, updated or reused.
    pub action: LedgerAction,
    /// Order lines in the warehouse, reversals among them.
    pub lines: i64,
    /// Records of `ledger_groups`.
    pub group_records: i64,
    /// Records of `ledger_accounts`.
    pub account_records: i64,
    /// Accounts with orders or returns.
    pub accounts: i64,
    /// First month of the ledger.
    pub first_month: Month,
    /// Last month of the ledger, complete or not.
    pub last_month: Month,
    /// The months whose records were computed, ascending; none if the ledger was reused.
    pub touched: Vec<Month>,
    /// Net revenue of all lines and of all records, which are the same, in ten-thousandths.
    pub net_revenue_e4: i128,
}

/// Whether a ledger was built, updated or reused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerAction {
    /// Built from every line.
    Rebuilt(RebuildReason),
    /// These batches were added.
    Updated(Vec<i32>),
    /// Nothing had changed.
    Reused,
}

/// Why a ledger was built from every line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RebuildReason {
    /// There was none.
    First,
    /// It had been built by other SQL.
    Definition,
    /// These batches changed or went: a product group was filled in, say.
    Batches(Vec<i32>),
    /// So many of its customers belong to another account now.
    Identity(usize),
}

impl fmt::Display for RebuildReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("there was no ledger"),
            Self::Definition => f.write_str("the definition of the ledger changed"),
            Self::Batches(batches) if batches.len() == 1 => write!(f, "batch {} changed", batches[0]),
            Self::Batches(batches) => write!(f, "{} batches changed", batches.len()),
            Self::Identity(1) => f.write_str("one customer belongs to another account"),
            Self::Identity(customers) => write!(f, "{customers} customers belong to other accounts"),
        }
    }
}

impl fmt::Display for LedgerAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rebuilt(reason) => write!(f, "built, because {reason}"),
            Self::Updated(batches) if batches.len() == 1 => write!(f, "updated with batch {}", batches[0]),
            Self::Updated(batches) => write!(f, "updated with {} batches", batches.len()),
            Self::Reused => f.write_str("reused, because nothing changed"),
        }
    }
}

pub(super) fn report(
    warehouse: &Warehouse,
    plan: Plan,
    touched: Vec<Month>,
    profile: &Profile,
    totals: Totals,
) -> Result<LedgerReport, HistoryError> {
    let count = |sql: &str| -> Result<i64, HistoryError> {
        Ok(warehouse.query(sql, params![], |row| row.get::<i64>(0))?.into_iter().sum())
    };
    let months = profile.months();
    let (Some(first_month), Some(last_month)) = (months.first().copied(), months.last().copied()) else {
        return Err(HistoryError::NoOrderLines);
    };
    Ok(LedgerReport {
        action: match plan {
            Plan::Rebuild(reason) => LedgerAction::Rebuilt(reason),
            Plan::Update(batches) => LedgerAction::Updated(batches),
            Plan::Reuse => LedgerAction::Reused,
        },
        lines: profile.lines(),
        group_records: totals.records,
        account_records: count("SELECT count(*) FROM ledger_accounts")?,
        accounts: count("SELECT count(DISTINCT account_id) FROM ledger_customers")?,
        first_month,
        last_month,
        touched,
        net_revenue_e4: totals.net_revenue_e4,
    })
}
