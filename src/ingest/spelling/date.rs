//! Dates as people and programs write them, as ISO dates. Whether a day exists and is plausible is decided later, by
//! the contract; the time of day is dropped.

use jiff::{
    ToSpan,
    civil::{Date, date},
};

use crate::config::sources::DateOrder;

/// What the dates of one column say about the order of day and month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::ingest) struct Evidence {
    /// Dates that only make sense day first.
    pub(in crate::ingest) day_first: u64,
    /// Dates that only make sense month first.
    pub(in crate::ingest) month_first: u64,
    /// The first date that makes sense both ways.
    pub(in crate::ingest) open: Option<String>,
    /// Spellings met, in order of appearance.
    pub(in crate::ingest) spellings: Vec<&'static str>,
}

impl Evidence {
    /// Takes a further value into account.
    pub(in crate::ingest) fn add(&mut self, value: &str) {
        let Some(parts) = Parts::of(value) else { return };
        if !self.spellings.contains(&parts.spelling) {
            self.spellings.push(parts.spelling);
        }
        if parts.order.is_some() {
            return;
        }
        match (parts.first > 12, parts.second > 12) {
            (true, false) => self.day_first += 1,
            (false, true) => self.month_first += 1,
            (false, false) if parts.first != parts.second => {
                self.open = self.open.take().or_else(|| Some(value.to_owned()));
            }
            _ => {}
        }
    }

    /// The order that all dates of the column allow: `Err` holds a date that leaves it open or contradicts the rest.
    pub(in crate::ingest) fn order(&self) -> Result<DateOrder, Option<&str>> {
        match (self.day_first, self.month_first) {
            (0, 1..) => Ok(DateOrder::Mdy),
            (1.., 0) => Ok(DateOrder::Dmy),
            (0, 0) if self.open.is_none() => Ok(DateOrder::Dmy),
            _ => Err(self.open.as_deref()),
        }
    }
}

/// The date as `2025-12-31`, or `None` if it is not written like one.
pub(in crate::ingest) fn iso(value: &str, order: DateOrder) -> Option<String> {
    let parts = Parts::of(value)?;
    let (year, month, day) = match parts.order.unwrap_or(match order {
        DateOrder::Dmy => Order::DayMonthYear,
        DateOrder::Mdy => Order::MonthDayYear,
    }) {
        Order::YearMonthDay => (parts.first, parts.second, parts.third),
        Order::DayMonthYear => (parts.third, parts.second, parts.first),
        Order::MonthDayYear => (parts.third, parts.first, parts.second),
    };
    Some(format!("{year:04}-{month:02}-{day:02}"))
}

/// A month as `2025-12`, from itself or from one of its days.
pub(in crate::ingest) fn iso_month(value: &str, order: DateOrder) -> Option<String> {
    let value = value.trim();
    let month = match value.split_once(['-', '/', '.']) {
        Some((year, month)) if year.len() == 4 && is_digits(year, 4) && is_digits(month, 2) => Some((year, month)),
        Some((month, year)) if year.len() == 4 && is_digits(year, 4) && is_digits(month, 2) => Some((year, month)),
        None if is_digits(value, 6) && value.len() == 6 => Some(value.split_at(4)),
        _ => None,
    };
    match month {
        Some((year, month)) => Some(format!("{year}-{month:0>2}")),
        None => iso(value, order).map(|date| date[..7].to_owned()),
    }
}

/// The day that a bare number means: `20211031`; a spreadsheet's serial day since 1899-12-30, with or without a time; a
/// Unix time in seconds or milliseconds (ten or thirteen digits), in UTC.
pub(in crate::ingest) fn of_number(number: &str) -> Option<String> {
    let whole = number.split_once('.').map_or(number, |(whole, _)| whole);
    let value: i64 = whole.parse().ok()?;
    let days_since = |first: Date, days: i64| first.checked_add(days.days()).ok().map(|day| day.to_string());
    match whole.len() {
        8 => iso(whole, DateOrder::Dmy),
        10 => days_since(date(1970, 1, 1), value.div_euclid(86_400)),
        13 => days_since(date(1970, 1, 1), value.div_euclid(86_400_000)),
        1..=7 if (1..=2_958_465).contains(&value) => days_since(date(1899, 12, 30), value),
        _ => None,
    }
}

/// The month that a bare number means: `202110`, or that of its day.
pub(in crate::ingest) fn month_of_number(number: &str) -> Option<String> {
    match number.len() {
        6 if number.bytes().all(|b| b.is_ascii_digit()) => iso_month(number, DateOrder::Dmy),
        _ => of_number(number).map(|day| day[..7].to_owned()),
    }
}

/// Whether it is a placeholder for "no date" that programs write.
pub(in crate::ingest) fn is_placeholder(value: &str) -> bool {
    matches!(value.get(..10).unwrap_or(value), "00.00.0000" | "0000-00-00" | "00/00/0000" | "00000000")
}

