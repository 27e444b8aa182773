//! Comunicazioni assenze: who, when, what kind; a line per day; undo until the cut-off; the receipt.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use catalogue::Locale;
use enrolment::{PupilSummary, Right, ServiceKind};
use jiff::ToSpan;
use kernel::{AbsenceReportId, Day, PupilId, ServiceId};
use meals::absence::{AbsenceKind, DayOutcome, Deadline, Outcome, ReportRequest, StandingAbsence, StoredReport, Undo};

use super::papers;
use super::period::parse_day;
use crate::chrome::{Chrome, Crumb, FieldError, html};
use crate::guard::see_other;
use crate::refusal::Refusal;
use crate::switcher::{Default as Show, Switcher};
use crate::visit::Visit;

const PATH: &str = "/area-personale/comunicazioni-assenze";

#[derive(Template)]
#[template(path = "portal/absences.html")]
struct Page {
    c: Chrome,
    guardian: String,
    children: Vec<Child>,
    kinds: Vec<Kind>,
    when: When,
    standing: Vec<Standing>,
    errors: Vec<FieldError>,
    restored: bool,
    undone: Option<String>,
    today: Day,
    tomorrow: Day,
}

struct Child {
    pupil: PupilSummary,
    chosen: bool,
    /// `Per martedì 24 novembre puoi segnalare fino alle 9:00 (ancora 35 minuti).`
    deadline: Option<String>,
    closed_today: bool,
}

struct Kind {
    code: String,
    name: String,
    chosen: bool,
}

struct When {
    choice: String,
    first: String,
    last: String,
}

struct Standing {
    absence: StandingAbsence,
    pupil_name: String,
    kind: String,
    until: Option<String>,
}

pub async fn show(visit: Visit) -> Result<Response, Refusal> {
    page(&visit, Vec::new(), StatusCode::OK).await
}

async fn page(visit: &Visit, errors: Vec<FieldError>, status: StatusCode) -> Result<Response, Refusal> {
    let mut tx = visit.read().await?;
    let switcher = Switcher::read(&mut tx, visit, Right::ReportAbsences, Show::All).await?;
    let today = visit.ctx.today();
    let asked: Vec<&str> = visit.form.all("alunno").collect();
    let (mut children, mut ids) = (Vec::new(), Vec::new());
    for pupil in switcher.pupils.iter().filter(|p| p.open) {
        let Some(service) = canteen(&mut tx, visit, pupil.id).await? else { continue };
        let deadline = meals::absence::next_deadline(&mut tx, &visit.ctx, pupil.id, service).await?;
        ids.push(pupil.id);
        children.push(Child {
            chosen: asked.contains(&pupil.id.to_string().as_str())
                || (asked.is_empty()
                    && switcher.chosen.as_ref().is_none_or(|c| c.id == pupil.id)
                    && (switcher.chosen.is_some() || switcher.pupils.len() == 1)),
            closed_today: deadline.as_ref().is_some_and(|d| d.day > today),
            deadline: deadline.map(|d| deadline_words(visit, &d)),
            pupil: pupil.clone(),
        });
    }
    let kinds = kinds(visit, &meals::absence::kinds(&mut tx, &visit.ctx).await?);
    let standing = meals::absence::list_standing(&mut tx, &visit.ctx, &ids, today).await?;
    let standing = standing.into_iter().map(|s| stands(visit, &children, s)).collect();
    drop(tx);
    let mut c = Chrome::personal(visit, visit.t("service-comunicazioni-assenze"), Vec::new());
    c.has_errors = !errors.is_empty();
    let page = Page {
        c,
        guardian: visit.session.as_ref().map(identity::Session::full_name).unwrap_or_default(),
        kinds,
        when: when(visit, &children),
        children,
        standing,
        errors,
        restored: visit.restored,
        undone: visit
            .query
            .get("annullata")
            .and_then(parse_day)
            .map(|d| visit.f("absence-undone", &[("day", catalogue::day_week(visit.locale, d).into())])),
        today,
        tomorrow: today.saturating_add(1.day()),
    };
    html(status, &page)
}

/// The canteen a pupil is enrolled in today.
async fn canteen(tx: &mut db::Tx, visit: &Visit, pupil: PupilId) -> Result<Option<ServiceId>, Refusal> {
    let services = enrolment::enrolled_services(tx, &visit.ctx, pupil, visit.ctx.today()).await?;
    Ok(services.into_iter().find(|s| s.kind == ServiceKind::Meal).map(|s| s.id))
}

