//! CSV files: recognised in a first pass over all rows, then handed on as text in one plain spelling.
//!
//! ```text
//! file ── fingerprint ─▶ encoding ── dialect ─▶ delimiter, quotes ── profile ─▶ decimal mark, date order per column
//!      ── rows ─▶ frames of (row_number, canonical columns as plain text), and rows with too few or many fields
//! ```
//!
//! A whole pass is spent on recognition, because `1.234` and `03/04/2021` mean nothing until the rest of the column is
//! known. Whether a value keeps the contract is decided later, by SQL, for CSV and Parquet alike.

mod date;
mod decode;
mod dialect;
mod number;
mod records;

use std::{collections::BTreeMap, fs::File};

use csv::StringRecord;
use encoding_rs::Encoding;
use polars::prelude::{Column as FrameColumn, DataFrame};

use self::{dialect::Dialect, records::Records};
use super::{
    IngestError,
    columns::{self, Mapping},
    contract::{Kind, Table},
    discover::SourceFile,
    fingerprint::{self, Fingerprint},
};
use crate::config::sources::{DateOrder, DecimalMark, Delimiter, SourceConfig};

/// Rows per frame.
const CHUNK: usize = 50_000;

/// Begins a cell that could not be brought into plain spelling, so that SQL cannot take it for something else.
pub(super) const UNREADABLE: char = '\u{1}';

/// How the cells of a column are written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Spelling {
    /// As it is.
    Verbatim,
    /// With this decimal mark.
    Number(DecimalMark),
    /// With day and month in this order.
    Date(DateOrder),
    /// Months, or days with day and month in this order.
    Month(DateOrder),
}

/// What the first pass found out about a file.
#[derive(Debug)]
pub(super) struct Profile {
    file: SourceFile,
    encoding: &'static Encoding,
    dialect: Dialect,
    width: usize,
    spellings: Vec<Spelling>,
    /// Its columns.
    pub(super) mapping: Mapping,
    /// Its records without the header.
    pub(super) rows: u64,
    /// Whether bytes were met that its encoding does not have.
    pub(super) has_damage: bool,
    /// What was recognised, for the report.
    pub(super) recognised: BTreeMap<String, String>,
}

/// A record that is no row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rejected {
    /// Line it begins on.
    pub(super) row_number: u64,
    /// Fields it has.
    pub(super) fields: usize,
    /// Fields it should have.
    pub(super) expected: usize,
}

/// Recognises the encoding of a file's bytes.
pub(super) fn fingerprint(file: &SourceFile) -> Result<Fingerprint, IngestError> {
    File::open(&file.path)
        .and_then(fingerprint::recognise)
        .map_err(|error| IngestError::Read { file: file.name.clone(), reason: error.to_string() })
}

/// The first pass: dialect, columns, and how each column is written.
pub(super) fn profile(
    file: &SourceFile,
    fingerprint: &Fingerprint,
    table: &'static Table,
    config: &SourceConfig,
) -> Result<Profile, IngestError> {
    let encoding = config.encoding.map_or(fingerprint.encoding, |encoding| encoding.0);
    let sample = records::sample(file, encoding)?;
    let dialect = dialect::recognise(&sample, table, &config.columns, config.delimiter);
    let mut records = Records::open(file, encoding, dialect)?;
    let header: Vec<String> = match records.next()? {
        None => return Err(IngestError::Empty { file: file.name.clone() }),
        Some((_, record)) => record.iter().map(|name| name.trim().to_owned()).collect(),
    };
    let mapping = columns::map(&file.name, table, &header, &config.columns)?;
    let mut evidence: Vec<Evidence> = mapping.columns.iter().map(|m| Evidence::of(m.column.kind)).collect();
    let mut rows = 0;
    while let Some((_, record)) = records.next()? {
        rows += 1;
        for (evidence, mapped) in evidence.iter_mut().zip(&mapping.columns) {
            if let Some(value) = record.get(mapped.position).and_then(|cell| present(cell, mapped.column.kind)) {
                evidence.add(value);
            }
        }
    }
    let spellings = spellings(file, table, config, &mapping, &evidence)?;
    let mut recognised = BTreeMap::from([
        ("format".to_owned(), "csv".to_owned()),
        ("encoding".to_owned(), format!("{}{}", encoding.name(), if fingerprint.has_bom { " with BOM" } else { "" })),
        ("delimiter".to_owned(), delimiter_name(dialect.delimiter).to_owned()),
    ]);
    recognised.extend(recognised_spellings(&spellings, &evidence));
    let has_damage = records.has_damage();
    let width = header.len();
    Ok(Profile { file: file.clone(), encoding, dialect, width, spellings, mapping, rows, has_damage, recognised })
}

