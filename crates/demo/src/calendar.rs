//! The school year of an Italian town: national holidays, the pauses schools make, and when the canteen runs.

use jiff::civil::{Date, Weekday};
use kernel::{Day, SchoolYear, days_between};

use crate::chance::plus;
use crate::town::Level;

/// First and last day on which the canteen of a level runs.
pub(crate) fn canteen_season(year: SchoolYear, level: Level) -> (Day, Day) {
    // schools begin on the second Monday of September, the canteen a week later
    let begins = nth_monday(year.0, 9, 3);
    let ends = if level == Level::Infanzia { date(year.0 + 1, 6, 27) } else { date(year.0 + 1, 6, 5) };
    (begins, ends)
}

/// First and last day of lessons.
pub(crate) fn lessons(year: SchoolYear) -> (Day, Day) {
    (nth_monday(year.0, 9, 2), date(year.0 + 1, 6, 30))
}

/// A weekday on which a site is open, or why it is not.
pub(crate) struct SchoolDay {
    pub day: Day,
    pub closed: Option<&'static str>,
}

/// Monday to Friday of the canteen's season, with the causes of closures.
pub(crate) fn canteen_days(year: SchoolYear, level: Level) -> Vec<SchoolDay> {
    let (first, last) = canteen_season(year, level);
    let weekdays = days_between(first, last).filter(|d| d.weekday().to_monday_one_offset() <= 5);
    weekdays.map(|day| SchoolDay { day, closed: closure(year, day) }).collect()
}

fn closure(year: SchoolYear, day: Day) -> Option<&'static str> {
    let (next, easter) = (year.0 + 1, easter(year.0 + 1));
    let ranges = [
        (date(year.0, 10, 14), date(year.0, 10, 14), "Festa del santo patrono"),
        (date(year.0, 11, 1), date(year.0, 11, 1), "Ognissanti"),
        (strike(year), strike(year), "Sciopero del personale della scuola"),
        (date(year.0, 12, 8), date(year.0, 12, 8), "Immacolata Concezione"),
        (date(year.0, 12, 23), date(next, 1, 6), "Vacanze di Natale"),
        (plus(easter, -3), plus(easter, 2), "Vacanze di Pasqua"),
        (date(next, 4, 25), date(next, 4, 25), "Festa della Liberazione"),
        (date(next, 5, 1), date(next, 5, 1), "Festa del Lavoro"),
        (date(next, 6, 2), date(next, 6, 2), "Festa della Repubblica"),
    ];
    ranges.into_iter().find(|(first, last, _)| (*first..=*last).contains(&day)).map(|(_, _, cause)| cause)
}

/// One strike a year, on the first Friday of October after the fifth.
fn strike(year: SchoolYear) -> Day {
    let fifth = date(year.0, 10, 5);
    days_between(fifth, plus(fifth, 6)).find(|d| d.weekday() == Weekday::Friday).expect("seven days hold a Friday")
}

/// Easter Sunday, by the computation of Meeus, Jones and Butcher.
pub(crate) fn easter(year: i16) -> Day {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let n = h + l - 7 * ((a + 11 * h + 22 * l) / 451) + 114;
    date(year, i8::try_from(n / 31).expect("March or April"), i8::try_from(n % 31 + 1).expect("a day of a month"))
}

fn nth_monday(year: i16, month: i8, nth: i8) -> Day {
    date(year, month, 1).nth_weekday_of_month(nth, Weekday::Monday).expect("a month has four Mondays")
}

/// The last day of the month of `day`.
pub(crate) fn month_end(day: Day) -> Day {
    day.last_of_month()
}

pub(crate) fn date(year: i16, month: i8, day: i8) -> Day {
    Date::new(year, month, day).expect("a day of the calendar")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_where_almanacs_say() {
        for (year, month, day) in [(2024, 3, 31), (2025, 4, 20), (2026, 4, 5), (2027, 3, 28), (2038, 4, 25)] {
            assert_eq!(easter(year), date(year, month, day));
        }
    }

    #[test]
    fn a_school_year_has_about_170_canteen_days() {
        for year in 2020..2040 {
            let open = canteen_days(SchoolYear(year), Level::Primaria).iter().filter(|d| d.closed.is_none()).count();
            assert!((155..=180).contains(&open), "{year}: {open}");
        }
    }

    #[test]
    fn christmas_and_liberation_day_are_closed() {
        let days = canteen_days(SchoolYear(2025), Level::Primaria);
        let cause = |day| days.iter().find(|d| d.day == day).and_then(|d| d.closed);
        assert_eq!(cause(date(2025, 12, 25)), Some("Vacanze di Natale"));
        assert_eq!(cause(date(2025, 12, 8)), Some("Immacolata Concezione"));
        assert_eq!(cause(date(2026, 4, 6)), Some("Vacanze di Pasqua"));
        assert_eq!(cause(date(2026, 4, 9)), None);
    }
}
