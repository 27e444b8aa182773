use std::collections::BTreeMap;

use kernel::{BadgeId, Cents, Ctx, Day, DocumentId, PostingId, PupilId, ServiceId};

use crate::{Error, store};

/// What a meal cost, and where it was charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    pub amount: Cents,
    pub to: ChargedTo,
    /// The ledger posting; none where the meal was free or waits for its document.
    pub posting_id: Option<PostingId>,
    /// How the price came about, line by line; empty for those who may not pay for the pupil.
    pub trace: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChargedTo {
    Badge {
        id: BadgeId,
        code: String,
    },
    Document {
        id: DocumentId,
        number: String,
    },
    /// Postpaid, and its document is not made yet.
    Waiting,
}

/// What each meal of a visible pupil cost, by day. Empty for a pupil the acting person may not see.
pub async fn charges_for(
    tx: &mut db::Tx,
    ctx: &Ctx,
    pupil: PupilId,
    service: ServiceId,
    first: Day,
    last: Day,
) -> Result<BTreeMap<Day, Charge>, Error> {
    store::charges::between(tx, ctx, pupil, service, first, last).await
}
