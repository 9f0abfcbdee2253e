//! What a workbook may unpack to, found out before it is parsed: a few kilobytes can claim to be gigabytes.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

use zip::ZipArchive;

use super::WorkbookFormat;
use crate::ingest::IngestError;

/// Largest workbook on disk, in bytes.
const LARGEST_FILE: u64 = 256 << 20;
/// Largest `.xls`, which is held in memory as a whole.
const LARGEST_XLS: u64 = 32 << 20;
/// Most bytes that all parts of a workbook unpack to.
const LARGEST_UNPACKED: u64 = 512 << 20;
/// Most bytes of the texts that all cells share; they are held in memory.
const LARGEST_STRINGS: u64 = 128 << 20;
/// Most parts.
const MOST_PARTS: usize = 10_000;
/// Most cells of an `.ods` file with repetitions written out; they are held in memory.
const MOST_CELLS: u64 = 20_000_000;
/// Longest tag of an `.ods` file.
const LONGEST_TAG: usize = 1 << 16;

/// Refuses a workbook that would need more memory than it may.
///
/// Sizes are counted by unpacking every part, since what the archive says of itself may be wrong.
pub(super) fn check(name: &str, path: &Path, format: WorkbookFormat) -> Result<(), IngestError> {
    let damaged = |reason: String| IngestError::Read { file: name.into(), reason };
    let too_large = |what: String, limit: String| IngestError::TooLarge { file: name.into(), what, limit };
    let file = File::open(path).map_err(|error| damaged(error.to_string()))?;
    let size = file.metadata().map_err(|error| damaged(error.to_string()))?.len();
    let largest = if format == WorkbookFormat::Xls { LARGEST_XLS } else { LARGEST_FILE };
    if size > largest {
        return Err(too_large(format!("has {} MiB", size >> 20), format!("at most {} MiB", largest >> 20)));
    }
    if format == WorkbookFormat::Xls {
        return Ok(());
    }
    let mut archive = ZipArchive::new(BufReader::new(file))
        .map_err(|error| damaged(format!("cannot be read as a workbook: {error}")))?;
    if archive.len() > MOST_PARTS {
        return Err(too_large(format!("has {} parts", archive.len()), format!("at most {MOST_PARTS}")));
    }
    let mut unpacked = 0;
    for index in 0..archive.len() {
        let mut part =
            archive.by_index(index).map_err(|error| damaged(format!("cannot be read as a workbook: {error}")))?;
        let own = part.name().map(|name| name.to_string()).unwrap_or_default();
        let limit = match own.ends_with("sharedStrings.xml") {
            true => LARGEST_STRINGS,
            false => LARGEST_UNPACKED,
        }
        .min(LARGEST_UNPACKED - unpacked);
        let failed = |error: io::Error| damaged(format!("`{own}` cannot be unpacked: {error}"));
        let bomb = || too_large(format!("unpacks to more than {} MiB", limit >> 20), "less".into());
        if part.size() > limit {
            return Err(bomb());
        }
        if format == WorkbookFormat::Ods && own == "content.xml" {
            let mut limited = (&mut part).take(limit + 1);
            let cells = count_cells(&mut limited).map_err(failed)?;
            if limited.limit() == 0 {
                return Err(bomb());
            }
            if cells > MOST_CELLS {
                return Err(too_large(format!("has more than {MOST_CELLS} cells"), "fewer".into()));
            }
            unpacked += part.size();
            continue;
        }
        let read = io::copy(&mut (&mut part).take(limit + 1), &mut io::sink()).map_err(failed)?;
        if read > limit {
            return Err(bomb());
        }
        unpacked += read;
    }
    Ok(())
}

