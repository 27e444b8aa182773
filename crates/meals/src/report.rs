use std::collections::{BTreeMap, BTreeSet};

use db::Tx;
use db::vault::Vault;
use enrolment::{Right, find_service, get_visible_pupil};
use kernel::{AbsenceReportId, Ctx, Day, days_between};
use serde_json::json;

use crate::Error;
use crate::absence::{AbsenceKind, DayOutcome, MOST_DAYS, Outcome, Receipt, Report, ReportRequest, StoredReport};
use crate::cutoff::{CutoffRule, Decision, decide, list_rules, rule_for};
use crate::error::check_range;
use crate::kinds::get_kind;
use crate::lunch::{Lunch, Lunches};
use crate::receipt::{lock_numbers, sign, take_number};
use crate::store::{Standing, insert_report, standing};

/// Days around a report in which others of its kind make a row with it: longer than any holiday but summer's.
const AROUND: i32 = 21;

/// Reports a pupil absent on each day from first to last, as far as each day allows; partial success is normal.
///
/// Whether a day is in time is decided by `ctx.now`. Written in one transaction: the report, its days, the audit row and
/// the receipt number; nothing at all when no day is taken. A second identical report finds the first and changes nothing.
///
/// # Errors
/// [`Error::Reversed`], [`Error::TooManyDays`] above [`MOST_DAYS`], [`Error::NotVisible`] without the right to report
/// absences of this pupil, [`Error::UnknownKind`].
pub async fn report(tx: &mut Tx, ctx: &Ctx, vault: &Vault, request: ReportRequest) -> Result<Report, Error> {
    check_range(request.first_on, request.last_on, MOST_DAYS)?;
    let pupil = get_visible_pupil(tx, ctx, request.pupil, Right::ReportAbsences).await?;
    let kind = get_kind(tx, ctx, &request.kind_code).await?;
    let (asked, around) = (Asked::read(tx, ctx, &request).await?, around(&request));
    // Only a day that could be taken needs the line of numbers; from there on reports of the tenant are one after another.
    let last_number = if asked.could_be_taken(ctx) { Some(lock_numbers(tx, ctx).await?) } else { None };
    let standing = standing(tx, ctx, request.pupil, request.service, around).await?;
    let days = asked.outcomes(ctx, &kind, &standing);
    let taken = days.iter().any(|d| d.outcome == Outcome::Reported);
    let receipt = match last_number.filter(|_| taken) {
        Some(last) => Some(keep(tx, ctx, vault, &request, &kind, (last, &days, pupil.full_name())).await?),
        None => None,
    };
    Ok(Report { request, received_at: ctx.now, days, receipt })
}

fn around(request: &ReportRequest) -> (Day, Day) {
    let span = jiff::Span::new().days(AROUND);
    (request.first_on.saturating_sub(span), request.last_on.saturating_add(span))
}

async fn keep(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    request: &ReportRequest,
    kind: &AbsenceKind,
    (last_number, days, pupil_name): (i64, &[DayOutcome], String),
) -> Result<Receipt, Error> {
    let person = ctx.actor.person().ok_or(Error::NotVisible)?;
    let person_name = enrolment::person::get(tx, ctx, person).await?.full_name();
    let service = find_service(tx, ctx, request.service).await?.ok_or(Error::NotVisible)?;
    let mut report = StoredReport {
        id: ctx.new_id::<AbsenceReportId>(),
        receipt_number: take_number(tx, ctx, last_number).await?,
        signature: String::new(),
        received_at: ctx.now,
        pupil: request.pupil,
        pupil_name,
        service: request.service,
        service_name: service.name,
        person,
        person_name,
        kind_code: kind.code.clone(),
        kind_name_it: kind.name_it.clone(),
        kind_name_en: kind.name_en.clone(),
        first_on: request.first_on,
        last_on: request.last_on,
        channel: "portal".to_owned(),
        days: days.to_vec(),
        undone: Vec::new(),
    };
    report.signature = sign(vault, ctx.tenant, &report);
    insert_report(tx, ctx, &report, kind.effect).await?;
    let details = json!({
        "report": report.id, "receipt": report.receipt_number, "service": request.service, "kind": kind.code,
        "days": report.reported_days().collect::<Vec<_>>(),
    });
    db::audit::record(tx, ctx, "absence.reported", &format!("pupil:{}", request.pupil), &details).await?;
    Ok(Receipt { id: report.id, number: report.receipt_number, signature: report.signature })
}

