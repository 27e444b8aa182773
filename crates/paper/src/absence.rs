use jiff::civil::{Date, DateTime};
use serde::Serialize;

use crate::engine::Draft;
use crate::error::Unfit;
use crate::{Error, Issuer, Locale, Papers, Person, print};

/// The receipt of an absence report: what was reported, when it arrived, and what became of each day.
#[derive(Clone, Debug, Serialize)]
pub struct AbsenceReceipt {
    pub issuer: Issuer,
    /// The language of the paper; names, descriptions and outcomes are printed as they come.
    #[serde(skip)]
    pub language: Locale,
    /// `A-2026-000123`
    pub number: String,
    /// When the report reached the system, Italian time, to the second: the cut-off is judged by it.
    #[serde(serialize_with = "print::moment")]
    pub received_at: DateTime,
    pub reported_by: Person,
    pub pupil: String,
    /// School and class; empty when unknown.
    pub school: String,
    pub service: String,
    /// What kind of absence: `Assenza`, `Pasto in bianco`.
    pub kind: String,
    /// At least one, in the order of the calendar.
    pub days: Vec<AbsenceDay>,
    /// The system's signature over number, moment, pupil and days, as it is to be read out or typed; empty for none.
    pub signature: String,
    #[serde(serialize_with = "print::day")]
    pub issued_on: Date,
}

/// What became of one day of the report.
#[derive(Clone, Debug, Serialize)]
pub struct AbsenceDay {
    #[serde(serialize_with = "print::weekday")]
    pub on: Date,
    pub accepted: bool,
    /// In words: `Registrata`, `Oltre l'orario limite delle 09:00`.
    pub outcome: String,
}

#[derive(Serialize)]
struct AbsenceValues<'a> {
    accepted: usize,
    #[serde(flatten)]
    receipt: &'a AbsenceReceipt,
}

impl Papers {
    /// Prints the receipt of an absence report. Errors: [`Error::Unfit`] for a report of no day.
    pub fn absence_receipt(&self, receipt: &AbsenceReceipt) -> Result<Vec<u8>, Error> {
        if receipt.days.is_empty() {
            return Err(Error::Unfit(Unfit::NoDay));
        }
        let accepted = receipt.days.iter().filter(|day| day.accepted).count();
        self.print(Draft {
            template: "absence.typ",
            issuer: &receipt.issuer,
            issued_on: receipt.issued_on,
            language: receipt.language,
            values: &AbsenceValues { accepted, receipt },
            pictures: Vec::new(),
        })
    }
}
