//! The work lists of receipts, and what the office does about them: match one that nobody expected with the notice it
//! was meant for, or note that money which was held has been given back.

use kernel::{AccountId, Cents, Ctx, Day, ReceiptId};
use ledger::{AccountKind, Cause, Posting};
use pagopa::NoticeNumber;
use serde_json::json;

use crate::choice::Family;
use crate::receipt::{self, Draft, Outcome, Purse, Receipt};
use crate::state::State;
use crate::{Error, store};

/// The account of money the treasurer has: what settled, less what was given back.
pub const TREASURY: &str = "treasury";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResolutionKind {
    Matched,
    Refunded,
}

const KINDS: [(ResolutionKind, &str); 2] = [(ResolutionKind::Matched, "matched"), (ResolutionKind::Refunded, "refunded")];

impl ResolutionKind {
    pub(crate) fn code(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).expect("every kind has a word").1
    }
}

/// What was done; whether now, or by the same request before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resolved {
    pub amount: Cents,
    pub new: bool,
}

/// A receipt with money that waits for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    pub receipt: Receipt,
    /// In the suspense or a refund account.
    pub amount: Cents,
}

/// Receipts whose money is held, oldest first: to be matched, or given back.
pub async fn list_held(tx: &mut db::Tx, ctx: &Ctx) -> Result<Vec<Held>, Error> {
    store::held_receipts(tx, ctx).await
}

/// Books the money of an unmatched receipt for a notice that can be paid, as if the receipt had named it.
///
/// # Errors
/// [`Error::NotVisible`] for a receipt or a notice that is not there, [`Error::NotHeld`] where no money waits in the
/// suspense account, [`Error::AlreadyResolved`] when it was matched with another notice or given back,
/// [`Error::AlreadyPaid`] and [`Error::Cancelled`] for a notice that takes no money, [`Error::Malformed`] without a reason.
pub async fn match_receipt(
    tx: &mut db::Tx,
    ctx: &Ctx,
    id: ReceiptId,
    notice: NoticeNumber,
    reason: &str,
) -> Result<Resolved, Error> {
    check_reason(reason)?;
    let receipt = store::lock_receipt(tx, ctx, id).await?.ok_or(Error::NotVisible)?;
    let family = Family::lock_by_notice(tx, ctx.tenant, notice).await?.ok_or(Error::NotVisible)?;
    let position = &family.position;
    if let Some((kind, with, amount)) = store::resolution(tx, ctx, id).await? {
        let same = kind == ResolutionKind::Matched.code() && with == Some(position.id);
        return if same { Ok(Resolved { amount, new: false }) } else { Err(Error::AlreadyResolved) };
    }
    match position.state {
        State::Payable => {}
        State::Paid | State::Closed => return Err(Error::AlreadyPaid),
        State::Cancelled => return Err(Error::Cancelled),
    }
    let held = store::held_accounts(tx, ctx, id).await?;
    let amount = total(&held);
    if receipt.outcome != Outcome::Unmatched || amount.is_zero() {
        return Err(Error::NotHeld);
    }
    book_match(tx, ctx, &receipt, family, held, reason).await?;
    Ok(Resolved { amount, new: true })
}

