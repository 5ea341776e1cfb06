//! When retention runs: daily at 03:00 in Amsterdam, whatever the machine's own time zone is (P13).

use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{ToSpan, Zoned};
use polder_kernel::Timestamp;

const ZONE: &str = "Europe/Amsterdam";
const HOUR: i8 = 3;

/// The first 03:00 in Amsterdam after `after`.
///
/// 03:00 exists once on every day there: clocks go from 02:00 to 03:00 in spring and from 03:00 back to
/// 02:00 in autumn.
pub fn next_run(after: Timestamp) -> Timestamp {
    // The zone's rules are built in, and the arithmetic fails only for years beyond 9999: a day later is
    // then as good an answer as any.
    local_next_run(after).unwrap_or(after + Duration::from_secs(24 * 60 * 60))
}

fn local_next_run(after: Timestamp) -> Option<Timestamp> {
    let zone = TimeZone::get(ZONE).ok()?;
    let now: Zoned = jiff::Timestamp::from_millisecond(after.millis()).ok()?.to_zoned(zone.clone());
    let three = Time::new(HOUR, 0, 0, 0).ok()?;
    let mut day = now.date();
    loop {
        let candidate = day.to_datetime(three).to_zoned(zone.clone()).ok()?;
        let candidate = Timestamp::from_millis(candidate.timestamp().as_millisecond());
        if candidate > after {
            return Some(candidate);
        }
        day = day.checked_add(1.day()).ok()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::from_millis(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    #[test]
    fn p13_runs_are_at_three_in_amsterdam_in_winter_and_summer() {
        assert_eq!(next_run(at("2026-11-21T08:00:00Z")), at("2026-11-22T02:00:00Z"));
        assert_eq!(next_run(at("2026-07-01T00:59:59.999Z")), at("2026-07-01T01:00:00Z"));
        // Strictly after: a run at 03:00 sharp is followed by tomorrow's.
        assert_eq!(next_run(at("2026-07-01T01:00:00Z")), at("2026-07-02T01:00:00Z"));
    }

    #[test]
    fn p13_the_nights_when_clocks_change_have_one_run_each() {
        // 29 March 2026: 02:00 becomes 03:00, the day has 23 hours.
        assert_eq!(next_run(at("2026-03-28T02:00:00Z")), at("2026-03-29T01:00:00Z"));
        assert_eq!(next_run(at("2026-03-29T01:00:00Z")), at("2026-03-30T01:00:00Z"));
        // 25 October 2026: 03:00 becomes 02:00, the day has 25 hours.
        assert_eq!(next_run(at("2026-10-24T01:00:00Z")), at("2026-10-25T02:00:00Z"));
        assert_eq!(next_run(at("2026-10-25T00:30:00Z")), at("2026-10-25T02:00:00Z"));
        assert_eq!(next_run(at("2026-10-25T01:30:00Z")), at("2026-10-25T02:00:00Z"));
        assert_eq!(next_run(at("2026-10-25T02:00:00Z")), at("2026-10-26T02:00:00Z"));
    }

    #[test]
    fn p13_a_year_has_365_runs() {
        let (mut now, end) = (at("2026-01-01T00:00:00Z"), at("2027-01-01T00:00:00Z"));
        let mut runs = 0;
        loop {
            now = next_run(now);
            if now >= end {
                break;
            }
            runs += 1;
        }
        assert_eq!(runs, 365);
    }
}
