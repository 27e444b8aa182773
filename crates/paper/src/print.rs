//! How values look on paper: `1.234,50`, `30/04/2026`, `martedì 24/11/2026`.

use jiff::civil::{Date, DateTime, Weekday};
use kernel::Cents;
use serde::Serializer;

pub(crate) fn euro<S: Serializer>(amount: &Cents, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&amount.format_it())
}

pub(crate) fn euro_if<S: Serializer>(amount: &Option<Cents>, to: S) -> Result<S::Ok, S::Error> {
    match amount {
        Some(amount) => euro(amount, to),
        None => to.serialize_none(),
    }
}

pub(crate) fn day<S: Serializer>(day: &Date, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&day_it(*day))
}

pub(crate) fn day_if<S: Serializer>(date: &Option<Date>, to: S) -> Result<S::Ok, S::Error> {
    match date {
        Some(date) => day(date, to),
        None => to.serialize_none(),
    }
}

pub(crate) fn weekday<S: Serializer>(day: &Date, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&format!("{} {}", weekday_it(day.weekday()), day_it(*day)))
}

pub(crate) fn moment<S: Serializer>(at: &DateTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&format!("{} alle ore {:02}:{:02}:{:02}", day_it(at.date()), at.hour(), at.minute(), at.second()))
}

/// `30/04/2026`
fn day_it(day: Date) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}

fn weekday_it(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "lunedì",
        Weekday::Tuesday => "martedì",
        Weekday::Wednesday => "mercoledì",
        Weekday::Thursday => "giovedì",
        Weekday::Friday => "venerdì",
        Weekday::Saturday => "sabato",
        Weekday::Sunday => "domenica",
    }
}
