//! The audit trail: who did what to which thing, when; never changed, never removed.

use kernel::Ctx;
use serde_json::Value;

use crate::{Error, Tx};

/// What happened: `what` is dotted and past (`absence.reported`), `subject` names the thing (`pupil:<id>`), `details`
/// carry what an auditor needs and never a name, a codice fiscale or the reason of a diet.
pub struct Event {
    pub what: &'static str,
    pub subject: String,
    pub details: Value,
}

/// Writes one event, made as [`Event`] says.
pub async fn record(tx: &mut Tx, ctx: &Ctx, what: &str, subject: &str, details: &Value) -> Result<(), Error> {
    write(tx, vec![row(ctx, what, subject, details)]).await
}

/// Writes events in their order.
pub async fn record_all(tx: &mut Tx, ctx: &Ctx, events: &[Event]) -> Result<(), Error> {
    write(tx, events.iter().map(|event| row(ctx, event.what, &event.subject, &event.details)).collect()).await
}

fn row(ctx: &Ctx, what: &str, subject: &str, details: &Value) -> Vec<crate::Value> {
    let id = ctx.new_id::<uuid::Uuid>();
    crate::row![ctx.tenant, id, ctx.now, ctx.actor.label(), what, subject, details.to_string(), ctx.request_id]
}

async fn write(tx: &mut Tx, rows: Vec<Vec<crate::Value>>) -> Result<(), Error> {
    let insert = "insert into audit_event (tenant_id, id, at, actor, what, subject, details, request_id)";
    tx.insert_many(insert, rows, "").await?;
    Ok(())
}
