//! Calendar days and months in UTC, as usage is counted by.

use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use jiff::civil::{Date, date};

use crate::Timestamp;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
const EPOCH: Date = date(1970, 1, 1);

/// A calendar day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

/// A calendar month in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(i64);

/// Text that is no day or no month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a day as 2026-11-21, nor a month as 2026-11")]
pub struct NotInCalendar;

impl Day {
    /// The day in which this moment is.
    pub const fn of(at: Timestamp) -> Self {
        Self(at.millis().div_euclid(DAY_MILLIS))
    }

    /// Its first moment.
    pub const fn begins(self) -> Timestamp {
        Timestamp::from_millis(self.0 * DAY_MILLIS)
    }

    /// The day so many days later; earlier where negative.
    #[must_use]
    pub const fn plus(self, days: i64) -> Self {
        Self(self.0 + days)
    }

    /// How many days later this is.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// Its month.
    pub fn month(self) -> Month {
        let date = self.date();
        Month(i64::from(date.year()) * 12 + i64::from(date.month()) - 1)
    }

    /// Its number in the month, from 1.
    pub fn of_month(self) -> u32 {
        u32::try_from(self.date().day()).unwrap_or(1)
    }

    fn date(self) -> Date {
        EPOCH.saturating_add(SignedDuration::from_hours(self.0.saturating_mul(24)))
    }
}

impl Month {
    /// The month in which this moment is.
    pub fn of(at: Timestamp) -> Self {
        Day::of(at).month()
    }

    /// Its first day.
    pub fn first(self) -> Day {
        let (year, month) = (i16::try_from(self.0.div_euclid(12)), i8::try_from(self.0.rem_euclid(12) + 1));
        let date = Date::new(year.unwrap_or(1970), month.unwrap_or(1), 1).unwrap_or(EPOCH);
        Day(EPOCH.duration_until(date).as_hours() / 24)
    }

    /// Its first moment.
    pub fn begins(self) -> Timestamp {
        self.first().begins()
    }

    /// The first moment after it.
    pub fn ends(self) -> Timestamp {
        self.plus(1).begins()
    }

    /// The month so many months later; earlier where negative.
    #[must_use]
    pub const fn plus(self, months: i64) -> Self {
        Self(self.0 + months)
    }

    /// How many months later this is.
    pub const fn since(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }

    /// Every day of it, in order.
    pub fn days(self) -> impl Iterator<Item = Day> {
        let (first, next) = (self.first(), self.plus(1).first());
        (first.0..next.0).map(Day)
    }
}

/// `2026-11-21`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date().fmt(f)
    }
}

/// `2026-11`.
impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

/// In one spelling alone, in the years 1970 to 9998.
impl FromStr for Day {
    type Err = NotInCalendar;
    fn from_str(text: &str) -> Result<Self, NotInCalendar> {
        let date: Date = text.parse().map_err(|_| NotInCalendar)?;
        let day = Self(EPOCH.duration_until(date).as_hours() / 24);
        if (1970..=9998).contains(&date.year()) && day.to_string() == text { Ok(day) } else { Err(NotInCalendar) }
    }
}

impl FromStr for Month {
    type Err = NotInCalendar;
    fn from_str(text: &str) -> Result<Self, NotInCalendar> {
        let first: Day = format!("{text}-01").parse()?;
        Ok(first.month())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k12_days_and_months_are_those_of_utc() {
        let at = |text: &str| Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        for (moment, day, month) in [
            ("2026-11-30T23:59:59.999Z", "2026-11-30", "2026-11"),
            ("2026-12-01T00:00:00Z", "2026-12-01", "2026-12"),
            ("2024-02-29T12:00:00Z", "2024-02-29", "2024-02"),
            ("1970-01-01T00:00:00Z", "1970-01-01", "1970-01"),
        ] {
            let moment = at(moment);
            assert_eq!((Day::of(moment).to_string().as_str(), Month::of(moment).to_string().as_str()), (day, month));
            assert!(Day::of(moment).begins() <= moment && moment < Day::of(moment).plus(1).begins());
            assert!(Month::of(moment).begins() <= moment && moment < Month::of(moment).ends());
        }
        assert_eq!("2024-02".parse::<Month>().unwrap().days().count(), 29);
        assert_eq!("2026-12".parse::<Month>().unwrap().plus(1).to_string(), "2027-01");
        assert_eq!("2026-11-21".parse::<Day>().unwrap().of_month(), 21);
        assert_eq!("2026-11-21".parse::<Day>().unwrap().since("2026-11-01".parse().unwrap()), 20);
    }

    #[test]
    fn k12_a_day_has_one_spelling() {
        for wrong in ["", "2026-11", "2026-11-31", "20261121", "2026-11-21T00:00", "+002026-11-21", "1969-12-31", "x"] {
            assert_eq!(wrong.parse::<Day>(), Err(NotInCalendar), "{wrong}");
        }
        for wrong in ["", "2026", "2026-13", "2026-1", "2026-11-21"] {
            assert_eq!(wrong.parse::<Month>(), Err(NotInCalendar), "{wrong}");
        }
    }
}
