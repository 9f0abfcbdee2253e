//! How the cells of a column are written, judged by all of them, and one plain spelling for each kind.
//!
//! A whole pass is spent on recognition, because `1.234` and `03/04/2021` mean nothing until the rest of the column is
//! known. Whether a value keeps the contract is decided later, by SQL, for every format alike.

pub(super) mod date;
pub(super) mod number;

use std::collections::BTreeMap;

use super::{
    IngestError,
    columns::Mapping,
    contract::{Kind, Table},
    rows::EXACT,
};
use crate::config::sources::{DateFormat, DateOrder, DecimalMark, SourceConfig};

/// Begins a cell that could not be brought into plain spelling, so that SQL cannot take it for something else.
pub(super) const UNREADABLE: char = '\u{1}';

/// How the cells of a column are written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Spelling {
    /// As it is.
    Verbatim,
    /// With this decimal mark.
    Number(DecimalMark),
    /// In this format, else with day and month in this order.
    Date(Option<DateFormat>, DateOrder),
    /// Months, or days as above.
    Month(Option<DateFormat>, DateOrder),
}

impl Spelling {
    /// The value in plain spelling; what cannot be read begins with [`UNREADABLE`].
    pub(super) fn plain(&self, value: &str) -> String {
        let plain = match (self, value.strip_prefix(EXACT)) {
            (Self::Verbatim, exact) => return exact.unwrap_or(value).to_owned(),
            (Self::Number(_), Some(exact)) => return exact.to_owned(),
            (Self::Number(mark), None) => number::plain(value, *mark),
            (Self::Date(..), Some(exact)) => date::of_number(exact),
            (Self::Month(..), Some(exact)) => date::month_of_number(exact),
            (Self::Date(format, order), None) => written(format, value).or_else(|| date::iso(value, *order)),
            (Self::Month(format, order), None) => {
                let month = written(format, value).map(|day| day[..7].to_owned());
                month.or_else(|| date::iso_month(value, *order))
            }
        };
        plain.unwrap_or_else(|| format!("{UNREADABLE}{}", value.trim_start_matches(EXACT)))
    }
}

fn written(format: &Option<DateFormat>, value: &str) -> Option<String> {
    format.as_ref()?.parse(value).map(|day| day.to_string())
}

/// A cell's value, unless it stands for "nothing".
pub(super) fn present(cell: &str, kind: Kind) -> Option<&str> {
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

/// What a column's values say about how they are written.
pub(super) struct Evidence(Column);

enum Column {
    Open,
    Numbers(number::Evidence),
    Dates(date::Evidence),
}

impl Evidence {
    pub(super) fn of(kind: Kind) -> Self {
        Self(match kind {
            Kind::Text | Kind::Bool | Kind::Choice(_) => Column::Open,
            Kind::Date | Kind::Month => Column::Dates(date::Evidence::default()),
            Kind::Money | Kind::Quantity | Kind::Number(..) | Kind::Integer(..) => {
                Column::Numbers(number::Evidence::default())
            }
        })
    }

    /// Takes a further value into account.
    pub(super) fn add(&mut self, value: &str) {
        match &mut self.0 {
            Column::Open => {}
            _ if value.starts_with(EXACT) => {}
            Column::Numbers(evidence) => evidence.add(value),
            Column::Dates(evidence) => evidence.add(value),
        }
    }
}

/// Decides how each column is written. A file is written in one place, so a column that leaves its decimal mark open
/// takes that of the others; a column's own evidence goes before theirs.
pub(super) fn decide(
    file: &str,
    table: &'static Table,
    config: &SourceConfig,
    mapping: &Mapping,
    evidence: &[Evidence],
) -> Result<Vec<Spelling>, IngestError> {
    let mut whole_file = number::Evidence::default();
    for column in evidence {
        if let Column::Numbers(column) = &column.0 {
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
            let (file, column) = (file.to_owned(), mapped.theirs.join(" "));
            match &evidence.0 {
                Column::Open => Ok(Spelling::Verbatim),
                Column::Numbers(numbers) => {
                    let mark = config.decimal.or_else(|| numbers.mark()).or_else(|| whole_file.mark());
                    match (mark, &numbers.open) {
                        (Some(mark), _) => Ok(Spelling::Number(mark)),
                        (None, None) => Ok(Spelling::Number(DecimalMark::Point)),
                        (None, Some(value)) => {
                            Err(IngestError::AmbiguousNumbers { table: table.name, file, column, value: shown(value) })
                        }
                    }
                }
                Column::Dates(dates) => {
                    let told = config.date_order.or_else(|| config.date_format.as_ref().map(|_| DateOrder::Dmy));
                    let order = told.map_or_else(|| dates.order(), Ok).map_err(|open| {
                        let value = shown(open.unwrap_or("31/12/2021 beside 12/31/2021"));
                        IngestError::AmbiguousDates { table: table.name, file, column, value }
                    })?;
                    let format = config.date_format.clone();
                    Ok(match mapped.column.kind {
                        Kind::Month => Spelling::Month(format, order),
                        _ => Spelling::Date(format, order),
                    })
                }
            }
        })
        .collect()
}

/// Marks and formats found, for the report.
pub(super) fn recognised(spellings: &[Spelling], evidence: &[Evidence]) -> BTreeMap<String, String> {
    let mut marks = Vec::new();
    let mut dates = Vec::new();
    for (spelling, evidence) in spellings.iter().zip(evidence) {
        match (spelling, &evidence.0) {
            (Spelling::Number(mark), Column::Numbers(numbers)) if numbers.comma + numbers.point > 0 => {
                marks.push(if *mark == DecimalMark::Comma { "," } else { "." });
            }
            (Spelling::Date(_, order) | Spelling::Month(_, order), Column::Dates(found)) => {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_a_workbook_is_a_number_a_serial_day_or_a_name() {
        let exact = |text: &str| format!("{EXACT}{text}");
        assert_eq!(Spelling::Number(DecimalMark::Comma).plain(&exact("1234.5")), "1234.5");
        assert_eq!(Spelling::Number(DecimalMark::Comma).plain("1.234,5"), "1234.5");
        assert_eq!(Spelling::Verbatim.plain(&exact("4711")), "4711");
        let date = Spelling::Date(None, DateOrder::Dmy);
        assert_eq!(date.plain(&exact("44500")), "2021-10-31");
        assert_eq!(date.plain(&exact("20211031")), "2021-10-31");
        assert_eq!(date.plain(&exact("1635638400")), "2021-10-31");
        assert_eq!(date.plain(&exact("1635638400123")), "2021-10-31");
        assert_eq!(date.plain(&exact("1e300")), "\u{1}1e300");
        assert_eq!(Spelling::Month(None, DateOrder::Dmy).plain(&exact("202110")), "2021-10");
    }

    #[test]
    fn a_date_format_goes_before_the_usual_ones() {
        let config: SourceConfig = toml::from_str("date_format = '%d.%m.%y'").unwrap();
        let date = Spelling::Date(config.date_format, DateOrder::Dmy);
        assert_eq!(date.plain("31.10.21"), "2021-10-31");
        assert_eq!(date.plain("31.10.2021"), "2021-10-31");
        assert_eq!(date.plain("31 Oct"), "\u{1}31 Oct");
    }
}