/// A request with what its days are decided by.
struct Asked {
    days: Vec<Day>,
    lunches: Lunches,
    rules: Vec<CutoffRule>,
}

impl Asked {
    async fn read(tx: &mut Tx, ctx: &Ctx, request: &ReportRequest) -> Result<Asked, Error> {
        let days = days_between(request.first_on, request.last_on).collect();
        let lunches = Lunches::read(tx, ctx, request.pupil, request.service, around(request)).await?;
        Ok(Asked { days, lunches, rules: list_rules(tx, ctx, request.service).await? })
    }

    fn could_be_taken(&self, ctx: &Ctx) -> bool {
        self.days.iter().any(|day| self.decide(ctx, *day) == Outcome::Reported)
    }

    /// What a day alone allows, whatever was reported before.
    fn decide(&self, ctx: &Ctx, day: Day) -> Outcome {
        let site = match self.lunches.on(day) {
            Lunch::NotEnrolled => return Outcome::NotEnrolled,
            Lunch::NoLunchThatWeekday => return Outcome::NoLunchThatWeekday,
            Lunch::Closed { cause } => return Outcome::Closed { cause: cause.map(str::to_owned) },
            Lunch::Expected(enrolment) => enrolment.site,
        };
        match rule_for(&self.rules, site, day).map(|rule| decide(rule, day, ctx.now)) {
            None => Outcome::NoReportsTaken,
            Some(Decision::TooLate { closed_at }) => Outcome::TooLate { closed_at },
            Some(Decision::TooFarAhead { last_day }) => Outcome::TooFarAhead { last_day },
            Some(Decision::Accepted) => Outcome::Reported,
        }
    }

    fn outcomes(&self, ctx: &Ctx, kind: &AbsenceKind, standing: &BTreeMap<Day, Standing>) -> Vec<DayOutcome> {
        let mut of_kind: BTreeSet<Day> = standing.iter().filter(|(_, s)| s.kind_code == kind.code).map(|(day, _)| *day).collect();
        let mut outcome = |day: Day| match self.decide(ctx, day) {
            Outcome::Reported | Outcome::TooLate { .. } if standing.contains_key(&day) => Outcome::AlreadyReported,
            Outcome::Reported => match kind.max_days {
                Some(max_days) if self.row_with(&of_kind, day) > max_days => Outcome::TooManyInARow { max_days },
                _ => {
                    of_kind.insert(day);
                    Outcome::Reported
                }
            },
            other => other,
        };
        self.days.iter().map(|day| DayOutcome { day: *day, outcome: outcome(*day) }).collect()
    }

    /// How many days in a row there would be with `day`: days without lunch between them do not part them.
    fn row_with(&self, of_kind: &BTreeSet<Day>, day: Day) -> u16 {
        let span = jiff::Span::new().days(AROUND);
        let lunch = |d: &Day| self.lunches.is_expected(*d);
        let after = days_between(day, day.saturating_add(span)).skip(1).filter(lunch);
        let mut before: Vec<Day> = days_between(day.saturating_sub(span), day).filter(|d| *d != day && lunch(d)).collect();
        before.reverse();
        let row =
            before.into_iter().take_while(|d| of_kind.contains(d)).count() + after.take_while(|d| of_kind.contains(d)).count();
        u16::try_from(row + 1).unwrap_or(u16::MAX)
    }
}
