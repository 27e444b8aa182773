use std::collections::{BTreeSet, HashMap, HashSet};

use db::sync::Counts;
use db::vault::Vault;
use db::{Tx, row};
use enrolment::{EnrolmentSpan, spans_of_all};
use kernel::{AbsenceReportId, Ctx, Day, Instant, PersonId, PupilId, SchoolSiteId, ServiceId, days_between};

use crate::Error;
use crate::absence::{AbsenceKind, DayOutcome, Outcome, StoredReport, kinds};
use crate::receipt::{parse_number, sign, skip_to};
use crate::store::INSERT_DAYS;

/// A report that another system accepted.
#[derive(Clone, Debug)]
pub struct NewAbsence {
    pub receipt_number: String,
    pub pupil: PupilId,
    pub service: ServiceId,
    pub person: PersonId,
    pub kind_code: String,
    pub first_on: Day,
    pub last_on: Day,
    pub received_at: Instant,
}

/// Takes over reports with the receipts they had; those whose number is known are left as they are. They stand for the
/// days with lunch of the pupil. Load enrolments and the calendar first.
///
/// # Errors
/// [`Error::UnknownKind`] when a kind is not loaded.
pub async fn absences(tx: &mut Tx, ctx: &Ctx, vault: &Vault, new: Vec<NewAbsence>) -> Result<Counts, Error> {
    let known = known_numbers(tx, ctx).await?;
    let total = new.len() as u64;
    let new: Vec<NewAbsence> = new.into_iter().filter(|a| !known.contains(&a.receipt_number)).collect();
    let kinds: HashMap<String, AbsenceKind> = kinds(tx, ctx).await?.into_iter().map(|k| (k.code.clone(), k)).collect();
    let bookings = Bookings::read(tx, ctx, &new).await?;
    let (mut reports, mut days, mut numbers) = (Vec::new(), Vec::new(), HashMap::new());
    for absence in &new {
        let kind = kinds.get(&absence.kind_code).ok_or(Error::UnknownKind)?;
        let report = stored(ctx, vault, absence, bookings.outcomes(absence));
        let r = &report;
        days.extend(
            r.reported_days()
                .map(|day| row![ctx.tenant, r.pupil, r.service, day, r.id, r.kind_code, kind.effect, "reported", r.received_at]),
        );
        reports.push(report_row(ctx, r));
        if let Some((year, number)) = parse_number(&r.receipt_number) {
            let last = numbers.entry(year).or_insert(number);
            *last = number.max(*last);
        }
    }
    let inserted = tx.insert_many(INSERT_REPORTS, reports, "").await?;
    // of two reports of the same day the first stands
    tx.insert_many(INSERT_DAYS, days, "on conflict do nothing").await?;
    for (year, number) in numbers {
        skip_to(tx, ctx, year, number).await?;
    }
    Ok(Counts { inserted, updated: 0, unchanged: total - inserted })
}

const INSERT_REPORTS: &str =
    "insert into absence_report (tenant_id, id, receipt_number, pupil_id, service_id, person_id, kind_code,
    first_on, last_on, channel, received_at, outcomes, signature)";

fn report_row(ctx: &Ctx, r: &StoredReport) -> Vec<db::Value> {
    let outcomes = serde_json::to_string(&r.days).expect("outcomes are plain values");
    row![
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
    ]
}

fn stored(ctx: &Ctx, vault: &Vault, absence: &NewAbsence, days: Vec<DayOutcome>) -> StoredReport {
    let a = absence;
    let mut report = StoredReport {
        id: ctx.new_id::<AbsenceReportId>(),
        receipt_number: a.receipt_number.clone(),
        signature: String::new(),
        received_at: a.received_at,
        pupil: a.pupil,
        pupil_name: String::new(),
        service: a.service,
        service_name: String::new(),
        person: a.person,
        person_name: String::new(),
        kind_code: a.kind_code.clone(),
        kind_name_it: String::new(),
        kind_name_en: String::new(),
        first_on: a.first_on,
        last_on: a.last_on,
        channel: "import".to_owned(),
        days,
        undone: Vec::new(),
    };
    report.signature = sign(vault, ctx.tenant, &report);
    report
}

async fn known_numbers(tx: &mut Tx, ctx: &Ctx) -> Result<HashSet<String>, Error> {
    let rows = tx.query("select receipt_number from absence_report where tenant_id = $1", &[&ctx.tenant]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?)
}

/// Everybody's enrolments and the calendar, for the days of the reports.
struct Bookings {
    spans: HashMap<(PupilId, ServiceId), Vec<EnrolmentSpan>>,
    open: HashMap<(ServiceId, SchoolSiteId, Day), (bool, Option<String>)>,
}

impl Bookings {
    async fn read(tx: &mut Tx, ctx: &Ctx, new: &[NewAbsence]) -> Result<Bookings, Error> {
        let (mut spans, mut open) = (HashMap::<_, Vec<EnrolmentSpan>>::new(), HashMap::new());
        let range = new.iter().map(|a| a.first_on).min().zip(new.iter().map(|a| a.last_on).max());
        let services: BTreeSet<ServiceId> = new.iter().map(|a| a.service).collect();
        for service in services {
            let Some((first, last)) = range else { break };
            for span in spans_of_all(tx, ctx, service, (first, last)).await? {
                spans.entry((span.pupil, service)).or_default().push(span);
            }
            let sql = "select site_id, day, open, cause from service_calendar
                       where tenant_id = $1 and service_id = $2 and day >= $3 and day <= $4 order by site_id, day";
            for row in tx.query(sql, &[&ctx.tenant, &service, &first, &last]).await? {
                open.insert((service, row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?));
            }
        }
        Ok(Bookings { spans, open })
    }

    fn outcomes(&self, absence: &NewAbsence) -> Vec<DayOutcome> {
        let outcome = |day| DayOutcome { day, outcome: self.outcome(absence, day) };
        days_between(absence.first_on, absence.last_on).map(outcome).collect()
    }

    fn outcome(&self, absence: &NewAbsence, day: Day) -> Outcome {
        let spans = self.spans.get(&(absence.pupil, absence.service)).map_or(&[][..], Vec::as_slice);
        let Some(span) = spans.iter().rev().find(|span| span.covers(day)) else { return Outcome::NotEnrolled };
        if !span.on_day.weekdays.contains(day) {
            return Outcome::NoLunchThatWeekday;
        }
        match self.open.get(&(absence.service, span.on_day.site, day)) {
            Some((true, _)) => Outcome::Reported,
            Some((false, cause)) => Outcome::Closed { cause: cause.clone() },
            None => Outcome::Closed { cause: None },
        }
    }
}
