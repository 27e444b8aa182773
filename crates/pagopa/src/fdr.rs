//! Reporting flows (flussi di rendicontazione): what one bank transfer to the institution pays for, payment by payment.
//!
//! A provider collects on day D, transfers one sum on D+1 and reports it by D+2. The transfer's remittance text names
//! the flow ([`flow_id_in`]); the flow names receipts by IUR and index. A flow comes by REST ([`Client`]) or as a file
//! ([`read_file`]); both are one [`Flow`], refused when its rows do not add up to its header.
//!
//! Source: `fdr_organization.json` 1.1.54 and `FlussoRiversamento` 1.0.4, read in 2026.

mod file;
mod remittance;
mod rest;

use jiff::Timestamp;
use jiff::civil::Date;

pub use file::{FileError, MAX_FILE_BYTES, read_file, write_file};
pub use remittance::flow_id_in;
pub use rest::{
    Client, Error, ErrorMessage, ErrorResponse, FlowHeader, FlowsPage, ListQuery, ListedFlow, MAX_PAGE, PageMetadata, PaymentRow,
    PaymentsPage, Receiver, Sender, latest_revisions,
};

/// A reporting flow whose totals hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// As `2026-03-11BANCA-000001`, at most 35 characters.
    pub id: String,
    /// Counted from 1 by the REST service; a file carries none, and is told from another by `flow_at`.
    pub revision: Option<u32>,
    pub flow_at: Timestamp,
    /// The bank's number of the transfer (TRN).
    pub regulation: String,
    pub regulation_on: Date,
    pub bic: Option<String>,
    pub sender: Party,
    pub receiver: Party,
    /// As the header says; equal to the rows.
    pub count: u64,
    /// As the header says; equal to the sum of the rows and to the transfer.
    pub sum_cents: i64,
    /// Not empty.
    pub payments: Vec<Payment>,
}

/// Who sends or receives the money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    pub kind: PartyKind,
    pub code: String,
    pub name: Option<String>,
}

/// What the code of a party is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartyKind {
    /// A fiscal code or VAT number.
    LegalPerson,
    Abi,
    Bic,
}

/// One reported transfer of one payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub iuv: String,
    /// The receipt's id, where there is a receipt.
    pub iur: String,
    /// Which transfer of the receipt, 1 to 5; absent in some files, which then means the first.
    pub index: Option<u8>,
    pub amount_cents: i64,
    pub outcome: OutcomeCode,
    pub paid_on: Date,
}

/// How a payment ended; the list of codes has grown and may again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutcomeCode(pub u8);

impl OutcomeCode {
    pub const EXECUTED: OutcomeCode = OutcomeCode(0);
    /// The money went back to the payer.
    pub const REVOKED: OutcomeCode = OutcomeCode(3);
    /// Collected while the station was away.
    pub const STAND_IN: OutcomeCode = OutcomeCode(4);
    /// The same, with no receipt to come.
    pub const STAND_IN_NO_RPT: OutcomeCode = OutcomeCode(8);
    /// Executed with no receipt to come.
    pub const NO_RPT: OutcomeCode = OutcomeCode(9);

    /// Whether the code says by itself that the money is there. An unknown code is for a person to judge.
    pub fn is_collected(self) -> bool {
        [Self::EXECUTED, Self::STAND_IN, Self::STAND_IN_NO_RPT, Self::NO_RPT].contains(&self)
    }
}

/// Why a flow is not to be trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error("the header announces {said} payments, the flow holds {found}")]
    Count { said: u64, found: u64 },
    #[error("the header announces {said} cents, the payments add up to {found}")]
    Sum { said: i64, found: i64 },
    #[error("the same transfer of the same payment stands twice: {iuv}, {iur}")]
    Repeated { iuv: String, iur: String },
}

impl Flow {
    /// Count and sum of the rows against the header; no row twice.
    pub fn check(&self) -> Result<(), Mismatch> {
        let found = self.payments.len() as u64;
        if found != self.count {
            return Err(Mismatch::Count { said: self.count, found });
        }
        let sum: i64 = self.payments.iter().map(|p| p.amount_cents).fold(0, i64::saturating_add);
        if sum != self.sum_cents {
            return Err(Mismatch::Sum { said: self.sum_cents, found: sum });
        }
        let mut seen = std::collections::HashSet::new();
        let repeated = self.payments.iter().find(|p| !seen.insert((&p.iuv, &p.iur, p.index, p.outcome)));
        repeated.map_or(Ok(()), |p| Err(Mismatch::Repeated { iuv: p.iuv.clone(), iur: p.iur.clone() }))
    }
}