fn deadline_words(visit: &Visit, deadline: &Deadline) -> String {
    let left = deadline.closes_at.duration_since(visit.ctx.now).as_mins();
    let day = catalogue::day_week(visit.locale, deadline.day);
    let until = if kernel::rome_day(deadline.closes_at) == visit.ctx.today() {
        catalogue::time_of_day(deadline.closes_at)
    } else {
        format!(
            "{} ({})",
            catalogue::time_of_day(deadline.closes_at),
            catalogue::day_week(visit.locale, kernel::rome_day(deadline.closes_at))
        )
    };
    let key = if left < 120 { "absence-deadline-soon" } else { "absence-deadline" };
    visit.f(key, &[("day", day.into()), ("until", until.into()), ("minutes", left.into())])
}

fn name_of(visit: &Visit, it: &str, en: &str) -> String {
    if visit.locale == Locale::It { it.to_owned() } else { en.to_owned() }
}

fn kinds(visit: &Visit, kinds: &[AbsenceKind]) -> Vec<Kind> {
    let asked = visit.form.get("tipologia").or(kinds.first().map(|k| k.code.as_str()));
    kinds
        .iter()
        .map(|k| Kind { code: k.code.clone(), name: name_of(visit, &k.name_it, &k.name_en), chosen: asked == Some(&k.code) })
        .collect()
}

/// Today, unless it is too late for today; what was typed, where the form comes back.
fn when(visit: &Visit, children: &[Child]) -> When {
    let late = !children.is_empty() && children.iter().all(|c| c.closed_today);
    let usual = if late { "domani" } else { "oggi" };
    let tomorrow = visit.ctx.today().saturating_add(1.day()).to_string();
    let typed = |name: &str| if visit.form.is_empty() { tomorrow.clone() } else { visit.form.typed(name).to_owned() };
    When { choice: visit.form.get("quando").unwrap_or(usual).to_owned(), first: typed("da"), last: typed("a") }
}

fn stands(visit: &Visit, children: &[Child], absence: StandingAbsence) -> Standing {
    let pupil_name = children.iter().find(|c| c.pupil.id == absence.pupil).map(|c| c.pupil.full_name()).unwrap_or_default();
    let until =
        absence.can_undo_until.map(|at| format!("{} {}", catalogue::day_short(kernel::rome_day(at)), catalogue::time_of_day(at)));
    Standing { kind: name_of(visit, &absence.kind_name_it, &absence.kind_name_en), pupil_name, until, absence }
}

/// The days the form asks for, or what is wrong with them.
fn days(visit: &Visit) -> Result<(Day, Day), FieldError> {
    let today = visit.ctx.today();
    let wrong = |field: &'static str, key: &str| FieldError { field, words: visit.t(key).to_owned() };
    match visit.form.get("quando") {
        Some("oggi") => Ok((today, today)),
        Some("domani") => today.tomorrow().map(|d| (d, d)).map_err(|_| wrong("da", "error-date")),
        _ => {
            let first = parse_day(visit.form.typed("da")).ok_or_else(|| wrong("da", "error-date"))?;
            let last = match visit.form.get("a") {
                None => first,
                Some(text) => parse_day(text).ok_or_else(|| wrong("a", "error-date"))?,
            };
            Ok((first, last))
        }
    }
}

