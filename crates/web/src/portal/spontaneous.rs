//! Pagamento spontaneo: a cause of the catalogue, for whom, how much; then pay now or keep a notice.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use billing::spontaneous::{Cause, SpontaneousPayment, SpontaneousRequest};
use enrolment::{PupilSummary, Right};
use kernel::{Cents, PositionId, PupilId};

use super::words::refused;
use crate::chrome::{Chrome, Crumb, FieldError, html};
use crate::guard::see_other;
use crate::refusal::Refusal;
use crate::visit::Visit;

const PATH: &str = "/area-personale/pagamento/spontaneo";

#[derive(Template)]
#[template(path = "portal/spontaneous.html")]
struct Page {
    c: Chrome,
    causes: Vec<Offer>,
    payments: Vec<SpontaneousPayment>,
}

struct Offer {
    cause: Cause,
    price: String,
}

/// `GET …`: what there is to choose, and what was chosen before. A form kept over a sign-in comes back here.
pub async fn list(visit: Visit) -> Result<Response, Refusal> {
    if visit.restored && visit.form.get("causale").is_some() {
        let cause = cause_of_form(&visit).await?;
        return page(&visit, cause, Vec::new(), StatusCode::OK).await;
    }
    let mut tx = visit.read().await?;
    let causes = billing::spontaneous::causes(&mut tx, &visit.ctx).await?;
    let payments = billing::spontaneous::list_for(&mut tx, &visit.ctx).await?;
    let causes = causes.into_iter().map(|cause| Offer { price: price_words(&visit, &cause), cause }).collect();
    let c = Chrome::personal(&visit, visit.t("spontaneous-title"), vec![pay_crumb(&visit)]);
    html(StatusCode::OK, &Page { c, causes, payments })
}

fn price_words(visit: &Visit, cause: &Cause) -> String {
    match cause.is_fixed() {
        true => cause.min.to_string(),
        false => visit.f("top-up-limits", &[("min", cause.min.into()), ("max", cause.max.into())]),
    }
}

fn pay_crumb(visit: &Visit) -> Crumb {
    Crumb { words: visit.t("service-pagamento").to_owned(), href: Some("/area-personale/pagamento".to_owned()) }
}

fn crumbs(visit: &Visit) -> Vec<Crumb> {
    vec![pay_crumb(visit), Crumb { words: visit.t("spontaneous-title").to_owned(), href: Some(PATH.to_owned()) }]
}

#[derive(Template)]
#[template(path = "portal/spontaneous_cause.html")]
struct Form {
    c: Chrome,
    cause: Cause,
    price: String,
    pupils: Vec<PupilChoice>,
    amount: String,
    pieces: String,
    errors: Vec<FieldError>,
    restored: bool,
}

struct PupilChoice {
    pupil: PupilSummary,
    chosen: bool,
}

/// `GET …/causale/{cause}`
pub async fn show(Path(code): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    let cause = billing::spontaneous::cause(&mut visit.read().await?, &visit.ctx, &code).await?;
    page(&visit, cause, Vec::new(), StatusCode::OK).await
}

async fn page(visit: &Visit, cause: Cause, errors: Vec<FieldError>, status: StatusCode) -> Result<Response, Refusal> {
    let pupils = pupils(visit, &cause).await?;
    let chosen = chosen_pupil(visit, &pupils);
    let mut c = Chrome::personal(visit, &cause.name, crumbs(visit));
    c.has_errors = !errors.is_empty();
    let form = Form {
        c,
        price: price_words(visit, &cause),
        amount: visit.form.typed("importo").to_owned(),
        pieces: visit.form.get("pezzi").unwrap_or("1").to_owned(),
        pupils: pupils.into_iter().map(|pupil| PupilChoice { chosen: Some(pupil.id) == chosen, pupil }).collect(),
        cause,
        errors,
        restored: visit.restored,
    };
    html(status, &form)
}

