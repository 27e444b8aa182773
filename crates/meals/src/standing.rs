//! Reading reports back: what stands, what was sent, and the report behind a receipt.

use std::collections::{BTreeSet, HashMap};

use db::{Row, Tx};
use enrolment::{Right, visible_clause};
use kernel::{AbsenceReportId, Ctx, Day, Instant, Page, Paged, PersonId, PupilId, ServiceId};

use crate::Error;
use crate::absence::{Effect, StoredReport};
use crate::cutoff::{CutoffRule, closed_at, list_rules, rule_for};
use crate::lunch::Lunches;

/// A day for which an absence stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingAbsence {
    pub report: AbsenceReportId,
    pub receipt_number: String,
    pub pupil: PupilId,
    pub service: ServiceId,
    pub service_name: String,
    pub day: Day,
    pub kind_code: String,
    pub kind_name_it: String,
    pub kind_name_en: String,
    pub effect: Effect,
    pub reported_at: Instant,
    pub reported_by: String,
    /// None once the cut-off has passed.
    pub can_undo_until: Option<Instant>,
}

/// What stands from a day on for those of `pupils` whose absences the acting person may report, by day, then pupil.
pub async fn list_standing(tx: &mut Tx, ctx: &Ctx, pupils: &[PupilId], from: Day) -> Result<Vec<StandingAbsence>, Error> {
    let Some(person) = ctx.actor.person() else { return Ok(Vec::new()) };
    let sql = format!(
        "select a.report_id, r.receipt_number, a.pupil_id, a.service_id, v.name, a.day, a.kind_code, coalesce(k.name_it, a.kind_code),
                coalesce(k.name_en, a.kind_code), a.effect, a.reported_at, p.name, p.family_name
         from absence_day a
         join absence_report r on r.tenant_id = a.tenant_id and r.id = a.report_id
         join person p on p.tenant_id = r.tenant_id and p.id = r.person_id
         join service v on v.tenant_id = a.tenant_id and v.id = a.service_id
         left join absence_kind k on k.tenant_id = a.tenant_id and k.code = a.kind_code
         where a.tenant_id = $1 and a.state = 'reported' and a.day >= $4 and {} order by a.day, a.pupil_id, v.name",
        visible_clause("$1", "a.pupil_id", "$2", "$3", Right::ReportAbsences)
    );
    let rows = tx.query(&sql, &[&ctx.tenant, &person, &ctx.today(), &from]).await?;
    let mut found = rows.iter().map(standing).collect::<Result<Vec<_>, _>>()?;
    found.retain(|absence| pupils.contains(&absence.pupil));
    set_deadlines(tx, ctx, &mut found).await?;
    Ok(found)
}

async fn set_deadlines(tx: &mut Tx, ctx: &Ctx, absences: &mut [StandingAbsence]) -> Result<(), Error> {
    let Some((first, last)) = absences.first().zip(absences.last()).map(|(f, l)| (f.day, l.day)) else { return Ok(()) };
    let subjects: BTreeSet<(PupilId, ServiceId)> = absences.iter().map(|a| (a.pupil, a.service)).collect();
    let mut known: HashMap<(PupilId, ServiceId), (Lunches, Vec<CutoffRule>)> = HashMap::new();
    for (pupil, service) in subjects {
        let lunches = Lunches::read(tx, ctx, pupil, service, (first, last)).await?;
        known.insert((pupil, service), (lunches, list_rules(tx, ctx, service).await?));
    }
    for absence in absences {
        let (lunches, rules) = &known[&(absence.pupil, absence.service)];
        let rule = lunches.enrolment(absence.day).and_then(|e| rule_for(rules, e.site, absence.day));
        absence.can_undo_until = rule.map(|rule| closed_at(rule, absence.day)).filter(|until| ctx.now < *until);
    }
    Ok(())
}

fn standing(row: &Row) -> Result<StandingAbsence, db::Error> {
    Ok(StandingAbsence {
        report: row.get(0)?,
        receipt_number: row.get(1)?,
        pupil: row.get(2)?,
        service: row.get(3)?,
        service_name: row.get(4)?,
        day: row.get(5)?,
        kind_code: row.get(6)?,
        kind_name_it: row.get(7)?,
        kind_name_en: row.get(8)?,
        effect: row.get(9)?,
        reported_at: row.get(10)?,
        reported_by: full_name(row, 11)?,
        can_undo_until: None,
    })
}

