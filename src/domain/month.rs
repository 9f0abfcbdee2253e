//! A calendar month, the time unit of everything after the ledger.

use std::{fmt, str::FromStr};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::DomainError;

/// A calendar month; its number counts months since January of year 0, so that differences are plain subtraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(i32);

impl Month {
    /// The month of a year (1 to 9999) and a month number (1 to 12).
    ///
    /// # Errors
    /// A [`DomainError`] outside these ranges.
    pub fn new(year: i32, month: i32) -> Result<Self, DomainError> {
        if (1..=9999).contains(&year) && (1..=12).contains(&month) {
            Ok(Self(year * 12 + month - 1))
        } else {
            Err(DomainError { what: "month", value: format!("{year}-{month}"), expected: "a month such as 2021-10" })
        }
    }

    /// From the number of months since January of year 0, as the warehouse stores it.
    ///
    /// # Errors
    /// A [`DomainError`] for a month before year 1 or after year 9999.
    pub fn from_index(index: i32) -> Result<Self, DomainError> {
        Self::new(index.div_euclid(12), index.rem_euclid(12) + 1)
    }

    /// The month that contains `date`.
    pub fn of(date: Date) -> Self {
        Self(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }

    /// Months since January of year 0: `year * 12 + month - 1`, the warehouse's `month` columns.
    pub const fn index(self) -> i32 {
        self.0
    }

    /// Calendar year.
    pub const fn year(self) -> i32 {
        self.0.div_euclid(12)
    }

    /// Month of the year, 1 to 12.
    pub const fn of_year(self) -> i32 {
        self.0.rem_euclid(12) + 1
    }

    /// The month `n` months later (earlier if negative).
    #[must_use]
    pub const fn plus(self, n: i32) -> Self {
        Self(self.0 + n)
    }

    /// Months from `earlier` to `self`.
    pub const fn since(self, earlier: Self) -> i32 {
        self.0 - earlier.0
    }

    /// Its first day.
    pub fn first_day(self) -> Date {
        Date::constant(self.year() as i16, self.of_year() as i8, 1)
    }

    /// Its last day, the day an as-of date stands on.
    pub fn last_day(self) -> Date {
        self.first_day().last_of_month()
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.of_year())
    }
}

impl FromStr for Month {
    type Err = DomainError;

    fn from_str(text: &str) -> Result<Self, DomainError> {
        let refused = || DomainError { what: "month", value: text.into(), expected: "a month such as 2021-10" };
        let (year, month) = text.split_once('-').ok_or_else(refused)?;
        if year.len() != 4 || month.len() != 2 || !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return Err(refused());
        }
        Self::new(year.parse().map_err(|_| refused())?, month.parse().map_err(|_| refused())?).map_err(|_| refused())
    }
}

impl TryFrom<String> for Month {
    type Error = DomainError;

    fn try_from(text: String) -> Result<Self, DomainError> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_parses_the_same_text() {
        let month: Month = "2021-10".parse().unwrap();
        assert_eq!(month.to_string(), "2021-10");
        assert_eq!(month.plus(3).to_string(), "2022-01");
        assert_eq!(month.plus(-10).to_string(), "2020-12");
        assert_eq!(month.last_day().to_string(), "2021-10-31");
    }

    #[test]
    fn refuses_what_is_not_a_month() {
        for text in ["2021-13", "2021-00", "21-10", "2021/10", "0000-01", "2021-1", "", "2021-10-01"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
