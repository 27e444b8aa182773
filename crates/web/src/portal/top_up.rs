//! Ricariche con pagoPA: how much on which badge, then pay now or keep a notice.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use billing::top_up::{PendingTopUp, TopUpRequest, TopUpTarget};
use enrolment::Right;
use kernel::{BadgeId, Cents, CentsError, PositionId};

use super::words::refused;
use crate::chrome::{Chrome, Crumb, FieldError, html};
use crate::refusal::Refusal;
use crate::switcher::{Default as Show, Switcher};
use crate::visit::Visit;

const PATH: &str = "/area-personale/ricariche";

#[derive(Template)]
#[template(path = "portal/top_up.html")]
struct Page {
    c: Chrome,
    targets: Vec<Target>,
    suggested: Vec<Suggestion>,
    other: String,
    other_chosen: bool,
    limits: String,
    pending: Vec<PendingTopUp>,
    errors: Vec<FieldError>,
    restored: bool,
}

struct Target {
    target: TopUpTarget,
    chosen: bool,
}

struct Suggestion {
    cents: i64,
    amount: Cents,
    meals: Option<i64>,
    chosen: bool,
}

pub async fn show(visit: Visit) -> Result<Response, Refusal> {
    page(&visit, Vec::new(), StatusCode::OK).await
}

async fn page(visit: &Visit, errors: Vec<FieldError>, status: StatusCode) -> Result<Response, Refusal> {
    let mut tx = visit.read().await?;
    let switcher = Switcher::read(&mut tx, visit, Right::View, Show::All).await?;
    let all = billing::top_up::options(&mut tx, &visit.ctx).await?;
    let pending = billing::top_up::pending(&mut tx, &visit.ctx).await?;
    drop(tx);
    let asked = visit.form.get("badge").and_then(|b| b.parse::<BadgeId>().ok());
    let of_pupil =
        switcher.chosen.as_ref().and_then(|p| all.iter().find(|t| t.wallet.pupil_id == p.id)).map(|t| t.wallet.badge_id);
    let chosen = asked.or(of_pupil).or(all.first().map(|t| t.wallet.badge_id));
    let shown = all.iter().find(|t| Some(t.wallet.badge_id) == chosen).or(all.first());
    let suggested = shown.map(|t| suggestions(t, visit.form.get("importo"))).unwrap_or_default();
    let limits = shown.map(|t| limits(visit, t)).unwrap_or_default();
    let other_chosen = visit.form.get("importo") == Some("altro");
    let mut c = Chrome::personal(visit, visit.t("service-ricariche"), Vec::new());
    c.has_errors = !errors.is_empty();
    let other = visit.form.typed("altro_importo").to_owned();
    let targets = all.into_iter().map(|target| Target { chosen: Some(target.wallet.badge_id) == chosen, target }).collect();
    html(status, &Page { c, targets, suggested, other, other_chosen, limits, pending, errors, restored: visit.restored })
}

fn suggestions(target: &TopUpTarget, asked: Option<&str>) -> Vec<Suggestion> {
    let price = target.wallet.last_price.map_or(0, |p| p.0);
    let suggestion = |amount: &Cents| Suggestion {
        cents: amount.0,
        amount: *amount,
        meals: (price > 0).then(|| amount.0 / price),
        chosen: asked.is_some_and(|a| a == amount.0.to_string()),
    };
    target.suggested.iter().map(suggestion).collect()
}

fn limits(visit: &Visit, target: &TopUpTarget) -> String {
    match target.max {
        Some(max) => visit.f("top-up-limits", &[("min", target.min.into()), ("max", max.into())]),
        None => visit.f("top-up-minimum", &[("min", target.min.into())]),
    }
}

/// What the form asks, read; or what is wrong with it.
async fn asked(visit: &Visit) -> Result<Result<(TopUpTarget, Cents), FieldError>, Refusal> {
    let targets = billing::top_up::options(&mut visit.read().await?, &visit.ctx).await?;
    let badge: BadgeId = visit.form.typed("badge").parse().map_err(|_| Refusal::NotFound)?;
    let target = targets.into_iter().find(|t| t.wallet.badge_id == badge).ok_or(Refusal::NotFound)?;
    Ok(amount(visit, &target).map(|amount| (target, amount)))
}

