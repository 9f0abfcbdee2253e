//! Tables of databases into Parquet files of the project, by ADBC: the one stage that opens a connection.
//!
//! ```text
//! driver + address ── connect, read only ─▶ record batches ── sorted by all columns ─▶ data/fetched/<table>/<day>_<source>.parquet
//! ```
//!
//! From there the ordinary path of Parquet files goes on: mapping, contract, quarantine, load mode, reconciliation. A
//! database that holds what the newest file holds adds no file, so fetching often costs nothing later. The day of the
//! fetch is the day of receipt: it dates corrections. Addresses come in from the command line, by the name of their
//! environment variable, and are kept out of every file, log and error.

mod driver;
mod error;
mod secret;

use std::{fs, path::Path};

use jiff::civil::Date;

pub use self::{error::FetchError, secret::Secret};
use crate::{
    config::{
        database::{Database, fetched_folder, fetched_name},
        sources::{SourceConfig, Sources},
    },
    domain::Notice,
    warehouse::{Warehouse, WarehouseOptions},
};

/// Memory that a fetch may take before it spills to disk.
const MEMORY: u64 = 1 << 30;

/// What to fetch.
pub struct Request<'a> {
    /// The project folder, absolute; files are written below its `data/fetched`.
    pub project: &'a Path,
    /// The sources of `headroom.toml`, by table; those without a database are passed over.
    pub sources: &'a Sources,
    /// Day of receipt of what is fetched.
    pub received_on: Date,
    /// The address that an environment variable holds.
    pub address: &'a dyn Fn(&str) -> Option<String>,
}

/// What became of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Canonical table.
    pub table: String,
    /// Source.
    pub source: String,
    /// Rows that the database returned.
    pub rows: u64,
    /// The file that holds them, relative to the project.
    pub file: String,
    /// Whether the newest file held them already.
    pub unchanged: bool,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

/// Fetches every source that is a database, in load order; each is published whole or not at all.
///
/// # Errors
/// At the first source that cannot be fetched; files of earlier ones stay.
pub fn fetch(request: &Request<'_>) -> Result<Vec<Fetched>, FetchError> {
    let _span = tracing::info_span!("fetch").entered();
    let mut fetched = Vec::new();
    for (table, sources) in request.sources {
        for source in sources {
            if let Some(database) = &source.database {
                fetched.push(fetch_source(request, table, source, database)?);
            }
        }
    }
    if fetched.is_empty() { Err(FetchError::NoDatabase) } else { Ok(fetched) }
}

fn fetch_source(
    request: &Request<'_>,
    table: &str,
    source: &SourceConfig,
    database: &Database,
) -> Result<Fetched, FetchError> {
    let name = source.name.as_str();
    let said = || format!("{table}/{name}");
    let address = (request.address)(&database.uri_env).filter(|address| !address.is_empty()).map(Secret::new);
    let address =
        address.ok_or_else(|| FetchError::NoAddress { source_name: said(), variable: database.uri_env.clone() })?;
    let relative = fetched_folder(table);
    let folder = request.project.join(&relative);
    let io = |error: std::io::Error| FetchError::Write { path: folder.clone(), reason: error.to_string() };
    fs::create_dir_all(&folder).map_err(io)?;
    let newest = newest(&folder, name).map_err(io)?;
    let target = fetched_name(name, request.received_on);
    if let Some(newest) = &newest
        && *newest > target
    {
        return Err(FetchError::Earlier { source_name: said(), newest: newest.clone(), day: request.received_on });
    }

    // On the same disk as the target, so that publishing is a rename; vanishes with the fetch.
    let workplace = tempfile::Builder::new().prefix(".fetch-").tempdir_in(&folder).map_err(io)?;
    let options = WarehouseOptions::default().memory_limit(MEMORY).folder(workplace.path());
    let warehouse = Warehouse::open(workplace.path().join("rows.duckdb"), &options)?;
    let refused = |error: crate::warehouse::WarehouseError| FetchError::Rows {
        source_name: said(),
        driver: database.driver.clone(),
        reason: address.redact(&error.to_string()),
        hint: error.hint(),
    };
    let received =
        driver::ask(database, &address, &said(), |batches| warehouse.receive("rows", batches).map_err(refused))?;
    let draft = workplace.path().join("rows.parquet");
    warehouse.write_sorted("rows", &draft)?;

    let unchanged = match &newest {
        Some(newest) => same_bytes(&folder.join(newest), &draft).map_err(io)?,
        None => false,
    };
    let kept = if unchanged { newest.unwrap_or_default() } else { target };
    if !unchanged {
        fs::File::open(&draft).and_then(|file| file.sync_all()).map_err(io)?;
        fs::rename(&draft, folder.join(&kept)).map_err(io)?;
        fs::File::open(&folder).and_then(|folder| folder.sync_all()).map_err(io)?;
    }
    let left_out = received.left_out.iter().map(|(column, kind)| format!("{column} ({kind})")).collect::<Vec<_>>();
    let notices = if left_out.is_empty() {
        Vec::new()
    } else {
        let text = format!("{}: left out {}; cast what you need to text in a query", said(), left_out.join(", "));
        vec![Notice::info("columns-left-out", text)]
    };
    Ok(Fetched {
        table: table.to_owned(),
        source: name.to_owned(),
        rows: received.rows,
        file: format!("{relative}/{kept}"),
        unchanged,
        notices,
    })
}

/// The newest file of a source, by the day in its name.
fn newest(folder: &Path, source: &str) -> std::io::Result<Option<String>> {
    let suffix = format!("_{source}.parquet");
    let mut newest = None;
    for entry in fs::read_dir(folder)? {
        if let Ok(name) = entry?.file_name().into_string()
            && name.strip_suffix(&suffix).is_some_and(|day| day.parse::<Date>().is_ok())
        {
            newest = newest.max(Some(name));
        }
    }
    Ok(newest)
}

fn same_bytes(one: &Path, other: &Path) -> std::io::Result<bool> {
    if fs::metadata(one)?.len() != fs::metadata(other)?.len() {
        return Ok(false);
    }
    let hash =
        |path: &Path| Ok::<_, std::io::Error>(blake3::Hasher::new().update_reader(fs::File::open(path)?)?.finalize());
    Ok(hash(one)? == hash(other)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_file_of_a_source_is_found_by_its_day() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["2021-10-31_erp.parquet", "2021-11-30_erp.parquet", "2022-01-01_old_erp.parquet", "x_erp.parquet"]
        {
            fs::write(folder.path().join(name), "").unwrap();
        }
        assert_eq!(newest(folder.path(), "erp").unwrap().as_deref(), Some("2021-11-30_erp.parquet"));
        assert_eq!(newest(folder.path(), "crm").unwrap(), None);
    }
}
