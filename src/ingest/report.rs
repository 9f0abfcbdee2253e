//! What an ingest run did, file by file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::Notice;

/// One file of one table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchReport {
    /// Canonical table.
    pub table: String,
    /// Source system; `files` for everything read from the project folder.
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
    /// What was recognised: format, encoding, delimiter, decimal mark, date formats.
    pub recognised: BTreeMap<String, String>,
}

impl Default for BatchReport {
    fn default() -> Self {
        Self {
            table: String::new(),
            source: FILES.into(),
            file: String::new(),
            rows_in: 0,
            rows_loaded: 0,
            rows_quarantined: 0,
            reused: false,
            recognised: BTreeMap::new(),
        }
    }
}

/// The name of the only source so far: the project's folder.
pub const FILES: &str = "files";

/// The whole run, in load order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IngestReport {
    /// One entry per file.
    pub batches: Vec<BatchReport>,
    /// What the user should know.
    pub notices: Vec<Notice>,
}
