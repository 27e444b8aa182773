//! Loading in bulk, for imports. Idempotent; references are ids.

use std::collections::{BTreeSet, HashMap, HashSet};

use db::sync::{self, Counts, Table};
use db::{Tx, row};
use kernel::{Ctx, Day, DishId, PupilId, SchoolSiteId, ServiceId};
use uuid::Uuid;

use crate::Error;
use crate::attendance::Roll;
use crate::attendance::close::{INSERT, OVERWRITE};
use crate::cutoff::{CutoffRule, list_rules};
use crate::kinds::Effect;
pub use crate::load_absences::{NewAbsence, absences};

#[derive(Clone, Debug)]
pub struct NewCalendarDay {
    pub service: ServiceId,
    pub site: SchoolSiteId,
    pub day: Day,
    pub open: bool,
    pub cause: Option<String>,
}

const CALENDAR: Table =
    Table { name: "service_calendar", key: &["service_id", "site_id", "day"], fixed: &[], columns: &["open", "cause"] };

pub async fn calendar(tx: &mut Tx, ctx: &Ctx, days: Vec<NewCalendarDay>) -> Result<Counts, Error> {
    let rows = days.into_iter().map(|d| row![d.service, d.site, d.day, d.open, d.cause]).collect();
    Ok(sync::rows(tx, ctx.tenant, &CALENDAR, rows).await?)
}

#[derive(Clone, Debug)]
pub struct NewAbsenceKind {
    pub code: String,
    pub name_it: String,
    pub name_en: String,
    pub effect: Effect,
    pub max_days: Option<i32>,
    pub position: i32,
}

const KIND: Table = Table {
    name: "absence_kind",
    key: &["code"],
    fixed: &[],
    columns: &["name_it", "name_en", "effect", "max_days", "position"],
};

pub async fn absence_kinds(tx: &mut Tx, ctx: &Ctx, kinds: Vec<NewAbsenceKind>) -> Result<Counts, Error> {
    let rows = kinds.into_iter().map(|k| row![k.code, k.name_it, k.name_en, k.effect, k.max_days, k.position]).collect();
    Ok(sync::rows(tx, ctx.tenant, &KIND, rows).await?)
}

/// The rules of a service are one whole: those given replace all it had.
pub async fn cutoff_rules(tx: &mut Tx, ctx: &Ctx, rules: Vec<CutoffRule>) -> Result<Counts, Error> {
    let services: BTreeSet<ServiceId> = rules.iter().map(|r| r.service).collect();
    let mut counts = Counts::default();
    for service in services {
        let new: Vec<&CutoffRule> = rules.iter().filter(|r| r.service == service).collect();
        let old = list_rules(tx, ctx, service).await?;
        if old.len() == new.len() && new.iter().all(|rule| old.contains(rule)) {
            counts.unchanged += new.len() as u64;
            continue;
        }
        tx.execute("delete from cutoff_rule where tenant_id = $1 and service_id = $2", &[&ctx.tenant, &service]).await?;
        counts.inserted += insert_rules(tx, ctx, &new).await?;
    }
    Ok(counts)
}

async fn insert_rules(tx: &mut Tx, ctx: &Ctx, rules: &[&CutoffRule]) -> Result<u64, Error> {
    let insert =
        "insert into cutoff_rule (tenant_id, id, service_id, site_id, weekday, minute, days_before, days_ahead, from_on, to_on)";
    let value = |r: &&CutoffRule| {
        let id: Uuid = ctx.new_id();
        row![ctx.tenant, id, r.service, r.site, r.weekday, r.minute, r.days_before, r.days_ahead, r.from_on, r.to_on]
    };
    Ok(tx.insert_many(insert, rules.iter().map(value).collect(), "").await?)
}

/// A dish on the menu of a day.
#[derive(Clone, Debug)]
pub struct NewMenuLine {
    pub service: ServiceId,
    pub day: Day,
    pub level: String,
    /// Empty: everybody's menu.
    pub diet_code: String,
    pub position: i32,
    pub course: String,
    pub dish: String,
    /// Comma-separated codes of the fourteen allergens.
    pub allergens: String,
}

const DISH: Table = Table { name: "dish", key: &["name"], fixed: &["id"], columns: &["allergens"] };

const MENU: Table = Table {
    name: "menu_day",
    key: &["service_id", "day", "level", "diet_code", "position"],
    fixed: &[],
    columns: &["course", "dish_id"],
};

/// A dish has its allergens wherever it is served: those of its last line count.
pub async fn menus(tx: &mut Tx, ctx: &Ctx, lines: Vec<NewMenuLine>) -> Result<Counts, Error> {
    let dishes: HashMap<&str, &str> = lines.iter().map(|line| (line.dish.as_str(), line.allergens.as_str())).collect();
    let rows = dishes.iter().map(|(name, allergens)| row![name, ctx.new_id::<DishId>(), allergens]).collect();
    sync::rows(tx, ctx.tenant, &DISH, rows).await?;
    let rows = tx.query("select name, id from dish where tenant_id = $1", &[&ctx.tenant]).await?;
    let ids = rows.iter().map(|r| Ok((r.get(0)?, r.get(1)?))).collect::<Result<HashMap<String, DishId>, db::Error>>()?;
    let value = |l: &NewMenuLine| row![l.service, l.day, l.level, l.diet_code, l.position, l.course, ids[&l.dish]];
    Ok(sync::rows(tx, ctx.tenant, &MENU, lines.iter().map(value).collect()).await?)
}

#[derive(Clone, Copy, Debug)]
pub struct NewAttendance {
    pub pupil: PupilId,
    pub service: ServiceId,
    pub day: Day,
    pub status: Roll,
}

/// What the roll of another system says. A standing report of absence beats a presence, and an operator's override beats
/// both: such rows count as unchanged, or are written as absent.
pub async fn attendance(tx: &mut Tx, ctx: &Ctx, new: Vec<NewAttendance>) -> Result<Counts, Error> {
    let Some(first) = new.iter().map(|a| a.day).min() else { return Ok(Counts::default()) };
    let reported = reported_absent(tx, ctx, first).await?;
    let (total, before, by) = (new.len() as u64, count(tx, ctx).await?, ctx.actor.label());
    let value = |a: NewAttendance| {
        let beaten = a.status == Roll::Present && reported.contains(&(a.pupil, a.service, a.day));
        let status = if beaten { Roll::Absent } else { a.status };
        row![ctx.tenant, a.pupil, a.service, a.day, status, "import", ctx.now, by]
    };
    let written = tx.insert_many(INSERT, new.into_iter().map(value).collect(), OVERWRITE).await?;
    let inserted = count(tx, ctx).await? - before;
    Ok(Counts { inserted, updated: written - inserted, unchanged: total - written })
}

async fn count(tx: &mut Tx, ctx: &Ctx) -> Result<u64, Error> {
    let count: i64 = tx.query_one("select count(*) from attendance where tenant_id = $1", &[&ctx.tenant]).await?.get(0)?;
    Ok(count.unsigned_abs())
}

async fn reported_absent(tx: &mut Tx, ctx: &Ctx, from: Day) -> Result<HashSet<(PupilId, ServiceId, Day)>, Error> {
    let sql = "select pupil_id, service_id, day from absence_day
               where tenant_id = $1 and day >= $2 and state = 'reported' and effect = 'absent' order by day";
    let rows = tx.query(sql, &[&ctx.tenant, &from]).await?;
    Ok(rows.iter().map(|r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).collect::<Result<_, db::Error>>()?)
}
