//! Refezione scolastica: a month of lunches as a calendar and as a table, with the menu and what each day cost.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use billing::{Charge, ChargedTo};
use enrolment::{PupilSummary, Right, ServiceKind};
use jiff::ToSpan;
use kernel::{Day, ServiceId, days_between};
use meals::attendance::{DayRecord, Status};

use super::period::{Period, parse_day};
use crate::chrome::{Chrome, FieldError, download, html};
use crate::refusal::Refusal;
use crate::switcher::{Default as Show, Switcher};
use crate::visit::Visit;

const PATH: &str = "/area-personale/refezione-scolastica";

#[derive(Template)]
#[template(path = "portal/canteen.html")]
struct Page {
    c: Chrome,
    switcher: Switcher,
    pupil: Option<PupilSummary>,
    enrolled: bool,
    month: String,
    whole_month: bool,
    period: Period,
    weeks: Vec<Vec<Option<Cell>>>,
    lines: Vec<Line>,
    counts: Counts,
    previous: String,
    next: Option<String>,
    csv: String,
    errors: Vec<FieldError>,
}

struct Cell {
    day: Day,
    mark: &'static str,
    words: String,
    class: &'static str,
    today: bool,
}

struct Line {
    day: Day,
    words: String,
    class: &'static str,
    detail: Option<String>,
    menu: Vec<meals::menu::Course>,
    charge: Option<String>,
    charge_href: Option<String>,
    trace: Vec<String>,
}

#[derive(Default)]
struct Counts {
    present: i64,
    absent: i64,
}

/// The catalogue's key for a status, and the class of its chip.
pub fn status_key(status: &Status) -> (&'static str, &'static str) {
    match status {
        Status::Present => ("status-present", "chip--ok"),
        Status::Absent { .. } => ("status-reported", "chip--info"),
        Status::AbsentByRoll => ("status-absent", "chip--warn"),
        Status::PresentNotEnrolled => ("status-not-enrolled-present", "chip--warn"),
        Status::NotEnrolled => ("status-not-enrolled", "chip--info"),
        Status::NoLunchThatWeekday => ("status-no-lunch", "chip--info"),
        Status::Closed { .. } => ("status-closed", "chip--info"),
        Status::Expected => ("status-expected", "chip--ok"),
        Status::NotYetTaken => ("status-not-yet", "chip--info"),
    }
}

/// The letter of the calendar, with its colour; the words stand beside it for those who hear the page.
fn mark(status: &Status) -> (&'static str, &'static str) {
    match status {
        Status::Present | Status::PresentNotEnrolled => ("P", "day--present"),
        Status::Absent { .. } => ("F", "day--reported"),
        Status::AbsentByRoll => ("A", "day--absent"),
        Status::Closed { .. } => ("C", "day--closed"),
        Status::NotEnrolled | Status::NoLunchThatWeekday => ("–", ""),
        Status::Expected | Status::NotYetTaken => ("·", ""),
    }
}

/// What the query asks for: a month, or a period.
fn asked(visit: &Visit) -> (Period, bool, Vec<FieldError>) {
    let today = visit.ctx.today();
    let month = visit.query.get("mese").and_then(|m| parse_day(&format!("{m}-01"))).unwrap_or(today.first_of_month());
    let whole = Period { first: month, last: month.last_of_month() };
    if visit.query.get("da").is_none() && visit.query.get("a").is_none() {
        return (whole, true, Vec::new());
    }
    let (period, mut errors) = Period::read(visit, whole);
    if errors.is_empty() && period.last < period.first {
        errors.push(FieldError { field: "a", words: visit.t("error-range-reversed").to_owned() });
    } else if errors.is_empty() && days_between(period.first, period.last).count() > 366 {
        errors.push(FieldError { field: "a", words: visit.t("error-range-long").to_owned() });
    }
    (period, false, errors)
}

