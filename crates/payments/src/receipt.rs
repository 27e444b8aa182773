//! Receipts: kept as they came, applied once, together with their money.

use kernel::{AccountId, Cents, Ctx, Day, Instant, Page, Paged, PositionId, PostingId, ReceiptId, rome_day};
use ledger::{AccountKind, Cause, Posting};
use serde::Serialize;

use crate::choice::Family;
use crate::settings::Institution;
use crate::state::{self, Fit, Found, Home, Rule};
use crate::store::ReceiptRow;
use crate::{Error, Position, PositionKind, store};

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

/// What the job [`RECORDED_JOB`] is told.
#[derive(Serialize)]
struct Told {
    position_id: PositionId,
    receipt_id: ReceiptId,
}

/// Keeps a receipt and books its money, in this transaction. Commit before answering the node.
///
/// A receipt is never refused for what it says: another amount, another debtor, an unknown, paid or cancelled notice
/// each have their home in [`state::RULES`]. The same receipt again changes nothing, however many come at once.
pub async fn record(
    tx: &mut db::Tx,
    ctx: &Ctx,
    of: &Institution,
    sent: &pagopa::Receipt,
    raw_xml: &str,
) -> Result<Recorded, Error> {
    record_from(tx, ctx, of, sent, raw_xml, Source::Node).await
}

/// As [`record`], for a receipt that came another way.
pub async fn record_from(
    tx: &mut db::Tx,
    ctx: &Ctx,
    of: &Institution,
    sent: &pagopa::Receipt,
    raw_xml: &str,
    source: Source,
) -> Result<Recorded, Error> {
    let ctx = &Ctx { tenant: of.tenant, ..ctx.clone() };
    if let Some((id, standing)) = store::find_receipt(tx, ctx, &sent.receipt_id).await? {
        return complete(tx, ctx, id, standing, (sent, raw_xml, source)).await;
    }
    let family = find_position(tx, ctx, of, sent).await?;
    let position = family.as_ref().map(|f| &f.position);
    let amount = amount_for(of, sent);
    let rule = rule_for(position, amount);
    let position_id = position.map(|p| p.id);
    let row = ReceiptRow { id: ctx.new_id(), position: position_id, outcome: rule.outcome, amount, sent, raw_xml, source };
    if !store::insert_receipt(tx, ctx, &row).await? {
        return Ok(Recorded::Duplicate);
    }
    store::insert_transfers(tx, ctx, of, &row, effective_day(ctx, &row)).await?;
    let credited = book(tx, ctx, family.as_ref(), rule, &row).await?;
    if let Some(family) = &family {
        apply(tx, ctx, family, rule, credited, row.paid_at(ctx)).await?;
        tell(tx, ctx, family.position.id, row.id).await?;
    }
    audit(tx, ctx, &row).await?;
    Ok(Recorded::New { id: row.id, outcome: rule.outcome })
}

/// The receipt of a payment that a settlement report had told of: its money is booked, its paper was missing.
async fn complete(
    tx: &mut db::Tx,
    ctx: &Ctx,
    id: ReceiptId,
    standing: Source,
    (sent, raw_xml, source): (&pagopa::Receipt, &str, Source),
) -> Result<Recorded, Error> {
    if standing != Source::Report || source == Source::Report {
        return Ok(Recorded::Duplicate);
    }
    let outcome = store::complete_receipt(tx, ctx, id, sent, raw_xml, source).await?;
    let details = serde_json::json!({ "receipt_id": sent.receipt_id, "source": source.code() });
    db::audit::record(tx, ctx, "receipt.completed", &format!("receipt:{id}"), &details).await?;
    Ok(outcome.map_or(Recorded::Duplicate, |outcome| Recorded::New { id, outcome }))
}

/// Moves the position, and closes the other side of its debt.
pub(crate) async fn apply(
    tx: &mut db::Tx,
    ctx: &Ctx,
    family: &Family,
    rule: Rule,
    credited: Cents,
    paid_at: Instant,
) -> Result<(), Error> {
    // A receipt of nothing pays nothing.
    let becomes = rule.becomes.filter(|_| !credited.is_zero());
    store::apply_receipt(tx, ctx, &family.position, credited, becomes, paid_at).await?;
    if credited.is_zero() {
        return Ok(());
    }
    if becomes.is_none() {
        store::touch_push(tx, ctx, family.position.id).await?;
    }
    family.close_other_side(tx, ctx, credited, paid_at).await
}

/// A job that tells the debtor, after the commit.
pub(crate) async fn tell(tx: &mut db::Tx, ctx: &Ctx, position_id: PositionId, receipt_id: ReceiptId) -> Result<(), Error> {
    let told = Told { position_id, receipt_id };
    Ok(db::jobs::enqueue(tx, ctx, RECORDED_JOB, Some(&receipt_id.to_string()), ctx.now, &told).await?)
}

/// Under lock. A receipt for another institution (they are broadcast) has a number that means nothing here.
async fn find_position(tx: &mut db::Tx, ctx: &Ctx, of: &Institution, sent: &pagopa::Receipt) -> Result<Option<Family>, Error> {
    if sent.fiscal_code != of.fiscal_code {
        return Ok(None);
    }
    Family::lock_by_notice(tx, ctx.tenant, sent.notice_number).await
}

