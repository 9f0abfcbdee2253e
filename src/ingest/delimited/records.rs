//! The records of a file with the line each begins on.

use std::{fs::File, io::Read};

use csv::StringRecord;
use encoding_rs::Encoding;

use super::dialect::Dialect;
use crate::ingest::{
    IngestError,
    decode::{Decoded, Gauge},
    discover::SourceFile,
};

/// An iterator of records that are not blank; it lends them, so it is not an [`Iterator`].
pub(super) struct Records {
    file: String,
    reader: csv::Reader<Decoded<File>>,
    gauge: Gauge,
    record: StringRecord,
}

impl Records {
    /// Opens a file.
    pub(super) fn open(file: &SourceFile, encoding: &'static Encoding, dialect: Dialect) -> Result<Self, IngestError> {
        let gauge = Gauge::default();
        let reader = dialect.reader(open(file, encoding, &gauge)?);
        let mut records = Self { file: file.name.clone(), reader, gauge, record: StringRecord::new() };
        if dialect.has_separator_line {
            records.next()?;
        }
        Ok(records)
    }

    /// The next record that holds anything, and its line number (the first line of the file is 1).
    pub(super) fn next(&mut self) -> Result<Option<(u64, &StringRecord)>, IngestError> {
        loop {
            let before = self.reader.position().line();
            self.gauge.next_record();
            let has_record = self.reader.read_record(&mut self.record).map_err(|error| {
                if self.gauge.is_too_long() {
                    let reason = "is longer than 1 MiB";
                    return IngestError::Record { file: self.file.clone(), line: before, reason };
                }
                IngestError::Read { file: self.file.clone(), reason: error.to_string() }
            })?;
            if !has_record {
                return Ok(None);
            }
            let inside = self.record.as_slice().bytes().filter(|&byte| byte == b'\n').count() as u64;
            let line = self.reader.position().line().saturating_sub(1 + inside);
            // The last line always has an end (see `decode`): whoever reads on to the end of the file is inside quotes.
            if self.gauge.has_ended() {
                let reason = "opens a quotation mark that is never closed";
                return Err(IngestError::Record { file: self.file.clone(), line: line.max(before), reason });
            }
            if self.record.iter().any(|field| !field.trim().is_empty()) {
                return Ok(Some((line, &self.record)));
            }
        }
    }

    /// Whether bytes were met that the encoding does not have.
    pub(super) fn has_damage(&self) -> bool {
        self.gauge.has_damage()
    }
}

/// The first part of a file as text, for the recognition of its dialect.
pub(super) fn sample(file: &SourceFile, encoding: &'static Encoding) -> Result<String, IngestError> {
    let mut bytes = Vec::new();
    open(file, encoding, &Gauge::default())?
        .take(1 << 17)
        .read_to_end(&mut bytes)
        .map_err(|error| IngestError::Read { file: file.name.clone(), reason: error.to_string() })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn open(file: &SourceFile, encoding: &'static Encoding, gauge: &Gauge) -> Result<Decoded<File>, IngestError> {
    let opened = File::open(&file.path)
        .map_err(|error| IngestError::Read { file: file.name.clone(), reason: error.to_string() })?;
    Ok(Decoded::new(opened, encoding, gauge.clone()))
}
