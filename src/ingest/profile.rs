//! Rows of text into canonical columns: recognised in a first pass over all rows, handed on in one plain spelling in a
//! second.
//!
//! ```text
//! TextRows ── header ─▶ columns, filter ── every row ─▶ spelling per column
//!          ── every row again ─▶ frames of (row_number, canonical columns as plain text), and rows of another width
//! ```

use std::collections::BTreeMap;

use csv::StringRecord;
use polars::prelude::{Column as FrameColumn, DataFrame};

use super::{
    IngestError,
    columns::{self, Mapped, Mapping},
    contract::Table,
    filter::Filter,
    rows::TextRows,
    spelling::{self, Evidence, Spelling, present},
};
use crate::{config::sources::SourceConfig, domain::Notice};

/// Rows per frame.
const CHUNK: usize = 50_000;

/// What the first pass found out about a source.
pub(super) struct Profile {
    reader: Box<dyn TextRows>,
    filter: Filter,
    width: usize,
    spellings: Vec<Spelling>,
    /// Its columns.
    pub(super) mapping: Mapping,
    /// Rows that the filter admits.
    pub(super) rows: u64,
    /// What was recognised, for the report.
    pub(super) recognised: BTreeMap<String, String>,
    /// What the user should know.
    pub(super) notices: Vec<Notice>,
}

/// A row that is none of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rejected {
    /// Its number in the file.
    pub(super) row_number: u64,
    /// Fields it has.
    pub(super) fields: usize,
    /// Fields it should have.
    pub(super) expected: usize,
}

impl Profile {
    /// The first pass: columns, and how each is written.
    ///
    /// # Errors
    /// If columns are missing or values can be read both ways, or what the reader returns.
    pub(super) fn of(
        mut reader: Box<dyn TextRows>,
        file: &str,
        table: &'static Table,
        config: &SourceConfig,
    ) -> Result<Self, IngestError> {
        let header = reader.header().to_vec();
        let mapping = columns::map(file, table, &header, config)?;
        let filter = Filter::of(file, &header, &config.filter)?;
        let mut evidence: Vec<Evidence> = mapping.columns.iter().map(|m| Evidence::of(m.column.kind)).collect();
        let (mut rows, mut left_out) = (0_u64, 0_u64);
        reader.rows(&mut |_, row| {
            // A row of another width is refused later; which of its cells is which, nobody knows.
            if row.len() >= header.len() && !filter.admits(row) {
                left_out += 1;
                return Ok(());
            }
            rows += 1;
            for (evidence, mapped) in evidence.iter_mut().zip(&mapping.columns) {
                let cell = mapped.text(row);
                if let Some(value) = present(&cell, mapped.column.kind)
                    && mapped.values.as_ref().is_none_or(|words| words.get(value).is_none())
                {
                    evidence.add(value);
                }
            }
            Ok(())
        })?;
        let spellings = spelling::decide(file, table, config, &mapping, &evidence)?;
        let mut recognised = reader.recognised();
        recognised.extend(spelling::recognised(&spellings, &evidence));
        if left_out > 0 {
            recognised.insert("left out by the filter".into(), left_out.to_string());
        }
        let mut notices = reader.notices();
        notices.extend(mapping_notices(file, table, &mapping));
        let width = header.len();
        Ok(Self { reader, filter, width, spellings, mapping, rows, recognised, notices })
    }