/// The canteen of a pupil: that of today, else the one of the period's end.
async fn canteen(tx: &mut db::Tx, visit: &Visit, pupil: &PupilSummary, period: Period) -> Result<Option<ServiceId>, Refusal> {
    for day in [visit.ctx.today(), period.last, period.first] {
        let services = enrolment::enrolled_services(tx, &visit.ctx, pupil.id, day).await?;
        if let Some(service) = services.into_iter().find(|s| s.kind == ServiceKind::Meal) {
            return Ok(Some(service.id));
        }
    }
    Ok(None)
}

struct Read {
    switcher: Switcher,
    pupil: Option<PupilSummary>,
    service: Option<ServiceId>,
    records: Vec<DayRecord>,
    charges: BTreeMap<Day, Charge>,
}

async fn read(visit: &Visit, period: Period, good: bool) -> Result<Read, Refusal> {
    let mut tx = visit.read().await?;
    let switcher = Switcher::read(&mut tx, visit, Right::View, Show::First).await?;
    let pupil = switcher.chosen.clone();
    let mut read = Read { switcher, pupil, service: None, records: Vec::new(), charges: BTreeMap::new() };
    if let Some(pupil) = read.pupil.as_ref().filter(|_| good) {
        read.service = canteen(&mut tx, visit, pupil, period).await?;
        if let Some(service) = read.service {
            read.records = meals::attendance::days(&mut tx, &visit.ctx, pupil.id, service, (period.first, period.last)).await?;
            read.charges = billing::charges_for(&mut tx, &visit.ctx, pupil.id, service, period.first, period.last).await?;
        }
    }
    Ok(read)
}

pub async fn show(visit: Visit) -> Result<Response, Refusal> {
    let (period, whole_month, errors) = asked(&visit);
    let read = read(&visit, period, errors.is_empty()).await?;
    read.switcher.remember(&visit).await?;
    let today = visit.ctx.today();
    let present = |r: &&DayRecord| matches!(r.status, Status::Present | Status::PresentNotEnrolled);
    let absent = |r: &&DayRecord| matches!(r.status, Status::Absent { .. } | Status::AbsentByRoll);
    let count = |n: usize| i64::try_from(n).expect("a year has few days");
    let counts = Counts {
        present: count(read.records.iter().filter(present).count()),
        absent: count(read.records.iter().filter(absent).count()),
    };
    let month = |first: Day| {
        format!("{PATH}{}", visit.query.with("da", "").with("a", "").with("mese", &first.strftime("%Y-%m").to_string()).query())
    };
    let after = period.first.first_of_month().saturating_add(1.month());
    let mut c = Chrome::personal(&visit, visit.t("service-refezione-scolastica"), Vec::new());
    c.has_errors = !errors.is_empty();
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let page = Page {
        c,
        enrolled: read.service.is_some(),
        month: format!("{} {}", catalogue::month_name(visit.locale, period.first), period.first.year()),
        whole_month,
        period,
        weeks: if whole_month { weeks(&visit, &read.records, today) } else { Vec::new() },
        lines: read
            .records
            .iter()
            .rev()
            .filter(|r| worth_a_line(r, today))
            .map(|r| line(&visit, r, read.charges.get(&r.day)))
            .collect(),
        counts,
        previous: month(period.first.first_of_month().saturating_sub(1.month())),
        next: (after <= today.saturating_add(1.month())).then(|| month(after)),
        csv: format!("{PATH}/presenze.csv{}", visit.query.query()),
        errors,
        pupil: read.pupil,
        switcher: read.switcher,
    };
    html(status, &page)
}

/// The list leaves out week-ends and days without the child; the calendar shows them all.
fn worth_a_line(record: &DayRecord, today: Day) -> bool {
    let future = record.day > today.saturating_add(7.days());
    !future
        && !matches!(record.status, Status::NotEnrolled | Status::NoLunchThatWeekday)
        && !(matches!(record.status, Status::Closed { cause: None }))
}

