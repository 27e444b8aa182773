//! Dates and times as people write them.

use kernel::{Day, Instant, rome_date_time};

use crate::Locale;

const MONTHS: [[&str; 12]; 2] = [
    [
        "gennaio",
        "febbraio",
        "marzo",
        "aprile",
        "maggio",
        "giugno",
        "luglio",
        "agosto",
        "settembre",
        "ottobre",
        "novembre",
        "dicembre",
    ],
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
];
const WEEKDAYS: [[&str; 7]; 2] = [
    ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"],
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
];

pub fn month_name(locale: Locale, day: Day) -> &'static str {
    MONTHS[locale as usize][usize::from(day.month().unsigned_abs()) - 1]
}

pub fn weekday_name(locale: Locale, day: Day) -> &'static str {
    WEEKDAYS[locale as usize][usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())]
}

/// `24/11/2026`, in documents and tables.
pub fn day_short(day: Day) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}

/// `24 novembre 2026`.
pub fn day_long(locale: Locale, day: Day) -> String {
    format!("{} {} {}", day.day(), month_name(locale, day), day.year())
}

/// `martedì 24 novembre`, in lists of nearby days.
pub fn day_week(locale: Locale, day: Day) -> String {
    format!("{} {} {}", weekday_name(locale, day), day.day(), month_name(locale, day))
}

/// `9:00`, on the clock in Italy.
pub fn time_of_day(at: Instant) -> String {
    let local = rome_date_time(at);
    format!("{}:{:02}", local.hour(), local.minute())
}

/// `24/11/2026, 8:59:12`, on the clock in Italy.
pub fn instant_long(at: Instant) -> String {
    let local = rome_date_time(at);
    format!("{}, {}:{:02}:{:02}", day_short(local.date()), local.hour(), local.minute(), local.second())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_is_written_for_lists_documents_and_sentences() {
        let day = date(2026, 11, 24);
        assert_eq!(day_short(day), "24/11/2026");
        assert_eq!(day_long(Locale::It, day), "24 novembre 2026");
        assert_eq!(day_week(Locale::It, day), "martedì 24 novembre");
        assert_eq!(day_week(Locale::En, day), "Tuesday 24 November");
        assert_eq!(instant_long("2026-11-24T07:59:12Z".parse().expect("an instant")), "24/11/2026, 8:59:12");
    }
}
