//! Days as numbers, and the working days of each simulated month.
//!
//! Public holidays are not modelled.

use jiff::civil::Date;

use crate::domain::Month;

/// Days since 1970-01-01, as Parquet stores dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(pub(super) i32);

impl Day {
    /// The day of a civil date.
    pub(super) fn of(date: Date) -> Self {
        let epoch = Date::constant(1970, 1, 1);
        Self((epoch.duration_until(date).as_hours() / 24) as i32)
    }

    /// The day `days` later.
    pub(super) const fn plus(self, days: i32) -> Self {
        Self(self.0 + days)
    }

    const fn is_weekday(self) -> bool {
        (self.0 + 3).rem_euclid(7) < 5
    }
}

/// One month of the calendar.
#[derive(Debug, Clone)]
pub(super) struct CalendarMonth {
    /// The month.
    pub(super) month: Month,
    /// Its first day.
    pub(super) first: Day,
    /// Its last day.
    pub(super) last: Day,
    /// Monday to Friday.
    pub(super) weekdays: Vec<Day>,
}

/// `months` calendar months from `start`.
pub(super) fn calendar(start: Month, months: usize) -> Vec<CalendarMonth> {
    (0..months)
        .map(|m| {
            let month = start.plus(m as i32);
            let (first, last) = (Day::of(month.first_day()), Day::of(month.last_day()));
            let weekdays = (first.0..=last.0).map(Day).filter(|day| day.is_weekday()).collect();
            CalendarMonth { month, first, last, weekdays }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_weekdays_follow_the_civil_calendar() {
        assert_eq!(Day::of(Date::constant(1970, 1, 2)), Day(1));
        assert_eq!(Day::of(Date::constant(2021, 10, 31)), Day(18_931));
        let october = &calendar(Month::new(2021, 10).unwrap(), 1)[0];
        assert_eq!(october.weekdays.len(), 21);
        assert_eq!(october.weekdays[0], october.first);
        assert_eq!(october.last, Day(18_931));
    }
}
