//! The close of each day: bookings become attendance, attendance becomes charges.

use enrolment::ServiceKind;
use jiff::ToSpan;
use jiff::civil::{Time, time};
use kernel::{Actor, Ctx, Day, Instant, ServiceId, TenantId, rome_date_time};

use crate::{Error, Parts};

/// From this hour a day is over: lunches were eaten and corrected.
const CLOSES_AT: Time = time(19, 30, 0, 0);

/// Closes the oldest day of each tenant's canteens that is over and open; how many were closed. What fails for one
/// tenant does not stop the others.
pub async fn close_next(parts: &Parts) -> Result<usize, Error> {
    let tenants = enrolment::tenant::list_all(&mut parts.db.read().await?).await?;
    let mut closed = 0;
    for tenant in tenants.iter().filter(|t| t.enabled) {
        match close_of(parts, tenant.id).await {
            Ok(days) => closed += days,
            Err(error) => tracing::warn!(%error, tenant = tenant.id.0, "a day could not be closed"),
        }
    }
    Ok(closed)
}

async fn close_of(parts: &Parts, tenant: TenantId) -> Result<usize, Error> {
    let ctx = Ctx::new(tenant, Actor::System("worker"), &parts.clock, &parts.entropy);
    let services = enrolment::list_services(&mut parts.db.read().await?, &ctx).await?;
    let mut closed = 0;
    for service in services.iter().filter(|s| s.kind == ServiceKind::Meal) {
        if let Some(day) = next(parts, &ctx, service.id).await? {
            close(parts, &ctx, service.id, day).await?;
            closed += 1;
        }
    }
    Ok(closed)
}

/// The last day that is over.
fn over(now: Instant) -> Day {
    let local = rome_date_time(now);
    if local.time() >= CLOSES_AT { local.date() } else { local.date().saturating_sub(1.day()) }
}

/// The oldest open day after the last one that was closed; the days before the first close are an import's.
async fn next(parts: &Parts, ctx: &Ctx, service: ServiceId) -> Result<Option<Day>, Error> {
    let sql = "select min(c.day) from service_calendar c
               where c.tenant_id = $1 and c.service_id = $2 and c.open and c.day <= $3
                 and c.day > (select coalesce(max(d.day), $4) from closed_day d where d.tenant_id = $1 and d.service_id = $2)";
    let mut tx = parts.db.read().await?;
    // Where no day was closed yet, only yesterday's and today's are ours to close.
    let row = tx.query_one(sql, &[&ctx.tenant, &service, &over(ctx.now), &over(ctx.now).saturating_sub(1.day())]).await?;
    Ok(row.get(0)?)
}

async fn close(parts: &Parts, ctx: &Ctx, service: ServiceId, day: Day) -> Result<(), Error> {
    let mut tx = parts.db.begin().await?;
    meals::attendance::close_booking_day(&mut tx, ctx, service, day).await?;
    let closed = billing::day::close_day(&mut tx, ctx, service, day).await?;
    tx.commit().await?;
    tracing::info!(tenant = ctx.tenant.0, %day, meals = closed.meals, "a day was closed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_over_at_half_past_seven_in_the_evening() {
        for (now, expected) in [
            ("2026-11-24T18:29:59Z", "2026-11-23"),
            ("2026-11-24T18:30:00Z", "2026-11-24"),
            ("2026-07-01T17:29:59Z", "2026-06-30"),
            ("2026-07-01T17:30:00Z", "2026-07-01"),
        ] {
            assert_eq!(over(now.parse().expect("an instant")).to_string(), expected, "{now}");
        }
    }
}
