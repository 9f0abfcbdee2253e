//! The monthly ledger: the only stage whose cost grows with order lines, and the one every as-of date is served from.
//!
//! ```text
//! order_lines + accounts ─ plan ─▶ Plan ─┬ rebuild: every line ─────────────────┐
//!                                        ├ update: lines of the touched months ─┴─▶ ledger_groups    (sums per group)
//!                                        │                     └─ orders ─────────▶ ledger_accounts  (orders, days)
//!                                        └ reuse                                        │
//!                       order_lines by month ◀───────────── reconcile ────────────────┘
//! ```
//!
//! A record belongs to an account, the month of the order day and the month in which the company knew of the lines, and
//! holds the *change* that became known then; `warehouse/sql/ledger_{groups,accounts}.sql` define every column. Records
//! merge: an as-of read is a sum (a bitwise XOR for the order days) over the records known by then. The SQL lies in
//! `sql/`, one relation per file, and names its grain; this folder decides nothing about features or targets.

mod error;
mod plan;
mod reconcile;
mod report;
mod sql;
mod statement;

pub use error::HistoryError;
pub use report::{LedgerAction, LedgerReport, RebuildReason};
pub use statement::Statement;

use crate::{
    domain::Month,
    params,
    warehouse::{StageRun, Warehouse},
};
use plan::{Plan, Profile};

/// Under this name the ledger remembers the SQL it was built with.
const DEFINITION: &str = "history/definition";

/// Brings the ledger up to date with `order_lines` and `accounts`, and reconciles it.
///
/// New batches recompute only the account-months they have lines in. The ledger is built anew if there is none, if the
/// SQL changed, if a batch that it holds changed, or if one of its customers belongs to another account now. A rebuild
/// and any sequence of updates give the same table. All in one transaction: a run that is killed changes nothing.
///
/// # Errors
/// If there are no order lines, if their days are implausible, if a sum exceeds 64 bits, or if the net revenue of a
/// month is not that of its lines ([`HistoryError::Unreconciled`]).
pub fn build(warehouse: &Warehouse) -> Result<LedgerReport, HistoryError> {
    let _span = tracing::info_span!("history").entered();
    if !warehouse.has_table("order_lines")? {
        return Err(HistoryError::NoOrderLines);
    }
    warehouse.transaction(build_in_transaction)
}

fn build_in_transaction(warehouse: &Warehouse) -> Result<LedgerReport, HistoryError> {
    let profile = Profile::read(warehouse)?;
    warehouse.execute(sql::LINES, params![])?;
    warehouse.execute(sql::IDENTITY, params![])?;
    let plan = Plan::of(warehouse, &profile)?;
    let months = match &plan {
        Plan::Rebuild(reason) => {
            tracing::info!(%reason, lines = profile.lines(), "building the ledger");
            rebuild(warehouse)?;
            profile.months()
        }
        Plan::Update(batches) => {
            tracing::info!(?batches, "adding batches to the ledger");
            update(warehouse)?
        }
        Plan::Reuse => Vec::new(),
    };
    if plan != Plan::Reuse {
        remember(warehouse, &profile)?;
    }
    warehouse.execute_script(if plan == Plan::Reuse { sql::DROP_UNUSED } else { sql::DROP_TEMPORARY })?;
    let totals = reconcile::reconcile(warehouse, &profile)?;
    report::report(warehouse, plan, months, &profile, totals)
}

fn rebuild(warehouse: &Warehouse) -> Result<(), HistoryError> {
    let merged = warehouse.query(sql::MERGED_CUSTOMERS, params![], |row| row.get::<i64>(0))?;
    let scope = if merged == [0] { sql::SCOPE_ALL } else { sql::SCOPE_ALL_MERGED };
    warehouse.execute(scope, params![])?;
    warehouse.execute_script(sql::CLEAR_ALL)?;
    insert_records(warehouse)
}

/// Recomputes the account-months that new batches touch and says which months those are.
fn update(warehouse: &Warehouse) -> Result<Vec<Month>, HistoryError> {
    warehouse.execute(sql::TOUCHED, params![])?;
    while warehouse.execute(sql::WIDEN, params![])? > 0 {}
    warehouse.execute_script(sql::SCOPE_TOUCHED)?;
    warehouse.execute_script(sql::CLEAR_TOUCHED)?;
    insert_records(warehouse)?;
    let months = warehouse.query(sql::TOUCHED_MONTHS, params![], |row| row.get::<i32>(0))?;
    months.into_iter().map(|month| Ok(Month::from_index(month)?)).collect()
}

fn insert_records(warehouse: &Warehouse) -> Result<(), HistoryError> {
    for statement in [sql::GROUPS, sql::ORDERS, sql::REVISED, sql::ACCOUNTS_PLAIN, sql::ACCOUNTS_REVISED] {
        warehouse.execute(statement, params![]).map_err(HistoryError::of_sums)?;
    }
    Ok(())
}

fn remember(warehouse: &Warehouse, profile: &Profile) -> Result<(), HistoryError> {
    warehouse.execute_script(sql::REMEMBER_IDENTITY)?;
    warehouse.execute("DELETE FROM ledger_batches", params![])?;
    for batch in profile.batches() {
        let values = params![batch.id, batch.lines, &batch.content];
        warehouse.execute("INSERT INTO ledger_batches VALUES (?, ?, ?)", values)?;
    }
    let definition = StageRun { stage: DEFINITION.into(), inputs_hash: sql::definition_hash(), report: "{}".into() };
    Ok(warehouse.record_run(&definition)?)
}
