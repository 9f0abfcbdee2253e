//! Files into the warehouse: read, recognised, checked against the [contract], loaded so that every row keeps the day
//! from which it was known; what cannot be read goes to quarantine, and rows in = rows loaded + rows quarantined.
//!
//! ```text
//! names ── discover ─▶ files ── plan (hashes, batches held) ─▶ deliveries ── load ─▶ tables, batches, quarantine
//! ```
//!
//! All of it is one transaction: whoever is killed leaves the warehouse as it was before or as it is after. It judges
//! single rows only; whether the rows make sense together is the business of [`crate::check`].

mod columns;
pub mod contract;
mod delimited;
mod discover;
mod error;
mod fingerprint;
mod load;
mod plan;
mod prepare;
mod pseudonym;
mod quarantine;
mod report;
mod typed;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use self::{
    contract::{ORDER_LINES, TABLES, Table},
    discover::SourceFile,
    load::Loader,
    plan::Known,
    pseudonym::PseudonymKey,
};
pub use self::{
    error::IngestError,
    pseudonym::KEY_FILE,
    report::{BatchReport, FILES, IngestReport},
};
use crate::{
    config::sources::{LoadMode, SourceConfig},
    domain::Notice,
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// Part of every settings hash: files are read again when the reading itself has changed.
const READER_VERSION: u32 = 1;

/// What to load.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The project folder; nothing outside it is read.
    pub project: &'a Path,
    /// The folder in it, relative, in which files of tables without a section are looked for; usually `data`.
    pub tables: &'a Path,
    /// The sections of `headroom.toml`, by table.
    pub sources: &'a BTreeMap<String, SourceConfig>,
    /// ISO code of the report currency.
    pub currency: &'a str,
}

/// Brings the warehouse up to date with the project's files.
///
/// The warehouse must have been opened with the project folder within its reach.
///
/// # Errors
/// An [`IngestError`] naming file, column and value; nothing has changed then.
pub fn ingest(warehouse: &Warehouse, request: &Request<'_>) -> Result<IngestReport, IngestError> {
    let _span = tracing::info_span!("ingest").entered();
    let data = request.project.join("data");
    let default = SourceConfig::default();
    let mut sources = Vec::new();
    for table in TABLES {
        let config = request.sources.get(table.name);
        if let Some(config) = config {
            columns::check_names(table, &config.columns, &config.key)?;
            if config.mode == Some(LoadMode::Upsert) && config.key.is_empty() && table.key.is_empty() {
                return Err(IngestError::NoKey { table: table.name });
            }
        }
        let files = discover::files_of(request.project, request.tables, table, config)?;
        if files.is_empty() && table.name == ORDER_LINES {
            return Err(IngestError::NoOrderLines { folder: data });
        }
        sources.push((table, config.unwrap_or(&default), files));
    }
    warehouse.create_tables(&contract::table_definitions())?;
    let report = warehouse.transaction(|warehouse| -> Result<IngestReport, IngestError> {
        warehouse.execute_script(include_str!("sql/product_groups.sql"))?;
        warehouse.execute_script(include_str!("sql/rates.sql"))?;
        let mut report = IngestReport::default();
        let mut changed = BTreeSet::new();
        for (table, config, files) in &sources {
            let loaded = load_table(warehouse, request, table, config, files, &mut report)?;
            if loaded {
                changed.insert(table.name);
            }
        }
        // New lines were valued as they came in; those held already follow what has changed since.
        if changed.contains("products") {
            warehouse.execute_script(include_str!("sql/regroup_order_lines.sql"))?;
        }
        if changed.contains("fx_rates") {
            warehouse.execute_script(include_str!("sql/revalue_order_lines.sql"))?;
        }
        let lines = warehouse.query("SELECT count(*) FROM order_lines", params![], |row| row.get::<i64>(0))?;
        if lines == [0] {
            return Err(IngestError::NoOrderLines { folder: data.clone() });
        }
        Ok(report)
    })?;
    quarantine::export(warehouse, &data)?;
    Ok(report)
}