impl Profile {
    /// The second pass: hands on the rows in frames of text columns named canonically, and returns what is no row.
    pub(super) fn rows(
        &self,
        mut take: impl FnMut(&DataFrame) -> Result<(), IngestError>,
    ) -> Result<Vec<Rejected>, IngestError> {
        let mut records = Records::open(&self.file, self.encoding, self.dialect)?;
        records.next()?;
        let mut chunk = Chunk::of(self);
        let mut rejected = Vec::new();
        while let Some((line, record)) = records.next()? {
            let surplus_is_blank = (self.width..record.len()).all(|at| record[at].trim().is_empty());
            if record.len() < self.width || !surplus_is_blank {
                rejected.push(Rejected { row_number: line, fields: record.len(), expected: self.width });
                continue;
            }
            chunk.push(line, record);
            if chunk.row_numbers.len() == CHUNK {
                take(&chunk.frame()?)?;
            }
        }
        if !chunk.row_numbers.is_empty() {
            take(&chunk.frame()?)?;
        }
        Ok(rejected)
    }
}

/// Rows on their way into a frame.
struct Chunk<'a> {
    profile: &'a Profile,
    row_numbers: Vec<i64>,
    cells: Vec<Vec<Option<String>>>,
}

impl<'a> Chunk<'a> {
    fn of(profile: &'a Profile) -> Self {
        Self { profile, row_numbers: Vec::new(), cells: vec![Vec::new(); profile.mapping.columns.len()] }
    }

    fn push(&mut self, line: u64, record: &StringRecord) {
        self.row_numbers.push(line as i64);
        let columns = self.profile.mapping.columns.iter().zip(&self.profile.spellings);
        for (cells, (mapped, spelling)) in self.cells.iter_mut().zip(columns) {
            cells.push(present(&record[mapped.position], mapped.column.kind).map(|value| plain(value, *spelling)));
        }
    }

    /// The rows so far as a frame; begins anew.
    fn frame(&mut self) -> Result<DataFrame, IngestError> {
        let height = self.row_numbers.len();
        let mut columns = vec![FrameColumn::new("row_number".into(), std::mem::take(&mut self.row_numbers))];
        for (mapped, cells) in self.profile.mapping.columns.iter().zip(&mut self.cells) {
            columns.push(FrameColumn::new(mapped.column.name.into(), std::mem::take(cells)));
        }
        Ok(DataFrame::new(height, columns)?)
    }
}

/// A cell's value, unless it stands for "nothing".
fn present(cell: &str, kind: Kind) -> Option<&str> {
    let value = cell.trim();
    let is_missing = match kind {
        Kind::Text => matches!(value, "" | "NULL" | "\\N"),
        _ => {
            matches!(
                value.to_ascii_lowercase().as_str(),
                "" | "null" | "\\n" | "na" | "n/a" | "#n/a" | "#nv" | "none" | "-"
            ) || matches!(kind, Kind::Date | Kind::Month) && date::is_placeholder(value)
        }
    };
    (!is_missing).then_some(value)
}

fn plain(value: &str, spelling: Spelling) -> String {
    let plain = match spelling {
        Spelling::Verbatim => Some(value.to_owned()),
        Spelling::Number(mark) => number::plain(value, mark),
        Spelling::Date(order) => date::iso(value, order),
        Spelling::Month(order) => date::iso_month(value, order),
    };
    plain.unwrap_or_else(|| format!("{UNREADABLE}{value}"))
}

/// What a column's values say about how they are written.
enum Evidence {
    None,
    Numbers(number::Evidence),
    Dates(date::Evidence),
}

