//! Receipts: kept as they came, applied once, together with their money.

mod book;
mod record;

use kernel::{Cents, Ctx, Day, Instant, Page, Paged, PositionId, PostingId, ReceiptId};

pub(crate) use book::{Draft, Purse, book, cause, homes, rule_for};
pub(crate) use record::tell;
pub use record::{Delivery, record, record_all, record_from};

use crate::{Error, store};

/// The account on which money is on its way from pagoPA.
pub(crate) const CLEARING: &str = "pagopa";
/// The account of money received for nothing that is known.
pub(crate) const SUSPENSE: &str = "pagopa";
/// The kind of the job that tells people about a receipt.
pub const RECORDED_JOB: &str = "receipt.recorded";

/// What a receipt turned out to be; all but the first stand on a work list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    Applied,
    AmountDiffers,
    DoublePayment,
    AfterCancellation,
    Unmatched,
}

const OUTCOMES: [(Outcome, &str); 5] = [
    (Outcome::Applied, "applied"),
    (Outcome::AmountDiffers, "amount_differs"),
    (Outcome::DoublePayment, "double_payment"),
    (Outcome::AfterCancellation, "after_cancellation"),
    (Outcome::Unmatched, "unmatched"),
];

impl Outcome {
    pub fn code(self) -> &'static str {
        OUTCOMES.iter().find(|(outcome, _)| *outcome == self).expect("every outcome has a word").1
    }

    pub(crate) fn from_code(code: &str) -> Option<Outcome> {
        OUTCOMES.iter().find(|(_, word)| *word == code).map(|(outcome, _)| *outcome)
    }
}

/// How we know of a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The node delivered its receipt.
    Node,
    /// We fetched its receipt, which had not come.
    Fetched,
    /// A settlement report names it, and no receipt has come: there is no XML yet.
    Report,
}

const SOURCES: [(Source, &str); 3] = [(Source::Node, "node"), (Source::Fetched, "fetched"), (Source::Report, "report")];

impl Source {
    pub(crate) fn code(self) -> &'static str {
        SOURCES.iter().find(|(source, _)| *source == self).expect("every source has a word").1
    }

    pub(crate) fn from_code(code: &str) -> Option<Source> {
        SOURCES.iter().find(|(_, word)| *word == code).map(|(source, _)| *source)
    }
}

/// What became of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The receipt was not here before, even if its payment was known from a settlement report.
    New { id: ReceiptId, outcome: Outcome },
    /// It is here already; nothing changed.
    Duplicate,
}

/// A stored receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub id: ReceiptId,
    /// The node's name of it, printed as the unique number of the payment.
    pub receipt_id: String,
    pub notice_number: String,
    pub iuv: String,
    pub position: Option<PositionId>,
    pub outcome: Outcome,
    pub amount: Cents,
    /// When it was paid; none when the node did not say.
    pub paid_at: Option<Instant>,
    pub applied_on: Option<Day>,
    pub received_at: Instant,
    pub psp_id: String,
    pub psp_name: String,
    pub channel_description: String,
    pub payment_method: Option<String>,
    pub payer_code: Option<String>,
    pub payer_name: Option<String>,
    pub fee: Option<Cents>,
    pub is_stand_in: bool,
    pub posting: Option<PostingId>,
    pub source: Source,
}

/// The receipt that paid a position, the first if there were more; of an instalment that was paid with its whole, the
/// whole's. The caller has checked that it may be seen.
pub async fn get_for_position(tx: &mut db::Tx, ctx: &Ctx, position: PositionId) -> Result<Option<Receipt>, Error> {
    let paid_by = crate::get(tx, ctx, position).await?.paid_by();
    let receipts = list_for_position(tx, ctx, paid_by).await?;
    Ok(receipts.into_iter().find(|r| matches!(r.outcome, Outcome::Applied | Outcome::AmountDiffers)))
}

/// All receipts of a position, by their arrival.
pub async fn list_for_position(tx: &mut db::Tx, ctx: &Ctx, position: PositionId) -> Result<Vec<Receipt>, Error> {
    store::receipts_of(tx, ctx, position).await
}

/// The work list: receipts with an outcome a person must look at, newest first; all of them where none is named.
pub async fn list_anomalies(tx: &mut db::Tx, ctx: &Ctx, outcome: Option<Outcome>, page: Page) -> Result<Paged<Receipt>, Error> {
    store::anomalies(tx, ctx, outcome, page).await
}

/// The XML a receipt came in, as it came.
pub async fn raw_xml(tx: &mut db::Tx, ctx: &Ctx, id: ReceiptId) -> Result<Option<String>, Error> {
    store::raw_xml(tx, ctx, id).await
}