/// The one of the form, else of the switcher, else the only one.
fn chosen_pupil(visit: &Visit, pupils: &[PupilSummary]) -> Option<PupilId> {
    let asked = visit.form.get("alunno").and_then(|id| id.parse().ok());
    let remembered = visit.session.as_ref().and_then(|s| s.pupil).filter(|id| pupils.iter().any(|p| p.id == *id));
    let only = if pupils.len() == 1 { pupils.first().map(|p| p.id) } else { None };
    asked.or(remembered).or(only)
}

/// Those the acting person may pay for, where the cause is for a pupil.
async fn pupils(visit: &Visit, cause: &Cause) -> Result<Vec<PupilSummary>, Refusal> {
    if !cause.for_pupil {
        return Ok(Vec::new());
    }
    Ok(enrolment::visible_pupils(&mut visit.read().await?, &visit.ctx, Right::Pay).await?)
}

/// What the form asks, read.
struct Asked {
    cause: Cause,
    pupil: Option<PupilSummary>,
    /// As it was typed; none where it is fixed.
    chosen: Option<Cents>,
    pieces: i64,
    total: Cents,
}

/// What the form asks; or its cause, with what is wrong.
async fn asked(visit: &Visit) -> Result<Result<Asked, (Cause, FieldError)>, Refusal> {
    let cause = cause_of_form(visit).await?;
    let pupil = match pupil(visit, &cause).await? {
        Ok(pupil) => pupil,
        Err(error) => return Ok(Err((cause, error))),
    };
    Ok(match amounts(visit, &cause) {
        Ok((chosen, pieces, total)) => Ok(Asked { cause, pupil, chosen, pieces, total }),
        Err(error) => Err((cause, error)),
    })
}

async fn cause_of_form(visit: &Visit) -> Result<Cause, Refusal> {
    let code = visit.form.get("causale").ok_or(Refusal::NotFound)?;
    Ok(billing::spontaneous::cause(&mut visit.read().await?, &visit.ctx, code).await?)
}

/// Nobody chosen is an error of the form; somebody else's pupil is not there.
async fn pupil(visit: &Visit, cause: &Cause) -> Result<Result<Option<PupilSummary>, FieldError>, Refusal> {
    let pupils = pupils(visit, cause).await?;
    match (cause.for_pupil, visit.form.get("alunno")) {
        (false, _) => Ok(Ok(None)),
        (true, None) => Ok(Err(FieldError { field: "alunno", words: visit.t("spontaneous-error-pupil").to_owned() })),
        (true, Some(id)) => {
            let id: PupilId = id.parse().map_err(|_| Refusal::NotFound)?;
            pupils.into_iter().find(|p| p.id == id).map(|p| Ok(Some(p))).ok_or(Refusal::NotFound)
        }
    }
}

/// The amount typed, where one is asked for, how many pieces, and what they come to.
fn amounts(visit: &Visit, cause: &Cause) -> Result<(Option<Cents>, i64, Cents), FieldError> {
    let chosen = match cause.is_fixed() {
        true => None,
        false => Some(Cents::parse_it(visit.form.typed("importo")).map_err(|_| amount_error(visit, cause))?),
    };
    let pieces = if cause.most_pieces == 1 { 1 } else { pieces(visit.form.typed("pezzi")) };
    match cause.price(chosen, pieces) {
        Ok(total) => Ok((chosen, pieces, total)),
        Err(billing::Error::TooManyPieces { most }) => {
            Err(FieldError { field: "pezzi", words: visit.f("spontaneous-error-pieces", &[("most", most.into())]) })
        }
        Err(_) => Err(amount_error(visit, cause)),
    }
}

