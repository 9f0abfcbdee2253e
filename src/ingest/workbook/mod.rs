//! Workbooks (`.xlsx`, `.xls`, `.ods`): the sheet that holds the table, its header, and its rows as text.
//!
//! Numbers go on as numbers and dates as days, whatever the cell shows; of formulas only the stored result is read,
//! nothing is evaluated. Rows of totals are left out and reported. A sheet of an `.xlsx` file is streamed; those of the
//! other formats are held in memory, within the [`bounds`].

mod bounds;
mod cell;

use std::{collections::BTreeMap, fs::File, io::BufReader};

use calamine::{Data, Ods, Range, Reader, SheetVisible, Xls, Xlsx, open_workbook_from_rs};
use csv::StringRecord;

use super::{
    IngestError, columns,
    contract::Table,
    decode::LONGEST_RECORD,
    discover::SourceFile,
    header::{self, Header, Numbered},
    rows::{MOST_COLUMNS, Take, TextRows, check_width},
};
use crate::{
    config::sources::{Sheet, SourceConfig},
    domain::Notice,
};

/// How a workbook is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WorkbookFormat {
    /// Office Open XML.
    Xlsx,
    /// Excel 97 to 2003.
    Xls,
    /// OpenDocument.
    Ods,
}

impl WorkbookFormat {
    const fn name(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Xls => "xls",
            Self::Ods => "ods",
        }
    }
}

/// Where the sheets lie.
enum Sheets {
    Streamed(Box<Xlsx<BufReader<File>>>),
    Held(BTreeMap<String, Range<Data>>),
}

/// A workbook whose sheet and header were found.
pub(super) struct Workbook {
    file: String,
    format: WorkbookFormat,
    sheets: Sheets,
    sheet: String,
    header: Header,
    /// Row of the sheet on which the data begin.
    first_row: u64,
    /// Columns without which a row is none.
    required: Vec<usize>,
    totals: Vec<u64>,
}

impl Workbook {
    /// Opens a workbook and finds sheet and header.
    ///
    /// # Errors
    /// If it is larger than what may be unpacked, damaged, protected by a password, or has no such sheet or header.
    pub(super) fn open(
        file: &SourceFile,
        format: WorkbookFormat,
        table: &'static Table,
        config: &SourceConfig,
    ) -> Result<Self, IngestError> {
        bounds::check(&file.name, &file.path, format)?;
        // The parsers of old formats may panic on files that are none.
        let (mut sheets, names) = std::panic::catch_unwind(|| open(file, format))
            .unwrap_or_else(|_| Err(damaged(file, "its structure makes no sense")))?;
        let candidates = candidates(file, &names, config)?;
        let mut best: Option<(String, Header, u64)> = None;
        for sheet in candidates {
            let first = sheets.first_rows(&file.name, &sheet, config)?;
            let Some(found) = header::find(&first, table, config) else { continue };
            let first_row = first.get(found.rows_before_data - 1).map_or(0, |(row, _)| row + 1);
            let known = |header: &Header| (header.is_complete, columns::recognised(table, &header.names, config));
            let is_better = best.as_ref().is_none_or(|(_, header, _)| known(&found) > known(header));
            if is_better {
                best = Some((sheet, found, first_row));
            }
        }
        let Some((sheet, mut header, first_row)) = best else {
            return Err(match config.header_row {
                Some(row) => IngestError::NoHeader { file: file.name.clone(), row: row.get() },
                None => IngestError::Empty { file: file.name.clone() },
            });
        };
        while header.names.last().is_some_and(String::is_empty) {
            header.names.pop();
        }
        check_width(&file.name, header.names.len())?;
        let mapping = columns::map(&file.name, table, &header.names, config)?;
        let required = mapping.columns.iter().filter(|m| m.column.required).flat_map(|m| m.positions.clone()).collect();
        Ok(Self { file: file.name.clone(), format, sheets, sheet, header, first_row, required, totals: Vec::new() })
    }
}

