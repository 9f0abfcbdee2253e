//! Sheets as files: CSV in its dialects, JSON, a workbook, a mailbox.

use std::io::{Cursor, Write};

use csv::WriterBuilder;
use encoding_rs::WINDOWS_1252;
use serde_json::{Map, Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::sheet::Sheet;

/// How text becomes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf8WithMark,
    Utf16,
    Windows1252,
}

impl Encoding {
    pub(super) fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf8WithMark => [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            Self::Utf16 => [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect(),
            Self::Windows1252 => WINDOWS_1252.encode(text).0.into_owned(),
        }
    }
}

/// Delimited text; rows may be of other widths than the header.
pub(super) fn csv(sheet: &Sheet, delimiter: u8, encoding: Encoding) -> Vec<u8> {
    let mut writer = WriterBuilder::new().delimiter(delimiter).flexible(true).from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(&sheet.columns);
    for row in &sheet.rows {
        let _ = writer.write_record(row);
    }
    let text = String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default();
    encoding.bytes(&text.replace('\n', "\r\n"))
}

/// A record as JSON; a column `a.b` is a member of a member.
fn record(sheet: &Sheet, row: &[String]) -> Value {
    let mut members = Map::new();
    for (name, value) in sheet.columns.iter().zip(row) {
        let value = if value.is_empty() { Value::Null } else { Value::String(value.clone()) };
        match name.split_once('.') {
            None => {
                members.insert(name.clone(), value);
            }
            Some((outer, inner)) => {
                if let Value::Object(nested) = members.entry(outer).or_insert_with(|| json!({})) {
                    nested.insert(inner.to_owned(), value);
                }
            }
        }
    }
    Value::Object(members)
}

/// One record a line.
pub(super) fn json_lines(sheet: &Sheet) -> Vec<u8> {
    let lines: Vec<String> = sheet.rows.iter().map(|row| record(sheet, row).to_string() + "\n").collect();
    lines.concat().into_bytes()
}

/// Records as OData has them: `{"d": {"results": [...]}}`.
pub(super) fn json_records(sheet: &Sheet) -> Vec<u8> {
    let records: Vec<Value> = sheet.rows.iter().map(|row| record(sheet, row)).collect();
    json!({ "d": { "results": records } }).to_string().into_bytes()
}

/// A workbook with a merged title, a blank row, the header, the rows, and a row of totals under `total`. Columns in
/// `numbers` hold numbers, all others text.
pub(super) fn workbook(title: &str, sheet: &Sheet, numbers: &[&str], total: Option<&str>) -> Vec<u8> {
    let mut rows =
        vec![row_of(1, &[text(title)]), row_of(3, &sheet.columns.iter().map(|name| text(name)).collect::<Vec<_>>())];
    let is_number: Vec<bool> = sheet.columns.iter().map(|name| numbers.contains(&name.as_str())).collect();
    for (at, row) in sheet.rows.iter().enumerate() {
        let cells: Vec<String> = row
            .iter()
            .zip(&is_number)
            .map(|(value, is_number)| match is_number {
                true if value.parse::<f64>().is_ok() => format!("<v>{value}</v>"),
                _ => text(value),
            })
            .collect();
        rows.push(row_of(at + 4, &cells));
    }
    if let Some(total) = total {
        let at = sheet.at(total);
        let sum: f64 = sheet.rows.iter().filter_map(|row| row[at].parse::<f64>().ok()).sum();
        let mut cells = vec![String::new(); sheet.columns.len()];
        cells[0] = text("Summe");
        cells[at] = format!("<v>{sum:.2}</v>");
        rows.push(row_of(sheet.rows.len() + 4, &cells));
    }
    let width = sheet.columns.len().min(26) as u8;
    let merged = format!("A1:{}1", char::from(b'A' + width.saturating_sub(1)));
    package(&format!(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{}</sheetData>\
         <mergeCells count=\"1\"><mergeCell ref=\"{merged}\"/></mergeCells></worksheet>",
        rows.concat()
    ))
}

fn text(value: &str) -> String {
    let escaped = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if escaped.is_empty() { escaped } else { format!("<is><t>{escaped}</t></is>") }
}

fn row_of(number: usize, cells: &[String]) -> String {
    let cell = |(at, cell): (usize, &String)| {
        let column = char::from(b'A' + at as u8 % 26);
        match cell {
            cell if cell.is_empty() => String::new(),
            cell if cell.starts_with("<is>") => format!("<c r=\"{column}{number}\" t=\"inlineStr\">{cell}</c>"),
            cell => format!("<c r=\"{column}{number}\">{cell}</c>"),
        }
    };
    format!("<row r=\"{number}\">{}</row>", cells.iter().enumerate().map(cell).collect::<String>())
}

/// The parts of a workbook of one sheet (ECMA-376), the same bytes at any time.
fn package(sheet: &str) -> Vec<u8> {
    const RELATIONS: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const MAIN: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";
    let types = format!(
        "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override PartName=\"/xl/workbook.xml\" \
         ContentType=\"{MAIN}.sheet.main+xml\"/><Override PartName=\"/xl/worksheets/sheet1.xml\" \
         ContentType=\"{MAIN}.worksheet+xml\"/></Types>"
    );
    let root = format!(
        "<Relationships xmlns=\"{RELATIONS}\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/officeDocument\" \
         Target=\"xl/workbook.xml\"/></Relationships>"
    );
    let book = format!(
        "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"{OFFICE}\"><sheets><sheet \
         name=\"Tabelle1\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
    );
    let relations = format!(
        "<Relationships xmlns=\"{RELATIONS}\"><Relationship Id=\"rId1\" Type=\"{OFFICE}/worksheet\" \
         Target=\"worksheets/sheet1.xml\"/></Relationships>"
    );
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    for (name, part) in [
        ("[Content_Types].xml", types.as_str()),
        ("_rels/.rels", &root),
        ("xl/workbook.xml", &book),
        ("xl/_rels/workbook.xml.rels", &relations),
        ("xl/worksheets/sheet1.xml", sheet),
    ] {
        // Writing to memory cannot fail.
        let _ = archive.start_file(name, options);
        let _ = write!(archive, "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>{part}");
    }
    archive.finish().map(Cursor::into_inner).unwrap_or_default()
}