    /// The second pass: hands on the rows in frames of text columns named canonically, likewise those that the filter
    /// leaves out with the `reason` for it, and returns what is no row.
    pub(super) fn rows(
        &mut self,
        mut take: impl FnMut(&DataFrame) -> Result<(), IngestError>,
        mut leave: impl FnMut(&DataFrame) -> Result<(), IngestError>,
    ) -> Result<Vec<Rejected>, IngestError> {
        let Self { reader, filter, width, spellings, mapping, .. } = self;
        let width = *width;
        let mut chunk = Chunk::of(&mapping.columns, spellings);
        let (mut left, mut reasons) = (Chunk::of(&mapping.columns, spellings), Vec::new());
        let mut rejected = Vec::new();
        reader.rows(&mut |row_number, row| {
            let surplus_is_blank = (width..row.len()).all(|at| row[at].trim().is_empty());
            if row.len() >= width
                && let Some(reason) = filter.reason(row)
            {
                left.push(row_number, row);
                reasons.push(reason);
                return if reasons.len() == CHUNK { leave(&left.explained(&mut reasons)?) } else { Ok(()) };
            }
            if row.len() < width || !surplus_is_blank {
                rejected.push(Rejected { row_number, fields: row.len(), expected: width });
                return Ok(());
            }
            chunk.push(row_number, row);
            if chunk.row_numbers.len() == CHUNK { take(&chunk.frame()?) } else { Ok(()) }
        })?;
        if !chunk.row_numbers.is_empty() {
            take(&chunk.frame()?)?;
        }
        if !reasons.is_empty() {
            leave(&left.explained(&mut reasons)?)?;
        }
        Ok(rejected)
    }
}

/// What the user should know of a file's columns.
pub(super) fn mapping_notices(file: &str, table: &Table, mapping: &Mapping) -> Vec<Notice> {
    let mut notices = Vec::new();
    if !mapping.unused.is_empty() {
        let shown = mapping.unused.iter().take(40).cloned().collect::<Vec<_>>().join(", ");
        let more = mapping.unused.len().saturating_sub(40);
        let more = if more > 0 { format!(" and {more} more columns") } else { String::new() };
        notices.push(Notice::info("unused-columns", format!("{file}: `{}` has no use for {shown}{more}", table.name)));
    }
    if !mapping.absent.is_empty() {
        let text = format!("{file}: has no column for {}", mapping.absent.join(", "));
        notices.push(Notice::info("absent-columns", text));
    }
    notices
}

/// A number divided by hundred; what is none stays as it is.
fn hundredth(plain: String) -> String {
    plain.parse::<f64>().map_or(plain, |value| (value / 100.0).to_string())
}

/// Rows on their way into a frame.
struct Chunk<'a> {
    columns: &'a [Mapped],
    spellings: &'a [Spelling],
    row_numbers: Vec<i64>,
    cells: Vec<Vec<Option<String>>>,
}

impl<'a> Chunk<'a> {
    fn of(columns: &'a [Mapped], spellings: &'a [Spelling]) -> Self {
        Self { columns, spellings, row_numbers: Vec::new(), cells: vec![Vec::new(); columns.len()] }
    }

    fn push(&mut self, row_number: u64, row: &StringRecord) {
        self.row_numbers.push(row_number as i64);
        for ((cells, mapped), spelling) in self.cells.iter_mut().zip(self.columns).zip(self.spellings) {
            let cell = mapped.text(row);
            let ours = mapped.values.as_ref().and_then(|words| words.get(&cell));
            cells.push(match ours {
                Some(ours) => Some(ours.to_owned()).filter(|_| !columns::bare(&cell).is_empty()),
                None => present(&cell, mapped.column.kind).map(|value| {
                    let plain = spelling.plain(value);
                    if mapped.is_percent { hundredth(plain) } else { plain }
                }),
            });
        }
    }

    /// The rows so far as a frame with the reason why each is left out; begins anew.
    fn explained(&mut self, reasons: &mut Vec<String>) -> Result<DataFrame, IngestError> {
        let mut frame = self.frame()?;
        frame.with_column(FrameColumn::new("reason".into(), std::mem::take(reasons)))?;
        Ok(frame)
    }

    /// The rows so far as a frame; begins anew.
    fn frame(&mut self) -> Result<DataFrame, IngestError> {
        let height = self.row_numbers.len();
        let mut columns = vec![FrameColumn::new("row_number".into(), std::mem::take(&mut self.row_numbers))];
        for (mapped, cells) in self.columns.iter().zip(&mut self.cells) {
            columns.push(FrameColumn::new(mapped.column.name.into(), std::mem::take(cells)));
        }
        Ok(DataFrame::new(height, columns)?)
    }
}
