//! Taking a document back (annullo): nobody is asked for it any more, and the ledger is as if it had not been issued.

use kernel::{Ctx, DocumentId};
use ledger::{AccountKind, Cause, Posting};

use crate::Error;
use crate::store::documents::{self, Part};

/// Cancels a document of which nothing was paid; one that is cancelled stays so. For the office.
///
/// Its notices are withdrawn and its postings reversed today; it stays in the family's list, as cancelled. The meals in it
/// keep it as the document they were billed with.
///
/// # Errors
/// [`Error::NotVisible`] where there is none; [`Error::Enforced`]; [`payments::Error::AlreadyPaid`] where money came, here
/// or elsewhere: it is given back first, or the document is revised.
pub async fn cancel(tx: &mut db::Tx, ctx: &Ctx, document: DocumentId, reason: &str) -> Result<(), Error> {
    let parts = documents::parts(tx, ctx, Some(document)).await?;
    let first = parts.first().ok_or(Error::NotVisible)?;
    if first.is_cancelled {
        return Ok(());
    }
    check(&parts)?;
    // positions before postings: the order in which payments and the ledger are locked everywhere
    for part in parts.iter().filter(|part| part.is_payable()) {
        payments::cancel(tx, ctx, part.position_id.expect("a payable part has a position")).await?;
    }
    documents::set_cancelled(tx, ctx, document).await?;
    if let Some(posting) = reversal(tx, ctx, &parts).await? {
        ledger::post(tx, ctx, posting).await?;
    }
    let details = serde_json::json!({ "amount_cents": first.total.0, "reason": reason });
    Ok(db::audit::record(tx, ctx, "document.cancelled", &format!("document:{document}"), &details).await?)
}

fn check(parts: &[Part]) -> Result<(), Error> {
    if parts.iter().any(|part| part.enforced_on.is_some()) {
        return Err(Error::Enforced);
    }
    if parts.iter().all(|part| part.paid().is_zero()) { Ok(()) } else { Err(payments::Error::AlreadyPaid.into()) }
}

/// Nothing for a document of nothing, which was never posted.
async fn reversal(tx: &mut db::Tx, ctx: &Ctx, parts: &[Part]) -> Result<Option<Posting>, Error> {
    let first = &parts[0];
    if first.total.is_zero() {
        return Ok(None);
    }
    let revenue = ledger::open_account(tx, ctx, AccountKind::Revenue, &first.service_id.to_string()).await?;
    let mut entries = vec![(revenue, -first.total)];
    for part in parts {
        let account = ledger::open_account(tx, ctx, AccountKind::Receivable, &part.instalment_id.to_string()).await?;
        entries.push((account, part.amount));
    }
    Ok(Some(Posting {
        source_key: format!("document_cancelled:{}", first.document_id),
        cause: Cause::Reversal,
        description: format!("Annullo documento {}", first.number),
        effective_on: ctx.today(),
        entries,
    }))
}
