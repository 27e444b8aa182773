use std::collections::HashMap;

use db::{Tx, row};
use kernel::{Ctx, Day, PupilId, ServiceId};
use serde_json::json;

use super::Roll;
use crate::Error;
use crate::calendar::open_sites;
use crate::cutoff::{closed_at, list_rules};
use crate::kinds::Effect;

/// Makes the attendance of a day out of its bookings, once no report can change it: everybody with lunch that day is
/// present, those with a standing absence are absent, also where a roll says otherwise; what an operator set is left.
/// Idempotent. Gives how many rows it wrote.
///
/// # Errors
/// [`Error::DayStillOpen`] while reports for the day are taken somewhere.
pub async fn close_booking_day(tx: &mut Tx, ctx: &Ctx, service: ServiceId, day: Day) -> Result<u64, Error> {
    refuse_open_day(tx, ctx, service, day).await?;
    let open = open_sites(tx, ctx, service, day).await?;
    let absences = absences(tx, ctx, service, day).await?;
    let recorded = recorded(tx, ctx, service, day).await?;
    let mut rows = Vec::new();
    for (pupil, enrolment) in enrolment::enrolments_on(tx, ctx, service, day).await? {
        let lunch = enrolment.weekdays.contains(day) && open.contains(&enrolment.site);
        let absent = absences.get(&pupil) == Some(&Effect::Absent);
        let status = if absent { Roll::Absent } else { Roll::Present };
        match recorded.get(&pupil) {
            None if lunch => rows.push((pupil, status)),
            Some((Roll::Present, false)) if absent => rows.push((pupil, status)),
            _ => {}
        }
    }
    write(tx, ctx, service, day, rows).await
}

async fn refuse_open_day(tx: &mut Tx, ctx: &Ctx, service: ServiceId, day: Day) -> Result<(), Error> {
    let rules = list_rules(tx, ctx, service).await?;
    let weekday = day.weekday().to_monday_one_offset();
    let in_force =
        rules.iter().filter(|r| r.from_on <= day && r.to_on.is_none_or(|to| to >= day) && r.weekday.is_none_or(|w| w == weekday));
    let midnight = kernel::rome_instant(day, jiff::civil::Time::midnight());
    let until = in_force.map(|rule| closed_at(rule, day)).max().map_or(midnight, |closed_at| closed_at.max(midnight));
    if ctx.now < until { Err(Error::DayStillOpen { until }) } else { Ok(()) }
}

async fn absences(tx: &mut Tx, ctx: &Ctx, service: ServiceId, day: Day) -> Result<HashMap<PupilId, Effect>, Error> {
    let sql = "select pupil_id, effect from absence_day
               where tenant_id = $1 and service_id = $2 and day = $3 and state = 'reported' order by pupil_id";
    let rows = tx.query(sql, &[&ctx.tenant, &service, &day]).await?;
    Ok(rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_, db::Error>>()?)
}

async fn recorded(tx: &mut Tx, ctx: &Ctx, service: ServiceId, day: Day) -> Result<HashMap<PupilId, (Roll, bool)>, Error> {
    let sql = "select pupil_id, status, override_reason is not null from attendance
               where tenant_id = $1 and service_id = $2 and day = $3 order by pupil_id";
    let rows = tx.query(sql, &[&ctx.tenant, &service, &day]).await?;
    Ok(rows.iter().map(|row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).collect::<Result<_, db::Error>>()?)
}

async fn write(tx: &mut Tx, ctx: &Ctx, service: ServiceId, day: Day, rows: Vec<(PupilId, Roll)>) -> Result<u64, Error> {
    let absent = rows.iter().filter(|(_, roll)| *roll == Roll::Absent).count();
    let details = json!({ "service": service, "day": day, "present": rows.len() - absent, "absent": absent });
    let by = ctx.actor.label();
    let rows: Vec<_> =
        rows.into_iter().map(|(pupil, roll)| row![ctx.tenant, pupil, service, day, roll, "booking", ctx.now, by]).collect();
    let written = tx.insert_many(super::close::INSERT, rows, OVERWRITE).await?;
    if written > 0 {
        db::audit::record(tx, ctx, "attendance.day_closed", &format!("service:{service}"), &details).await?;
    }
    Ok(written)
}

pub(crate) const INSERT: &str =
    "insert into attendance (tenant_id, pupil_id, service_id, day, status, source, recorded_at, recorded_by)";

/// Rows an operator set are never overwritten, equal ones not touched.
pub(crate) const OVERWRITE: &str = "on conflict (tenant_id, pupil_id, service_id, day) do update
    set status = excluded.status, source = excluded.source, recorded_at = excluded.recorded_at, recorded_by = excluded.recorded_by
    where attendance.override_reason is null and attendance.status <> excluded.status";
