//! Rows out of files: delivered files are written anew without what is forgotten, every other byte of a CSV file staying as
//! it is. JSON and workbooks have their own files, mailboxes too.

use std::{
    collections::BTreeSet,
    fs,
    io::Cursor,
    path::{Path, PathBuf},
};

use calamine::{Reader, Xls};
use encoding_rs::{UTF_16BE, UTF_16LE};
use polars::prelude::*;

use super::{ForgetError, json, mail, workbook};
use crate::{atomic, ingest};

/// What becomes of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edit<'a> {
    /// It goes.
    Drop,
    /// The id in it is replaced.
    Replace(&'a str),
}

/// Which rows of a file, and what becomes of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change<'a> {
    /// Ids that are forgotten.
    pub ids: &'a BTreeSet<String>,
    /// Ids that the file's id column holds beside them, by which that column is found; empty: any column.
    pub known: &'a BTreeSet<String>,
    pub edit: Edit<'a>,
    /// Columns, as [`normal`] has them, whose cells are emptied in the rows that are replaced.
    pub emptied: &'a BTreeSet<String>,
    /// Columns, likewise, in the first of which a forgotten id is emptied wherever it stands.
    pub reference: &'a BTreeSet<String>,
    /// JSON: the member that holds the records.
    pub records: Option<&'a str>,
}

/// The name of a column, whatever its case and blanks.
pub(super) fn normal(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

/// Writes a file anew; says how many rows were changed or dropped, or `None` if this kind of file cannot be written.
pub(super) fn rewrite(path: &Path, change: &Change<'_>) -> Result<Option<u64>, ForgetError> {
    let kind = extension(path);
    if kind == "parquet" {
        return rewrite_parquet(path, change).map(Some);
    }
    let bytes = fs::read(path).map_err(|error| ForgetError::file(path, error))?;
    let utf16 = ingest::utf16(&bytes);
    let rewritten = match (kind.as_str(), utf16) {
        ("csv" | "tsv" | "txt", None) => {
            Some(rewrite_text(&bytes, change).map_err(|error| ForgetError::file(path, error))?)
        }
        ("csv" | "tsv" | "txt", Some(encoding)) => {
            let (text, rows) = rewrite_text(encoding.decode_without_bom_handling(&bytes).0.as_bytes(), change)
                .map_err(|error| ForgetError::file(path, error))?;
            Some((encoded(&String::from_utf8_lossy(&text), encoding), rows))
        }
        ("json" | "jsonl" | "ndjson", None) => json::rewrite(&bytes, kind != "json", change),
        ("xlsx" | "xlsm" | "ods", _) => workbook::rewrite(&bytes, change),
        _ => None,
    };
    let Some((new, rows)) = rewritten else { return Ok(None) };
    if rows > 0 {
        atomic::write_bytes(path, &new)?;
    }
    Ok(Some(rows))
}

pub(super) fn extension(path: &Path) -> String {
    path.extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn encoded(text: &str, encoding: &'static encoding_rs::Encoding) -> Vec<u8> {
    let bytes = if encoding == UTF_16BE { u16::to_be_bytes } else { u16::to_le_bytes };
    text.encode_utf16().flat_map(bytes).collect()
}

fn text_of(cell: &[u8]) -> String {
    match std::str::from_utf8(cell) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(cell).0.trim().to_owned(),
    }
}

/// The sign that the first line has most of: decimal commas come later.
fn delimiter_of(bytes: &[u8]) -> u8 {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let count = |delimiter: &u8| line.iter().filter(|byte| *byte == delimiter).count();
    [b'|', b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

fn reader(bytes: &[u8]) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter_of(bytes)).from_reader(bytes)
}

/// Columns by position: where the ids are, which are emptied, which refers.
#[derive(Debug, Default)]
pub(super) struct Places {
    id: Option<usize>,
    emptied: Vec<usize>,
    reference: Option<usize>,
}

impl Places {
    /// What stands in a cell from now on, if that is something else; `meant` is said of its row.
    pub(super) fn replaced<'a>(&self, place: usize, text: &str, meant: bool, change: &Change<'a>) -> Option<&'a str> {
        let holds_id = change.ids.contains(text);
        match change.edit {
            Edit::Replace(by) if meant && holds_id => Some(by),
            _ if holds_id && self.reference == Some(place) => Some(""),
            _ if meant && !text.is_empty() && self.emptied.contains(&place) => Some(""),
            _ => None,
        }
    }
}

/// Rows looked at to find the id column.
const LOOKED_AT: usize = 10_000;

pub(super) fn places(rows: impl Iterator<Item = Vec<String>>, change: &Change<'_>) -> Places {
    let mut places = Places::default();
    let mut hits: Vec<usize> = Vec::new();
    for row in rows.take(LOOKED_AT) {
        // names of columns stand above the first id
        let is_head = hits.iter().all(|hits| *hits == 0);
        hits.resize(hits.len().max(row.len()), 0);
        for (place, cell) in row.iter().enumerate() {
            hits[place] += usize::from(change.known.contains(cell) || change.ids.contains(cell));
            if !is_head {
                continue;
            }
            let name = normal(cell);
            if places.reference.is_none() && change.reference.contains(&name) {
                places.reference = Some(place);
            }
            if change.emptied.contains(&name) && !places.emptied.contains(&place) {
                places.emptied.push(place);
            }
        }
    }
    // the first of the columns with the most known ids
    let most = hits.iter().copied().max().unwrap_or(0);
    places.id = hits.iter().position(|hits| *hits == most && most > 0).filter(|_| !change.known.is_empty());
    places
}

