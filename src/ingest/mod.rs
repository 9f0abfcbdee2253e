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
mod decode;
mod delimited;
mod discover;
mod dry_run;
mod error;
mod filter;
mod fingerprint;
mod header;
mod json;
mod load;
mod mailbox;
mod plan;
mod prepare;
mod profile;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod properties;
mod pseudonym;
mod quarantine;
mod report;
mod rows;
mod spelling;
mod typed;
mod workbook;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use self::{
    contract::{ORDER_LINES, TABLES, Table},
    discover::{Format, SourceFile},
    load::Loader,
    mailbox::Addresses,
    plan::Known,
    pseudonym::Keys,
};
pub use self::{
    dry_run::{Preview, dry_run},
    error::IngestError,
    pseudonym::{KEY_FILE, PseudonymKey},
    report::{BatchReport, IngestReport},
};
pub(crate) use self::{
    fingerprint::is_utf16 as utf16,
    mailbox::{begins_a_message, files_of as mail_files},
};
use crate::{
    config::sources::{LoadMode, SourceConfig, Sources},
    domain::Notice,
    params,
    warehouse::{Warehouse, WarehouseError},
};

/// Part of every settings hash: files are read again when the reading itself has changed.
const READER_VERSION: u32 = 2;

/// What to load.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The project folder; nothing outside it is read.
    pub project: &'a Path,
    /// The folder in it, relative, in which files of tables without a section are looked for; usually `data`.
    pub tables: &'a Path,
    /// The sources of `headroom.toml`, by table.
    pub sources: &'a Sources,
    /// ISO code of the report currency.
    pub currency: &'a str,
}

/// The hash by which a batch knows its delivery: a file, or the folder of a mailbox.
pub(crate) fn delivery_hash(path: &Path) -> std::io::Result<String> {
    if path.is_dir() { mailbox::hash(path) } else { fingerprint::hash(path) }
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
    let unconfigured = SourceConfig::default();
    let sources = sources_of(request, &unconfigured)?;
    if !sources.iter().any(|source| source.table.name == ORDER_LINES && !source.files.is_empty()) {
        return Err(IngestError::NoOrderLines { folder: data });
    }
    warehouse.create_tables(&contract::table_definitions())?;
    let report = warehouse.transaction(|warehouse| -> Result<IngestReport, IngestError> {
        warehouse.execute_script(include_str!("sql/product_groups.sql"))?;
        warehouse.execute_script(include_str!("sql/rates.sql"))?;
        let mut report = IngestReport::default();
        let mut changed = BTreeSet::new();
        for table in TABLES {
            let mut loaded = forget_removed(warehouse, table, &sources, &mut report)?;
            for source in sources.iter().filter(|source| source.table.name == table.name) {
                loaded |= load_source(warehouse, request, source, Keys::Kept, &mut report)?;
            }
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
            let of_lines = sources.iter().filter(|source| source.table.name == ORDER_LINES);
            let files: Vec<&str> = of_lines.flat_map(|source| &source.files).map(|file| file.name.as_str()).collect();
            return Err(IngestError::OnlyHeaders { files: files.join(", ") });
        }
        Ok(report)
    })?;
    quarantine::export(warehouse, &data)?;
    Ok(report)
}

/// A source and the files that are there for it.
struct FoundSource<'a> {
    table: &'static Table,
    config: &'a SourceConfig,
    files: Vec<SourceFile>,
}

/// Every source of every table, in load order; a table without a section has one, of the files named after it.
fn sources_of<'a>(request: &Request<'a>, unconfigured: &'a SourceConfig) -> Result<Vec<FoundSource<'a>>, IngestError> {
    let mut sources = Vec::new();
    for table in TABLES {
        let configured = request.sources.get(table.name).map_or(std::slice::from_ref(unconfigured), Vec::as_slice);
        for config in configured {
            sources.push(source_of(request, table, config)?);
        }
    }
    Ok(sources)
}

/// A source whose settings are possible, and its files.
fn source_of<'a>(
    request: &Request<'a>,
    table: &'static Table,
    config: &'a SourceConfig,
) -> Result<FoundSource<'a>, IngestError> {
    columns::check_names(table, config)?;
    if config.mode == Some(LoadMode::Upsert) && config.key.is_empty() && table.key.is_empty() {
        return Err(IngestError::NoKey { table: table.name });
    }
    let files = discover::files_of(request.project, request.tables, table, Some(config))?;
    Ok(FoundSource { table, config, files })
}

