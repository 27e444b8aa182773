//! Absences as guardians report them: what may be asked, what is answered, and the verbs.

use kernel::{AbsenceReportId, Day, Instant, PersonId, PupilId, ServiceId};
use serde::{Deserialize, Serialize};

pub use crate::deadline::{Deadline, next_deadline};
pub use crate::kinds::{AbsenceKind, Effect, kinds};
pub use crate::report::report;
pub use crate::standing::{StandingAbsence, get_report, list_reports, list_standing};
pub use crate::undo::{Undo, Undone, undo};

/// The most days one report may cover.
pub const MOST_DAYS: i32 = 60;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportRequest {
    pub pupil: PupilId,
    pub service: ServiceId,
    /// Both included.
    pub first_on: Day,
    pub last_on: Day,
    pub kind_code: String,
}

/// The answer to one report: a line per day, and a receipt if any day was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub request: ReportRequest,
    pub received_at: Instant,
    /// Every day asked for, in order.
    pub days: Vec<DayOutcome>,
    /// None when no day was taken: then nothing was written.
    pub receipt: Option<Receipt>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub id: AbsenceReportId,
    /// `A-2026-000123`.
    pub number: String,
    /// Groups of hexadecimal digits; see [`crate::receipt`].
    pub signature: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayOutcome {
    pub day: Day,
    pub outcome: Outcome,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    Reported,
    /// An absence stands for that day already, of whatever kind; it was left as it is.
    AlreadyReported,
    Closed {
        cause: Option<String>,
    },
    NotEnrolled,
    NoLunchThatWeekday,
    TooLate {
        closed_at: Instant,
    },
    TooFarAhead {
        last_day: Day,
    },
    /// The kind may stand for so many days in a row only (a light meal without a certificate).
    TooManyInARow {
        max_days: u16,
    },
    /// The service takes no reports at that school: no cut-off rule is in force.
    NoReportsTaken,
}

/// A report as it was kept, for its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredReport {
    pub id: AbsenceReportId,
    pub receipt_number: String,
    pub signature: String,
    pub received_at: Instant,
    pub pupil: PupilId,
    pub pupil_name: String,
    pub service: ServiceId,
    pub service_name: String,
    pub person: PersonId,
    pub person_name: String,
    pub kind_code: String,
    pub kind_name_it: String,
    pub kind_name_en: String,
    pub first_on: Day,
    pub last_on: Day,
    /// `portal` or `import`.
    pub channel: String,
    /// As they were told when it arrived.
    pub days: Vec<DayOutcome>,
    /// Days undone since, in order.
    pub undone: Vec<Day>,
}

impl StoredReport {
    /// The days it was taken for, undone or not, in order.
    pub fn reported_days(&self) -> impl Iterator<Item = Day> {
        self.days.iter().filter(|d| d.outcome == Outcome::Reported).map(|d| d.day)
    }
}
