//! The notices of many documents, for a print run: page by page, so that a run of any length holds one page at a time.

use kernel::{Cents, Ctx, PositionId};
use payments::settings::PagoPa;

use crate::Error;
use crate::papers::{NoticeData, PaperDocument};
use crate::store::documents::Part;
use crate::store::{Eyes, print_run as store};

/// Which documents a run takes: issued, not sent to enforcement, with a notice to pay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrintSelection {
    /// Of one series; of all without it.
    pub series: Option<String>,
    /// With these numbers; with any when empty.
    pub numbers: Vec<String>,
}

/// How far a run has come: series and number of the last document taken. The default stands before the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrintPlace {
    pub series: String,
    pub number: String,
}

/// A document with what is to pay of it.
#[derive(Clone, Debug)]
pub struct DocumentNotice {
    pub place: PrintPlace,
    /// The whole first where it is offered, then by instalment; at least one.
    pub parts: Vec<NoticeData>,
}

/// How many documents the selection has.
///
/// # Errors
/// [`Error::NotVisible`] for anybody but the system itself: a run is of many families.
pub async fn count(tx: &mut db::Tx, ctx: &Ctx, selection: &PrintSelection) -> Result<usize, Error> {
    of_the_system(ctx)?;
    store::count(tx, ctx, selection).await
}

/// The next documents after a place, by series and number; empty at the end.
///
/// # Errors
/// As [`count`]; [`payments::Error::NotConfigured`].
pub async fn page(
    tx: &mut db::Tx,
    ctx: &Ctx,
    selection: &PrintSelection,
    after: &PrintPlace,
    most: usize,
) -> Result<Vec<DocumentNotice>, Error> {
    of_the_system(ctx)?;
    let settings = payments::settings::get(tx, ctx.tenant).await?;
    let parts = store::page(tx, ctx, selection, after, most).await?;
    let mut notices = Vec::new();
    for document in parts.chunk_by(|a, b| a.document_id == b.document_id) {
        notices.push(notice(tx, ctx, &settings, document).await?);
    }
    Ok(notices)
}

fn of_the_system(ctx: &Ctx) -> Result<(), Error> {
    if Eyes::of(ctx)? == Eyes::System { Ok(()) } else { Err(Error::NotVisible) }
}

/// The whole first, where it is offered and asks what the instalments ask together.
async fn notice(tx: &mut db::Tx, ctx: &Ctx, settings: &PagoPa, document: &[Part]) -> Result<DocumentNotice, Error> {
    let first = &document[0];
    let mut parts = Vec::new();
    for part in document.iter().filter(|part| part.is_payable()) {
        let id = part.position_id.expect("what is payable has a position");
        parts.push(data(tx, ctx, settings, id, paper(part, part.instalment, document.len())).await?);
    }
    if let Some(id) = first.whole_position_id {
        let whole = data(tx, ctx, settings, id, paper(first, 1, 1)).await?;
        if parts.len() > 1 && whole.amount == parts.iter().map(|part| part.amount).sum::<Cents>() {
            parts.insert(0, whole);
        }
    }
    Ok(DocumentNotice { place: PrintPlace { series: first.series.clone(), number: first.number.clone() }, parts })
}

async fn data(
    tx: &mut db::Tx,
    ctx: &Ctx,
    settings: &PagoPa,
    id: PositionId,
    document: PaperDocument,
) -> Result<NoticeData, Error> {
    let position = payments::get(tx, ctx, id).await?;
    let debtor = enrolment::person::get(tx, ctx, position.debtor).await?;
    Ok(NoticeData { amount: position.due(), position, settings: settings.clone(), debtor, document: Some(document) })
}

fn paper(part: &Part, instalment: i64, of: usize) -> PaperDocument {
    PaperDocument {
        number: part.number.clone(),
        issued_on: part.issued_on,
        description: part.description.clone(),
        pupil_name: part.pupil_name.clone(),
        instalment,
        of,
    }
}
