//! Source records of customers into accounts: the table `accounts`.
//!
//! ```text
//! customers ─ records ─▶ linkage ─ clusters ─▶ identities ─▶ accounts
//!                          ▲                 └─ open pairs ─▶ data/review.csv ─ a person ─┐
//!                          └───────── data/decisions.csv ◀── headroom resolve --decisions ┘
//! ```
//!
//! Records that are one customer get one account, of all sources and for all past dates; `merged_on` remembers since
//! when. The same customer id in two sources is taken as one customer unless the two records speak against it; where
//! they are two, the second account is named `source/customer_id`. Customers that only order lines know are accounts as
//! well, so that no revenue is lost. No other table is changed.

pub mod contacts;
mod decisions;
mod error;
pub mod golden;
mod groups;
mod identity;
pub mod linkage;
mod records;
mod review;

use std::path::Path;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use self::{
    decisions::{DECISIONS, Decision, Decisions},
    error::ResolveError,
    records::RecordKey,
    review::REVIEW,
};
use self::{
    identity::Dating,
    linkage::{Constraints, Linkage},
    records::Records,
};
use crate::{
    config::resolve::{Level, ResolveConfig},
    ingest::contract::{ORDER_LINES, TABLES},
    params,
    warehouse::{StageRun, Warehouse, WarehouseError},
};

/// What to resolve.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The project's data folder: `decisions.csv` is read there, `review.csv` written.
    pub data: &'a Path,
    /// Settings.
    pub config: &'a ResolveConfig,
    /// Leave out what was merged after this day, as a report published then did.
    pub merged_by: Option<Date>,
}

/// What came out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResolveReport {
    /// Source records of customers.
    pub records: u64,
    /// Distinct accounts, those that only order lines know included.
    pub accounts: u64,
    /// Records that belong to an account which another record leads.
    pub merged: u64,
    /// Pairs in `data/review.csv`.
    pub to_review: u64,
    /// Decisions that were obeyed.
    pub decisions: u64,
    /// Nothing had changed, so nothing was done.
    #[serde(skip)]
    pub reused: bool,
}

const STAGE: &str = "resolve";

/// Writes `accounts` anew from the customer records, the order lines and what people decided, unless nothing of it has
/// changed.
///
/// # Errors
/// If the decisions cannot be read or contradict each other, or if the warehouse fails; nothing has changed then.
pub fn resolve(warehouse: &Warehouse, request: &Request<'_>) -> Result<ResolveReport, ResolveError> {
    let _span = tracing::info_span!("resolve").entered();
    let decisions = Decisions::of(request.data)?.checked()?;
    let inputs_hash = inputs_hash(warehouse, request, &decisions)?;
    if let Some(run) = warehouse.last_run(STAGE)?
        && run.inputs_hash == inputs_hash
        && let Ok(report) = serde_json::from_str::<ResolveReport>(&run.report)
        && (report.to_review == 0 || request.data.join(REVIEW).exists())
    {
        return Ok(ResolveReport { reused: true, ..report });
    }
    let records = Records::load(warehouse)?;
    let linkage = Linkage::of(&records.texts, constraints(&records, &decisions));
    let clusters = linkage.clusters(request.config.merge);
    let dating = Dating {
        before: &identity::before(warehouse)?,
        decisions: &decisions,
        today: records::newest_day(warehouse)?,
        merged_by: request.merged_by,
    };
    let identities = identity::identities(&records, &linkage, &clusters, &dating);
    let open = review::open_pairs(&linkage, &clusters, request.config.review);
    review::write(request.data, &records, &linkage, &open)?;
    let heads = match request.config.level {
        Level::Account => None,
        Level::Group => Some(groups::heads(&records, &identities)?),
    };
    let mut report = ResolveReport {
        records: records.len() as u64,
        merged: identities.iter().filter(|identity| identity.merged_on.is_some()).count() as u64,
        to_review: open.len() as u64,
        decisions: decisions.len() as u64,
        ..ResolveReport::default()
    };
    warehouse.transaction(|warehouse| -> Result<(), ResolveError> {
        report.accounts =
            identity::write(warehouse, &records, &identities, heads.as_deref(), &tables_with_customers())?;
        warehouse.execute(include_str!("sql/stand_ins.sql"), params![])?;
        golden::store_rules(warehouse, request.config)?;
        let report = serde_json::to_string(&report).unwrap_or_default();
        Ok(warehouse.record_run(&StageRun { stage: STAGE.into(), inputs_hash, report })?)
    })?;
    tracing::info!(records = report.records, accounts = report.accounts, compared = linkage.compared, "resolved");
    Ok(report)
}

