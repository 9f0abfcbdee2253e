//! A table as text: what other people's programs write down.

use std::{fs::File, path::Path};

use polars::prelude::*;

use super::super::SimulateError;

/// Columns and rows of text; a missing value is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sheet {
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Sheet {
    /// Reads `<folder>/<table>.parquet`, without the day on which each row became known, which no system exports.
    pub(super) fn read(folder: &Path, table: &'static str) -> Result<Self, SimulateError> {
        let path = folder.join(format!("{table}.parquet"));
        let file = File::open(&path).map_err(|source| SimulateError::Write { path, source })?;
        let encode = |source| SimulateError::Encode { table, source };
        let frame = ParquetReader::new(file).finish().map_err(encode)?.drop("known_at").map_err(encode)?;
        let mut sheet = Self {
            columns: frame.get_column_names().into_iter().map(ToString::to_string).collect(),
            rows: vec![Vec::with_capacity(frame.width()); frame.height()],
        };
        for column in frame.columns() {
            let text = column.cast(&DataType::String).map_err(encode)?;
            for (row, value) in sheet.rows.iter_mut().zip(text.str().map_err(encode)?.iter()) {
                row.push(value.unwrap_or_default().to_owned());
            }
        }
        Ok(sheet)
    }

    /// Where a column stands; every name used here is one of the data contract.
    pub(super) fn at(&self, column: &str) -> usize {
        self.columns.iter().position(|name| name == column).unwrap_or_default()
    }

    /// The rows for which `keep` holds.
    pub(super) fn filter(&self, mut keep: impl FnMut(&[String]) -> bool) -> Self {
        let rows = self.rows.iter().filter(|row| keep(row)).cloned().collect();
        Self { columns: self.columns.clone(), rows }
    }

    /// The named columns in their order, under the names of the source: `(ours, theirs)`.
    pub(super) fn select(&self, names: &[(&str, &str)]) -> Self {
        let at: Vec<usize> = names.iter().map(|(ours, _)| self.at(ours)).collect();
        Self {
            columns: names.iter().map(|(_, theirs)| (*theirs).to_owned()).collect(),
            rows: self.rows.iter().map(|row| at.iter().map(|&at| row[at].clone()).collect()).collect(),
        }
    }

    /// The same with the values of a column written otherwise.
    pub(super) fn write(mut self, column: &str, spell: impl Fn(&str) -> String) -> Self {
        let at = self.at(column);
        for row in &mut self.rows {
            row[at] = spell(&row[at]);
        }
        self
    }
}

/// `1234.56` as `1.234,56` or in another country's way.
pub(super) fn number(value: &str, thousands: &str, decimal: char) -> String {
    let (sign, digits) = value.strip_prefix('-').map_or(("", value), |digits| ("-", digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            grouped.push_str(thousands);
        }
        grouped.push(digit);
    }
    match fraction.is_empty() {
        true => format!("{sign}{grouped}"),
        false => format!("{sign}{grouped}{decimal}{fraction}"),
    }
}

/// `2021-10-31` by a pattern of `%d`, `%m` and `%Y`; what is no day stays as it is.
pub(super) fn date(value: &str, pattern: &str) -> String {
    let parts: Vec<&str> = value.split('-').collect();
    match parts[..] {
        [year, month, day] => pattern.replace("%Y", year).replace("%m", month).replace("%d", day),
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_days_are_written_as_people_do() {
        assert_eq!(number("-1234567.89", ".", ','), "-1.234.567,89");
        assert_eq!(number("123.40", "'", '.'), "123.40");
        assert_eq!(number("1000", "'", '.'), "1'000");
        assert_eq!(date("2021-03-04", "%d.%m.%Y"), "04.03.2021");
        assert_eq!(date("", "%d.%m.%Y"), "");
    }
}
