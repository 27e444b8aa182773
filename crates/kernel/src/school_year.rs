use std::fmt;

use jiff::civil::date;
use serde::{Deserialize, Serialize};

use crate::Day;

/// A school year, named by the calendar year it begins in: 2026 is 2026/27. It runs from 1 September to 31 August.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SchoolYear(pub i16);

impl SchoolYear {
    pub fn containing(day: Day) -> SchoolYear {
        SchoolYear(if day.month() >= 9 { day.year() } else { day.year() - 1 })
    }

    pub fn first_day(self) -> Day {
        date(self.0, 9, 1)
    }

    pub fn last_day(self) -> Day {
        date(self.0 + 1, 8, 31)
    }

    pub fn previous(self) -> SchoolYear {
        SchoolYear(self.0 - 1)
    }

    pub fn contains(self, day: Day) -> bool {
        SchoolYear::containing(day) == self
    }
}

impl fmt::Display for SchoolYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:02}", self.0, (self.0 + 1) % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_september_turns_the_year() {
        assert_eq!(SchoolYear::containing(date(2026, 8, 31)), SchoolYear(2025));
        assert_eq!(SchoolYear::containing(date(2026, 9, 1)), SchoolYear(2026));
        assert_eq!(SchoolYear(2026).to_string(), "2026/27");
        assert_eq!(SchoolYear(1999).to_string(), "1999/00");
    }
}
