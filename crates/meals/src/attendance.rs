//! What became of each day: the canteen page, the strip of today, and the closing of a day.

pub(crate) mod close;
mod correct;
mod days;
mod today;

use db::{FromValue, ToValue, Value};
use kernel::{Day, Instant};

pub use close::close_booking_day;
pub use correct::{Correction, correct};
pub use days::days;
pub use today::{TodayMeal, today};

use crate::kinds::Effect;
use crate::menu::Course;

/// The most days one look covers.
pub const MOST_DAYS: i32 = 366;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRecord {
    pub day: Day,
    pub status: Status,
    /// The report that stands for the day, of whatever effect.
    pub report: Option<ReportedDay>,
    /// What is served to this pupil; empty on days without lunch and where no menu is known.
    pub menu: Vec<Course>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportedDay {
    pub report: kernel::AbsenceReportId,
    pub kind_code: String,
    pub kind_name_it: String,
    pub kind_name_en: String,
    pub effect: Effect,
    pub by: String,
    pub at: Instant,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    Present,
    /// By a report, in time.
    Absent {
        reported_by: String,
        at: Instant,
    },
    /// By the roll call, or an operator, without a report.
    AbsentByRoll,
    PresentNotEnrolled,
    NotEnrolled,
    NoLunchThatWeekday,
    Closed {
        cause: Option<String>,
    },
    /// A lunch of today or later: booked unless reported absent.
    Expected,
    /// A lunch that was, of which nothing is recorded yet.
    NotYetTaken,
}

/// What a roll, a booking, an import or an operator recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Roll {
    Present,
    Absent,
    PresentNotEnrolled,
}

const CODES: [(&str, Roll); 3] =
    [("present", Roll::Present), ("absent", Roll::Absent), ("present_not_enrolled", Roll::PresentNotEnrolled)];

impl Roll {
    /// As the table keeps it.
    pub fn code(self) -> &'static str {
        CODES.iter().find(|(_, roll)| *roll == self).map_or("present", |(code, _)| code)
    }

    pub fn from_code(code: &str) -> Option<Roll> {
        CODES.iter().find(|(known, _)| *known == code).map(|(_, roll)| *roll)
    }
}

impl ToValue for Roll {
    fn to_value(&self) -> Value {
        self.code().to_value()
    }
}

impl FromValue for Roll {
    fn from_value(value: Value) -> Option<Roll> {
        Roll::from_code(&String::from_value(value)?)
    }
}
