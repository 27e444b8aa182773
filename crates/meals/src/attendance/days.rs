use std::collections::{BTreeMap, BTreeSet, HashMap};

use db::Tx;
use enrolment::{Right, get_visible_pupil};
use kernel::{Ctx, Day, PupilId, ServiceId, days_between};

use super::{DayRecord, MOST_DAYS, ReportedDay, Roll, Status};
use crate::Error;
use crate::error::check_range;
use crate::kinds::Effect;
use crate::lunch::{Lunch, Lunches};
use crate::menu::{self, Course};
use crate::store::{Standing, standing};

/// Every day from first to last of a pupil at a service, in order: what became of it, and what was served.
///
/// # Errors
/// [`Error::NotVisible`], [`Error::Reversed`], [`Error::TooManyDays`] above [`MOST_DAYS`].
pub async fn days(
    tx: &mut Tx,
    ctx: &Ctx,
    pupil: PupilId,
    service: ServiceId,
    (first, last): (Day, Day),
) -> Result<Vec<DayRecord>, Error> {
    check_range(first, last, MOST_DAYS)?;
    get_visible_pupil(tx, ctx, pupil, Right::View).await?;
    let lunches = Lunches::read(tx, ctx, pupil, service, (first, last)).await?;
    let known = Known {
        rolls: rolls(tx, ctx, pupil, service, (first, last)).await?,
        standing: standing(tx, ctx, pupil, service, (first, last)).await?,
        menus: Menus::read(tx, ctx, pupil, service, (lunches.levels(), (first, last))).await?,
        lunches,
        today: ctx.today(),
    };
    Ok(days_between(first, last).map(|day| known.record(day)).collect())
}

/// A row of attendance, and whether an operator set a report aside with it.
type Recorded = (Roll, bool);

struct Known {
    lunches: Lunches,
    rolls: HashMap<Day, Recorded>,
    standing: BTreeMap<Day, Standing>,
    menus: Menus,
    today: Day,
}

impl Known {
    fn record(&self, day: Day) -> DayRecord {
        let lunch = self.lunches.on(day);
        let menu = match lunch {
            Lunch::Expected(enrolment) => self.menus.of(&enrolment.level, day),
            _ => Vec::new(),
        };
        let report = self.standing.get(&day).map(|s| ReportedDay {
            report: s.report,
            kind_code: s.kind_code.clone(),
            kind_name_it: s.kind_name_it.clone(),
            kind_name_en: s.kind_name_en.clone(),
            effect: s.effect,
            by: s.reported_by.clone(),
            at: s.reported_at,
        });
        DayRecord { day, status: self.status(day, lunch), report, menu }
    }

    /// An operator's word beats a report, a report beats the roll, the roll beats what was planned.
    fn status(&self, day: Day, lunch: Lunch<'_>) -> Status {
        let roll = self.rolls.get(&day);
        let absent = self.standing.get(&day).filter(|s| s.effect == Effect::Absent);
        match (roll, absent) {
            (Some((roll, true)), _) | (Some((roll, false)), None) => recorded(*roll, lunch),
            (_, Some(s)) => Status::Absent { reported_by: s.reported_by.clone(), at: s.reported_at },
            (None, None) => self.planned(day, lunch),
        }
    }

    fn planned(&self, day: Day, lunch: Lunch<'_>) -> Status {
        match lunch {
            Lunch::NotEnrolled => Status::NotEnrolled,
            Lunch::NoLunchThatWeekday => Status::NoLunchThatWeekday,
            Lunch::Closed { cause } => Status::Closed { cause: cause.map(str::to_owned) },
            Lunch::Expected(_) if day >= self.today => Status::Expected,
            Lunch::Expected(_) => Status::NotYetTaken,
        }
    }
}

fn recorded(roll: Roll, lunch: Lunch<'_>) -> Status {
    match roll {
        Roll::Absent => Status::AbsentByRoll,
        Roll::PresentNotEnrolled => Status::PresentNotEnrolled,
        Roll::Present if lunch == Lunch::NotEnrolled => Status::PresentNotEnrolled,
        Roll::Present => Status::Present,
    }
}

async fn rolls(
    tx: &mut Tx,
    ctx: &Ctx,
    pupil: PupilId,
    service: ServiceId,
    (first, last): (Day, Day),
) -> Result<HashMap<Day, Recorded>, Error> {
    let sql = "select day, status, override_reason is not null from attendance
               where tenant_id = $1 and pupil_id = $2 and service_id = $3 and day >= $4 and day <= $5 order by day";
    let rows = tx.query(sql, &[&ctx.tenant, &pupil, &service, &first, &last]).await?;
    Ok(rows.iter().map(|row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).collect::<Result<_, db::Error>>()?)
}

/// The menus of the days, of everybody and of the pupil's diets.
struct Menus {
    diets: Vec<(String, Day, Option<Day>)>,
    by_level_and_diet: HashMap<(String, String), BTreeMap<Day, Vec<Course>>>,
}

impl Menus {
    async fn read(
        tx: &mut Tx,
        ctx: &Ctx,
        pupil: PupilId,
        service: ServiceId,
        (levels, days): (BTreeSet<String>, (Day, Day)),
    ) -> Result<Menus, Error> {
        let diets = menu::diets(tx, ctx, pupil).await?;
        let codes: BTreeSet<String> = std::iter::once(String::new()).chain(diets.iter().map(|(code, ..)| code.clone())).collect();
        let mut by_level_and_diet = HashMap::new();
        for level in &levels {
            for diet in &codes {
                let menus = menu::for_days(tx, ctx, service, level, diet, days).await?;
                by_level_and_diet.insert((level.clone(), diet.clone()), menus);
            }
        }
        Ok(Menus { diets, by_level_and_diet })
    }

    fn of(&self, level: &str, day: Day) -> Vec<Course> {
        let on = |(_, from, to): &&(String, Day, Option<Day>)| *from <= day && to.is_none_or(|to| to >= day);
        let diet = self.diets.iter().rev().find(on).map(|(code, ..)| code.clone()).unwrap_or_default();
        let menus = self.by_level_and_diet.get(&(level.to_owned(), diet));
        menus.and_then(|menus| menus.get(&day)).cloned().unwrap_or_default()
    }
}
