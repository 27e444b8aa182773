//! The audit trail: who did what to which thing, when; never changed, never removed.

use kernel::Ctx;
use serde_json::Value;

use crate::{Error, Tx};

/// Writes one event: `what` is dotted and past (`absence.reported`), `subject` names the thing (`pupil:<id>`), `details`
/// carry what an auditor needs and never a name, a codice fiscale or the reason of a diet.
pub async fn record(tx: &mut Tx, ctx: &Ctx, what: &str, subject: &str, details: &Value) -> Result<(), Error> {
    let sql = "insert into audit_event (tenant_id, id, at, actor, what, subject, details, request_id) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (id, actor, details) = (ctx.new_id::<uuid::Uuid>(), ctx.actor.label(), details.to_string());
    tx.execute_one(sql, &[&ctx.tenant, &id, &ctx.now, &actor, &what, &subject, &details, &ctx.request_id]).await
}
