//! Documents of the families that pay afterwards, and of the flat fees.

use kernel::{Cents, Day, SchoolYear};

use crate::calendar::{date, month_end};
use crate::chance::{Chance, plus};
use crate::family::Habit;

pub(crate) struct Document {
    pub key: String,
    pub series: String,
    /// given when all documents are known, if not given here
    pub number: Option<String>,
    pub issued_on: Day,
    pub year: SchoolYear,
    pub description: String,
    pub holder: String,
    pub pupil: Option<String>,
    pub service: &'static str,
    pub enforced_on: Option<Day>,
    pub lines: Vec<Line>,
    pub instalments: Vec<Instalment>,
}

pub(crate) struct Line {
    pub description: String,
    pub quantity: i64,
    pub unit: Cents,
}

pub(crate) struct Instalment {
    pub due_on: Day,
    pub amount: Cents,
    pub paid: Option<(Day, &'static str)>,
}

/// The months that go on one document, and when it is issued.
pub(crate) struct Period {
    pub first_on: Day,
    pub last_on: Day,
    pub issued_on: Day,
    pub name: String,
}

/// September with October, May with June, every other month alone; issued on the 5th of the month after.
pub(crate) fn periods(year: SchoolYear) -> Vec<Period> {
    let (y, n) = (year.0, year.0 + 1);
    let months = [
        (date(y, 9, 1), date(y, 10, 31), format!("settembre e ottobre {y}")),
        (date(y, 11, 1), date(y, 11, 30), format!("novembre {y}")),
        (date(y, 12, 1), date(y, 12, 31), format!("dicembre {y}")),
        (date(n, 1, 1), date(n, 1, 31), format!("gennaio {n}")),
        (date(n, 2, 1), month_end(date(n, 2, 1)), format!("febbraio {n}")),
        (date(n, 3, 1), date(n, 3, 31), format!("marzo {n}")),
        (date(n, 4, 1), date(n, 4, 30), format!("aprile {n}")),
        (date(n, 5, 1), date(n, 6, 30), format!("maggio e giugno {n}")),
    ];
    months.into_iter().map(|(first_on, last_on, name)| Period { first_on, last_on, issued_on: plus(last_on, 5), name }).collect()
}

/// One instalment due in thirty days, or two where the document asks for more than a hundred euros.
pub(crate) fn monthly_instalments(total: Cents, issued_on: Day) -> Vec<Instalment> {
    let parts = if total > Cents(10_000) { 2 } else { 1 };
    let due = |nth: usize| plus(issued_on, 30 * (1 + i64::try_from(nth).expect("two parts")));
    let instalment = |(nth, amount)| Instalment { due_on: due(nth), amount, paid: None };
    total.split(parts).into_iter().enumerate().map(instalment).collect()
}

/// Three instalments: 15 October, 15 January, 15 April.
pub(crate) fn yearly_instalments(total: Cents, year: SchoolYear) -> Vec<Instalment> {
    let due = [date(year.0, 10, 15), date(year.0 + 1, 1, 15), date(year.0 + 1, 4, 15)];
    total.split(3).into_iter().zip(due).map(|(amount, due_on)| Instalment { due_on, amount, paid: None }).collect()
}

/// Decides what has been paid by today, and what went to enforcement.
pub(crate) fn settle(chance: &mut Chance, document: &mut Document, habit: Habit, today: Day) {
    let enforced_on = date(document.year.0 + 1, 6, 20);
    let oldest = habit == Habit::Overdue && document.instalments.iter().all(|i| i.due_on < date(document.year.0, 12, 31));
    if oldest && enforced_on < today {
        document.enforced_on = Some(enforced_on);
        return;
    }
    for instalment in &mut document.instalments {
        let (from, span) = match habit {
            Habit::Punctual | Habit::EndsWith(_) => (plus(document.issued_on, 1).max(plus(instalment.due_on, -25)), 25),
            Habit::Late => (plus(instalment.due_on, 5), 50),
            // the last seven months stand open
            Habit::Overdue if instalment.due_on > plus(today, -210) => continue,
            Habit::Overdue => (plus(instalment.due_on, 20), 60),
        };
        let paid_on = chance.day_from(from, span);
        if paid_on < today {
            let by = ["pagoPA", "Bonifico", "Sportello"][chance.weighted(&[80, 12, 8])];
            instalment.paid = Some((paid_on, by));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_periods_cover_the_school_year_without_gaps() {
        let periods = periods(SchoolYear(2025));
        assert!(periods.windows(2).all(|w| plus(w[0].last_on, 1) == w[1].first_on));
        assert_eq!((periods[0].first_on, periods[7].last_on), (date(2025, 9, 1), date(2026, 6, 30)));
    }

    #[test]
    fn instalments_sum_to_their_document() {
        for total in [1, 9_999, 10_001, 12_345] {
            let total = Cents(total);
            assert_eq!(monthly_instalments(total, date(2026, 11, 5)).iter().map(|i| i.amount).sum::<Cents>(), total);
            assert_eq!(yearly_instalments(total, SchoolYear(2026)).iter().map(|i| i.amount).sum::<Cents>(), total);
        }
    }
}
