//! How values look on paper in every language: `1.234,50`, `30/04/2026`, `08:59:12`.

use catalogue::Locale;
use jiff::civil::{Date, DateTime};
use kernel::Cents;
use serde::{Serialize, Serializer};

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

/// A day with its place in the week, Monday is 1: the template names it in the paper's language.
#[derive(Serialize)]
struct DayOfWeek {
    weekday: i8,
    day: String,
}

pub(crate) fn weekday<S: Serializer>(day: &Date, to: S) -> Result<S::Ok, S::Error> {
    DayOfWeek { weekday: day.weekday().to_monday_one_offset(), day: day_it(*day) }.serialize(to)
}

/// A moment to the second: the template joins the two in the paper's language.
#[derive(Serialize)]
struct Moment {
    day: String,
    time: String,
}

pub(crate) fn moment<S: Serializer>(at: &DateTime, to: S) -> Result<S::Ok, S::Error> {
    let time = format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
    Moment { day: day_it(at.date()), time }.serialize(to)
}

pub(crate) fn language_if<S: Serializer>(locale: &Option<Locale>, to: S) -> Result<S::Ok, S::Error> {
    locale.map(Locale::code).serialize(to)
}

/// `30/04/2026`
fn day_it(day: Date) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}
