use std::collections::BTreeSet;

use db::Tx;
use jiff::Span;
use kernel::{Ctx, Day, ServiceId};

use crate::Error;
use crate::day::{ClosedDay, Meal};

/// A row for each day, locked until the transaction ends: of two who close the same day, one waits.
pub(crate) async fn lock(tx: &mut Tx, ctx: &Ctx, service: ServiceId, days: &BTreeSet<Day>) -> Result<(), Error> {
    let rows = days.iter().map(|day| db::row![ctx.tenant, service, *day, ctx.now, 0i64, 0i64]).collect();
    let insert = "insert into closed_day (tenant_id, service_id, day, closed_at, meals, total_cents)";
    tx.insert_many(insert, rows, "on conflict (tenant_id, service_id, day) do nothing").await?;
    let sql = format!(
        "select day from closed_day where tenant_id = $1 and service_id = $2 and day >= $3 and day <= $4 order by day{}",
        tx.for_update()
    );
    tx.query(&sql, &[&ctx.tenant, &service, &days.first(), &days.last()]).await?;
    Ok(())
}

/// Those who ate and were not charged, by day.
pub(crate) async fn uncharged(tx: &mut Tx, ctx: &Ctx, service: ServiceId, first: Day, last: Day) -> Result<Vec<Meal>, Error> {
    let sql = "select a.pupil_id, a.day, a.status from attendance a
               where a.tenant_id = $1 and a.service_id = $2 and a.day >= $3 and a.day <= $4
                 and a.status in ('present', 'present_not_enrolled')
                 and not exists (select 1 from meal_charge m where m.tenant_id = a.tenant_id and m.pupil_id = a.pupil_id
                                 and m.service_id = a.service_id and m.day = a.day)
               order by a.day, a.pupil_id";
    let meal = |row: &db::Row| Ok(Meal { pupil: row.get(0)?, day: row.get(1)?, is_enrolled: row.get::<String>(2)? == "present" });
    tx.query(sql, &[&ctx.tenant, &service, &first, &last]).await?.iter().map(meal).collect()
}

/// Every day after `first` and up to `last` from which something else may hold that a price or a way to pay depends on.
pub(crate) async fn changes(tx: &mut Tx, ctx: &Ctx, service: ServiceId, first: Day, last: Day) -> Result<Vec<Day>, Error> {
    let mut days = BTreeSet::new();
    let starts = ranges("from_on", "x.from_on > $3 and x.from_on <= $4");
    for row in tx.query(&starts, &[&ctx.tenant, &service, &first, &last]).await? {
        days.insert(row.get::<Day>(0)?);
    }
    let ends = ranges("to_on", "x.to_on >= $3 and x.to_on < $4");
    for row in tx.query(&ends, &[&ctx.tenant, &service, &first, &last]).await? {
        days.extend(row.get::<Day>(0)?.tomorrow().ok());
    }
    days.extend(comings_of_age(tx, ctx, first, last).await?);
    Ok(days.into_iter().collect())
}

fn ranges(column: &str, within: &str) -> String {
    format!(
        "select x.{column} from enrolment x where x.tenant_id = $1 and x.service_id = $2 and {within}
         union select x.{column} from placement x where x.tenant_id = $1 and {within}
         union select x.{column} from isee_declaration x where x.tenant_id = $1 and {within}
         union select x.{column} from pupil_circumstance x where x.tenant_id = $1 and {within}"
    )
}

/// A household has a minor less from the eighteenth birthday on.
async fn comings_of_age(tx: &mut Tx, ctx: &Ctx, first: Day, last: Day) -> Result<Vec<Day>, Error> {
    let years = Span::new().years(18);
    let (Ok(from), Ok(until)) = (first.checked_sub(years), last.checked_sub(years)) else { return Ok(Vec::new()) };
    let sql = "select distinct birth_on from pupil where tenant_id = $1 and birth_on >= $2 and birth_on <= $3 order by birth_on";
    let mut days = Vec::new();
    for row in tx.query(sql, &[&ctx.tenant, &from, &until]).await? {
        days.extend(row.get::<Day>(0)?.checked_add(years));
    }
    Ok(days)
}

pub(crate) async fn write(
    tx: &mut Tx,
    ctx: &Ctx,
    service: ServiceId,
    closed: impl Iterator<Item = &ClosedDay>,
) -> Result<(), Error> {
    let sql = "update closed_day set meals = meals + $4, total_cents = total_cents + $5, closed_at = $6
               where tenant_id = $1 and service_id = $2 and day = $3";
    let row = |day: &ClosedDay| {
        let meals = i64::try_from(day.meals).expect("meals of a day are few");
        db::row![ctx.tenant, service, day.day, meals, day.total, ctx.now]
    };
    tx.execute_many(sql, closed.map(row).collect()).await?;
    Ok(())
}

/// Open days of any site that have no row in `closed_day`.
pub(crate) async fn unclosed(tx: &mut Tx, ctx: &Ctx, service: ServiceId, first: Day, last: Day) -> Result<Vec<Day>, Error> {
    let sql = "select distinct c.day from service_calendar c
               where c.tenant_id = $1 and c.service_id = $2 and c.day >= $3 and c.day <= $4 and c.open
                 and not exists (select 1 from closed_day k
                                 where k.tenant_id = c.tenant_id and k.service_id = c.service_id and k.day = c.day)
               order by c.day";
    let rows = tx.query(sql, &[&ctx.tenant, &service, &first, &last]).await?;
    rows.iter().map(|row| Ok(row.get(0)?)).collect()
}
