//! Periods as a query asks for them.

use jiff::ToSpan;
use kernel::{Day, SchoolYear};

use crate::chrome::FieldError;
use crate::visit::Visit;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub first: Day,
    pub last: Day,
}

/// A link to a usual period.
#[derive(Clone, Debug)]
pub struct Preset {
    pub words: String,
    pub href: String,
    pub current: bool,
}

/// `2026-11-24`, as a date field sends it, or `24/11/2026`.
pub fn parse_day(text: &str) -> Option<Day> {
    let text = text.trim();
    if let Some((day, rest)) = text.split_once('/') {
        let (month, year) = rest.split_once('/')?;
        let digits = [day, month, year].iter().all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit()));
        return (digits && year.len() == 4).then(|| Day::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok())?;
    }
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if plain { text.parse().ok() } else { None }
}

impl Period {
    /// From a month ago to today: what every list of movements starts with.
    pub fn last_month(today: Day) -> Period {
        Period { first: today.saturating_sub(1.month()), last: today }
    }

    /// `?da=&a=`; what is missing is taken from `usual`. What cannot be read is named.
    pub fn read(visit: &Visit, usual: Period) -> (Period, Vec<FieldError>) {
        let mut errors = Vec::new();
        let mut read = |name: &'static str, usual: Day| match visit.query.get(name) {
            None => usual,
            Some(text) => parse_day(text).unwrap_or_else(|| {
                errors.push(FieldError { field: name, words: visit.t("error-date").to_owned() });
                usual
            }),
        };
        let period = Period { first: read("da", usual.first), last: read("a", usual.last) };
        (period, errors)
    }

    /// Links to this month, the last one and the school year.
    pub fn presets(self, visit: &Visit) -> Vec<Preset> {
        let today = visit.ctx.today();
        let month = Period { first: today.first_of_month(), last: today };
        let before = month.first.saturating_sub(1.day());
        let last = Period { first: before.first_of_month(), last: before };
        let year = Period { first: SchoolYear::containing(today).first_day(), last: today };
        let preset = |(key, period): (&str, Period)| {
            let query = visit.query.with("da", &period.first.to_string()).with("a", &period.last.to_string());
            Preset { words: visit.t(key).to_owned(), href: format!("{}{}", visit.path, query.query()), current: period == self }
        };
        [("period-month", month), ("period-last-month", last), ("period-school-year", year)].into_iter().map(preset).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn days_are_read_as_browsers_and_people_write_them() {
        let day = Some(date(2026, 11, 24));
        for (text, expected) in [
            ("2026-11-24", day),
            (" 24/11/2026 ", day),
            ("24/11/26", None),
            ("2026-02-30", None),
            ("31/02/2026", None),
            ("24-11-2026", None),
            ("2026-11-24T00:00", None),
            ("٢٠٢٦-١١-٢٤", None),
            ("", None),
        ] {
            assert_eq!(parse_day(text), expected, "{text:?}");
        }
    }
}
