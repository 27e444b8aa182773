//! What the database is asked and told for several calls of the node at once, all of one institution: one statement for
//! the notices they ask about, one transaction for the receipts they bring.

use std::sync::Arc;

use axum::body::Bytes;
use kernel::{Actor, Ctx};
use pagopa::{Fault, FaultCode, NoticeNumber, ReceiptRequest};
use payments::notice::{self, Notices};
use payments::receipt::{self, Delivery, Recorded, Source};
use payments::settings;

use super::gather::Gatherer;
use super::{Failure, NodeState, RECEIPT_LIMIT};

/// Calls of one group.
const MOST: usize = 128;
/// How often a transaction that met another one is tried.
const MOST_TRIES: usize = 8;

/// By institution, asked by number; none where it is no institution of ours.
pub type Asking = Gatherer<NoticeNumber, Result<Option<Arc<Notices>>, Failure>>;
/// By institution.
pub type Taking = Gatherer<Sent, Result<Recorded, Failure>>;

/// A receipt, and the message it came in.
pub struct Sent {
    pub request: ReceiptRequest,
    pub body: Bytes,
}

impl Sent {
    fn delivery(&self) -> Delivery<'_> {
        let raw_xml = std::str::from_utf8(&self.body).expect("what was decoded is UTF-8");
        Delivery { receipt: &self.request.receipt, raw_xml, source: Source::Node }
    }
}

pub fn asking(state: &NodeState) -> Asking {
    let db = state.db.clone();
    Gatherer::new(MOST, move |id_pa, numbers: Vec<NoticeNumber>| {
        let db = db.clone();
        async move {
            let found = find(&db, &id_pa, &numbers).await;
            vec![found; numbers.len()]
        }
    })
}

/// All of a group are told of the same moment, which is after each of them asked.
async fn find(db: &db::Db, id_pa: &str, numbers: &[NoticeNumber]) -> Result<Option<Arc<Notices>>, Failure> {
    let mut tx = db.read_once().await?;
    Ok(notice::ask(&mut tx, id_pa, numbers).await?.map(Arc::new))
}

pub fn taking(state: &NodeState) -> Taking {
    let state = state.clone();
    Gatherer::new(MOST, move |id_pa, sent: Vec<Sent>| {
        let state = state.clone();
        async move { take(&state, &id_pa, &sent).await }
    })
}

/// All together; each for itself where one of them spoils it for the others.
async fn take(state: &NodeState, id_pa: &str, sent: &[Sent]) -> Vec<Result<Recorded, Failure>> {
    match take_in_time(state, id_pa, sent).await {
        Ok(recorded) => recorded.into_iter().map(Ok).collect(),
        Err(failure) if sent.len() > 1 && failure.may_be_of_one() => {
            tracing::warn!(%failure, receipts = sent.len(), "receipts are taken one by one");
            let mut each = Vec::with_capacity(sent.len());
            for one in sent.chunks(1) {
                each.push(take_in_time(state, id_pa, one).await.map(|recorded| recorded[0]));
            }
            each
        }
        Err(failure) => vec![Err(failure); sent.len()],
    }
}

/// A transaction that hangs must not hold the institution's other receipts for ever.
async fn take_in_time(state: &NodeState, id_pa: &str, sent: &[Sent]) -> Result<Vec<Recorded>, Failure> {
    tokio::time::timeout(RECEIPT_LIMIT, try_to_take(state, id_pa, sent)).await.unwrap_or(Err(Failure::TooSlow))
}

async fn try_to_take(state: &NodeState, id_pa: &str, sent: &[Sent]) -> Result<Vec<Recorded>, Failure> {
    let mut tries = 1;
    loop {
        match record(state, id_pa, sent).await {
            Err(Failure::Payments(met)) if met.is_retryable() && tries < MOST_TRIES => tries += 1,
            other => return other,
        }
    }
}

async fn record(state: &NodeState, id_pa: &str, sent: &[Sent]) -> Result<Vec<Recorded>, Failure> {
    let mut tx = state.db.begin().await?;
    let found = settings::find_institution(&mut tx, id_pa).await?;
    let institution = found.ok_or_else(|| Failure::Refused(Fault::new(FaultCode::IdDominioErrato, id_pa)))?;
    for other in sent.iter().map(|s| &s.request.head.id_station).filter(|station| **station != institution.pagopa.station) {
        tracing::warn!(pagopa.station = other, "a receipt came for another station and is taken");
    }
    let ctx = Ctx::new(institution.tenant, Actor::PagopaNode, &state.clock, &state.entropy);
    let deliveries: Vec<Delivery<'_>> = sent.iter().map(Sent::delivery).collect();
    let recorded = receipt::record_all(&mut tx, &ctx, &institution, &deliveries).await?;
    tx.commit().await?;
    Ok(recorded)
}
