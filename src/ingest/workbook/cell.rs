//! A cell of a workbook as text.

use calamine::Data;
use csv::StringRecord;

use crate::ingest::{columns::bare, rows::EXACT};

/// Days that a spreadsheet can tell: 1900-01-01 to 9999-12-31.
const SERIAL_DAYS: std::ops::Range<f64> = 1.0..2_958_466.0;

/// Words with which rows of totals begin, in small letters.
const TOTALS: [&str; 14] = [
    "summe",
    "gesamt",
    "gesamtsumme",
    "gesamtergebnis",
    "zwischensumme",
    "endsumme",
    "insgesamt",
    "ergebnis",
    "übertrag",
    "total",
    "totals",
    "subtotal",
    "grand",
    "sum",
];

/// The cell as text: numbers marked [`EXACT`], days as `2021-10-31`.
pub(super) fn text(value: Data) -> String {
    match value {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text,
        Data::Bool(value) => value.to_string(),
        Data::Int(value) => format!("{EXACT}{value}"),
        Data::Float(value) => number(value),
        Data::DateTime(moment) if moment.is_datetime() && SERIAL_DAYS.contains(&moment.as_f64()) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        Data::DateTime(moment) => number(moment.as_f64()),
        Data::Error(error) => error.to_string(),
    }
}

/// A number in plain spelling, with an exponent where it would be absurdly long.
fn number(value: f64) -> String {
    match value {
        _ if !value.is_finite() => value.to_string(),
        _ if value == value.trunc() && value.abs() < 1e15 => format!("{EXACT}{}", value as i64),
        _ if (1e-7..1e15).contains(&value.abs()) => format!("{EXACT}{value}"),
        _ => format!("{EXACT}{value:e}"),
    }
}

/// Whether a row is one of totals: it says so in its first text, and lacks what every row must have.
pub(super) fn is_total(row: &StringRecord, required: &[usize]) -> bool {
    let lacks = required.iter().any(|at| row.get(*at).is_none_or(|cell| bare(cell).is_empty()));
    let first = row.iter().find(|cell| !cell.starts_with(EXACT) && !bare(cell).is_empty());
    lacks
        && first.is_some_and(|text| {
            let word = text.split(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty()).unwrap_or_default();
            TOTALS.contains(&word.to_lowercase().as_str())
        })
}

#[cfg(test)]
mod tests {
    use calamine::{CellErrorType, ExcelDateTime, ExcelDateTimeType};

    use super::*;

    #[test]
    fn numbers_are_plain_and_days_are_days() {
        assert_eq!(text(Data::Float(4711.0)), "\u{2}4711");
        assert_eq!(text(Data::Float(-1234.56)), "\u{2}-1234.56");
        assert_eq!(text(Data::Float(1e308)), "\u{2}1e308");
        assert_eq!(text(Data::Float(f64::NAN)), "NaN");
        assert_eq!(text(Data::Error(CellErrorType::Ref)), "#REF!");
        let moment =
            |value, is_1904| text(Data::DateTime(ExcelDateTime::new(value, ExcelDateTimeType::DateTime, is_1904)));
        assert_eq!(moment(44_500.75, false), "2021-10-31");
        assert_eq!(moment(43_038.0, true), "2021-10-31");
        assert_eq!(moment(-1.0, false), "\u{2}-1");
        assert_eq!(moment(1e9, false), "\u{2}1000000000");
    }

    #[test]
    fn a_total_says_so_and_lacks_an_id() {
        let row = |cells: &[&str]| StringRecord::from(cells.to_vec());
        assert!(is_total(&row(&["Summe:", "", "\u{2}12"]), &[1]));
        assert!(is_total(&row(&["", "Grand Total", ""]), &[0]));
        assert!(!is_total(&row(&["Total Energies", "K1", ""]), &[1]));
        assert!(!is_total(&row(&["Summer GmbH", "", ""]), &[1]));
    }
}