#[derive(Clone, Copy)]
enum Order {
    YearMonthDay,
    DayMonthYear,
    MonthDayYear,
}

struct Parts {
    first: u32,
    second: u32,
    third: u32,
    /// `None` where day and month could change places.
    order: Option<Order>,
    spelling: &'static str,
}

impl Parts {
    fn of(value: &str) -> Option<Self> {
        let value = value.trim();
        // The time of day, if it looks like one.
        let date = match value.split_once(['T', ' ']) {
            Some((date, time)) if time.trim_start().starts_with(|c: char| c.is_ascii_digit()) => date,
            Some(_) => return None,
            None => value,
        };
        if date.len() == 8 && is_digits(date, 8) {
            let (first, second, third) = (number(&date[..4])?, number(&date[4..6])?, number(&date[6..])?);
            return Some(Self { first, second, third, order: Some(Order::YearMonthDay), spelling: "yyyymmdd" });
        }
        let mark = date.chars().find(|c| matches!(c, '.' | '-' | '/'))?;
        let mut fields = date.split(mark);
        let (a, b, c) = (fields.next()?, fields.next()?, fields.next()?);
        if fields.next().is_some() {
            return None;
        }
        let (order, spelling) = match (a.len(), c.len(), mark) {
            (4, 1..=2, '-') => (Some(Order::YearMonthDay), "yyyy-mm-dd"),
            (4, 1..=2, '/') => (Some(Order::YearMonthDay), "yyyy/mm/dd"),
            (4, 1..=2, _) => (Some(Order::YearMonthDay), "yyyy.mm.dd"),
            (1..=2, 4, '.') => (Some(Order::DayMonthYear), "dd.mm.yyyy"),
            (1..=2, 4, '/') => (None, "/"),
            (1..=2, 4, _) => (None, "-"),
            _ => return None,
        };
        let (first, second, third) = (number(a)?, number(b)?, number(c)?);
        (is_digits(a, 4) && is_digits(b, 2) && is_digits(c, 4)).then_some(Self {
            first,
            second,
            third,
            order,
            spelling,
        })
    }
}

fn is_digits(text: &str, longest: usize) -> bool {
    !text.is_empty() && text.len() <= longest && text.bytes().all(|b| b.is_ascii_digit())
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_in_the_wild_become_iso() {
        let dmy = |value| iso(value, DateOrder::Dmy);
        assert_eq!(dmy("31.12.2025").as_deref(), Some("2025-12-31"));
        assert_eq!(dmy("1.2.2025").as_deref(), Some("2025-02-01"));
        assert_eq!(dmy("2025-12-31T23:59:59Z").as_deref(), Some("2025-12-31"));
        assert_eq!(dmy("2025-12-31 00:00:00").as_deref(), Some("2025-12-31"));
        assert_eq!(dmy("20251231").as_deref(), Some("2025-12-31"));
        assert_eq!(dmy("03/04/2025").as_deref(), Some("2025-04-03"));
        assert_eq!(iso("03/04/2025", DateOrder::Mdy).as_deref(), Some("2025-03-04"));
        for wrong in
            ["", "31.12.25", "Dec 31 2025", "44561", "31.12", "a.b.cccc", "1.2.3.2025", "2025-12-31 noon", "+1.02.2025"]
        {
            assert_eq!(dmy(wrong), None, "{wrong}");
        }
        assert_eq!(iso_month("2025-7", DateOrder::Dmy).as_deref(), Some("2025-07"));
        assert_eq!(iso_month("07/2025", DateOrder::Dmy).as_deref(), Some("2025-07"));
        assert_eq!(iso_month("202507", DateOrder::Dmy).as_deref(), Some("2025-07"));
        assert_eq!(iso_month("31.07.2025", DateOrder::Dmy).as_deref(), Some("2025-07"));
    }

    #[test]
    fn the_order_shows_or_stays_open() {
        let order = |values: &[&str]| {
            let mut evidence = Evidence::default();
            values.iter().for_each(|value| evidence.add(value));
            evidence.order().map_err(|open| open.map(str::to_owned))
        };
        assert_eq!(order(&["12/31/2025", "03/04/2025"]), Ok(DateOrder::Mdy));
        assert_eq!(order(&["31/12/2025", "03/04/2025"]), Ok(DateOrder::Dmy));
        assert_eq!(order(&["03/04/2025", "05/05/2025"]), Err(Some("03/04/2025".into())));
        assert_eq!(order(&["05/05/2025"]), Ok(DateOrder::Dmy));
        assert_eq!(order(&["31/12/2025", "12/31/2025"]), Err(None));
        assert_eq!(order(&["03.04.2025"]), Ok(DateOrder::Dmy));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,24}") {
            let _ = (iso(&text, DateOrder::Dmy), iso_month(&text, DateOrder::Mdy), is_placeholder(&text));
            Evidence::default().add(&text);
        }
    }
}
