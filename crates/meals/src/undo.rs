use db::{Tx, row};
use enrolment::{Right, get_visible_pupil};
use kernel::{AbsenceReportId, Ctx, Day, Instant, PupilId, ServiceId};
use serde_json::json;

use crate::Error;
use crate::cutoff::{closed_at, list_rules, rule_for};
use crate::lunch::Lunches;

/// What to take back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undo {
    /// Every day of a report that can still be taken back.
    Report(AbsenceReportId),
    Day {
        pupil: PupilId,
        service: ServiceId,
        day: Day,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    pub pupil: PupilId,
    pub service: ServiceId,
    /// In order; none when nothing stood any more.
    pub days: Vec<Day>,
    /// Days of the report whose cut-off has passed: they stand.
    pub kept: Vec<Day>,
}

struct StandingDay {
    day: Day,
    report: AbsenceReportId,
}

/// Takes absences back: the child eats after all. The report and its receipt stay as they were. What was taken back before
/// (a second click) gives no days and changes nothing.
///
/// # Errors
/// [`Error::NotVisible`] when there is no such report or pupil, or not for the acting person; [`Error::TooLate`] when the
/// cut-off of every day has passed.
pub async fn undo(tx: &mut Tx, ctx: &Ctx, what: Undo) -> Result<Undone, Error> {
    let (pupil, service) = subject(tx, ctx, what).await?;
    get_visible_pupil(tx, ctx, pupil, Right::ReportAbsences).await?;
    let days = standing_days(tx, ctx, what).await?;
    let Some((first, last)) = days.first().zip(days.last()).map(|(f, l)| (f.day, l.day)) else {
        return Ok(Undone { pupil, service, days: Vec::new(), kept: Vec::new() });
    };
    let lunches = Lunches::read(tx, ctx, pupil, service, (first, last)).await?;
    let rules = list_rules(tx, ctx, service).await?;
    let until = |day: Day| {
        let site = lunches.enrolment(day).map(|e| e.site);
        site.and_then(|site| rule_for(&rules, site, day)).map(|rule| closed_at(rule, day))
    };
    let (open, kept): (Vec<_>, Vec<_>) = days.into_iter().partition(|d| until(d.day).is_some_and(|until| ctx.now < until));
    if open.is_empty() {
        let closed_at = kept.iter().filter_map(|d| until(d.day)).max().unwrap_or(Instant::UNIX_EPOCH);
        return Err(Error::TooLate { closed_at });
    }
    take_back(tx, ctx, (pupil, service), &open).await?;
    let days_of = |days: &[StandingDay]| days.iter().map(|d| d.day).collect();
    Ok(Undone { pupil, service, days: days_of(&open), kept: days_of(&kept) })
}

async fn subject(tx: &mut Tx, ctx: &Ctx, what: Undo) -> Result<(PupilId, ServiceId), Error> {
    match what {
        Undo::Day { pupil, service, .. } => Ok((pupil, service)),
        Undo::Report(report) => {
            let sql = "select pupil_id, service_id from absence_report where tenant_id = $1 and id = $2";
            let row = tx.query_opt(sql, &[&ctx.tenant, &report]).await?.ok_or(Error::NotVisible)?;
            Ok((row.get(0)?, row.get(1)?))
        }
    }
}

/// Locked, so that of two that undo at once the second finds nothing.
async fn standing_days(tx: &mut Tx, ctx: &Ctx, what: Undo) -> Result<Vec<StandingDay>, Error> {
    let sql = "select day, report_id from absence_day where tenant_id = $1 and state = 'reported'";
    let lock = tx.for_update();
    let rows = match what {
        Undo::Report(report) => {
            let sql = format!("{sql} and report_id = $2 order by day{lock}");
            tx.query(&sql, &[&ctx.tenant, &report]).await?
        }
        Undo::Day { pupil, service, day } => {
            let sql = format!("{sql} and pupil_id = $2 and service_id = $3 and day = $4 order by day{lock}");
            tx.query(&sql, &[&ctx.tenant, &pupil, &service, &day]).await?
        }
    };
    Ok(rows.iter().map(|r| Ok(StandingDay { day: r.get(0)?, report: r.get(1)? })).collect::<Result<_, db::Error>>()?)
}

async fn take_back(tx: &mut Tx, ctx: &Ctx, (pupil, service): (PupilId, ServiceId), days: &[StandingDay]) -> Result<(), Error> {
    let sql = "update absence_day set state = 'undone', undone_at = $6
               where tenant_id = $1 and pupil_id = $2 and service_id = $3 and day = $4 and report_id = $5 and state = 'reported'";
    let rows = days.iter().map(|d| row![ctx.tenant, pupil, service, d.day, d.report, ctx.now]).collect();
    tx.execute_many(sql, rows).await?;
    for day in days {
        let details = json!({ "report": day.report, "service": service, "day": day.day });
        db::audit::record(tx, ctx, "absence.undone", &format!("pupil:{pupil}"), &details).await?;
    }
    Ok(())
}
