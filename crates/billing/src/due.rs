//! What is still to pay, of all pupils, instalment by instalment.

use kernel::{Cents, Ctx, Day, DocumentId, Instant, PositionId, PupilId};

use crate::document::InstalmentState;
use crate::store::documents::{self, Part};
use crate::{Error, spontaneous, top_up};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueState {
    Payable,
    /// Being paid online; may be tried again after this moment.
    InProgress {
        until: Instant,
    },
    /// Sent to enforcement: shown, and not to be paid here.
    Enforced,
    /// No notice asks it: the office tells how it is paid.
    AskOffice,
}

/// An instalment with something to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueRow {
    /// None where no notice asks it.
    pub position_id: Option<PositionId>,
    pub document_id: DocumentId,
    pub due_on: Day,
    pub issued_on: Day,
    pub number: String,
    pub description: String,
    /// Which instalment, of how many.
    pub instalment: i64,
    pub of: i64,
    pub pupil_id: Option<PupilId>,
    pub pupil_name: String,
    /// What is still to pay of it.
    pub amount: Cents,
    pub state: DueState,
    /// Zero until the due day is over.
    pub overdue_days: i64,
}

/// The instalments the acting person may pay, overdue ones first, by due day.
pub async fn list_for(tx: &mut db::Tx, ctx: &Ctx) -> Result<Vec<DueRow>, Error> {
    let parts = documents::parts(tx, ctx, None).await?;
    let mut dues: Vec<DueRow> =
        parts.chunk_by(|a, b| a.document_id == b.document_id).flat_map(|document| rows(ctx, document)).collect();
    dues.sort_by(|a, b| (a.due_on, &a.number, a.instalment).cmp(&(b.due_on, &b.number, b.instalment)));
    Ok(dues)
}

/// Those of the positions, top-ups and spontaneous payments included, that the acting person may pay now: the amounts to put in a cart.
///
/// # Errors
/// [`Error::NotVisible`] for one that is not there or not this person's, [`Error::Enforced`].
pub async fn get_payable(tx: &mut db::Tx, ctx: &Ctx, ids: &[PositionId]) -> Result<Vec<payments::Position>, Error> {
    let parts = documents::parts(tx, ctx, None).await?;
    for id in ids {
        match parts.iter().find(|part| part.position_id == Some(*id) || part.whole_position_id == Some(*id)) {
            Some(part) if part.enforced_on.is_some() => return Err(Error::Enforced),
            Some(_) => {}
            None => check_asked_by_payer(tx, ctx, *id).await?,
        }
    }
    Ok(payments::list_by_ids(tx, ctx, ids).await?)
}

/// Whether the acting person may see a position that is of no document.
///
/// # Errors
/// [`Error::NotVisible`]
pub(crate) async fn check_asked_by_payer(tx: &mut db::Tx, ctx: &Ctx, id: PositionId) -> Result<(), Error> {
    match top_up::get(tx, ctx, id).await {
        Err(Error::NotVisible) => spontaneous::get(tx, ctx, id).await.map(drop),
        top_up => top_up.map(drop),
    }
}

fn rows(ctx: &Ctx, document: &[Part]) -> Vec<DueRow> {
    let of = i64::try_from(document.len()).expect("a document has few instalments");
    document.iter().filter_map(|part| row(ctx, part, of)).collect()
}

fn row(ctx: &Ctx, part: &Part, of: i64) -> Option<DueRow> {
    let state = match part.state(ctx.now) {
        InstalmentState::Payable => DueState::Payable,
        InstalmentState::InProgress { until } => DueState::InProgress { until },
        InstalmentState::Enforced => DueState::Enforced,
        InstalmentState::AskOffice => DueState::AskOffice,
        InstalmentState::Paid | InstalmentState::Cancelled => return None,
    };
    let late = ctx.today().since(part.due_on).map_or(0, |span| i64::from(span.get_days()));
    Some(DueRow {
        position_id: part.position_id.filter(|_| part.is_payable()),
        document_id: part.document_id,
        due_on: part.due_on,
        issued_on: part.issued_on,
        number: part.number.clone(),
        description: part.description.clone(),
        instalment: part.instalment,
        of,
        pupil_id: part.pupil_id,
        pupil_name: part.pupil_name.clone(),
        amount: part.to_pay(),
        state,
        overdue_days: late.max(0),
    })
}