/// How many cells the sheets of an OpenDocument file hold once repeated rows and cells are written out.
fn count_cells(text: &mut impl Read) -> io::Result<u64> {
    let mut text = BufReader::new(text).bytes();
    let mut tag = Vec::new();
    let mut census = Census::default();
    while let Some(byte) = text.next() {
        if byte? != b'<' {
            continue;
        }
        tag.clear();
        let mut quote = None;
        for byte in text.by_ref() {
            let byte = byte?;
            match (quote, byte) {
                (None, b'>') => break,
                (None, b'"' | b'\'') => quote = Some(byte),
                (Some(open), byte) if open == byte => quote = None,
                _ => {}
            }
            if tag.len() == LONGEST_TAG {
                return Err(io::Error::other("a tag is longer than 64 KiB"));
            }
            tag.push(byte);
        }
        census.add(&String::from_utf8_lossy(&tag));
        if census.cells() > MOST_CELLS {
            break;
        }
    }
    Ok(census.cells())
}

/// Cells as a reader must hold them: as written, and as the rectangle that each sheet spans.
#[derive(Default)]
struct Census {
    /// Of the sheets before, and cells written in this one.
    counted: u64,
    blank_cells: u64,
    width: u64,
    row_repeats: u64,
    blank_rows: u64,
    rows: u64,
    widest: u64,
}

impl Census {
    fn cells(&self) -> u64 {
        self.counted.saturating_add(self.rows.saturating_mul(self.widest))
    }

    fn add(&mut self, tag: &str) {
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').find(|name| !name.is_empty()).unwrap_or_default();
        match name {
            "table:table" if !tag.starts_with('/') => {
                let counted = self.cells();
                *self = Self { counted, ..Self::default() };
            }
            "table:table-row" if !tag.starts_with('/') => {
                self.row_repeats = attribute(tag, "table:number-rows-repeated").unwrap_or(1);
                (self.blank_cells, self.width) = (0, 0);
                if tag.ends_with('/') {
                    self.blank_rows = self.blank_rows.saturating_add(self.row_repeats);
                }
            }
            "table:table-row" if self.width == 0 => {
                self.blank_rows = self.blank_rows.saturating_add(self.row_repeats);
            }
            "table:table-row" => {
                self.rows = self.rows.saturating_add(self.blank_rows).saturating_add(self.row_repeats);
                self.widest = self.widest.max(self.width);
                self.blank_rows = 0;
            }
            "table:table-cell" | "table:covered-table-cell" if !tag.starts_with('/') => {
                let repeats = attribute(tag, "table:number-columns-repeated").unwrap_or(1);
                if tag.contains("value") || tag.contains("formula") {
                    let written = self.blank_cells.saturating_add(repeats);
                    self.width = self.width.saturating_add(written);
                    self.counted = self.counted.saturating_add(written);
                    self.blank_cells = 0;
                } else {
                    self.blank_cells = self.blank_cells.saturating_add(repeats);
                }
            }
            _ => {}
        }
    }
}

fn attribute(tag: &str, name: &str) -> Option<u64> {
    let rest = tag.split_once(name)?.1.trim_start().strip_prefix('=')?.trim_start();
    let digits: String = rest.trim_start_matches(['"', '\'']).chars().take_while(char::is_ascii_digit).collect();
    Some(digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_are_counted_written_out_and_blank_ends_are_not() {
        let cells = |text: &str| count_cells(&mut text.as_bytes()).unwrap();
        let sheet = "<table:table><table:table-row><table:table-cell office:value-type=\"float\" office:value=\"1\"/>\
                     <table:table-cell table:number-columns-repeated=\"16383\"/></table:table-row>\
                     <table:table-row table:number-rows-repeated='1048575'><table:table-cell/></table:table-row></table:table>";
        assert_eq!(cells(sheet), 2);
        assert_eq!(cells(&sheet.repeat(3)), 6);
        assert_eq!(cells(&sheet.replace("16383\"", "16383\" office:value-type='string' x='>'")), 2 * 16_384);
        let rows = sheet.replace("<table:table-cell/>", "<table:table-cell office:value='1'/>");
        assert_eq!(cells(&rows), 2 + 1_048_576);
        let bomb =
            "<table:table-cell table:number-columns-repeated=\"99999999999999999999\" calcext:value-type=\"a\"/>";
        assert!(cells(bomb) > MOST_CELLS);
    }
}
