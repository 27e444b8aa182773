//! Is the money there? Receipts beside settlement reports (FdR) beside the treasurer's cash journal.
//!
//! A provider collects on day D, sends one bank transfer on D+1 and reports by D+2 what it paid with it. The transfer's
//! text names the report after `/URI/`; the report names receipts by IUR and transfer index. So each transfer of a
//! receipt goes `paid` → `reported` → `settled`, and only forward.
//!
//! - A report is taken whole or not at all, once for each revision; only its highest revision counts.
//! - A payment that only a report tells of is booked like its receipt, which may still come and then brings its paper.
//! - When the journal shows the whole sum of a report, its money goes from the clearing account to the treasury's.
//! - What does not agree stays on a work list ([`work_lists`]) with the cents it is about.

pub mod journal;
pub mod lists;
pub mod recovery;
pub mod report;
mod settle;
mod store;

pub use journal::{JournalEntry, JournalError, JournalFile, JournalImported, import_journal, read_journal};
pub use lists::{WorkLists, work_lists};
pub use report::{Imported, ReportError, ReportRow, SettlementReport, import_report};

/// How far the money of a transfer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransferState {
    /// A receipt says so.
    Paid,
    /// A settlement report names it.
    Reported,
    /// The treasurer has it.
    Settled,
}

const STATES: [(TransferState, &str); 3] =
    [(TransferState::Paid, "paid"), (TransferState::Reported, "reported"), (TransferState::Settled, "settled")];

impl TransferState {
    pub fn code(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).expect("every state has a word").1
    }

    pub(crate) fn from_code(code: &str) -> Option<TransferState> {
        STATES.iter().find(|(_, word)| *word == code).map(|(state, _)| *state)
    }
}
