//! Taking receipts, one or many in a transaction: what they find is locked and read, what each of them does is worked out
//! in their order without the database, and all of it is written in few statements.

use kernel::{Cents, Ctx, Day, PositionId, ReceiptId, rome_day};
use ledger::AccountKind;
use serde::Serialize;
use serde_json::json;

use super::book::{self, Draft, Purse};
use super::{CLEARING, RECORDED_JOB, Recorded, Source};
use crate::choice::{Families, Family};
use crate::settings::Institution;
use crate::store::ReceiptRow;
use crate::{Error, store};

/// A receipt as it came.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    pub receipt: &'a pagopa::Receipt,
    /// What is kept as evidence.
    pub raw_xml: &'a str,
    pub source: Source,
}

/// What the job [`RECORDED_JOB`] is told.
#[derive(Serialize)]
struct Told {
    position_id: PositionId,
    receipt_id: ReceiptId,
}

/// Keeps a receipt of the node and books its money, in this transaction. Commit before answering the node.
///
/// # Errors
/// As [`record_all`].
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
///
/// # Errors
/// As [`record_all`].
pub async fn record_from(
    tx: &mut db::Tx,
    ctx: &Ctx,
    of: &Institution,
    sent: &pagopa::Receipt,
    raw_xml: &str,
    source: Source,
) -> Result<Recorded, Error> {
    Ok(record_all(tx, ctx, of, &[Delivery { receipt: sent, raw_xml, source }]).await?[0])
}

/// Takes receipts of one institution as if one came after the other; answers in their order. All or nothing.
///
/// A receipt is never refused for what it says: another amount, another debtor, an unknown, paid or cancelled notice
/// each have their home in [`crate::state::RULES`]. The same receipt again changes nothing, in these or in another
/// transaction.
///
/// # Errors
/// One that [`Error::is_retryable`] where the same receipt came by another transaction meanwhile.
pub async fn record_all(
    tx: &mut db::Tx,
    ctx: &Ctx,
    of: &Institution,
    deliveries: &[Delivery<'_>],
) -> Result<Vec<Recorded>, Error> {
    let ctx = &Ctx { tenant: of.tenant, ..ctx.clone() };
    let ours: Vec<_> = deliveries.iter().map(|d| d.receipt).filter(|sent| is_of(of, sent)).map(|r| r.notice_number).collect();
    let mut families = Families::lock(tx, ctx.tenant, &ours).await?;
    let mut known = store::find_receipts(tx, ctx, deliveries.iter().map(|d| d.receipt.receipt_id.as_str())).await?;
    let (mut recorded, mut entries, mut papers) = (Vec::with_capacity(deliveries.len()), Vec::new(), Vec::new());
    for (place, delivery) in deliveries.iter().enumerate() {
        recorded.push(match known.get_mut(&delivery.receipt.receipt_id) {
            Some((id, standing)) => {
                if *standing == Source::Report && delivery.source != Source::Report {
                    *standing = delivery.source;
                    papers.push((place, *id));
                }
                Recorded::Duplicate
            }
            None => {
                let entry = Entry::of(ctx, of, &mut families, delivery);
                known.insert(delivery.receipt.receipt_id.clone(), (entry.row.id, delivery.source));
                let new = Recorded::New { id: entry.row.id, outcome: entry.row.outcome };
                entries.push(entry);
                new
            }
        });
    }
    write(tx, ctx, of, &families, entries).await?;
    for (place, id) in papers {
        recorded[place] = complete(tx, ctx, id, &deliveries[place]).await?;
    }
    Ok(recorded)
}

/// A receipt of another institution (they are broadcast) has a number that means nothing here.
fn is_of(of: &Institution, sent: &pagopa::Receipt) -> bool {
    sent.fiscal_code == of.fiscal_code
}

/// What a new receipt does.
struct Entry<'a> {
    row: ReceiptRow<'a>,
    paid_on: Day,
    draft: Draft,
}