/// Forgets what came from sources that are no longer configured; says whether there were any.
fn forget_removed(
    warehouse: &Warehouse,
    table: &'static Table,
    sources: &[FoundSource<'_>],
    report: &mut IngestReport,
) -> Result<bool, IngestError> {
    let held = warehouse.query(
        "SELECT DISTINCT source FROM batches WHERE table_name = ? ORDER BY source",
        params![table.name],
        |row| row.get::<String>(0),
    )?;
    let is_configured =
        |name: &str| sources.iter().any(|s| s.table.name == table.name && s.config.name.as_str() == name);
    let removed: Vec<String> = held.into_iter().filter(|name| !is_configured(name)).collect();
    for source in &removed {
        forget(warehouse, table, source)?;
        let text = format!("`{}`: source {source} is no longer configured, so its rows are gone", table.name);
        report.notices.push(Notice::warning("source-gone", text));
    }
    Ok(!removed.is_empty())
}

/// Loads what is new of one source; says whether anything was.
fn load_source(
    warehouse: &Warehouse,
    request: &Request<'_>,
    FoundSource { table, config, files }: &FoundSource<'_>,
    keys: Keys,
    report: &mut IngestReport,
) -> Result<bool, IngestError> {
    let source = config.name.as_str();
    let known = known_batches(warehouse, table, source)?;
    if files.is_empty() {
        if !known.is_empty() {
            forget(warehouse, table, source)?;
            let text = format!("`{}`: its files are gone, so the table is empty", table.name);
            report.notices.push(Notice::warning("table-gone", text));
        }
        return Ok(!known.is_empty());
    }
    let mut hashed = Vec::with_capacity(files.len());
    for file in files {
        let hash = delivery_hash(&file.path);
        let hash = hash.map_err(|error| IngestError::Read { file: file.name.clone(), reason: error.to_string() })?;
        hashed.push((file.clone(), hash));
    }
    let mut settings_hash = settings_hash(table, config, request.currency);
    if files.iter().any(|file| file.format == Format::Mailbox) {
        // Messages are matched with contacts: other contacts, other rows.
        settings_hash = format!("{settings_hash} {}", Addresses::read(warehouse)?.hash);
    }
    let plan = plan::plan(table, config.mode, &settings_hash, &hashed, &known)?;
    if plan.starts_anew {
        forget(warehouse, table, source)?;
        let text = format!("`{}`: its settings have changed, so all its files are read again", table.name);
        report.notices.push(Notice::info("read-again", text));
    }
    for (file, batch_id) in &plan.reused {
        report.batches.push(reused(warehouse, file, *batch_id)?);
    }
    if plan.deliveries.is_empty() {
        return Ok(plan.starts_anew);
    }
    let key = if table.confidential { Some(PseudonymKey::for_run(&request.project.join("data"), keys)?) } else { None };
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

fn known_batches(warehouse: &Warehouse, table: &Table, source: &str) -> Result<Vec<Known>, WarehouseError> {
    warehouse.query(
        "SELECT batch_id, file, file_hash, settings_hash, received_on FROM batches \
         WHERE table_name = ? AND source = ? ORDER BY batch_id",
        params![table.name, source],
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

/// Removes a source's rows of a table and all trace of its batches.
fn forget(warehouse: &Warehouse, table: &Table, source: &str) -> Result<(), WarehouseError> {
    let batches = "SELECT batch_id FROM batches WHERE table_name = ? AND source = ?";
    warehouse.execute(&format!("DELETE FROM {} WHERE source = ?", table.name), params![source])?;
    warehouse.execute(&format!("DELETE FROM quarantine WHERE batch_id IN ({batches})"), params![table.name, source])?;
    warehouse.execute(&format!("DELETE FROM left_out WHERE batch_id IN ({batches})"), params![table.name, source])?;
    warehouse.execute("DELETE FROM batches WHERE table_name = ? AND source = ?", params![table.name, source])?;
    Ok(())
}

fn reused(warehouse: &Warehouse, file: &str, batch_id: i64) -> Result<BatchReport, IngestError> {
    let batches = warehouse.query(
        "SELECT table_name, source, rows_in, rows_loaded, rows_quarantined, recognised FROM batches WHERE batch_id = ?",
        params![batch_id],
        |row| {
            Ok(BatchReport {
                table: row.get(0)?,
                source: row.get(1)?,
                file: file.into(),
                rows_in: row.get::<i64>(2)? as u64,
                rows_loaded: row.get::<i64>(3)? as u64,
                rows_quarantined: row.get::<i64>(4)? as u64,
                reused: true,
                recognised: serde_json::from_str(&row.get::<String>(5)?).unwrap_or_default(),
                columns: BTreeMap::new(),
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