impl Evidence {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Text | Kind::Bool | Kind::Choice(_) => Self::None,
            Kind::Date | Kind::Month => Self::Dates(date::Evidence::default()),
            Kind::Money | Kind::Quantity | Kind::Number(..) | Kind::Integer(..) => {
                Self::Numbers(number::Evidence::default())
            }
        }
    }

    fn add(&mut self, value: &str) {
        match self {
            Self::None => {}
            Self::Numbers(evidence) => evidence.add(value),
            Self::Dates(evidence) => evidence.add(value),
        }
    }
}

/// Decides how each column is written. A file is written in one place, so a column that leaves its decimal mark open
/// takes that of the others; a column's own evidence goes before theirs.
fn spellings(
    file: &SourceFile,
    table: &'static Table,
    config: &SourceConfig,
    mapping: &Mapping,
    evidence: &[Evidence],
) -> Result<Vec<Spelling>, IngestError> {
    let mut whole_file = number::Evidence::default();
    for column in evidence {
        if let Evidence::Numbers(column) = column {
            whole_file.comma += column.comma;
            whole_file.point += column.point;
        }
    }
    // Values of a confidential table are not repeated, not even in an error.
    let shown = |value: &str| if table.confidential { "(withheld)".to_owned() } else { value.to_owned() };
    mapping
        .columns
        .iter()
        .zip(evidence)
        .map(|(mapped, evidence)| {
            let (file, column) = (file.name.clone(), mapped.theirs.clone());
            match evidence {
                Evidence::None => Ok(Spelling::Verbatim),
                Evidence::Numbers(numbers) => {
                    let mark = config.decimal.or_else(|| numbers.mark()).or_else(|| whole_file.mark());
                    match (mark, &numbers.open) {
                        (Some(mark), _) => Ok(Spelling::Number(mark)),
                        (None, None) => Ok(Spelling::Number(DecimalMark::Point)),
                        (None, Some(value)) => {
                            Err(IngestError::AmbiguousNumbers { table: table.name, file, column, value: shown(value) })
                        }
                    }
                }
                Evidence::Dates(dates) => {
                    let order = config.date_order.map_or_else(|| dates.order(), Ok).map_err(|open| {
                        let value = shown(open.unwrap_or("31/12/2021 beside 12/31/2021"));
                        IngestError::AmbiguousDates { table: table.name, file, column, value }
                    })?;
                    Ok(if mapped.column.kind == Kind::Month { Spelling::Month(order) } else { Spelling::Date(order) })
                }
            }
        })
        .collect()
}

fn recognised_spellings(spellings: &[Spelling], evidence: &[Evidence]) -> BTreeMap<String, String> {
    let mut marks = Vec::new();
    let mut dates = Vec::new();
    for (spelling, evidence) in spellings.iter().zip(evidence) {
        match (spelling, evidence) {
            (Spelling::Number(mark), Evidence::Numbers(numbers)) if numbers.comma + numbers.point > 0 => {
                marks.push(if *mark == DecimalMark::Comma { "," } else { "." });
            }
            (Spelling::Date(order) | Spelling::Month(order), Evidence::Dates(found)) => {
                dates.extend(found.spellings.iter().map(|spelling| match (*spelling, order) {
                    ("/", DateOrder::Dmy) => "dd/mm/yyyy",
                    ("/", DateOrder::Mdy) => "mm/dd/yyyy",
                    ("-", DateOrder::Dmy) => "dd-mm-yyyy",
                    ("-", DateOrder::Mdy) => "mm-dd-yyyy",
                    (spelling, _) => spelling,
                }));
            }
            _ => {}
        }
    }
    let mut recognised = BTreeMap::new();
    for (name, mut found) in [("decimal mark", marks), ("dates", dates)] {
        found.sort_unstable();
        found.dedup();
        if !found.is_empty() {
            recognised.insert(name.to_owned(), found.join(" and "));
        }
    }
    recognised
}

fn delimiter_name(delimiter: Delimiter) -> &'static str {
    match delimiter {
        Delimiter::Comma => "comma",
        Delimiter::Semicolon => "semicolon",
        Delimiter::Tab => "tab",
        Delimiter::Bar => "bar",
    }
}