/// Loads what is new of one table; says whether anything was.
fn load_table(
    warehouse: &Warehouse,
    request: &Request<'_>,
    table: &'static Table,
    config: &SourceConfig,
    files: &[SourceFile],
    report: &mut IngestReport,
) -> Result<bool, IngestError> {
    let known = known_batches(warehouse, table)?;
    if files.is_empty() {
        if !known.is_empty() {
            forget(warehouse, table)?;
            let text = format!("`{}`: its files are gone, so the table is empty", table.name);
            report.notices.push(Notice::warning("table-gone", text));
        }
        return Ok(!known.is_empty());
    }
    let mut hashed = Vec::with_capacity(files.len());
    for file in files {
        let hash = fingerprint::hash(&file.path)
            .map_err(|error| IngestError::Read { file: file.name.clone(), reason: error.to_string() })?;
        hashed.push((file.clone(), hash));
    }
    let settings_hash = settings_hash(table, config, request.currency);
    let plan = plan::plan(table, config.mode, &settings_hash, &hashed, &known)?;
    if plan.starts_anew {
        forget(warehouse, table)?;
        let text = format!("`{}`: its settings have changed, so all its files are read again", table.name);
        report.notices.push(Notice::info("read-again", text));
    }
    for (file, batch_id) in &plan.reused {
        report.batches.push(reused(warehouse, file, *batch_id)?);
    }
    if plan.deliveries.is_empty() {
        return Ok(plan.starts_anew);
    }
    let key = if table.confidential { Some(PseudonymKey::of(&request.project.join("data"))?) } else { None };
    let loader =
        Loader { warehouse, table, config, settings_hash: &settings_hash, report_currency: request.currency, key };
    for delivery in &plan.deliveries {
        let batches = loader.load(delivery, &mut report.notices)?;
        for batch in batches.iter().filter(|batch| batch.rows_quarantined > 0) {
            let text = format!(
                "{}: {} of {} rows are in quarantine, see data/quarantine/{}.csv",
                batch.file, batch.rows_quarantined, batch.rows_in, batch.table
            );
            report.notices.push(Notice::warning("quarantine", text));
        }
        report.batches.extend(batches);
    }
    Ok(true)
}

fn known_batches(warehouse: &Warehouse, table: &Table) -> Result<Vec<Known>, WarehouseError> {
    warehouse.query(
        "SELECT batch_id, file, file_hash, settings_hash, received_on FROM batches WHERE table_name = ? ORDER BY batch_id",
        params![table.name],
        |row| {
            Ok(Known {
                batch_id: i64::from(row.get::<i32>(0)?),
                file: row.get(1)?,
                file_hash: row.get(2)?,
                settings_hash: row.get(3)?,
                received_on: row.date(4)?,
            })
        },
    )
}

/// Removes a table's rows and all trace of its batches.
fn forget(warehouse: &Warehouse, table: &Table) -> Result<(), WarehouseError> {
    warehouse.execute(&format!("DELETE FROM {}", table.name), params![])?;
    warehouse.execute("DELETE FROM quarantine WHERE table_name = ?", params![table.name])?;
    warehouse.execute("DELETE FROM batches WHERE table_name = ?", params![table.name])?;
    Ok(())
}

fn reused(warehouse: &Warehouse, file: &str, batch_id: i64) -> Result<BatchReport, IngestError> {
    let batches = warehouse.query(
        "SELECT table_name, rows_in, rows_loaded, rows_quarantined, recognised FROM batches WHERE batch_id = ?",
        params![batch_id],
        |row| {
            Ok(BatchReport {
                table: row.get(0)?,
                file: file.into(),
                rows_in: row.get::<i64>(1)? as u64,
                rows_loaded: row.get::<i64>(2)? as u64,
                rows_quarantined: row.get::<i64>(3)? as u64,
                reused: true,
                recognised: serde_json::from_str(&row.get::<String>(4)?).unwrap_or_default(),
                ..BatchReport::default()
            })
        },
    )?;
    Ok(batches.into_iter().next().unwrap_or_default())
}

/// Everything but the bytes that decides what becomes of a file. The days of receipt are not among it: they belong to
/// a delivery, and the next delivery has another.
fn settings_hash(table: &Table, config: &SourceConfig, currency: &str) -> String {
    let reading = SourceConfig { files: Vec::new(), received_on: None, ..config.clone() };
    let reading = serde_json::to_string(&reading).unwrap_or_default();
    let currency = if table.is_ledger() { currency } else { "" };
    blake3::hash(format!("{READER_VERSION}\n{reading}\n{currency}").as_bytes()).to_hex().to_string()
}
