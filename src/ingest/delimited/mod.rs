//! CSV files: encoding by the whole file, delimiter, quotation marks and header by its first records.

pub(super) mod dialect;
pub(super) mod extf;
mod records;

use std::{collections::BTreeMap, fs::File};

use csv::StringRecord;
use encoding_rs::Encoding;

use self::{dialect::Dialect, extf::Extf, records::Records};
use super::{
    IngestError,
    contract::Table,
    discover::SourceFile,
    fingerprint::{self, Fingerprint},
    header::{self, Numbered},
    rows::{Take, TextRows, check_width},
};
use crate::{
    config::sources::{Delimiter, SourceConfig},
    domain::Notice,
};

/// A CSV file whose header was found.
pub(super) struct Delimited {
    file: SourceFile,
    encoding: &'static Encoding,
    has_bom: bool,
    dialect: Dialect,
    header: Vec<String>,
    records_before_data: usize,
    header_row: u64,
    extf: Option<Extf>,
    has_damage: bool,
}

/// The encoding of a file's text.
///
/// # Errors
/// If it cannot be read, is empty, or is no longer the file that was hashed.
pub(super) fn fingerprint(file: &SourceFile, hash: &str) -> Result<Fingerprint, IngestError> {
    let unreadable = |reason: String| IngestError::Read { file: file.name.clone(), reason };
    let fingerprint =
        File::open(&file.path).and_then(fingerprint::recognise).map_err(|error| unreadable(error.to_string()))?;
    if fingerprint.hash != hash {
        return Err(unreadable("changed while it was read".into()));
    }
    if fingerprint.is_empty {
        return Err(IngestError::Empty { file: file.name.clone() });
    }
    Ok(fingerprint)
}

impl Delimited {
    /// Recognises a file.
    ///
    /// # Errors
    /// If it cannot be read, is empty, or has no header.
    pub(super) fn open(
        file: &SourceFile,
        hash: &str,
        table: &'static Table,
        config: &SourceConfig,
    ) -> Result<Self, IngestError> {
        let fingerprint = fingerprint(file, hash)?;
        let encoding = config.encoding.map_or(fingerprint.encoding, |encoding| encoding.0);
        let sample = records::sample(file, encoding)?;
        let dialect = dialect::recognise(&sample, table, config);
        let mut records = Records::open(file, encoding, dialect)?;
        let mut first: Vec<Numbered> = Vec::new();
        let searched = config.header_row.map_or(header::SEARCHED, |row| row.get() as usize + header::SEARCHED);
        while first.len() < searched
            && let Some((line, record)) = records.next()?
        {
            check_width(&file.name, record.len())?;
            first.push((line, record.iter().map(|name| name.trim().to_owned()).collect()));
            // Most files begin with their header: no further record is looked at then.
            if first.len() == 1
                && config.header_row.is_none()
                && header::find(&first, table, config).is_some_and(|header| header.is_complete)
            {
                break;
            }
        }
        let found = header::find(&first, table, config).ok_or_else(|| match (config.header_row, first.is_empty()) {
            (Some(row), false) => IngestError::NoHeader { file: file.name.clone(), row: row.get() },
            _ => IngestError::Empty { file: file.name.clone() },
        })?;
        let extf = first.first().and_then(|(_, record)| Extf::of(record, &found.names));
        Ok(Self {
            file: file.clone(),
            encoding,
            has_bom: fingerprint.has_bom,
            dialect,
            header: found.names,
            records_before_data: found.rows_before_data,
            header_row: found.row,
            extf,
            has_damage: false,
        })
    }
}

impl TextRows for Delimited {
    fn header(&self) -> &[String] {
        &self.header
    }

    fn recognised(&self) -> BTreeMap<String, String> {
        let bom = if self.has_bom { " with BOM" } else { "" };
        let mut recognised = BTreeMap::from([
            ("format".to_owned(), if self.extf.is_some() { "csv (EXTF)" } else { "csv" }.to_owned()),
            ("encoding".to_owned(), format!("{}{bom}", self.encoding.name())),
            ("delimiter".to_owned(), delimiter_name(self.dialect.delimiter).to_owned()),
        ]);
        if self.header_row > 1 {
            recognised.insert("header".into(), format!("line {}", self.header_row));
        }
        recognised
    }

    fn rows(&mut self, take: Take<'_>) -> Result<(), IngestError> {
        let mut records = Records::open(&self.file, self.encoding, self.dialect)?;
        for _ in 0..self.records_before_data {
            records.next()?;
        }
        let mut completed = StringRecord::new();
        while let Some((line, record)) = records.next()? {
            match &self.extf {
                None => take(line, record)?,
                Some(extf) => {
                    extf.complete(record, &mut completed);
                    take(line, &completed)?;
                }
            }
        }
        self.has_damage |= records.has_damage();
        Ok(())
    }

    fn notices(&self) -> Vec<Notice> {
        if !self.has_damage {
            return Vec::new();
        }
        let text = format!("{}: some bytes are no {}; they show as \u{fffd}", self.file.name, self.encoding.name());
        vec![Notice::warning("damaged-text", text)]
    }
}

fn delimiter_name(delimiter: Delimiter) -> &'static str {
    match delimiter {
        Delimiter::Comma => "comma",
        Delimiter::Semicolon => "semicolon",
        Delimiter::Tab => "tab",
        Delimiter::Bar => "bar",
    }
}