fn damaged(file: &SourceFile, error: impl std::fmt::Display) -> IngestError {
    IngestError::Read { file: file.name.clone(), reason: format!("cannot be read as a workbook: {error}") }
}

/// The sheets of a workbook, and their names with whether they are shown.
fn open(file: &SourceFile, format: WorkbookFormat) -> Result<(Sheets, Vec<(String, bool)>), IngestError> {
    let reader = File::open(&file.path).map(BufReader::new).map_err(|error| damaged(file, error))?;
    let visible = |sheets: &[calamine::Sheet]| {
        sheets.iter().map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible)).collect()
    };
    Ok(match format {
        WorkbookFormat::Xlsx => {
            let workbook: Xlsx<_> = open_workbook_from_rs(reader).map_err(|error| damaged(file, error))?;
            let names = visible(workbook.sheets_metadata());
            (Sheets::Streamed(Box::new(workbook)), names)
        }
        WorkbookFormat::Xls => {
            let mut workbook: Xls<_> = open_workbook_from_rs(reader).map_err(|error| damaged(file, error))?;
            (Sheets::Held(workbook.worksheets().into_iter().collect()), visible(workbook.sheets_metadata()))
        }
        WorkbookFormat::Ods => {
            let mut workbook: Ods<_> = open_workbook_from_rs(reader).map_err(|error| damaged(file, error))?;
            (Sheets::Held(workbook.worksheets().into_iter().collect()), visible(workbook.sheets_metadata()))
        }
    })
}

/// The sheets in which the table may lie: the configured one, else all that are shown.
fn candidates(file: &SourceFile, names: &[(String, bool)], config: &SourceConfig) -> Result<Vec<String>, IngestError> {
    let found = match &config.sheet {
        None => return Ok(names.iter().filter(|(_, is_shown)| *is_shown).map(|(name, _)| name.clone()).collect()),
        Some(Sheet::Number(number)) => names.get(number.get() - 1),
        Some(Sheet::Name(wanted)) => names.iter().find(|(name, _)| name.trim() == wanted.trim()),
    };
    let wanted = || match &config.sheet {
        Some(Sheet::Number(number)) => number.to_string(),
        Some(Sheet::Name(name)) => name.clone(),
        None => String::new(),
    };
    let found = found.ok_or_else(|| IngestError::NoSheet {
        file: file.name.clone(),
        sheet: wanted(),
        found: names.iter().map(|(name, _)| name.clone()).collect(),
    })?;
    Ok(vec![found.0.clone()])
}

impl Sheets {
    /// Hands on the rows of a sheet, from row `from`, until `take` says that it is enough; cells right of `width` are
    /// left aside.
    fn rows(
        &mut self,
        file: &str,
        sheet: &str,
        from: u64,
        width: usize,
        mut take: impl FnMut(u64, &StringRecord) -> Result<bool, IngestError>,
    ) -> Result<(), IngestError> {
        let unreadable = |reason: String| IngestError::Read { file: file.into(), reason };
        let mut row = RowInProgress { file, number: 0, cells: Vec::new(), width, record: StringRecord::new() };
        match self {
            Self::Streamed(workbook) => {
                let failed = |error: calamine::XlsxError| unreadable(format!("sheet `{sheet}` is damaged: {error}"));
                let mut cells = workbook.worksheet_cells_reader(sheet).map_err(failed)?;
                while let Some(cell) = cells.next_cell().map_err(failed)? {
                    let (at, column) = cell.get_position();
                    let number = u64::from(at) + 1;
                    if number < row.number {
                        return Err(unreadable(format!("sheet `{sheet}` is damaged: row {number} comes twice")));
                    }
                    if number > row.number && !row.end(from, &mut take)? {
                        return Ok(());
                    }
                    row.number = number;
                    row.put(column as usize, Data::from(cell.get_value().clone()))?;
                }
            }
            Self::Held(ranges) => {
                let Some(range) = ranges.get(sheet) else { return Ok(()) };
                let (first_row, first_column) = range.start().unwrap_or_default();
                for (cells, number) in range.rows().zip(u64::from(first_row) + 1..) {
                    if !row.end(from, &mut take)? {
                        return Ok(());
                    }
                    row.number = number;
                    for (cell, column) in cells.iter().zip(first_column as usize..) {
                        row.put(column, cell.clone())?;
                    }
                }
            }
        }
        row.end(from, &mut take).map(|_| ())
    }

