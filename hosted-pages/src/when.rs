//! Moments as people read them, in Dutch time.

use jiff::{Timestamp as Moment, Zoned, tz::TimeZone};
use polder_kernel::{Locale, Timestamp};

use crate::texts::texts;

/// The zone that moments are shown in.
const ZONE: &str = "Europe/Amsterdam";

/// Date and time with the zone's short name: `21 November 2026, 09:00 CET`.
pub fn moment(locale: Locale, at: Timestamp) -> String {
    Moment::from_millisecond(at.millis()).map_or_else(|_| at.rfc3339(), |m| long(locale, m))
}

/// The same for a moment in RFC 3339, as the APIs give it; text that is none is shown as it is.
pub fn from_rfc3339(locale: Locale, at: &str) -> String {
    at.parse::<Moment>().map_or_else(|_| at.to_owned(), |m| long(locale, m))
}

/// A day as `2026-11-21` in few letters: `21 Nov`. Text that is none is shown as it is.
pub fn short_day(locale: Locale, day: &str) -> String {
    let Ok(date) = day.parse::<jiff::civil::Date>() else { return day.to_owned() };
    let names = texts(locale).usage.short_months;
    let name = usize::try_from(date.month() - 1).ok().and_then(|index| names.split(' ').nth(index)).unwrap_or("");
    format!("{} {name}", date.day())
}

/// A month as `2026-11`: `November 2026`. Text that is none is shown as it is.
pub fn whole_month(locale: Locale, text: &str) -> String {
    let Ok(date) = format!("{text}-01").parse::<jiff::civil::Date>() else { return text.to_owned() };
    format!("{} {}", month(locale, date.month()), date.year())
}

fn long(locale: Locale, moment: Moment) -> String {
    let local: Zoned = moment.to_zoned(TimeZone::get(ZONE).unwrap_or(TimeZone::UTC));
    let month = month(locale, local.month());
    format!(
        "{} {month} {}, {:02}:{:02} {}",
        local.day(),
        local.year(),
        local.hour(),
        local.minute(),
        local.strftime("%Z")
    )
}

fn month(locale: Locale, number: i8) -> &'static str {
    let names = texts(locale).time.months;
    usize::try_from(number - 1).ok().and_then(|index| names.split(' ').nth(index)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_like_a_person_would_write_them() {
        let at = Timestamp::from_seconds(1_795_248_000);
        assert_eq!(moment(Locale::En, at), "21 November 2026, 09:00 CET");
        assert_eq!(moment(Locale::Nl, at), "21 november 2026, 09:00 CET");
        assert_eq!(from_rfc3339(Locale::Nl, "2026-07-01T12:00:00.000Z"), "1 juli 2026, 14:00 CEST");
        assert_eq!(from_rfc3339(Locale::Nl, "soon"), "soon");
        assert_eq!([short_day(Locale::En, "2026-11-01"), short_day(Locale::Nl, "2026-03-21")], ["1 Nov", "21 mrt"]);
        assert_eq!(whole_month(Locale::Nl, "2026-10"), "oktober 2026");
        assert_eq!([short_day(Locale::En, "soon"), whole_month(Locale::En, "soon")], ["soon", "soon"]);
    }
}
