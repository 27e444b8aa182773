use std::collections::BTreeMap;

use db::{Row, Tx};
use enrolment::Right;
use kernel::{BadgeId, Ctx, Day, DocumentId, PostingId, PupilId, ServiceId};

use super::Eyes;
use crate::trace::{self, Trace};
use crate::{Charge, ChargedTo, Error};

/// The trace tells a band of ISEE: only for those who may pay.
fn columns(eyes: Eyes) -> String {
    format!(
        "m.day, m.amount_cents, m.badge_id, b.code, m.document_id, d.number, m.posting_id, case when {} then t.lines end",
        eyes.sees("m.pupil_id", Right::Pay)
    )
}

const FROM: &str = "from meal_charge m
    join charge_trace t on t.tenant_id = $1 and t.id = m.trace_id
    left join badge b on b.tenant_id = $1 and b.id = m.badge_id
    left join billing_document d on d.tenant_id = $1 and d.id = m.document_id";

pub(crate) async fn between(
    tx: &mut Tx,
    ctx: &Ctx,
    pupil: PupilId,
    service: ServiceId,
    first: Day,
    last: Day,
) -> Result<BTreeMap<Day, Charge>, Error> {
    let eyes = Eyes::of(ctx)?;
    let sql = format!(
        "select {} {FROM} where m.tenant_id = $1 and m.pupil_id = $4 and m.service_id = $5 and m.day >= $6 and m.day <= $7
         and {} order by m.day",
        columns(eyes),
        eyes.sees("m.pupil_id", Right::View)
    );
    let (person, today) = (eyes.person(), ctx.today());
    let rows = tx.query(&sql, &[&ctx.tenant, &person, &today, &pupil, &service, &first, &last]).await?;
    rows.iter().map(charge).collect()
}

/// The meals of a document, by day. The caller has checked that it may be seen.
pub(crate) async fn of_document(tx: &mut Tx, ctx: &Ctx, document: DocumentId) -> Result<Vec<(Day, Charge)>, Error> {
    let eyes = Eyes::of(ctx)?;
    let sql = format!("select {} {FROM} where m.tenant_id = $1 and m.document_id = $4 order by m.day, m.pupil_id", columns(eyes));
    let (person, today) = (eyes.person(), ctx.today());
    tx.query(&sql, &[&ctx.tenant, &person, &today, &document]).await?.iter().map(charge).collect()
}

pub(crate) async fn of_posting(tx: &mut Tx, ctx: &Ctx, posting: PostingId) -> Result<Option<(Day, Charge)>, Error> {
    let eyes = Eyes::of(ctx)?;
    let sql = format!("select {} {FROM} where m.tenant_id = $1 and m.posting_id = $4", columns(eyes));
    let (person, today) = (eyes.person(), ctx.today());
    tx.query_opt(&sql, &[&ctx.tenant, &person, &today, &posting]).await?.as_ref().map(charge).transpose()
}

fn charge(row: &Row) -> Result<(Day, Charge), Error> {
    let badge: Option<BadgeId> = row.get(2)?;
    let document: Option<DocumentId> = row.get(4)?;
    let to = match (badge, document) {
        (Some(id), _) => ChargedTo::Badge { id, code: row.get::<Option<String>>(3)?.unwrap_or_default() },
        (None, Some(id)) => ChargedTo::Document { id, number: row.get::<Option<String>>(5)?.unwrap_or_default() },
        (None, None) => ChargedTo::Waiting,
    };
    let charge = Charge { amount: row.get(1)?, to, posting_id: row.get(6)?, trace: trace::lines(row.get(7)?) };
    Ok((row.get(0)?, charge))
}

/// A meal and its price, to be kept.
pub(crate) struct NewCharge {
    pub pupil: PupilId,
    pub service: ServiceId,
    pub day: Day,
    pub amount: kernel::Cents,
    pub badge: Option<BadgeId>,
    /// The document that charges it; none for a prepaid meal, and while a document is still to be made.
    pub document: Option<DocumentId>,
    pub posting: Option<PostingId>,
    pub trace: uuid::Uuid,
}

/// A meal that has a charge keeps it.
pub(crate) async fn insert(tx: &mut Tx, ctx: &Ctx, charges: &[NewCharge]) -> Result<u64, Error> {
    let row = |c: &NewCharge| {
        db::row![ctx.tenant, c.pupil, c.service, c.day, c.amount, c.badge, c.document, c.posting, c.trace, ctx.now]
    };
    let insert = "insert into meal_charge (tenant_id, pupil_id, service_id, day, amount_cents, badge_id, document_id, posting_id,
                  trace_id, charged_at)";
    let tail = "on conflict (tenant_id, pupil_id, service_id, day) do nothing";
    Ok(tx.insert_many(insert, charges.iter().map(row).collect(), tail).await?)
}

pub(crate) async fn insert_traces(tx: &mut Tx, ctx: &Ctx, traces: impl Iterator<Item = &Trace>) -> Result<(), Error> {
    let mut traces: Vec<&Trace> = traces.collect();
    traces.sort_unstable();
    traces.dedup();
    let rows = traces.into_iter().map(|t| db::row![ctx.tenant, t.id, t.lines, t.rating]).collect();
    let tail = "on conflict (tenant_id, id) do nothing";
    tx.insert_many("insert into charge_trace (tenant_id, id, lines, rating)", rows, tail).await?;
    Ok(())
}