/// Takes over decisions from a file with the columns of `data/review.csv`; returns how many it holds. They are kept in
/// `data/decisions.csv`, dated with the newest delivery where the file gives no day.
///
/// # Errors
/// If the file cannot be read, names a record that nobody knows, or contradicts what is decided already; nothing has
/// changed then.
pub fn decide(warehouse: &Warehouse, data: &Path, file: &Path) -> Result<usize, ResolveError> {
    let new = Decisions::read(file)?.dated(records::newest_day(warehouse)?);
    let known = Records::load(warehouse)?;
    for (row, (a, b, _)) in new.iter().enumerate() {
        if let Some(key) = [a, b].into_iter().find(|key| known.position(key).is_none()) {
            return Err(ResolveError::Cell {
                file: file.into(),
                row: row + 1,
                column: "customer_id",
                value: key.to_string(),
                expected: "source and id of a record in `customers`",
            });
        }
    }
    let count = new.len();
    let mut decisions = Decisions::of(data)?;
    decisions.extend(new);
    decisions.checked()?.write(data)?;
    Ok(count)
}

/// Pairs of which something is known before their fields are compared.
fn constraints(records: &Records, decisions: &Decisions) -> Constraints {
    let mut constraints = Constraints::default();
    for (a, b, decision) in decisions.iter() {
        // a record that is gone for now keeps its decisions
        let (Some(a), Some(b)) = (records.position(a), records.position(b)) else { continue };
        let pairs = if decision.same { &mut constraints.same } else { &mut constraints.different };
        pairs.push((a.min(b), a.max(b)));
    }
    let mut by_id: Vec<(&str, u32)> =
        records.keys.iter().zip(0_u32..).map(|(key, record)| (key.customer_id.as_str(), record)).collect();
    by_id.sort_unstable();
    for rows in by_id.chunk_by(|a, b| a.0 == b.0) {
        for (n, (_, a)) in rows.iter().enumerate() {
            constraints.same_id.extend(rows[n + 1..].iter().map(|(_, b)| (*a, *b)));
        }
    }
    for pairs in [&mut constraints.same, &mut constraints.different, &mut constraints.same_id] {
        pairs.sort_unstable();
    }
    constraints
}

/// Tables whose rows name a customer, beside `customers`, `order_lines` and those that nobody may look into.
fn tables_with_customers() -> Vec<&'static str> {
    let names = TABLES.iter().filter(|table| !table.confidential && table.column("customer_id").is_some());
    names.map(|table| table.name).filter(|name| !["customers", ORDER_LINES].contains(name)).collect()
}

/// Everything that decides what comes out.
fn inputs_hash(warehouse: &Warehouse, request: &Request<'_>, decisions: &Decisions) -> Result<String, WarehouseError> {
    let sql =
        "SELECT concat_ws('|', batch_id, table_name, source, file_hash, settings_hash) FROM batches ORDER BY batch_id";
    let batches = warehouse.query(sql, params![], |row| row.get::<String>(0))?;
    let text = format!(
        "{}\n{:?} {:?}\n{decisions:?}\n{}",
        crate::CODE_HASH,
        request.config,
        request.merged_by,
        batches.join("\n")
    );
    Ok(blake3::hash(text.as_bytes()).to_hex().to_string())
}