pub(super) fn is_meant(row: &[String], places: &Places, change: &Change<'_>) -> bool {
    match places.id {
        Some(place) => row.get(place).is_some_and(|cell| change.ids.contains(cell)),
        None => row.iter().any(|cell| change.ids.contains(cell)),
    }
}

fn rewrite_text(bytes: &[u8], change: &Change<'_>) -> Result<(Vec<u8>, u64), csv::Error> {
    let cells = |record: &csv::ByteRecord| record.iter().map(text_of).collect::<Vec<String>>();
    let places = places(reader(bytes).byte_records().flatten().map(|record| cells(&record)), change);
    let mut rows = reader(bytes);
    let delimiter = delimiter_of(bytes);
    let mut out = Vec::with_capacity(bytes.len());
    let (mut start, mut changed) = (0, 0);
    let mut record = csv::ByteRecord::new();
    while rows.read_byte_record(&mut record)? {
        let end = rows.position().byte() as usize;
        let raw = &bytes[start..end];
        start = end;
        let texts = cells(&record);
        let meant = is_meant(&texts, &places, change);
        if meant && change.edit == Edit::Drop {
            changed += 1;
            continue;
        }
        let replaced: Vec<Option<&str>> =
            texts.iter().enumerate().map(|(place, text)| places.replaced(place, text, meant, change)).collect();
        if replaced.iter().all(Option::is_none) {
            out.extend_from_slice(raw);
            continue;
        }
        changed += 1;
        let mut writer = csv::WriterBuilder::new().flexible(true).delimiter(delimiter).from_writer(Vec::new());
        for (cell, replaced) in record.iter().zip(&replaced) {
            writer.write_field(replaced.map_or(cell, str::as_bytes))?;
        }
        writer.write_record(None::<&[u8]>)?;
        out.extend(writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?);
    }
    out.extend_from_slice(&bytes[start..]);
    Ok((out, changed))
}

fn rewrite_parquet(path: &Path, change: &Change<'_>) -> Result<u64, ForgetError> {
    let failed = |error: PolarsError| ForgetError::file(path, error);
    let mut frame = read_parquet(path)?;
    let names: Vec<String> = frame.get_column_names().iter().map(|name| name.to_string()).collect();
    let mut texts: Vec<Vec<String>> = Vec::new();
    for name in &names {
        let column = frame.column(name).map_err(failed)?.cast(&DataType::String).map_err(failed)?;
        texts.push(
            column.str().map_err(failed)?.iter().map(|cell| cell.unwrap_or_default().trim().to_owned()).collect(),
        );
    }
    let row = |n: usize| texts.iter().map(|column| column[n].clone()).collect::<Vec<String>>();
    let rows = std::iter::once(names.clone()).chain((0..frame.height()).map(row));
    let places = places(rows, change);
    let meant: Vec<bool> = (0..frame.height()).map(|n| is_meant(&row(n), &places, change)).collect();
    let mut touched: Vec<bool> = meant.iter().map(|meant| *meant && change.edit == Edit::Drop).collect();
    for (place, name) in names.iter().enumerate() {
        if frame.column(name).map_err(failed)?.dtype() != &DataType::String {
            continue;
        }
        let mut new: Vec<Option<&str>> = Vec::with_capacity(meant.len());
        for (n, cell) in frame.column(name).map_err(failed)?.str().map_err(failed)?.iter().enumerate() {
            let replaced = places.replaced(place, &texts[place][n], meant[n], change);
            touched[n] |= replaced.is_some();
            new.push(replaced.map_or(cell, |by| (!by.is_empty()).then_some(by)));
        }
        let column = Column::new(name.as_str().into(), new);
        frame.with_column(column).map_err(failed)?;
    }
    let changed = touched.into_iter().filter(|touched| *touched).count() as u64;
    if change.edit == Edit::Drop {
        let keep: BooleanChunked = meant.iter().map(|meant| Some(!meant)).collect();
        frame = frame.filter(&keep).map_err(failed)?;
    }
    if changed > 0 {
        atomic::write_parquet(path, &frame)?;
    }
    Ok(changed)
}

fn read_parquet(path: &Path) -> Result<DataFrame, ForgetError> {
    let file = fs::File::open(path).map_err(|error| ForgetError::file(path, error))?;
    ParquetReader::new(file).finish().map_err(|error| ForgetError::file(path, error))
}