/// All of a receipt of ours; of another institution's, the transfers that come to us.
fn amount_for(of: &Institution, sent: &pagopa::Receipt) -> Cents {
    if sent.fiscal_code == of.fiscal_code {
        return Cents(sent.amount_cents);
    }
    sent.transfers.iter().filter(|t| t.fiscal_code_pa == of.fiscal_code).map(|t| Cents(t.amount_cents)).sum()
}

pub(crate) fn rule_for(position: Option<&Position>, amount: Cents) -> Rule {
    let Some(position) = position else { return state::step(Found::Nothing, Fit::Exact) };
    let fit = match amount.cmp(&position.due()) {
        std::cmp::Ordering::Equal => Fit::Exact,
        std::cmp::Ordering::Less => Fit::Short,
        std::cmp::Ordering::Greater => Fit::Excess,
    };
    state::step(Found::Position(position.state, position.kind), fit)
}

/// What the position's own account gets of an amount.
pub(crate) fn credit(position: Option<&Position>, home: Home, amount: Cents) -> Cents {
    match (home, position) {
        (Home::Account, Some(_)) => amount,
        (Home::AccountAndRefund, Some(position)) => position.due(),
        _ => Cents::ZERO,
    }
}

/// Posts the money where the rule sends it; gives what the position's own account got.
async fn book(tx: &mut db::Tx, ctx: &Ctx, family: Option<&Family>, rule: Rule, row: &ReceiptRow<'_>) -> Result<Cents, Error> {
    let position = family.map(|f| &f.position);
    let credited = credit(position, rule.home, row.amount);
    // The wire allows a receipt of nothing; there is nothing to post then.
    if row.amount.is_zero() {
        return Ok(Cents::ZERO);
    }
    let clearing = ledger::open_account(tx, ctx, AccountKind::Clearing, CLEARING).await?;
    let mut entries = vec![(clearing, -row.amount)];
    entries.extend(homes(tx, ctx, family, rule.home, row.amount).await?);
    let posted = ledger::post(tx, ctx, posting(ctx, position, rule, row, entries)).await?;
    store::set_posting(tx, ctx, row.id, posted.id).await?;
    Ok(credited)
}

/// Which accounts get how much of an amount.
pub(crate) async fn homes(
    tx: &mut db::Tx,
    ctx: &Ctx,
    family: Option<&Family>,
    home: Home,
    amount: Cents,
) -> Result<Vec<(AccountId, Cents)>, Error> {
    let position = family.map(|f| &f.position);
    let credited = credit(position, home, amount);
    let mut entries = match family {
        Some(family) if !credited.is_zero() => family.shares(credited),
        _ => Vec::new(),
    };
    if credited < amount {
        entries.push((other_home(tx, ctx, position, home).await?, amount - credited));
    }
    Ok(entries)
}

async fn other_home(tx: &mut db::Tx, ctx: &Ctx, position: Option<&Position>, home: Home) -> Result<AccountId, Error> {
    let (kind, subject) = match position.filter(|_| home != Home::Suspense) {
        Some(position) => (AccountKind::Refund, format!("person:{}", position.debtor)),
        None => (AccountKind::Suspense, SUSPENSE.to_owned()),
    };
    Ok(ledger::open_account(tx, ctx, kind, &subject).await?)
}

fn posting(
    ctx: &Ctx,
    position: Option<&Position>,
    rule: Rule,
    row: &ReceiptRow<'_>,
    entries: Vec<(AccountId, Cents)>,
) -> Posting {
    Posting {
        source_key: format!("receipt:{}", row.id),
        cause: cause(rule.outcome, position.map(|p| p.kind)),
        description: position.map_or_else(|| row.sent.description.clone(), |p| p.description.clone()),
        effective_on: effective_day(ctx, row),
        entries,
    }
}

/// What the ledger says of money that turned out so.
pub(crate) fn cause(outcome: Outcome, kind: Option<PositionKind>) -> Cause {
    match (outcome, kind) {
        (Outcome::Applied, Some(PositionKind::TopUp)) => Cause::TopUp,
        (Outcome::Applied, Some(PositionKind::Spontaneous)) => Cause::SpontaneousPaid,
        (Outcome::Applied, _) => Cause::DocumentPaid,
        (Outcome::AmountDiffers, _) => Cause::AmountDiffers,
        (Outcome::DoublePayment, _) => Cause::DoublePayment,
        (Outcome::AfterCancellation, _) => Cause::LatePayment,
        (Outcome::Unmatched, _) => Cause::Unmatched,
    }
}

/// The day it was paid; never a day to come, whatever the receipt says.
fn effective_day(ctx: &Ctx, row: &ReceiptRow<'_>) -> Day {
    let paid_on = row.sent.paid_at.map(rome_day).or(row.sent.applied_on);
    paid_on.unwrap_or_else(|| ctx.today()).min(ctx.today())
}

async fn audit(tx: &mut db::Tx, ctx: &Ctx, row: &ReceiptRow<'_>) -> Result<(), Error> {
    let details = serde_json::json!({
        "receipt_id": row.sent.receipt_id,
        "notice_number": row.sent.notice_number.as_str(),
        "amount_cents": row.sent.amount_cents,
        "outcome": row.outcome.code(),
        "source": row.source.code(),
    });
    Ok(db::audit::record(tx, ctx, "receipt.recorded", &format!("receipt:{}", row.id), &details).await?)
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