fn select() -> String {
    format!(
        "select r.id, r.receipt_number, r.signature, r.received_at, r.pupil_id, u.name, u.family_name, r.service_id, v.name, r.person_id,
                p.name, p.family_name, r.kind_code, coalesce(k.name_it, r.kind_code), coalesce(k.name_en, r.kind_code), r.first_on,
                r.last_on, r.channel, r.outcomes
         from absence_report r
         join pupil u on u.tenant_id = r.tenant_id and u.id = r.pupil_id
         join person p on p.tenant_id = r.tenant_id and p.id = r.person_id
         join service v on v.tenant_id = r.tenant_id and v.id = r.service_id
         left join absence_kind k on k.tenant_id = r.tenant_id and k.code = r.kind_code
         where r.tenant_id = $1 and {}",
        visible_clause("$1", "r.pupil_id", "$2", "$3", Right::ReportAbsences)
    )
}

/// A report of a pupil whose absences the acting person may report, whoever sent it.
///
/// # Errors
/// [`Error::NotVisible`] otherwise.
pub async fn get_report(tx: &mut Tx, ctx: &Ctx, id: AbsenceReportId) -> Result<StoredReport, Error> {
    let person: PersonId = ctx.actor.person().ok_or(Error::NotVisible)?;
    let sql = format!("{} and r.id = $4", select());
    let row = tx.query_opt(&sql, &[&ctx.tenant, &person, &ctx.today(), &id]).await?.ok_or(Error::NotVisible)?;
    let mut report = stored(&row)?;
    report.undone = undone(tx, ctx, id).await?;
    Ok(report)
}

/// The reports of the pupils whose absences the acting person may report, newest first; of one pupil, if one is named.
pub async fn list_reports(tx: &mut Tx, ctx: &Ctx, pupil: Option<PupilId>, page: Page) -> Result<Paged<StoredReport>, Error> {
    let Some(person) = ctx.actor.person() else { return Ok(Paged { items: Vec::new(), total: 0, page }) };
    let only = if pupil.is_some() { " and r.pupil_id = $4" } else { "" };
    let today = ctx.today();
    let mut params: Vec<&dyn db::ToValue> = vec![&ctx.tenant, &person, &today];
    params.extend(pupil.iter().map(|p| p as &dyn db::ToValue));
    let (limit, offset) = (page.limit(), page.offset());
    let counted = format!("select count(*) from ({}{only}) as reports", select());
    let total: i64 = tx.query_one(&counted, &params).await?.get(0)?;
    let next = params.len() + 1;
    params.extend([&limit as &dyn db::ToValue, &offset]);
    let sql = format!("{}{only} order by r.received_at desc, r.id desc limit ${next} offset ${}", select(), next + 1);
    let mut items = Vec::new();
    for row in tx.query(&sql, &params).await? {
        items.push(stored(&row)?);
    }
    for report in &mut items {
        report.undone = undone(tx, ctx, report.id).await?;
    }
    Ok(Paged { items, total: total.unsigned_abs(), page })
}

async fn undone(tx: &mut Tx, ctx: &Ctx, id: AbsenceReportId) -> Result<Vec<Day>, Error> {
    let sql = "select day from absence_day where tenant_id = $1 and report_id = $2 and state = 'undone' order by day";
    let rows = tx.query(sql, &[&ctx.tenant, &id]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?)
}

fn stored(row: &Row) -> Result<StoredReport, Error> {
    let outcomes: String = row.get(18)?;
    let days = serde_json::from_str(&outcomes).map_err(|e| db::Error::Other(format!("outcomes of a report: {e}")))?;
    Ok(StoredReport {
        id: row.get(0)?,
        receipt_number: row.get(1)?,
        signature: row.get(2)?,
        received_at: row.get(3)?,
        pupil: row.get(4)?,
        pupil_name: full_name(row, 5)?,
        service: row.get(7)?,
        service_name: row.get(8)?,
        person: row.get(9)?,
        person_name: full_name(row, 10)?,
        kind_code: row.get(12)?,
        kind_name_it: row.get(13)?,
        kind_name_en: row.get(14)?,
        first_on: row.get(15)?,
        last_on: row.get(16)?,
        channel: row.get(17)?,
        days,
        undone: Vec::new(),
    })
}

fn full_name(row: &Row, at: usize) -> Result<String, db::Error> {
    Ok(format!("{} {}", row.get::<String>(at)?, row.get::<String>(at + 1)?).trim().to_owned())
}
