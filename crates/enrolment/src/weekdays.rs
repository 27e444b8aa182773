use kernel::Day;

/// Days of the week, Monday in bit 0: the days with lunch of a class or a pupil.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weekdays(pub u8);

impl Weekdays {
    pub const SCHOOL_WEEK: Weekdays = Weekdays(0b001_1111);

    pub fn contains(self, day: Day) -> bool {
        self.0 & (1 << day.weekday().to_monday_zero_offset()) != 0
    }

    /// The days in order, 0 for Monday.
    pub fn days(self) -> impl Iterator<Item = u8> {
        (0..7).filter(move |d| self.0 & (1 << d) != 0)
    }

    pub(crate) fn from_column(mask: i64) -> Weekdays {
        Weekdays(u8::try_from(mask & 0x7f).expect("seven bits"))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_class_with_two_afternoons_eats_on_two_days() {
        let monday_wednesday = Weekdays(0b101);
        assert!(monday_wednesday.contains(date(2026, 11, 23)) && monday_wednesday.contains(date(2026, 11, 25)));
        assert!(!monday_wednesday.contains(date(2026, 11, 24)));
        assert_eq!(monday_wednesday.days().collect::<Vec<_>>(), [0, 2]);
    }
}
