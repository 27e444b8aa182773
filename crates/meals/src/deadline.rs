use db::Tx;
use enrolment::{Right, get_visible_pupil};
use kernel::{Ctx, Day, Instant, PupilId, ServiceId, days_between};

use crate::Error;
use crate::cutoff::{Decision, closed_at, decide, list_rules, rule_for};
use crate::lunch::{Lunch, Lunches};

/// The next day for which an absence may be reported, and until when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    pub day: Day,
    pub closes_at: Instant,
}

/// How far a next lunch is looked for.
const LOOK_AHEAD: i32 = 30;

/// The next lunch of a pupil whose cut-off has not passed; none in the holidays, or where no reports are taken.
///
/// # Errors
/// [`Error::NotVisible`] without the right to report absences of this pupil.
pub async fn next_deadline(tx: &mut Tx, ctx: &Ctx, pupil: PupilId, service: ServiceId) -> Result<Option<Deadline>, Error> {
    get_visible_pupil(tx, ctx, pupil, Right::ReportAbsences).await?;
    let range = (ctx.today(), ctx.today().saturating_add(jiff::Span::new().days(LOOK_AHEAD)));
    let lunches = Lunches::read(tx, ctx, pupil, service, range).await?;
    let rules = list_rules(tx, ctx, service).await?;
    let open = |day: Day| {
        let Lunch::Expected(enrolment) = lunches.on(day) else { return None };
        let rule = rule_for(&rules, enrolment.site, day)?;
        (decide(rule, day, ctx.now) == Decision::Accepted).then(|| Deadline { day, closes_at: closed_at(rule, day) })
    };
    Ok(days_between(range.0, range.1).find_map(open))
}