fn amount(visit: &Visit, target: &TopUpTarget) -> Result<Cents, FieldError> {
    let (field, read) = match visit.form.get("importo") {
        Some("altro") | None => ("altro_importo", Cents::parse_it(visit.form.typed("altro_importo"))),
        Some(cents) => ("importo", cents.parse().map(Cents).map_err(|_| CentsError::Malformed)),
    };
    let fits = |amount: &Cents| *amount >= target.min && target.max.is_none_or(|max| *amount <= max);
    read.ok().filter(fits).ok_or_else(|| {
        let words = format!("{} {}", visit.t("top-up-error-amount"), limits(visit, target));
        FieldError { field, words }
    })
}

#[derive(Template)]
#[template(path = "portal/top_up_review.html")]
struct Review {
    c: Chrome,
    target: TopUpTarget,
    amount: Cents,
    payer: String,
    form_key: String,
}

/// `POST …/riepilogo`
pub async fn review(visit: Visit) -> Result<Response, Refusal> {
    let (target, amount) = match asked(&visit).await? {
        Ok(asked) => asked,
        Err(error) => return page(&visit, vec![error], StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let review = Review {
        c: Chrome::personal(&visit, visit.t("top-up-review-title"), vec![crumb(&visit)]),
        target,
        amount,
        payer: visit.session.as_ref().map(identity::Session::full_name).unwrap_or_default(),
        form_key: visit.ctx.entropy.token(),
    };
    let mut response = html(StatusCode::OK, &review)?;
    super::pay::lead_to_checkout(&mut visit.read().await?, &visit, &mut response).await?;
    Ok(response)
}

fn crumb(visit: &Visit) -> Crumb {
    Crumb { words: visit.t("service-ricariche").to_owned(), href: Some(PATH.to_owned()) }
}

/// `POST …/conferma`: a new position with its own notice, then the Checkout or the notice's page.
pub async fn confirm(visit: Visit) -> Result<Response, Refusal> {
    let (target, amount) = match asked(&visit).await? {
        Ok(asked) => asked,
        Err(error) => return page(&visit, vec![error], StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let form_key = visit.form.get("form_key").filter(|k| k.len() == 64).ok_or(Refusal::FormNotValid)?.to_owned();
    let mut tx = visit.begin().await?;
    let opened =
        billing::top_up::open(&mut tx, &visit.ctx, TopUpRequest { badge: target.wallet.badge_id, amount, form_key }).await;
    let position = match opened {
        Ok(position) => position,
        Err(error) => {
            let error = FieldError { field: "altro_importo", words: visit.t(refused(error)?).to_owned() };
            return page(&visit, vec![error], StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    tx.commit().await?;
    super::checkout::onwards(&visit, position.id, &format!("{PATH}/{}", position.id)).await
}

#[derive(Template)]
#[template(path = "portal/top_up_position.html")]
struct PositionPage {
    c: Chrome,
    top_up: PendingTopUp,
    paid: bool,
    open: bool,
    trouble: Option<String>,
}

/// `GET …/{position}`: a top-up with its notice, and how it stands.
pub async fn position(Path(id): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    let id: PositionId = id.parse().map_err(|_| Refusal::NotFound)?;
    let mut tx = visit.read().await?;
    let top_up = billing::top_up::get(&mut tx, &visit.ctx, id).await?;
    let trouble = super::checkout::trouble(&visit);
    let (paid, open) = (top_up.state == payments::State::Paid, top_up.state == payments::State::Payable);
    let title = visit.t(if paid { "top-up-paid-title" } else { "top-up-open-title" });
    let page = PositionPage { c: Chrome::personal(&visit, title, vec![crumb(&visit)]), top_up, paid, open, trouble };
    let mut response = html(StatusCode::OK, &page)?;
    super::pay::lead_to_checkout(&mut tx, &visit, &mut response).await?;
    Ok(response)
}
