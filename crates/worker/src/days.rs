//! The close of each day: bookings become attendance, attendance becomes charges.

use enrolment::ServiceKind;
use jiff::ToSpan;
use jiff::civil::{Time, time};
use kernel::{Actor, Ctx, Day, Instant, ServiceId, rome_date_time, rome_day};

use crate::{Error, Parts};

/// From this hour a day is over: lunches were eaten and corrected.
const CLOSES_AT: Time = time(19, 30, 0, 0);

/// Closes the oldest day of each canteen that is over and open; how many were closed. What fails for one canteen does not
/// stop the others.
pub async fn close_next(parts: &Parts) -> Result<usize, Error> {
    let tenants = enrolment::tenant::list_all(&mut parts.db.read().await?).await?;
    let mut closed = 0;
    for tenant in tenants.iter().filter(|t| t.enabled) {
        let ctx = Ctx::new(tenant.id, Actor::System("worker"), &parts.clock, &parts.entropy);
        match canteens(parts, &ctx).await {
            Ok(canteens) => closed += close_each(parts, &ctx, &canteens).await,
            Err(error) => tracing::warn!(%error, tenant = tenant.id.0, "the canteens cannot be read"),
        }
    }
    Ok(closed)
}

async fn canteens(parts: &Parts, ctx: &Ctx) -> Result<Vec<ServiceId>, Error> {
    let services = enrolment::list_services(&mut parts.db.read().await?, ctx).await?;
    Ok(services.iter().filter(|s| s.kind == ServiceKind::Meal).map(|s| s.id).collect())
}

async fn close_each(parts: &Parts, ctx: &Ctx, canteens: &[ServiceId]) -> usize {
    let mut closed = 0;
    for service in canteens {
        match close_oldest(parts, ctx, *service).await {
            Ok(true) => closed += 1,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, tenant = ctx.tenant.0, service = %service, "a day could not be closed"),
        }
    }
    closed
}

/// Whether there was a day to close.
async fn close_oldest(parts: &Parts, ctx: &Ctx, service: ServiceId) -> Result<bool, Error> {
    let Some(day) = next(parts, ctx, service).await? else { return Ok(false) };
    match close(parts, ctx, service, day).await {
        // Reports for the day are taken longer than usual: it is not over yet.
        Err(Error::Meals(meals::Error::DayStillOpen { .. })) => Ok(false),
        done => done.map(|()| true),
    }
}

/// The last day that is over.
fn over(now: Instant) -> Day {
    let local = rome_date_time(now);
    if local.time() >= CLOSES_AT { local.date() } else { local.date().saturating_sub(1.day()) }
}

/// The oldest day that is over and not closed, from the day the tenant came on; the days before that are an import's.
async fn next(parts: &Parts, ctx: &Ctx, service: ServiceId) -> Result<Option<Day>, Error> {
    let mut tx = parts.db.read().await?;
    let first = rome_day(enrolment::tenant::created_at(&mut tx, ctx.tenant).await?);
    let days = billing::day::list_unclosed_days(&mut tx, ctx, service, first, over(ctx.now)).await?;
    Ok(days.first().copied())
}

async fn close(parts: &Parts, ctx: &Ctx, service: ServiceId, day: Day) -> Result<(), Error> {
    let mut tx = parts.db.begin().await?;
    meals::attendance::close_booking_day(&mut tx, ctx, service, day).await?;
    let closed = billing::day::close_day(&mut tx, ctx, service, day).await?;
    tx.commit().await?;
    tracing::info!(tenant = ctx.tenant.0, %day, meals = closed.meals, not_charged = closed.not_charged.len(), "a day was closed");
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
