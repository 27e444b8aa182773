//! Which days a service runs at a site.

use std::collections::HashMap;

use db::Tx;
use kernel::{Ctx, Day, SchoolSiteId, ServiceId, days_between};

use crate::Error;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarDay {
    pub day: Day,
    pub open: bool,
    /// Why it is closed, in the words parents read, where the office wrote them.
    pub cause: Option<String>,
}

/// Every day from `first` to `last`, in order; a day the calendar does not name is closed.
pub async fn service_days(
    tx: &mut Tx,
    ctx: &Ctx,
    service: ServiceId,
    site: SchoolSiteId,
    (first, last): (Day, Day),
) -> Result<Vec<CalendarDay>, Error> {
    let sql = "select day, open, cause from service_calendar
               where tenant_id = $1 and service_id = $2 and site_id = $3 and day >= $4 and day <= $5 order by day";
    let rows = tx.query(sql, &[&ctx.tenant, &service, &site, &first, &last]).await?;
    let mut named = HashMap::new();
    for row in rows {
        let day = CalendarDay { day: row.get(0)?, open: row.get(1)?, cause: row.get(2)? };
        named.insert(day.day, day);
    }
    let closed = |day| CalendarDay { day, open: false, cause: None };
    Ok(days_between(first, last).map(|day| named.remove(&day).unwrap_or_else(|| closed(day))).collect())
}

/// The sites at which a service runs on a day.
pub(crate) async fn open_sites(tx: &mut Tx, ctx: &Ctx, service: ServiceId, day: Day) -> Result<Vec<SchoolSiteId>, Error> {
    let sql =
        "select site_id from service_calendar where tenant_id = $1 and service_id = $2 and day = $3 and open order by site_id";
    let rows = tx.query(sql, &[&ctx.tenant, &service, &day]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?)
}