/// `POST`: one report per child, all in one transaction; then a page of its own, that a reload does not repeat.
pub async fn report(visit: Visit) -> Result<Response, Refusal> {
    let chosen: Vec<PupilId> =
        visit.form.all("alunno").map(|id| id.parse().map_err(|_| Refusal::NotFound)).collect::<Result<_, _>>()?;
    let mut errors = Vec::new();
    if chosen.is_empty() {
        errors.push(FieldError { field: "alunni", words: visit.t("absence-error-nobody").to_owned() });
    }
    let (first, last) = match days(&visit) {
        Ok(days) => days,
        Err(error) => {
            errors.push(error);
            return page(&visit, errors, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    if !errors.is_empty() {
        return page(&visit, errors, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    send(&visit, chosen, first, last).await
}

async fn send(visit: &Visit, chosen: Vec<PupilId>, first: Day, last: Day) -> Result<Response, Refusal> {
    let kind_code = visit.form.get("tipologia").ok_or(Refusal::NotFound)?.to_owned();
    let mut tx = visit.begin().await?;
    let mut sections = Vec::new();
    for pupil in chosen {
        let summary = enrolment::get_visible_pupil(&mut tx, &visit.ctx, pupil, Right::ReportAbsences).await?;
        let service = canteen(&mut tx, visit, pupil).await?.ok_or(Refusal::NotFound)?;
        let request = ReportRequest { pupil, service, first_on: first, last_on: last, kind_code: kind_code.clone() };
        match meals::absence::report(&mut tx, &visit.ctx, &visit.state.vault, request).await {
            Ok(report) => sections.push((summary, report)),
            Err(error) => {
                let error = FieldError { field: "da", words: visit.t(range_key(error)?).to_owned() };
                return page(visit, vec![error], StatusCode::UNPROCESSABLE_ENTITY).await;
            }
        }
    }
    tx.commit().await?;
    if let [(_, report)] = sections.as_slice()
        && let Some(receipt) = &report.receipt
    {
        return Ok(see_other(&format!("{PATH}/{}?nuova=si", receipt.id)));
    }
    let shown = sections.iter().map(|(pupil, report)| Section {
        pupil_name: pupil.full_name(),
        days: report.days.iter().map(|d| day_line(visit, d)).collect(),
        receipt: report.receipt.as_ref().map(|r| (r.id, r.number.clone())),
    });
    results(visit, shown.collect())
}

fn range_key(error: meals::Error) -> Result<&'static str, Refusal> {
    match error {
        meals::Error::Reversed => Ok("error-range-reversed"),
        meals::Error::TooManyDays { .. } => Ok("absence-error-days"),
        other => Err(other.into()),
    }
}

#[derive(Template)]
#[template(path = "portal/absence_results.html")]
struct Results {
    c: Chrome,
    any: bool,
    sections: Vec<Section>,
}

struct Section {
    pupil_name: String,
    days: Vec<DayLine>,
    receipt: Option<(AbsenceReportId, String)>,
}

struct DayLine {
    day: Day,
    words: String,
    icon: &'static str,
    kind: &'static str,
}

fn results(visit: &Visit, sections: Vec<Section>) -> Result<Response, Refusal> {
    let any = sections.iter().any(|s| s.receipt.is_some());
    let again = sections.iter().flat_map(|s| &s.days).all(|d| d.kind == "same");
    let title = visit.t(if any { "absence-done-title" } else { "absence-none-title" });
    let status = if any || again { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    html(status, &Results { c: Chrome::personal(visit, title, vec![crumb(visit)]), any, sections })
}

fn crumb(visit: &Visit) -> Crumb {
    Crumb { words: visit.t("service-comunicazioni-assenze").to_owned(), href: Some(PATH.to_owned()) }
}

fn day_line(visit: &Visit, day: &DayOutcome) -> DayLine {
    let (words, icon, kind) = outcome_words(visit, &day.outcome);
    DayLine { day: day.day, words, icon, kind }
}

fn outcome_words(visit: &Visit, outcome: &Outcome) -> (String, &'static str, &'static str) {
    let plain = |key: &str| visit.t(key).to_owned();
    let no = |words: String| (words, "it-close-circle", "no");
    match outcome {
        Outcome::Reported => (plain("outcome-reported"), "it-check-circle", "yes"),
        Outcome::AlreadyReported => (plain("outcome-already"), "it-info-circle", "same"),
        Outcome::Closed { cause: Some(cause) } => {
            (visit.f("outcome-closed-because", &[("cause", cause.into())]), "it-info-circle", "same")
        }
        Outcome::Closed { cause: None } => (plain("outcome-closed"), "it-info-circle", "same"),
        Outcome::NoLunchThatWeekday => (plain("outcome-no-lunch"), "it-info-circle", "same"),
        Outcome::NotEnrolled => no(plain("outcome-not-enrolled")),
        Outcome::TooLate { closed_at } => {
            let at = format!("{} {}", catalogue::day_short(kernel::rome_day(*closed_at)), catalogue::time_of_day(*closed_at));
            no(visit.f("outcome-too-late", &[("at", at.into())]))
        }
        Outcome::TooFarAhead { last_day } => no(visit.f("outcome-too-far", &[("last", catalogue::day_short(*last_day).into())])),
        Outcome::TooManyInARow { max_days } => no(visit.f("outcome-in-a-row", &[("days", u32::from(*max_days).into())])),
        Outcome::NoReportsTaken => no(plain("outcome-no-reports")),
    }
}

#[derive(Template)]
#[template(path = "portal/absence.html")]
struct One {
    c: Chrome,
    report: StoredReport,
    kind: String,
    new: bool,
    days: Vec<DayLine>,
    undoable: bool,
}

/// `GET …/{report}`: what was reported, with its number; the address stays good.
pub async fn outcome(Path(id): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    let id: AbsenceReportId = id.parse().map_err(|_| Refusal::NotFound)?;
    let mut tx = visit.read().await?;
    let report = meals::absence::get_report(&mut tx, &visit.ctx, id).await?;
    let standing = meals::absence::list_standing(&mut tx, &visit.ctx, &[report.pupil], visit.ctx.today()).await?;
    let undoable = standing.iter().any(|s| s.report == id && s.can_undo_until.is_some());
    let days = report.days.iter().map(|d| {
        let mut line = day_line(&visit, d);
        if report.undone.contains(&d.day) {
            line = DayLine { words: visit.t("outcome-undone").to_owned(), icon: "it-restore", kind: "same", ..line };
        }
        line
    });
    let new = visit.query.get("nuova").is_some();
    let title = if new {
        visit.t("absence-done-title").to_owned()
    } else {
        visit.f("absence-title", &[("number", (&report.receipt_number).into())])
    };
    let kind = name_of(&visit, &report.kind_name_it, &report.kind_name_en);
    html(
        StatusCode::OK,
        &One { c: Chrome::personal(&visit, title, vec![crumb(&visit)]), days: days.collect(), kind, new, undoable, report },
    )
}

/// `POST …/annulla`: a whole report (`comunicazione`) or one day of it (`alunno`, `servizio`, `giorno`).
pub async fn undo(visit: Visit) -> Result<Response, Refusal> {
    let what = match visit.form.get("comunicazione") {
        Some(id) => Undo::Report(id.parse().map_err(|_| Refusal::NotFound)?),
        None => Undo::Day {
            pupil: visit.form.typed("alunno").parse().map_err(|_| Refusal::NotFound)?,
            service: visit.form.typed("servizio").parse().map_err(|_| Refusal::NotFound)?,
            day: visit.form.get("giorno").and_then(parse_day).ok_or(Refusal::NotFound)?,
        },
    };
    let mut tx = visit.begin().await?;
    match meals::absence::undo(&mut tx, &visit.ctx, what).await {
        Ok(undone) => {
            tx.commit().await?;
            let day = undone.days.first().map(Day::to_string).unwrap_or_default();
            Ok(see_other(&format!("{PATH}?annullata={day}")))
        }
        Err(meals::Error::TooLate { .. }) => {
            drop(tx);
            let error = FieldError { field: "gia-segnalate", words: visit.t("absence-error-undo-late").to_owned() };
            page(&visit, vec![error], StatusCode::UNPROCESSABLE_ENTITY).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The signed receipt.
pub async fn receipt(Path(id): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    let id: AbsenceReportId = id.parse().map_err(|_| Refusal::NotFound)?;
    let mut tx = visit.read().await?;
    let report = meals::absence::get_report(&mut tx, &visit.ctx, id).await?;
    let pupil = enrolment::get_visible_pupil(&mut tx, &visit.ctx, report.pupil, Right::ReportAbsences).await?;
    let reporter = enrolment::person::get(&mut tx, &visit.ctx, report.person).await?;
    drop(tx);
    let school = [pupil.site_name, pupil.class_label].into_iter().flatten().collect::<Vec<_>>().join(", ");
    let day = |d: &DayOutcome| {
        let (outcome, _, kind) = outcome_words(&visit, &d.outcome);
        paper::AbsenceDay { on: d.day, accepted: kind == "yes", outcome }
    };
    let receipt = paper::AbsenceReceipt {
        issuer: visit.issuer().await?,
        language: visit.locale,
        number: report.receipt_number.clone(),
        received_at: kernel::rome_date_time(report.received_at),
        reported_by: paper::Person { name: report.person_name.clone(), fiscal_code: reporter.code().to_owned() },
        pupil: report.pupil_name.clone(),
        school,
        service: report.service_name.clone(),
        kind: name_of(&visit, &report.kind_name_it, &report.kind_name_en),
        days: report.days.iter().map(day).collect(),
        signature: report.signature.clone(),
        issued_on: visit.ctx.today(),
    };
    let file = format!("assenza-{}.pdf", report.receipt_number);
    papers::send(&visit, &file, move |papers| papers.absence_receipt(&receipt)).await
}
