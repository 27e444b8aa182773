//! The writes of absences, and the reads they are decided by.

use std::collections::BTreeMap;

use db::{Tx, row};
use kernel::{AbsenceReportId, Ctx, Day, Instant, PupilId, ServiceId};

use crate::Error;
use crate::absence::{Effect, Outcome, StoredReport};

/// A standing absence of one pupil and service.
#[derive(Clone, Debug)]
pub struct Standing {
    pub report: AbsenceReportId,
    pub kind_code: String,
    pub kind_name_it: String,
    pub kind_name_en: String,
    pub effect: Effect,
    pub reported_at: Instant,
    pub reported_by: String,
}

/// The standing absences of a pupil in a service between two days, by day.
pub async fn standing(
    tx: &mut Tx,
    ctx: &Ctx,
    pupil: PupilId,
    service: ServiceId,
    (first, last): (Day, Day),
) -> Result<BTreeMap<Day, Standing>, Error> {
    let sql =
        "select a.day, a.report_id, a.kind_code, coalesce(k.name_it, a.kind_code), coalesce(k.name_en, a.kind_code), a.effect,
                      a.reported_at, p.name, p.family_name
               from absence_day a
               join absence_report r on r.tenant_id = a.tenant_id and r.id = a.report_id
               join person p on p.tenant_id = r.tenant_id and p.id = r.person_id
               left join absence_kind k on k.tenant_id = a.tenant_id and k.code = a.kind_code
               where a.tenant_id = $1 and a.pupil_id = $2 and a.service_id = $3 and a.day >= $4 and a.day <= $5
                 and a.state = 'reported' order by a.day";
    let mut found = BTreeMap::new();
    for row in tx.query(sql, &[&ctx.tenant, &pupil, &service, &first, &last]).await? {
        let reported_by = format!("{} {}", row.get::<String>(7)?, row.get::<String>(8)?).trim().to_owned();
        let standing = Standing {
            report: row.get(1)?,
            kind_code: row.get(2)?,
            kind_name_it: row.get(3)?,
            kind_name_en: row.get(4)?,
            effect: row.get(5)?,
            reported_at: row.get(6)?,
            reported_by,
        };
        found.insert(row.get(0)?, standing);
    }
    Ok(found)
}

/// Keeps a report with the days it was taken for.
pub async fn insert_report(tx: &mut Tx, ctx: &Ctx, report: &StoredReport, effect: Effect) -> Result<(), Error> {
    let sql = "insert into absence_report (tenant_id, id, receipt_number, pupil_id, service_id, person_id, kind_code, first_on, last_on,
                                           channel, received_at, outcomes, signature)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let (r, outcomes) = (report, serde_json::to_string(&report.days).expect("outcomes are plain values"));
    tx.execute_many(
        sql,
        vec![row![
            ctx.tenant,
            r.id,
            r.receipt_number,
            r.pupil,
            r.service,
            r.person,
            r.kind_code,
            r.first_on,
            r.last_on,
            r.channel,
            r.received_at,
            outcomes,
            r.signature
        ]],
    )
    .await?;
    let days = report.days.iter().filter(|d| d.outcome == Outcome::Reported);
    let rows =
        days.map(|d| row![ctx.tenant, r.pupil, r.service, d.day, r.id, r.kind_code, effect, "reported", r.received_at]).collect();
    tx.insert_many(INSERT_DAYS, rows, "").await?;
    Ok(())
}

pub const INSERT_DAYS: &str =
    "insert into absence_day (tenant_id, pupil_id, service_id, day, report_id, kind_code, effect, state, reported_at)";
