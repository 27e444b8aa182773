use db::Tx;
use enrolment::{ServiceKind, enrolled_services};
use kernel::{Ctx, PupilId, ServiceId};

use super::DayRecord;
use super::days::days;
use crate::Error;
use crate::deadline::{Deadline, next_deadline};

/// A pupil's meal of today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TodayMeal {
    pub pupil: PupilId,
    pub service: ServiceId,
    pub service_name: String,
    pub record: DayRecord,
    /// The next lunch for which an absence may still be reported; none without the right to report.
    pub deadline: Option<Deadline>,
}

/// Today's meal of each of these pupils at each canteen they are enrolled in today, in the order of `pupils`.
///
/// # Errors
/// [`Error::NotVisible`] when one of them is not for the acting person to see.
pub async fn today(tx: &mut Tx, ctx: &Ctx, pupils: &[PupilId]) -> Result<Vec<TodayMeal>, Error> {
    let mut meals = Vec::new();
    for pupil in pupils {
        let services = enrolled_services(tx, ctx, *pupil, ctx.today()).await?;
        for service in services.into_iter().filter(|s| s.kind == ServiceKind::Meal) {
            let records = days(tx, ctx, *pupil, service.id, (ctx.today(), ctx.today())).await?;
            let deadline = match next_deadline(tx, ctx, *pupil, service.id).await {
                Err(Error::NotVisible) => None,
                other => other?,
            };
            let meal =
                |record| TodayMeal { pupil: *pupil, service: service.id, service_name: service.name.clone(), record, deadline };
            meals.extend(records.into_iter().map(meal));
        }
    }
    Ok(meals)
}
