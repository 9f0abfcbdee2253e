//! The one interface of everything that is read row by row: CSV, workbooks, JSON, and whatever else can be shown as a
//! header and rows of text cells.
//!
//! A reader knows its format and nothing of the contract's types: which cell is a date, and how it is spelled, is found
//! out by [`super::profile`], which reads every row twice. A new kind of source implements [`TextRows`] and gets
//! mapping, constants, value maps, filters, quarantine and reconciliation with it.

use std::collections::BTreeMap;

use csv::StringRecord;

use super::IngestError;
use crate::domain::Notice;

/// Begins a cell that its format holds as a number: what follows is in plain spelling (`-1234.5`, `1e300`), and no
/// guess about decimal marks applies to it. In a date column it is a spreadsheet's serial day or a Unix time.
pub(super) const EXACT: char = '\u{2}';

/// Most columns of a source: more are a defect of the export, and an attack on memory.
pub(super) const MOST_COLUMNS: usize = 4096;

/// Receives a row: its number as a person finds it in the file (line, row of a sheet, place in a list), and its cells in
/// the order of the header. Rows of another width than the header's are refused by the caller.
pub(super) type Take<'a> = &'a mut dyn FnMut(u64, &StringRecord) -> Result<(), IngestError>;

/// A source of rows of text.
pub(super) trait TextRows {
    /// The names of its columns.
    fn header(&self) -> &[String];

    /// What was recognised, for the report: at least `format`.
    fn recognised(&self) -> BTreeMap<String, String>;

    /// Hands on every row that is not blank, from the first one; as often as it is called, the same rows.
    ///
    /// # Errors
    /// What `take` returns, or why the source cannot be read on: named with file and row.
    fn rows(&mut self, take: Take<'_>) -> Result<(), IngestError>;

    /// What the last pass met that the user should know, such as damaged text or rows of totals left out.
    fn notices(&self) -> Vec<Notice> {
        Vec::new()
    }
}

/// Refuses a header of too many columns.
pub(super) fn check_width(file: &str, columns: usize) -> Result<(), IngestError> {
    if columns > MOST_COLUMNS {
        return Err(IngestError::TooLarge {
            file: file.into(),
            what: format!("has {columns} columns"),
            limit: format!("at most {MOST_COLUMNS}"),
        });
    }
    Ok(())
}
