use kernel::{Ctx, Day, PupilId, ServiceId};
use tariffs::Rating;

use crate::{Error, day};

/// The price of a day of a service for a pupil, with its derivation.
pub type Price = Rating;

/// What a day would cost a pupil the acting person may see; none where they are not enrolled that day, or no tariff is in
/// force.
pub async fn price_on(tx: &mut db::Tx, ctx: &Ctx, pupil: PupilId, service: ServiceId, on: Day) -> Result<Option<Price>, Error> {
    enrolment::get_visible_pupil(tx, ctx, pupil, enrolment::Right::View).await?;
    let Some(facts) = enrolment::rating_facts(tx, ctx, service, on, Some(pupil)).await?.pop() else { return Ok(None) };
    let Some(plan) = tariffs::plan_in_force(tx, ctx, service, on).await? else { return Ok(None) };
    Ok(tariffs::rate(&plan, &day::asked_of(&facts), on).ok())
}
