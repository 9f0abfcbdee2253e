//! The inventory of sources: which table, from where, who answers for it, how old, and whom it covers.
//!
//! Three areas make up what can be known of a customer: past business, public information, and dialogue. For each it
//! says which share of the accounts, and of the last twelve months' revenue, has anything in it at all.

mod render;

use serde::Serialize;

use super::CheckError;
use crate::{
    config::sources::Sources,
    ingest::contract::{TABLES, Table, table},
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// What can be known of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Orders, invoices, complaints.
    PastBusiness,
    /// What the world says about it.
    PublicInformation,
    /// What it and we say to each other.
    Dialogue,
}

impl Area {
    /// All three.
    pub const ALL: [Self; 3] = [Self::PastBusiness, Self::PublicInformation, Self::Dialogue];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PastBusiness => "past business",
            Self::PublicInformation => "public information",
            Self::Dialogue => "dialogue",
        }
    }

    /// The area of a table; master data belong to none.
    pub fn of(table: &str) -> Option<Self> {
        match table {
            "order_lines" | "invoices" | "complaints" => Some(Self::PastBusiness),
            "public_signals" => Some(Self::PublicInformation),
            "contacts" | "interactions" | "survey_answers" | "staff_answers" | "opportunities" | "appointments" => {
                Some(Self::Dialogue)
            }
            _ => None,
        }
    }
}

/// Accounts and revenue that something covers; shares are null where there is nothing to divide by.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Coverage {
    /// Accounts.
    pub accounts: u64,
    /// Share of all accounts, 0 to 1.
    pub account_share: Option<f64>,
    /// Share of the last twelve months' net revenue.
    pub revenue_share: Option<f64>,
}

/// One source of one table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SourceRecord {
    /// Canonical table.
    pub table: String,
    /// Name of the source.
    pub source: String,
    /// Which area it informs, if any.
    pub area: Option<Area>,
    /// Files it came from.
    pub files: Vec<String>,
    /// Who answers for it, if the configuration says so.
    pub owner: Option<String>,
    /// Day on which it was last received, else the day of its last event.
    pub last_update: Option<String>,
    /// Rows that hold today.
    pub rows: u64,
    /// Whom it covers; none where the table is not about customers.
    pub coverage: Option<Coverage>,
}

/// All sources and the three areas.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inventory {
    /// All accounts.
    pub accounts: u64,
    /// In the order of the data contract, then by name.
    pub sources: Vec<SourceRecord>,
    /// Each area, also where nothing informs it.
    pub areas: Vec<(Area, Coverage)>,
}