/// Monday to Friday, a row a week; Saturday and Sunday join where there was lunch.
fn weeks(visit: &Visit, records: &[DayRecord], today: Day) -> Vec<Vec<Option<Cell>>> {
    let Some(first) = records.first() else { return Vec::new() };
    let mut weeks: Vec<Vec<Option<Cell>>> = Vec::new();
    let weekday = |day: Day| usize::from(day.weekday().to_monday_zero_offset().unsigned_abs());
    let mut row: Vec<Option<Cell>> = (0..weekday(first.day).min(5)).map(|_| None).collect();
    for record in records.iter().filter(|r| weekday(r.day) < 5) {
        if weekday(record.day) == 0 && !row.is_empty() {
            weeks.push(std::mem::take(&mut row));
        }
        let (letter, class) = mark(&record.status);
        let words = visit.t(status_key(&record.status).0).to_owned();
        row.push(Some(Cell { day: record.day, mark: letter, words, class, today: record.day == today }));
    }
    weeks.push(row);
    for row in &mut weeks {
        row.resize_with(5, || None);
    }
    weeks.retain(|row| row.iter().any(Option::is_some));
    weeks
}

fn line(visit: &Visit, record: &DayRecord, charge: Option<&Charge>) -> Line {
    let (key, class) = status_key(&record.status);
    let detail = match (&record.status, &record.report) {
        (Status::Closed { cause }, _) => cause.clone(),
        (_, Some(report)) => {
            let args = [("who", (&report.by).into()), ("at", catalogue::instant_long(report.at).into())];
            Some(visit.f("canteen-reported-by", &args))
        }
        _ => None,
    };
    let (words, href) = charge.map(|c| charge_words(visit, c)).unzip();
    Line {
        day: record.day,
        words: visit.t(key).to_owned(),
        class,
        detail,
        menu: record.menu.clone(),
        charge: words,
        charge_href: href.flatten(),
        trace: charge.map(|c| c.trace.clone()).unwrap_or_default(),
    }
}

fn charge_words(visit: &Visit, charge: &Charge) -> (String, Option<String>) {
    let amount = charge.amount;
    match &charge.to {
        ChargedTo::Badge { id, code } => {
            let words = visit.f("canteen-on-badge", &[("amount", amount.into()), ("badge", code.into())]);
            (words, Some(format!("/area-personale/conto-corrente-virtuale?badge={id}")))
        }
        ChargedTo::Document { id, number } => {
            let words = visit.f("canteen-in-document", &[("amount", amount.into()), ("number", number.into())]);
            (words, Some(format!("/area-personale/documenti-contabili/{id}")))
        }
        ChargedTo::Waiting => (visit.f("canteen-waiting", &[("amount", amount.into())]), None),
    }
}

pub async fn csv(visit: Visit) -> Result<Response, Refusal> {
    let (period, _, errors) = asked(&visit);
    if !errors.is_empty() {
        return Err(Refusal::BadRequest);
    }
    let read = read(&visit, period, true).await?;
    let head =
        ["column-data", "column-stato", "canteen-menu", "column-importo", "canteen-charged-to"].map(|k| visit.t(k).to_owned());
    let rows = read.records.iter().map(|r| {
        let charge = read.charges.get(&r.day);
        let menu = r.menu.iter().map(|m| m.dish.clone()).collect::<Vec<_>>().join(", ");
        let to = charge.map(|c| match &c.to {
            ChargedTo::Badge { code, .. } => code.clone(),
            ChargedTo::Document { number, .. } => number.clone(),
            ChargedTo::Waiting => String::new(),
        });
        let amount = charge.map(|c| c.amount.format_it()).unwrap_or_default();
        [catalogue::day_short(r.day), visit.t(status_key(&r.status).0).to_owned(), menu, amount, to.unwrap_or_default()]
    });
    Ok(download("text/csv; charset=utf-8", "presenze.csv", super::registry::csv_file(&head, rows)))
}
