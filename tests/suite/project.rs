//! A project folder made of a few lines of text, with its warehouse: the harness of the ingest and check tests.

use std::collections::BTreeMap;

use headroom::{
    config::{Overrides, RunConfig, resolve::ResolveConfig, sources::Sources},
    ingest::{IngestError, IngestReport, Request, ingest},
    params,
    resolve::{self, ResolveError, ResolveReport, resolve},
    warehouse::{Warehouse, WarehouseOptions},
};
use tempfile::TempDir;

/// A project in a temporary folder.
pub struct Project {
    pub folder: TempDir,
    pub warehouse: Warehouse,
    pub sources: Sources,
    pub currency: &'static str,
}

impl Project {
    /// An empty project that reports in euros.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let options = WarehouseOptions::default().folder(folder.path()).threads(2.try_into().unwrap());
        let warehouse = Warehouse::in_memory(&options).unwrap();
        Self { folder, warehouse, sources: BTreeMap::new(), currency: "EUR" }
    }

    /// Writes `data/<name>`.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        std::fs::write(self.folder.path().join("data").join(name), content).unwrap();
        self
    }

    /// Removes `data/<name>`.
    pub fn remove(&self, name: &str) {
        std::fs::remove_file(self.folder.path().join("data").join(name)).unwrap();
    }

    /// A section of `headroom.toml`.
    pub fn section(&mut self, table: &str, toml: &str) -> &mut Self {
        self.sources.insert(table.into(), vec![toml::from_str(toml).unwrap()]);
        self
    }

    /// The whole `headroom.toml`.
    pub fn configure(&mut self, toml: &str) -> &mut Self {
        std::fs::write(self.folder.path().join("headroom.toml"), toml).unwrap();
        self.sources = RunConfig::load(self.folder.path(), Overrides::default()).unwrap().sources;
        self
    }

    /// Runs ingest.
    pub fn ingest(&self) -> Result<IngestReport, IngestError> {
        ingest(
            &self.warehouse,
            &Request {
                project: self.folder.path(),
                tables: "data".as_ref(),
                sources: &self.sources,
                currency: self.currency,
            },
        )
    }

    /// Runs resolve with the default settings.
    pub fn resolve(&self) -> ResolveReport {
        self.try_resolve().unwrap()
    }

    /// Runs resolve and says what is wrong.
    pub fn try_resolve(&self) -> Result<ResolveReport, ResolveError> {
        self.resolve_with(&ResolveConfig::default(), None)
    }

    /// Runs resolve with settings, as of a published report's day if there is one.
    pub fn resolve_with(
        &self,
        config: &ResolveConfig,
        merged_by: Option<jiff::civil::Date>,
    ) -> Result<ResolveReport, ResolveError> {
        let data = self.folder.path().join("data");
        resolve(&self.warehouse, &resolve::Request { data: &data, config, merged_by })
    }

    /// The rows of a query whose columns are cast to text, joined by `|`.
    pub fn rows(&self, columns: &[&str], rest: &str) -> Vec<String> {
        let text: Vec<String> =
            columns.iter().map(|column| format!("coalesce(CAST({column} AS VARCHAR), '-')")).collect();
        let sql = format!("SELECT {} {rest}", text.join(" || '|' || "));
        self.warehouse.query(&sql, params![], |row| row.get::<String>(0)).unwrap()
    }
}

/// The four required columns.
pub const HEADER: &str = "order_id,customer_id,ordered_on,net_revenue\n";