async fn book_match(
    tx: &mut db::Tx,
    ctx: &Ctx,
    receipt: &Receipt,
    mut family: Family,
    held: Vec<(AccountId, Cents)>,
    reason: &str,
) -> Result<(), Error> {
    let (position, amount) = (family.position.clone(), total(&held));
    let rule = receipt::rule_for(Some(&position), amount);
    let (homes, credited) = receipt::homes(Some(&family), rule.home, amount);
    let held = out_of(held).into_iter().map(|(account, amount)| (Purse::Account(account), amount));
    let draft = Draft {
        source_key: format!("match:{}", receipt.id),
        cause: receipt::cause(rule.outcome, Some(position.kind)),
        description: position.description.clone(),
        effective_on: ctx.today(),
        entries: held.chain(homes).collect(),
    };
    let posted = receipt::book(tx, ctx, vec![draft]).await?[0].ok_or(Error::NotHeld)?.id;
    family.pay(credited, rule.becomes, receipt.paid_at.unwrap_or(receipt.received_at));
    family.write(tx, ctx).await?;
    store::set_matched(tx, ctx, receipt.id, position.id, rule.outcome).await?;
    let row = store::ResolutionRow {
        kind: ResolutionKind::Matched,
        position: Some(position.id),
        amount,
        paid_on: None,
        reason,
        posted,
    };
    store::insert_resolution(tx, ctx, receipt.id, &row).await?;
    let details = json!({ "notice_number": position.notice_number.as_str(), "amount_cents": amount.0, "reason": reason });
    db::audit::record(tx, ctx, "receipt.matched", &format!("receipt:{}", receipt.id), &details).await?;
    receipt::tell(tx, ctx, &[(position.id, receipt.id)]).await
}

/// Books that the treasurer has given back all of a receipt's money that was held.
///
/// # Errors
/// [`Error::NotVisible`], [`Error::NotHeld`]; [`Error::Malformed`] without a reason (the order of payment, say) or for
/// a day to come; [`Error::AlreadyResolved`] when it was given back on another day.
pub async fn refunded(tx: &mut db::Tx, ctx: &Ctx, id: ReceiptId, paid_on: Day, reason: &str) -> Result<Resolved, Error> {
    check_reason(reason)?;
    if paid_on > ctx.today() {
        return Err(Error::Malformed("a day to come"));
    }
    let receipt = store::lock_receipt(tx, ctx, id).await?.ok_or(Error::NotVisible)?;
    if let Some((amount, on)) = store::refund(tx, ctx, id).await? {
        return if on == Some(paid_on) { Ok(Resolved { amount, new: false }) } else { Err(Error::AlreadyResolved) };
    }
    let held = store::held_accounts(tx, ctx, id).await?;
    let amount = total(&held);
    if amount.0 <= 0 {
        return Err(Error::NotHeld);
    }
    let treasury = ledger::open_account(tx, ctx, AccountKind::Clearing, TREASURY).await?;
    let mut entries = out_of(held);
    entries.push((treasury, amount));
    let posting = Posting {
        source_key: format!("refund:{id}"),
        cause: Cause::Refund,
        description: format!("Rimborso {}", receipt.receipt_id),
        effective_on: paid_on,
        entries,
    };
    let posted = ledger::post(tx, ctx, posting).await?.id;
    let row =
        store::ResolutionRow { kind: ResolutionKind::Refunded, position: None, amount, paid_on: Some(paid_on), reason, posted };
    store::insert_resolution(tx, ctx, id, &row).await?;
    let details = json!({ "amount_cents": amount.0, "paid_on": paid_on, "reason": reason });
    db::audit::record(tx, ctx, "receipt.refunded", &format!("receipt:{id}"), &details).await?;
    Ok(Resolved { amount, new: true })
}

/// The receipt the node calls so, for those who have only its paper.
pub async fn find_by_receipt_id(tx: &mut db::Tx, ctx: &Ctx, receipt_id: &str) -> Result<Option<ReceiptId>, Error> {
    Ok(store::find_receipts(tx, ctx, [receipt_id].into_iter()).await?.remove(receipt_id).map(|(id, _)| id))
}

fn check_reason(reason: &str) -> Result<(), Error> {
    if reason.trim().is_empty() { Err(Error::Malformed("a reason")) } else { Ok(()) }
}

fn total(held: &[(AccountId, Cents)]) -> Cents {
    held.iter().map(|(_, amount)| *amount).sum()
}

fn out_of(held: Vec<(AccountId, Cents)>) -> Vec<(AccountId, Cents)> {
    held.into_iter().map(|(account, amount)| (account, -amount)).collect()
}
