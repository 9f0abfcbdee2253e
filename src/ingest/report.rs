//! What an ingest run did, file by file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{config::sources::SourceName, domain::Notice};

/// One file of one table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchReport {
    /// Canonical table.
    pub table: String,
    /// Source by its name in `headroom.toml`; `files` without one.
    pub source: String,
    /// File, relative to the project folder.
    pub file: String,
    /// Rows in the file, without the header.
    pub rows_in: u64,
    /// Rows that are in the table.
    pub rows_loaded: u64,
    /// Rows that are in quarantine.
    pub rows_quarantined: u64,
    /// The same bytes were loaded before: nothing was done.
    pub reused: bool,
    /// Canonical columns and the file's own names for them; empty if reused.
    pub columns: BTreeMap<String, String>,
    /// What was recognised: format, encoding, delimiter, decimal mark, date formats.
    pub recognised: BTreeMap<String, String>,
}

impl Default for BatchReport {
    fn default() -> Self {
        Self {
            table: String::new(),
            source: SourceName::default().to_string(),
            file: String::new(),
            rows_in: 0,
            rows_loaded: 0,
            rows_quarantined: 0,
            reused: false,
            columns: BTreeMap::new(),
            recognised: BTreeMap::new(),
        }
    }
}

/// The whole run, in load order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IngestReport {
    /// One entry per file.
    pub batches: Vec<BatchReport>,
    /// What the user should know.
    pub notices: Vec<Notice>,
}
