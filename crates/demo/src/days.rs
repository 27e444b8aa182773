//! The days of a child at the canteen: present, absent, and who said so.

use kernel::{Day, SchoolYear};

use crate::calendar::{SchoolDay, canteen_days};
use crate::chance::Chance;
use crate::town::Level;

/// A child's lunches of a year up to yesterday.
pub(crate) struct Lunches {
    pub days: Vec<(Day, bool)>,
    pub absences: Vec<Absence>,
}

/// A run of days away.
pub(crate) struct Absence {
    pub first_on: Day,
    pub last_on: Day,
    /// reported by a guardian; otherwise only the roll knows
    pub reported: bool,
}

/// The open days of each level in a year, made once.
pub(crate) struct SchoolDays([Vec<SchoolDay>; 3]);

impl SchoolDays {
    pub fn new(year: SchoolYear) -> SchoolDays {
        SchoolDays([Level::Infanzia, Level::Primaria, Level::Secondaria].map(|level| canteen_days(year, level)))
    }

    pub fn of(&self, level: Level) -> &[SchoolDay] {
        &self.0[level as usize]
    }
}

/// About 12 absences in a hundred, in runs of one to five days of lunch.
pub(crate) fn lunches(chance: &mut Chance, days: &[SchoolDay], weekdays: u8, today: Day) -> Lunches {
    let lunch = |d: &&SchoolDay| d.closed.is_none() && weekdays & (1 << d.day.weekday().to_monday_zero_offset()) != 0;
    let (mut out, mut away) = (Lunches { days: Vec::with_capacity(days.len()), absences: Vec::new() }, 0_u32);
    for day in days.iter().filter(lunch).map(|d| d.day).take_while(|day| *day < today) {
        if away == 0 && chance.below(1000) < 66 {
            away = [1, 2, 3, 5][chance.weighted(&[55, 20, 10, 15])];
            out.absences.push(Absence { first_on: day, last_on: day, reported: chance.percent(70) });
        }
        out.days.push((day, away == 0));
        if away > 0 {
            away -= 1;
            out.absences.last_mut().expect("an absence was begun").last_on = day;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_twelve_lunches_in_a_hundred_are_missed() {
        let (mut chance, days) = (Chance::new(1), canteen_days(SchoolYear(2025), Level::Primaria));
        let today = crate::calendar::date(2026, 8, 1);
        let all: Vec<Lunches> = (0..200).map(|_| lunches(&mut chance, &days, 0b1_1111, today)).collect();
        let (count, missed) = all.iter().flat_map(|l| &l.days).fold((0, 0), |(n, m), (_, here)| (n + 1, m + u32::from(!here)));
        assert!((100..=140).contains(&(missed * 1000 / count)), "{missed} of {count}");
    }
}
