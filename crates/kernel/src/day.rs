use jiff::civil::Time;
use jiff::tz::{AmbiguousOffset, TimeZone};

/// A civil day in Italy.
pub type Day = jiff::civil::Date;

/// A moment, in UTC.
pub type Instant = jiff::Timestamp;

fn rome() -> &'static TimeZone {
    static ROME: std::sync::OnceLock<TimeZone> = std::sync::OnceLock::new();
    ROME.get_or_init(|| TimeZone::get("Europe/Rome").expect("the zone table is bundled"))
}

/// The day it is in Italy at `instant`.
pub fn rome_day(instant: Instant) -> Day {
    rome().to_datetime(instant).date()
}

/// The day and the time on the clock in Italy at `instant`.
pub fn rome_date_time(instant: Instant) -> jiff::civil::DateTime {
    rome().to_datetime(instant)
}

/// The moment at which clocks in Italy show `time` on `day`.
///
/// In the hour that a spring Sunday skips, the moment the clocks jump; in the hour that an autumn Sunday repeats,
/// the first of the two: a deadline is never later than the earliest reading of what was announced.
///
/// # Panics
/// Outside the years 1 to 9998.
pub fn rome_instant(day: Day, time: Time) -> Instant {
    let ambiguous = rome().to_ambiguous_timestamp(day.to_datetime(time));
    let (local, offset) = (day.to_datetime(time), ambiguous.offset());
    match offset {
        AmbiguousOffset::Gap { before, after } => {
            let skipped = after.seconds() - before.seconds();
            let late = before.to_timestamp(local).expect("a school day is within the calendar");
            let jump = rome().following(late - jiff::SignedDuration::from_secs(i64::from(skipped) * 2)).next();
            jump.map_or(late, |transition| transition.timestamp())
        }
        _ => ambiguous.compatible().expect("a school day is within the calendar"),
    }
}

/// `2026-11-24T08:59:12+01:00`: the local time with its offset, as the wire wants it.
pub fn rome_offset_time(instant: Instant) -> String {
    let offset = rome().to_offset(instant);
    let local = offset.to_datetime(instant);
    let minutes = offset.seconds() / 60;
    format!(
        "{}{}{:02}:{:02}",
        local.strftime("%Y-%m-%dT%H:%M:%S"),
        if minutes < 0 { '-' } else { '+' },
        minutes.abs() / 60,
        minutes.abs() % 60
    )
}

/// Every day from `first` to `last`, both included; nothing if they are reversed.
pub fn days_between(first: Day, last: Day) -> impl Iterator<Item = Day> {
    std::iter::successors((first <= last).then_some(first), move |day| day.tomorrow().ok().filter(|next| *next <= last))
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn utc(text: &str) -> Instant {
        text.parse().expect("a test writes valid instants")
    }

    #[test]
    fn nine_oclock_in_rome_on_both_sides_of_the_clock_changes() {
        for (day, expected) in [
            (date(2026, 3, 28), "2026-03-28T08:00:00Z"),
            (date(2026, 3, 29), "2026-03-29T07:00:00Z"),
            (date(2026, 10, 24), "2026-10-24T07:00:00Z"),
            (date(2026, 10, 25), "2026-10-25T08:00:00Z"),
        ] {
            assert_eq!(rome_instant(day, time(9, 0, 0, 0)), utc(expected));
        }
    }

    #[test]
    fn a_skipped_hour_is_the_jump_and_a_repeated_hour_is_its_first_pass() {
        assert_eq!(rome_instant(date(2026, 3, 29), time(2, 30, 0, 0)), utc("2026-03-29T01:00:00Z"));
        assert_eq!(rome_instant(date(2026, 10, 25), time(2, 30, 0, 0)), utc("2026-10-25T00:30:00Z"));
    }

    #[test]
    fn midnight_in_rome_begins_the_day() {
        assert_eq!(rome_day(utc("2026-11-23T22:59:59Z")), date(2026, 11, 23));
        assert_eq!(rome_day(utc("2026-11-23T23:00:00Z")), date(2026, 11, 24));
    }

    #[test]
    fn a_reversed_range_has_no_days() {
        assert_eq!(days_between(date(2026, 2, 27), date(2026, 3, 1)).count(), 3);
        assert_eq!(days_between(date(2026, 3, 1), date(2026, 2, 27)).count(), 0);
    }

    #[test]
    fn the_wire_gets_the_offset_of_the_season() {
        assert_eq!(rome_offset_time(utc("2026-11-24T07:59:12Z")), "2026-11-24T08:59:12+01:00");
        assert_eq!(rome_offset_time(utc("2026-07-01T07:00:00Z")), "2026-07-01T09:00:00+02:00");
    }
}