    /// The first rows that are not blank, for the search of the header.
    fn first_rows(&mut self, file: &str, sheet: &str, config: &SourceConfig) -> Result<Vec<Numbered>, IngestError> {
        let wanted = header::SEARCHED + config.header_row.map_or(0, |row| row.get() as usize);
        let mut first: Vec<Numbered> = Vec::new();
        // One more than may be, so that a wider header is refused and not cut off.
        self.rows(file, sheet, 1, MOST_COLUMNS + 1, |number, record| {
            first.push((number, record.iter().map(|cell| columns::bare(cell).to_owned()).collect()));
            Ok(first.len() < wanted)
        })?;
        Ok(first)
    }
}

/// The cells of a row, put in any order.
struct RowInProgress<'a> {
    file: &'a str,
    number: u64,
    cells: Vec<String>,
    width: usize,
    record: StringRecord,
}

impl RowInProgress<'_> {
    fn put(&mut self, column: usize, value: Data) -> Result<(), IngestError> {
        let text = cell::text(value);
        if text.is_empty() || column >= self.width {
            return Ok(());
        }
        if text.len() as u64 > LONGEST_RECORD {
            let (file, line) = (self.file.to_owned(), self.number);
            return Err(IngestError::Record { file, line, reason: "has a cell longer than 1 MiB" });
        }
        if self.cells.len() <= column {
            self.cells.resize(column + 1, String::new());
        }
        self.cells[column] = text;
        Ok(())
    }

    /// Hands on the row if it holds anything, and begins anew.
    fn end(
        &mut self,
        from: u64,
        take: &mut impl FnMut(u64, &StringRecord) -> Result<bool, IngestError>,
    ) -> Result<bool, IngestError> {
        let is_blank = self.cells.iter().all(|cell| columns::bare(cell).is_empty());
        let goes_on = if is_blank || self.number < from {
            true
        } else {
            self.record.clear();
            self.cells.iter().for_each(|cell| self.record.push_field(cell));
            take(self.number, &self.record)?
        };
        self.cells.clear();
        Ok(goes_on)
    }
}

impl TextRows for Workbook {
    fn header(&self) -> &[String] {
        &self.header.names
    }

    fn recognised(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("format".to_owned(), self.format.name().to_owned()),
            ("sheet".to_owned(), self.sheet.clone()),
            ("header".to_owned(), format!("row {}", self.header.row)),
        ])
    }

    fn rows(&mut self, take: Take<'_>) -> Result<(), IngestError> {
        let Self { file, sheets, sheet, header, first_row, required, totals, .. } = self;
        let width = header.names.len();
        totals.clear();
        let mut padded = StringRecord::new();
        sheets.rows(file, sheet, *first_row, width, |number, record| {
            padded.clear();
            (0..width).for_each(|at| padded.push_field(record.get(at).unwrap_or_default()));
            match cell::is_total(&padded, required) {
                true => totals.push(number),
                false => take(number, &padded)?,
            }
            Ok(true)
        })
    }

    fn notices(&self) -> Vec<Notice> {
        if self.totals.is_empty() {
            return Vec::new();
        }
        let rows: Vec<String> = self.totals.iter().take(10).map(u64::to_string).collect();
        let more = if self.totals.len() > rows.len() { ", ..." } else { "" };
        let text =
            format!("{}: {} rows of totals left out (row {}{more})", self.file, self.totals.len(), rows.join(", "));
        vec![Notice::info("totals", text)]
    }
}