impl<'a> Entry<'a> {
    /// Moves the position it finds.
    fn of(ctx: &Ctx, of: &Institution, families: &mut Families, delivery: &Delivery<'a>) -> Entry<'a> {
        let sent = delivery.receipt;
        let family = if is_of(of, sent) { families.about(sent.notice_number) } else { None };
        let amount = amount_for(of, sent);
        let rule = book::rule_for(family.as_deref().map(|f| &f.position), amount);
        let row = ReceiptRow {
            id: ctx.new_id(),
            position: family.as_deref().map(|f| f.position.id),
            outcome: rule.outcome,
            sent,
            raw_xml: delivery.raw_xml,
            source: delivery.source,
            posting: None,
        };
        let (homes, credited) = book::homes(family.as_deref(), rule.home, amount);
        let draft = draft(ctx, family.as_deref(), &row, amount, homes);
        if let Some(family) = family {
            family.pay(credited, rule.becomes, sent.paid_at.unwrap_or(ctx.now));
        }
        Entry { row, paid_on: effective_day(ctx, sent), draft }
    }

    fn told(&self) -> Option<(PositionId, ReceiptId)> {
        self.row.position.map(|position| (position, self.row.id))
    }
}

fn draft(ctx: &Ctx, family: Option<&Family>, row: &ReceiptRow<'_>, amount: Cents, homes: Vec<(Purse, Cents)>) -> Draft {
    let position = family.map(|f| &f.position);
    let clearing = (Purse::Named(AccountKind::Clearing, CLEARING.to_owned()), -amount);
    Draft {
        source_key: format!("receipt:{}", row.id),
        cause: book::cause(row.outcome, position.map(|p| p.kind)),
        description: position.map_or_else(|| row.sent.description.clone(), |p| p.description.clone()),
        effective_on: effective_day(ctx, row.sent),
        // The wire allows a receipt of nothing; there is nothing to post then.
        entries: if amount.is_zero() { Vec::new() } else { std::iter::once(clearing).chain(homes).collect() },
    }
}

/// All of a receipt of ours; of another institution's, the transfers that come to us.
fn amount_for(of: &Institution, sent: &pagopa::Receipt) -> Cents {
    if is_of(of, sent) {
        return Cents(sent.amount_cents);
    }
    sent.transfers.iter().filter(|t| t.fiscal_code_pa == of.fiscal_code).map(|t| Cents(t.amount_cents)).sum()
}

/// The day it was paid; never a day to come, whatever the receipt says.
fn effective_day(ctx: &Ctx, sent: &pagopa::Receipt) -> Day {
    let paid_on = sent.paid_at.map(rome_day).or(sent.applied_on);
    paid_on.unwrap_or_else(|| ctx.today()).min(ctx.today())
}

async fn write(tx: &mut db::Tx, ctx: &Ctx, of: &Institution, families: &Families, entries: Vec<Entry<'_>>) -> Result<(), Error> {
    let told: Vec<_> = entries.iter().filter_map(Entry::told).collect();
    let (drafts, mut rows): (Vec<_>, Vec<_>) = entries.into_iter().map(|e| (e.draft, (e.row, e.paid_on))).unzip();
    for ((row, _), posted) in rows.iter_mut().zip(book::book(tx, ctx, drafts).await?) {
        row.posting = posted.map(|posted| posted.id);
    }
    if store::insert_receipts(tx, ctx, rows.iter().map(|(row, _)| row)).await? != rows.len() as u64 {
        return Err(db::Error::Retry("the same receipt by another delivery".to_owned()).into());
    }
    store::insert_transfers(tx, ctx, of, rows.iter().map(|(row, paid_on)| (row, *paid_on))).await?;
    families.write(tx, ctx).await?;
    tell(tx, ctx, &told).await?;
    let events: Vec<_> = rows.iter().map(|(row, _)| recorded(row)).collect();
    Ok(db::audit::record_all(tx, ctx, &events).await?)
}

fn recorded(row: &ReceiptRow<'_>) -> db::audit::Event {
    let details = json!({
        "receipt_id": row.sent.receipt_id,
        "notice_number": row.sent.notice_number.as_str(),
        "amount_cents": row.sent.amount_cents,
        "outcome": row.outcome.code(),
        "source": row.source.code(),
    });
    db::audit::Event { what: "receipt.recorded", subject: format!("receipt:{}", row.id), details }
}

/// The receipt of a payment that a settlement report had told of: its money is booked, its paper was missing.
async fn complete(tx: &mut db::Tx, ctx: &Ctx, id: ReceiptId, paper: &Delivery<'_>) -> Result<Recorded, Error> {
    let outcome = store::complete_receipt(tx, ctx, id, paper).await?;
    let details = json!({ "receipt_id": paper.receipt.receipt_id, "source": paper.source.code() });
    db::audit::record(tx, ctx, "receipt.completed", &format!("receipt:{id}"), &details).await?;
    Ok(outcome.map_or(Recorded::Duplicate, |outcome| Recorded::New { id, outcome }))
}

/// Jobs that tell the debtors, after the commit.
pub(crate) async fn tell(tx: &mut db::Tx, ctx: &Ctx, paid: &[(PositionId, ReceiptId)]) -> Result<(), Error> {
    let job = |(position_id, receipt_id): &(PositionId, ReceiptId)| {
        (receipt_id.to_string(), Told { position_id: *position_id, receipt_id: *receipt_id })
    };
    let jobs: Vec<_> = paid.iter().map(job).collect();
    Ok(db::jobs::enqueue_all(tx, ctx, RECORDED_JOB, ctx.now, &jobs).await?)
}