/// Whether a file holds one of the texts as a word of its own; Parquet, workbooks, mail and UTF-16 are unpacked. A folder
/// does if one of its files does.
pub(super) fn mentions(path: &Path, texts: &BTreeSet<String>) -> Result<bool, ForgetError> {
    if path.is_dir() {
        for file in all_files(path) {
            if mentions(&file, texts)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    let kind = extension(path);
    if kind == "parquet" {
        let Ok(frame) = read_parquet(path) else { return Ok(false) };
        let found = frame.columns().iter().any(|column| {
            column.dtype() == &DataType::String
                && column.str().is_ok_and(|cells| cells.iter().flatten().any(|cell| is_in(cell.as_bytes(), texts)))
        });
        return Ok(found);
    }
    let bytes = fs::read(path).map_err(|error| ForgetError::file(path, error))?;
    Ok(holds(&kind, &bytes, texts))
}

/// [`mentions`] of a file's bytes; `kind` is its extension.
pub(super) fn holds(kind: &str, bytes: &[u8], texts: &BTreeSet<String>) -> bool {
    match kind {
        "xlsx" | "xlsm" | "ods" | "docx" | "odt" => workbook::mentions(bytes, texts),
        "xls" => cells_hold(bytes, texts),
        "eml" | "mbox" => mail::mentions(bytes, texts),
        _ => match ingest::utf16(bytes) {
            Some(encoding) => is_in(encoding.decode_without_bom_handling(bytes).0.as_bytes(), texts),
            None if std::str::from_utf8(bytes).is_err() => {
                is_in(bytes, texts) || is_in(encoding_rs::WINDOWS_1252.decode(bytes).0.as_bytes(), texts)
            }
            None => is_in(bytes, texts),
        },
    }
}

/// An `.xls` holds numbers in binary and texts in one byte a letter or two.
fn cells_hold(bytes: &[u8], texts: &BTreeSet<String>) -> bool {
    let wide = |bytes: &[u8]| is_in(UTF_16LE.decode_without_bom_handling(bytes).0.as_bytes(), texts);
    let in_cells = Xls::new(Cursor::new(bytes)).is_ok_and(|mut book| {
        let mut cells = book
            .worksheets()
            .into_iter()
            .flat_map(|(_, sheet)| sheet.used_cells().map(|(_, _, cell)| cell.to_string()).collect::<Vec<_>>());
        cells.any(|cell| is_in(cell.as_bytes(), texts))
    });
    in_cells
        || is_in(encoding_rs::WINDOWS_1252.decode(bytes).0.as_bytes(), texts)
        || wide(bytes)
        || wide(bytes.get(1..).unwrap_or_default())
}

pub(super) fn is_in(bytes: &[u8], texts: &BTreeSet<String>) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    texts.iter().filter(|text| !text.is_empty()).any(|text| {
        let text = text.as_bytes();
        bytes.windows(text.len()).enumerate().any(|(at, window)| {
            window == text
                && !(at > 0 && is_word(bytes.get(at - 1)) && is_word(text.first()))
                && !(is_word(bytes.get(at + text.len())) && is_word(text.last()))
        })
    })
}

/// Every file below a folder, in order of their paths.
pub(super) fn all_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(path),
                Ok(kind) if kind.is_file() => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(texts: &[&str]) -> BTreeSet<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn rewritten(text: &str, edit: Edit<'_>, emptied: &[&str], reference: Option<&str>) -> (String, u64) {
        let reference = reference.iter().map(|name| (*name).to_owned()).collect();
        let (ids, known, emptied) = (set(&["7"]), set(&["8", "9"]), set(emptied));
        let change = Change { ids: &ids, known: &known, edit, emptied: &emptied, reference: &reference, records: None };
        let (bytes, rows) = rewrite_text(text.as_bytes(), &change).unwrap();
        (String::from_utf8(bytes).unwrap(), rows)
    }

    #[test]
    fn rows_of_an_id_go_and_all_other_bytes_stay() {
        let text = "\u{feff}id;amount;name\r\n7;8;\"Anna\r\nBerg\"\r\n8;7;'x \"\"y\r\n9;7,5;z";
        let (out, rows) = rewritten(text, Edit::Drop, &[], None);
        // the amount 7 is no id
        assert_eq!((out.as_str(), rows), ("\u{feff}id;amount;name\r\n8;7;'x \"\"y\r\n9;7,5;z", 1));
    }

    #[test]
    fn an_id_is_replaced_its_remarks_emptied_and_references_to_it_too() {
        let text = "id,parent_id,comment\n7,8,bad\n8,7,good\n9,,fine\n";
        let (out, rows) = rewritten(text, Edit::Replace("gone"), &["comment"], Some("parent_id"));
        assert_eq!((out.as_str(), rows), ("id,parent_id,comment\ngone,8,\n8,,good\n9,,fine\n", 2));
    }

    #[test]
    fn a_text_is_found_as_a_word_only() {
        assert!(is_in(b"{\"id\":\"K7\"}", &set(&["K7"])));
        assert!(!is_in(b"{\"id\":\"K70\"}", &set(&["K7"])));
    }

    #[test]
    fn an_old_workbook_is_searched_for_texts_and_numbers() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/workbooks/umsatz.xls");
        assert!(mentions(&path, &set(&["K2"])).unwrap() && mentions(&path, &set(&["4711"])).unwrap());
        assert!(!mentions(&path, &set(&["K9", "4799"])).unwrap());
    }
}