/// Takes stock of what the warehouse holds; owners come from the configuration.
///
/// # Errors
/// If the warehouse fails.
pub fn take(warehouse: &Warehouse, configured: &Sources) -> Result<Inventory, CheckError> {
    let _span = tracing::info_span!("sources").entered();
    warehouse.execute_script(include_str!("accounts.sql"))?;
    warehouse.execute_script(
        "CREATE OR REPLACE TEMP TABLE inventory_covered(table_name VARCHAR, source VARCHAR, account_id VARCHAR, revenue_e4 BIGINT)",
    )?;
    for table in TABLES.iter().filter(|table| speaks_of_customers(table)) {
        let covered =
            include_str!("covered.sql").replace("{table}", table.name).replace("{is_current}", is_current(table));
        warehouse.execute_script(&covered)?;
    }
    let totals = "SELECT count(*), CAST(coalesce(sum(revenue_e4), 0) AS BIGINT) FROM inventory_accounts";
    let totals = warehouse.query(totals, params![], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
    let (accounts, revenue_e4) = totals.into_iter().next().unwrap_or_default();
    let whole = Whole { accounts, revenue_e4 };
    let mut sources = Vec::new();
    for (name, source, files, received_on) in batches(warehouse)? {
        let Some(table) = table(&name) else { continue };
        sources.push(SourceRecord {
            area: Area::of(&name),
            files: files.split('|').map(str::to_owned).collect(),
            owner: owner(configured, &name, &source),
            last_update: match received_on {
                Some(day) => Some(day),
                None => last_event(warehouse, table, &source)?,
            },
            rows: rows(warehouse, table, &source)?,
            coverage: match speaks_of_customers(table) {
                true => Some(whole.coverage(
                    warehouse,
                    "WHERE table_name = ? AND source = ?",
                    &[name.as_str(), source.as_str()],
                )?),
                false => None,
            },
            table: name,
            source,
        });
    }
    let place = |record: &SourceRecord| TABLES.iter().position(|table| table.name == record.table);
    sources.sort_by(|a, b| (place(a), &a.source).cmp(&(place(b), &b.source)));
    let mut areas = Vec::new();
    for area in Area::ALL {
        let tables: Vec<String> = TABLES
            .iter()
            .filter(|table| Area::of(table.name) == Some(area))
            .map(|table| format!("'{}'", table.name))
            .collect();
        let restriction = format!("WHERE table_name IN ({})", tables.join(", "));
        areas.push((area, whole.coverage(warehouse, &restriction, &[])?));
    }
    Ok(Inventory { accounts: accounts as u64, sources, areas })
}

/// What shares are shares of.
struct Whole {
    accounts: i64,
    revenue_e4: i64,
}

impl Whole {
    fn coverage(&self, warehouse: &Warehouse, restriction: &str, values: &[&str]) -> Result<Coverage, WarehouseError> {
        let sql = format!(
            "SELECT count(*), CAST(coalesce(sum(revenue_e4), 0) AS BIGINT) \
             FROM (SELECT DISTINCT account_id, revenue_e4 FROM inventory_covered {restriction})"
        );
        let values: Vec<_> = values.iter().map(|value| (*value).into()).collect();
        let covered = warehouse.query(&sql, &values, |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)))?;
        let (accounts, revenue_e4) = covered.into_iter().next().unwrap_or_default();
        let share = |part: i64, whole: i64| (whole > 0).then(|| part as f64 / whole as f64);
        Ok(Coverage {
            accounts: accounts as u64,
            account_share: share(accounts, self.accounts),
            revenue_share: share(revenue_e4, self.revenue_e4),
        })
    }
}

fn speaks_of_customers(table: &Table) -> bool {
    table.column("customer_id").is_some()
}

/// Which rows of a table hold today; of the ledger all that were not taken back count.
fn is_current(table: &Table) -> &'static str {
    if table.is_ledger() { "NOT rows.is_reversal" } else { "rows.known_until IS NULL" }
}

type Delivered = (String, String, String, Option<String>);

fn batches(warehouse: &Warehouse) -> Result<Vec<Delivered>, WarehouseError> {
    warehouse.query(include_str!("batches.sql"), params![], |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<Option<String>>(3)?))
    })
}

fn owner(configured: &Sources, table: &str, source: &str) -> Option<String> {
    configured.get(table)?.iter().find(|config| config.name.as_str() == source)?.owner.clone()
}

fn last_event(warehouse: &Warehouse, table: &Table, source: &str) -> Result<Option<String>, WarehouseError> {
    let Some(event) = table.event else { return Ok(None) };
    let sql = format!("SELECT CAST(max({event}) AS VARCHAR) FROM {} WHERE source = ?", table.name);
    let days = warehouse.query(&sql, params![source], |row| row.get::<Option<String>>(0))?;
    Ok(days.into_iter().next().flatten())
}

fn rows(warehouse: &Warehouse, table: &Table, source: &str) -> Result<u64, WarehouseError> {
    let count = match table.is_ledger() {
        true => "CAST(coalesce(sum(CASE WHEN is_reversal THEN -1 ELSE 1 END), 0) AS BIGINT)",
        false => "count(*) FILTER (known_until IS NULL)",
    };
    let sql = format!("SELECT {count} FROM {} WHERE source = ?", table.name);
    let counts = warehouse.query(&sql, params![source], |row| row.get::<i64>(0))?;
    Ok(counts.first().map_or(0, |count| *count as u64))
}
