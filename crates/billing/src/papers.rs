//! What the papers of a position say, as values: the doors turn them into paper.

use kernel::{Cents, Ctx, Day, PositionId};
use payments::{Position, State};

use crate::store::documents;
use crate::{Error, document, due};

/// What a notice of payment says.
#[derive(Clone, Debug)]
pub struct NoticeData {
    pub position: Position,
    /// What is still to pay.
    pub amount: Cents,
    pub settings: payments::settings::PagoPa,
    pub debtor: enrolment::Person,
    /// None for a top-up and a spontaneous payment.
    pub document: Option<PaperDocument>,
}

/// What a receipt of payment says.
#[derive(Clone, Debug)]
pub struct ReceiptData {
    pub position: Position,
    pub receipt: payments::receipt::Receipt,
    pub debtor: enrolment::Person,
    pub document: Option<PaperDocument>,
}

/// The document a paper is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaperDocument {
    pub number: String,
    pub issued_on: Day,
    pub description: String,
    pub pupil_name: String,
    pub instalment: i64,
    pub of: usize,
}

/// The notice of a position the acting person may pay.
///
/// # Errors
/// [`Error::NotVisible`], [`Error::Enforced`]; [`payments::Error::AlreadyPaid`] and [`payments::Error::Cancelled`] where
/// nothing is to pay.
pub async fn notice_paper(tx: &mut db::Tx, ctx: &Ctx, id: PositionId) -> Result<NoticeData, Error> {
    let document = visible_document(tx, ctx, id).await?;
    if document.as_ref().is_some_and(|(_, is_enforced)| *is_enforced) {
        return Err(Error::Enforced);
    }
    let position = payments::get(tx, ctx, id).await?;
    match position.state {
        State::Payable => {}
        State::Paid | State::Closed => return Err(payments::Error::AlreadyPaid.into()),
        State::Cancelled => return Err(payments::Error::Cancelled.into()),
    }
    let settings = payments::settings::get(tx, ctx.tenant).await?;
    let debtor = enrolment::person::get(tx, ctx, position.debtor).await?;
    Ok(NoticeData { amount: position.due(), position, settings, debtor, document: document.map(|(paper, _)| paper) })
}

/// The receipt of a position the acting person may pay.
///
/// # Errors
/// [`Error::NotVisible`] also where no receipt has come.
pub async fn receipt_paper(tx: &mut db::Tx, ctx: &Ctx, id: PositionId) -> Result<ReceiptData, Error> {
    let document = visible_document(tx, ctx, id).await?;
    let position = payments::get(tx, ctx, id).await?;
    let receipt = payments::receipt::get_for_position(tx, ctx, id).await?.ok_or(Error::NotVisible)?;
    let debtor = enrolment::person::get(tx, ctx, position.debtor).await?;
    Ok(ReceiptData { position, receipt, debtor, document: document.map(|(paper, _)| paper) })
}

/// The document of the position and whether it was sent to enforcement; none for a top-up or a spontaneous
/// payment that may be seen.
async fn visible_document(tx: &mut db::Tx, ctx: &Ctx, id: PositionId) -> Result<Option<(PaperDocument, bool)>, Error> {
    let Some(document) = documents::of_position(tx, ctx, id).await? else {
        due::check_asked_by_payer(tx, ctx, id).await?;
        return Ok(None);
    };
    let detail = document::get(tx, ctx, document).await?;
    // The notice for the whole is of one instalment: all of it.
    let part = detail.instalments.iter().find(|part| part.position_id == Some(id));
    let paper = PaperDocument {
        number: detail.row.number.clone(),
        issued_on: detail.row.issued_on,
        description: detail.row.description.clone(),
        pupil_name: detail.row.pupil_name.clone(),
        instalment: part.map_or(1, |part| part.number),
        of: part.map_or(1, |_| detail.instalments.len()),
    };
    Ok(Some((paper, detail.row.is_enforced())))
}