/// Digits alone: no sign, no exponent, no other script's. What is no number is none.
fn pieces(typed: &str) -> i64 {
    let digits = Some(typed.trim()).filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    digits.and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn amount_error(visit: &Visit, cause: &Cause) -> FieldError {
    let words = format!("{} {}", visit.t("top-up-error-amount"), price_words(visit, cause));
    FieldError { field: "importo", words }
}

#[derive(Template)]
#[template(path = "portal/spontaneous_review.html")]
struct Review {
    c: Chrome,
    asked: Asked,
    /// In the form the page reads it again.
    typed: String,
    payer: String,
    form_key: String,
}

/// `POST …/riepilogo`
pub async fn review(visit: Visit) -> Result<Response, Refusal> {
    let asked = match asked(&visit).await? {
        Ok(asked) => asked,
        Err((cause, error)) => return page(&visit, cause, vec![error], StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let review = Review {
        c: Chrome::personal(&visit, visit.t("pay-review-title"), crumbs(&visit)),
        typed: asked.chosen.map(Cents::format_it).unwrap_or_default(),
        asked,
        payer: visit.session.as_ref().map(identity::Session::full_name).unwrap_or_default(),
        form_key: visit.ctx.entropy.token(),
    };
    let mut response = html(StatusCode::OK, &review)?;
    super::pay::lead_to_checkout(&mut visit.read().await?, &visit, &mut response).await?;
    Ok(response)
}

/// `POST …/conferma`: a new position with its own notice, then the Checkout or the notice's page.
pub async fn confirm(visit: Visit) -> Result<Response, Refusal> {
    let asked = match asked(&visit).await? {
        Ok(asked) => asked,
        Err((cause, error)) => return page(&visit, cause, vec![error], StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let form_key = visit.form.get("form_key").filter(|k| k.len() == 64).ok_or(Refusal::FormNotValid)?.to_owned();
    let request = SpontaneousRequest {
        cause: asked.cause.code.clone(),
        pupil: asked.pupil.as_ref().map(|p| p.id),
        amount: asked.chosen,
        pieces: asked.pieces,
        form_key,
    };
    let mut tx = visit.begin().await?;
    let position = match billing::spontaneous::open(&mut tx, &visit.ctx, request).await {
        Ok(position) => position,
        Err(error) => {
            let field = if asked.cause.is_fixed() { "alunno" } else { "importo" };
            let error = FieldError { field, words: visit.t(refused(error)?).to_owned() };
            return page(&visit, asked.cause, vec![error], StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    tx.commit().await?;
    super::checkout::onwards(&visit, position.id, &format!("{PATH}/avviso/{}", position.id)).await
}

#[derive(Template)]
#[template(path = "portal/spontaneous_position.html")]
struct PositionPage {
    c: Chrome,
    payment: SpontaneousPayment,
    text: &'static str,
    trouble: Option<String>,
}

/// `GET …/avviso/{position}`: a spontaneous payment with its notice, and how it stands.
pub async fn position(Path(id): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    let id: PositionId = id.parse().map_err(|_| Refusal::NotFound)?;
    let mut tx = visit.read().await?;
    let payment = billing::spontaneous::get(&mut tx, &visit.ctx, id).await?;
    let trouble = super::checkout::trouble(&visit);
    let (title, text) = match (payment.is_open(), payment.is_paid()) {
        (true, _) => ("spontaneous-open-title", "spontaneous-open-text"),
        (_, true) => ("spontaneous-paid-title", "spontaneous-paid-text"),
        _ => ("spontaneous-over-title", "spontaneous-over-text"),
    };
    let page = PositionPage { c: Chrome::personal(&visit, visit.t(title), crumbs(&visit)), payment, text, trouble };
    let mut response = html(StatusCode::OK, &page)?;
    super::pay::lead_to_checkout(&mut tx, &visit, &mut response).await?;
    Ok(response)
}

/// `POST …/annulla`: who asked for it does not want it any more.
pub async fn cancel(visit: Visit) -> Result<Response, Refusal> {
    let id: PositionId = visit.form.typed("posizione").parse().map_err(|_| Refusal::NotFound)?;
    let own_page = format!("{PATH}/avviso/{id}");
    let mut tx = visit.begin().await?;
    match billing::spontaneous::cancel(&mut tx, &visit.ctx, id).await {
        Ok(()) => tx.commit().await?,
        Err(error) => return Ok(see_other(&format!("{own_page}?problema={}", refused(error)?))),
    }
    Ok(see_other(&own_page))
}
