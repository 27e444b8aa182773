//! Dates, instants and amounts as the schemas of the wire write them; years from 0001 to 9999, though a schema allows more.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};

const XML_BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];

/// Collapses the blanks around a value that is not free text.
pub(crate) fn collapse(text: &str) -> &str {
    text.trim_matches(XML_BLANKS)
}

/// `xs:date`, whose zone (`2026-04-30+02:00`) says nothing about which day is meant.
pub(crate) fn read_date(text: &str) -> Option<Date> {
    let (date, zone) = collapse(text).split_at_checked(10)?;
    read_zone(zone)?;
    is_shape(date, b"0000-00-00").then(|| date.parse().ok())?
}

/// `xs:dateTime`. A time without zone is the time in Rome: receipts come so.
pub(crate) fn read_instant(text: &str) -> Option<Timestamp> {
    read_instant_in(text, &rome())
}

/// A date and time of the REST services, which mean UTC when they name no zone.
pub(crate) fn read_utc_instant(text: &str) -> Option<Timestamp> {
    read_instant_in(text, &TimeZone::UTC)
}

fn read_instant_in(text: &str, unnamed: &TimeZone) -> Option<Timestamp> {
    let (seconds, rest) = collapse(text).split_at_checked(19)?;
    if !is_shape(seconds, b"0000-00-00T00:00:00") {
        return None;
    }
    let (fraction, zone) = split_fraction(rest)?;
    let local = read_local(seconds, fraction)?;
    match read_zone(zone)? {
        Some(offset) => offset.to_timestamp(local).ok(),
        None => unnamed.to_ambiguous_timestamp(local).compatible().ok(),
    }
}

fn read_local(seconds: &str, fraction: &str) -> Option<DateTime> {
    // Midnight may be written as the end of the day before.
    if let Some(day) = seconds.strip_suffix("T24:00:00") {
        let after = day.parse::<Date>().ok()?.tomorrow().ok()?;
        return fraction.bytes().all(|b| b == b'0').then(|| after.to_datetime(jiff::civil::Time::midnight()));
    }
    let whole: DateTime = seconds.parse().ok().filter(|_| !seconds.ends_with(":60"))?;
    let nanoseconds: i64 = format!("{:0<9.9}", fraction).parse().ok()?;
    whole.checked_add(nanoseconds.nanoseconds()).ok()
}

fn split_fraction(rest: &str) -> Option<(&str, &str)> {
    let Some(after_dot) = rest.strip_prefix('.') else { return Some(("", rest)) };
    let end = after_dot.find(|c: char| !c.is_ascii_digit()).unwrap_or(after_dot.len());
    (end > 0).then(|| after_dot.split_at(end))
}

/// Nothing, `Z`, or `+hh:mm` up to 14 hours.
fn read_zone(zone: &str) -> Option<Option<Offset>> {
    if zone.is_empty() {
        return Some(None);
    }
    if zone == "Z" {
        return Some(Some(Offset::UTC));
    }
    let (sign, hours) = (zone.get(..1)?, zone.get(1..)?);
    if !is_shape(hours, b"00:00") || !matches!(sign, "+" | "-") {
        return None;
    }
    let (hour, minute): (i32, i32) = (hours[..2].parse().ok()?, hours[3..].parse().ok()?);
    let seconds = hour * 3600 + minute * 60;
    let valid = minute < 60 && seconds <= 14 * 3600;
    valid.then(|| Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()).map(|o| o.map(Some))?
}

/// Digits where the shape has `0`, the same character elsewhere.
fn is_shape(text: &str, shape: &[u8]) -> bool {
    text.len() == shape.len() && text.bytes().zip(shape).all(|(b, s)| if *s == b'0' { b.is_ascii_digit() } else { b == *s })
}

fn rome() -> TimeZone {
    TimeZone::get("Europe/Rome").expect("the zone table is bundled")
}

/// The civil day in Rome.
pub(crate) fn rome_day(at: Timestamp) -> Date {
    rome().to_datetime(at).date()
}

/// The local time in Rome, without zone, as the node writes the time of a payment.
pub(crate) fn write_instant(at: Timestamp) -> String {
    rome().to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// `12.34` with exactly two decimals, up to 999999999.99, as cents.
pub(crate) fn read_amount(text: &str) -> Option<i64> {
    let (euros, cents) = collapse(text).split_once('.')?;
    let all_digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(euros) || !all_digits(cents) || cents.len() != 2 {
        return None;
    }
    let euros = euros.trim_start_matches('0');
    if euros.len() > 9 {
        return None;
    }
    Some(if euros.is_empty() { 0 } else { euros.parse::<i64>().ok()? } * 100 + cents.parse::<i64>().ok()?)
}

/// Cents as the wire wants them; the schema refuses what is negative or too large.
pub(crate) fn write_amount(cents: i64) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn dates_may_carry_a_zone() {
        for text in ["2026-04-30", "2026-04-30Z", "2026-04-30+02:00", " 2026-04-30-14:00\n"] {
            assert_eq!(read_date(text), Some(date(2026, 4, 30)), "{text:?}");
        }
        for text in
            ["", "2026-4-30", "2026-02-30", "30/04/2026", "2026-04-30+2", "2026-04-30+15:00", "2026-04-30T", "２026-04-30"]
        {
            assert_eq!(read_date(text), None, "{text:?}");
        }
    }

    #[test]
    fn times_without_zone_are_in_rome() {
        for (text, expected) in [
            ("2026-03-10T10:15:30", "2026-03-10T09:15:30Z"),
            ("2026-07-10T10:15:30", "2026-07-10T08:15:30Z"),
            ("2026-07-10T10:15:30.25", "2026-07-10T08:15:30.25Z"),
            ("2026-07-10T10:15:30.123456789123Z", "2026-07-10T10:15:30.123456789Z"),
            ("2026-07-10T10:15:30+05:30", "2026-07-10T04:45:30Z"),
            ("2026-07-10T24:00:00Z", "2026-07-11T00:00:00Z"),
            ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(read_instant(text), expected.parse().ok(), "{text:?}");
        }
        for text in
            ["2026-07-10", "2026-07-10 10:15:30", "2026-07-10T25:00:00", "2026-07-10T10:15:60", "2026-07-10T10:15:30.", "x"]
        {
            assert_eq!(read_instant(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_written_time_is_read_back() {
        let at: Timestamp = "2026-11-24T14:00:05Z".parse().unwrap();
        assert_eq!(write_instant(at), "2026-11-24T15:00:05");
        assert_eq!(read_instant(&write_instant(at)), Some(at));
    }

    #[test]
    fn amounts_have_two_decimals_and_never_become_floats() {
        for (text, cents) in
            [("0.00", 0), ("19.99", 1999), (" 45.00 ", 4500), ("000000000001.10", 110), ("999999999.99", 99_999_999_999)]
        {
            assert_eq!(read_amount(text), Some(cents), "{text:?}");
        }
        for text in ["", "45", "45.0", "45.000", "45,00", "-1.00", "+1.00", ".50", "1e2.00", "1000000000.00", "１.00"] {
            assert_eq!(read_amount(text), None, "{text:?}");
        }
        assert_eq!(write_amount(1999), "19.99");
        assert_eq!(write_amount(5), "0.05");
    }
}
