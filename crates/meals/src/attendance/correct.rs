use db::Tx;
use kernel::{Actor, Ctx, Day, PupilId, ServiceId};
use serde_json::json;

use super::Roll;
use crate::Error;

/// What an operator sets, whatever was reported or recorded.
#[derive(Clone, Debug)]
pub struct Correction {
    pub pupil: PupilId,
    pub service: ServiceId,
    pub day: Day,
    pub status: Roll,
    /// Kept with the row and in the audit trail.
    pub reason: String,
}

/// Sets the attendance of a pupil on a day for good: neither a report nor later rolls and imports change it.
///
/// # Errors
/// [`Error::NoReason`] without one; [`Error::NotVisible`] for citizens, and when there is no such pupil or service.
pub async fn correct(tx: &mut Tx, ctx: &Ctx, correction: Correction) -> Result<(), Error> {
    let c = correction;
    if c.reason.trim().is_empty() {
        return Err(Error::NoReason);
    }
    if !matches!(ctx.actor, Actor::System(_)) || !known(tx, ctx, &c).await? {
        return Err(Error::NotVisible);
    }
    let sql =
        "insert into attendance (tenant_id, pupil_id, service_id, day, status, source, recorded_at, recorded_by, override_reason)
               values ($1, $2, $3, $4, $5, 'operator', $6, $7, $8)
               on conflict (tenant_id, pupil_id, service_id, day) do update
               set status = excluded.status, source = excluded.source, recorded_at = excluded.recorded_at,
                   recorded_by = excluded.recorded_by, override_reason = excluded.override_reason";
    let by = ctx.actor.label();
    tx.execute_one(sql, &[&ctx.tenant, &c.pupil, &c.service, &c.day, &c.status, &ctx.now, &by, &c.reason.trim()]).await?;
    let details = json!({ "service": c.service, "day": c.day, "status": c.status.code(), "reason": c.reason.trim() });
    Ok(db::audit::record(tx, ctx, "attendance.corrected", &format!("pupil:{}", c.pupil), &details).await?)
}

async fn known(tx: &mut Tx, ctx: &Ctx, c: &Correction) -> Result<bool, Error> {
    let sql = "select exists (select 1 from pupil where tenant_id = $1 and id = $2)
                  and exists (select 1 from service where tenant_id = $1 and id = $3)";
    Ok(tx.query_one(sql, &[&ctx.tenant, &c.pupil, &c.service]).await?.get(0)?)
}
