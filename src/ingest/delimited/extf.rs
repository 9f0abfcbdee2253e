//! DATEV's EXTF files: a first line that says what the file is, then an ordinary header and rows.
//!
//! In a booking batch `Belegdatum` has day and month only (`DDMM`); its year is that of the period which the first line
//! names. Layout of the first line: fields 13 (begin of the financial year), 15 and 16 (from, to), each `YYYYMMDD`
//! (DATEV developer portal, "DATEV-Format: Header").

use csv::StringRecord;
use jiff::{ToSpan, civil::Date};

const COLUMN: &str = "Belegdatum";

/// What the first line of an EXTF file says.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::ingest) struct Extf {
    position: Option<usize>,
    first: Date,
    last: Date,
}

impl Extf {
    /// Reads the first line of a file; `None` if it is no EXTF file with a period.
    pub(in crate::ingest) fn of(first_line: &[String], header: &[String]) -> Option<Self> {
        if !matches!(first_line.first()?.as_str(), "EXTF" | "DTVF") {
            return None;
        }
        let day = |field: usize| day_of(first_line.get(field)?);
        let year = day(12);
        let first = day(14).or(year)?;
        let last = day(15).or_else(|| first.checked_add(1.year()).ok()?.yesterday().ok())?;
        Some(Self { position: header.iter().position(|name| name == COLUMN), first, last })
    }

    /// The record with a full date in place of `DDMM`.
    pub(in crate::ingest) fn complete(&self, record: &StringRecord, into: &mut StringRecord) {
        into.clear();
        for (at, field) in record.iter().enumerate() {
            match self.date(field.trim()).filter(|_| self.position == Some(at)) {
                Some(date) => into.push_field(&date.to_string()),
                None => into.push_field(field),
            }
        }
    }

    /// The day within the period, else within the year that begins with it.
    fn date(&self, text: &str) -> Option<Date> {
        if !(3..=4).contains(&text.len()) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (day, month) = text.split_at(text.len() - 2);
        let (day, month): (i8, i8) = (day.parse().ok()?, month.parse().ok()?);
        let in_year = |year: i16| Date::new(year, month, day).ok();
        let within = (self.first.year()..=self.last.year()).filter_map(in_year);
        let mut within = within.filter(|date| (self.first..=self.last).contains(date));
        within.next().or_else(|| in_year(self.first.year()))
    }
}

fn day_of(text: &str) -> Option<Date> {
    let number = |part: Option<&str>| part?.parse::<i16>().ok();
    let (year, month, day) = (number(text.get(..4))?, number(text.get(4..6))?, number(text.get(6..8))?);
    Date::new(year, month as i8, day as i8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_and_month_take_the_year_of_the_batch() {
        let line = "EXTF;700;21;Buchungsstapel;13;20211130;;RE;;;29098;55003;20210701;4;20211101;20220131;Q;;1";
        let line: Vec<String> = line.split(';').map(str::to_owned).collect();
        let header = ["Umsatz", COLUMN].map(str::to_owned);
        let extf = Extf::of(&line, &header).unwrap();
        let dated = |text: &str| {
            let mut into = StringRecord::new();
            extf.complete(&StringRecord::from(vec!["1107", text]), &mut into);
            assert_eq!(&into[0], "1107");
            into[1].to_owned()
        };
        assert_eq!(dated("3011"), "2021-11-30");
        assert_eq!(dated("701"), "2022-01-07");
        assert_eq!(dated("3102"), "3102");
        assert_eq!(dated("2021-11-30"), "2021-11-30");
        assert_eq!(Extf::of(&header, &header), None);
    }
}
