//! Pagamento servizi scolastici: what is due, a summary, the hosted Checkout, and what came of it.

use askama::Template;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use billing::due::{DueRow, DueState};
use billing::elsewhere::{self, DuesElsewhere};
use billing::spontaneous::SpontaneousPayment;
use enrolment::Right;
use kernel::{Actor, CartId, Cents, FiscalCode, PositionId};
use payments::cart::{CartView, PrepareRequest, Prepared, Returned};

use super::words::refused;
use crate::chrome::{Chrome, Crumb, FieldError, html};
use crate::guard::see_other;
use crate::headers::FormsLeadTo;
use crate::refusal::Refusal;
use crate::switcher::{Default as Show, Switcher};
use crate::visit::Visit;

/// The limit of pagoPA's cart.
pub const MOST: usize = 5;
const PATH: &str = "/area-personale/pagamento";

#[derive(Template)]
#[template(path = "portal/pay.html")]
struct Page {
    c: Chrome,
    switcher: Switcher,
    rows: Vec<Row>,
    /// Asked for by who pays, and not paid yet.
    asked: Vec<Asked>,
    /// Of other tenants with which this one has an agreement.
    elsewhere: Vec<Partner>,
    /// Whether the tenant has causes of spontaneous payments.
    has_causes: bool,
    /// None where nothing of it can be paid here now.
    summary: Option<String>,
    errors: Vec<FieldError>,
    restored: bool,
}

struct Partner {
    name: String,
    rows: Vec<Row>,
}

struct Asked {
    payment: SpontaneousPayment,
    id: String,
    checked: bool,
}

struct Row {
    due: DueRow,
    id: String,
    checked: bool,
    overdue: Option<String>,
    instalment: Option<String>,
}

pub async fn list(visit: Visit) -> Result<Response, Refusal> {
    page(&visit, Vec::new(), StatusCode::OK).await
}

async fn page(visit: &Visit, errors: Vec<FieldError>, status: StatusCode) -> Result<Response, Refusal> {
    let mut tx = visit.read().await?;
    let switcher = Switcher::read(&mut tx, visit, Right::Pay, Show::All).await?;
    let dues = billing::due::list_for(&mut tx, &visit.ctx).await?;
    let asked = billing::spontaneous::list_for(&mut tx, &visit.ctx).await?;
    let elsewhere = dues_elsewhere(&mut tx, visit).await?;
    let has_causes = !billing::spontaneous::causes(&mut tx, &visit.ctx).await?.is_empty();
    drop(tx);
    switcher.remember(visit).await?;
    let chosen = switcher.chosen.as_ref().map(|p| p.id);
    let shown: Vec<DueRow> = dues.into_iter().filter(|d| chosen.is_none() || d.pupil_id == chosen).collect();
    let payable: Vec<Cents> = shown.iter().filter(|d| d.state == DueState::Payable).map(|d| d.amount).collect();
    let total: Cents = payable.iter().copied().sum();
    let args = [("amount", total.into()), ("count", payable.len().into())];
    let summary = (!payable.is_empty()).then(|| visit.f("pay-summary", &args));
    let ticked: Vec<String> = visit.form.all("posizione").map(str::to_owned).collect();
    let rows = shown.into_iter().map(|due| row(visit, due, &ticked)).collect();
    let open = asked.into_iter().filter(|p| p.is_open() && (chosen.is_none() || p.pupil_id == chosen || p.pupil_id.is_none()));
    let asked = open.map(|payment| asked_row(payment, &ticked)).collect();
    let elsewhere = elsewhere.into_iter().map(|e| partner(visit, e, &ticked)).collect();
    let mut c = Chrome::personal(visit, visit.t("service-pagamento"), Vec::new());
    c.has_errors = !errors.is_empty();
    html(status, &Page { c, switcher, rows, asked, elsewhere, has_causes, summary, errors, restored: visit.restored })
}

/// What the person who signed in owes to partners; nothing for who did not prove a codice fiscale.
async fn dues_elsewhere(tx: &mut db::Tx, visit: &Visit) -> Result<Vec<DuesElsewhere>, Refusal> {
    match verified_code(visit) {
        Some(code) => Ok(elsewhere::list_for(tx, &visit.ctx, &code).await?),
        None => Ok(Vec::new()),
    }
}

/// The codice fiscale the person proved to be theirs: SPID, CIE and CNS say it, a password does not.
fn verified_code(visit: &Visit) -> Option<FiscalCode> {
    const PROVE: [&str; 3] = ["spid", "cie", "cns"];
    let session = visit.session.as_ref().filter(|s| PROVE.contains(&s.scheme.as_str()))?;
    FiscalCode::parse(&session.fiscal_code).ok()
}

fn partner(visit: &Visit, of: DuesElsewhere, ticked: &[String]) -> Partner {
    let ipa_code = of.partner.ipa_code;
    let row = |due: DueRow| {
        let row = row(visit, due, &[]);
        let id = format!("{ipa_code}{BETWEEN}{}", row.id);
        Row { checked: ticked.contains(&id), id, ..row }
    };
    Partner { name: of.partner.name, rows: of.dues.into_iter().map(row).collect() }
}

fn asked_row(payment: SpontaneousPayment, ticked: &[String]) -> Asked {
    let id = payment.position_id.to_string();
    Asked { checked: ticked.contains(&id), id, payment }
}

fn row(visit: &Visit, due: DueRow, ticked: &[String]) -> Row {
    let id = due.position_id.map(|p| p.to_string()).unwrap_or_default();
    let overdue = (due.overdue_days > 0).then(|| visit.f("pay-overdue", &[("days", due.overdue_days.into())]));
    let instalment = (due.of > 1).then(|| visit.f("pay-instalment", &[("n", due.instalment.into()), ("of", due.of.into())]));
    Row { checked: ticked.contains(&id), id, overdue, instalment, due }
}

/// What stands between a partner's code and the position in a form.
const BETWEEN: char = ':';

/// What a form asks to pay, each once.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    pub own: Vec<PositionId>,
    pub elsewhere: Vec<elsewhere::Chosen>,
}

impl Chosen {
    fn count(&self) -> usize {
        self.own.len() + self.elsewhere.len()
    }
}

impl From<PositionId> for Chosen {
    fn from(own: PositionId) -> Chosen {
        Chosen { own: vec![own], elsewhere: Vec::new() }
    }
}

/// The chosen positions of the form; what is not an id is nobody's.
fn chosen(visit: &Visit) -> Result<Chosen, Refusal> {
    let mut chosen = Chosen::default();
    for text in visit.form.all("posizione") {
        match text.split_once(BETWEEN) {
            None => add(&mut chosen.own, text.parse().map_err(|_| Refusal::NotFound)?),
            Some((ipa_code, id)) => {
                let position = id.parse().map_err(|_| Refusal::NotFound)?;
                add(&mut chosen.elsewhere, elsewhere::Chosen { ipa_code: ipa_code.to_owned(), position });
            }
        }
    }
    Ok(chosen)
}

fn add<T: PartialEq>(chosen: &mut Vec<T>, one: T) {
    if !chosen.contains(&one) {
        chosen.push(one);
    }
}

#[derive(Template)]
#[template(path = "portal/pay_review.html")]
struct Review {
    c: Chrome,
    /// What the form named it, whose it is where it is not this tenant's, and what it asks.
    lines: Vec<Line>,
    total: Cents,
    payer: String,
    email: Option<String>,
    form_key: String,
}

struct Line {
    id: String,
    partner: Option<String>,
    position: payments::Position,
}

/// `POST …/riepilogo`: everything on one screen before leaving for pagoPA.
pub async fn review(visit: Visit) -> Result<Response, Refusal> {
    let chosen = chosen(&visit)?;
    if let Some(error) = count_error(&visit, chosen.count()) {
        return page(&visit, vec![error], StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let mut tx = visit.read().await?;
    let lines = match lines(&mut tx, &visit, &chosen).await? {
        Ok(lines) => lines,
        Err(error) => return refused_page(&visit, error).await,
    };
    if let Some(error) = lines.iter().find_map(|line| state_error(&visit, &line.position)) {
        drop(tx);
        return page(&visit, vec![error], StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let page = Review {
        c: Chrome::personal(&visit, visit.t("pay-review-title"), vec![pay_crumb(&visit)]),
        total: lines.iter().map(|line| line.position.due()).sum(),
        lines,
        payer: visit.session.as_ref().map(identity::Session::full_name).unwrap_or_default(),
        email: email(&mut tx, &visit).await?,
        form_key: visit.ctx.entropy.token(),
    };
    let mut response = html(StatusCode::OK, &page)?;
    lead_to_checkout(&mut tx, &visit, &mut response).await?;
    Ok(response)
}

/// The chosen notices, this tenant's first; or why this tenant's cannot be paid.
async fn lines(tx: &mut db::Tx, visit: &Visit, chosen: &Chosen) -> Result<Result<Vec<Line>, billing::Error>, Refusal> {
    let own = match billing::due::get_payable(tx, &visit.ctx, &chosen.own).await {
        Ok(positions) => positions,
        Err(error) => return Ok(Err(error)),
    };
    let mut lines: Vec<Line> =
        own.into_iter().map(|position| Line { id: position.id.to_string(), partner: None, position }).collect();
    let partners = if chosen.elsewhere.is_empty() { Vec::new() } else { payments::agreement::partners(tx, &visit.ctx).await? };
    for share in chosen_elsewhere(tx, visit, chosen).await? {
        let of = partners.iter().find(|p| p.tenant == share.ctx.tenant).ok_or(Refusal::NotFound)?;
        for position in billing::due::get_payable(tx, &share.ctx, &share.positions).await? {
            let id = format!("{}{BETWEEN}{}", of.ipa_code, position.id);
            lines.push(Line { id, partner: Some(of.name.clone()), position });
        }
    }
    Ok(Ok(lines))
}

/// For the cart; who proved no codice fiscale has nothing elsewhere.
async fn chosen_elsewhere(tx: &mut db::Tx, visit: &Visit, chosen: &Chosen) -> Result<Vec<payments::cart::Elsewhere>, Refusal> {
    if chosen.elsewhere.is_empty() {
        return Ok(Vec::new());
    }
    let code = verified_code(visit).ok_or(Refusal::NotFound)?;
    Ok(elsewhere::choose(tx, &visit.ctx, &code, &chosen.elsewhere).await?)
}

/// The form of the page may lead, through a redirect, to the Checkout.
pub async fn lead_to_checkout(tx: &mut db::Tx, visit: &Visit, response: &mut Response) -> Result<(), Refusal> {
    if let Some(settings) = payments::settings::find(tx, visit.tenant.id).await? {
        let scheme = settings.checkout_base_url.split(':').next().unwrap_or("https").to_owned();
        let origins = settings.checkout_hosts.iter().map(|host| format!("{scheme}://{host}")).collect();
        response.extensions_mut().insert(FormsLeadTo(origins));
    }
    Ok(())
}

async fn email(tx: &mut db::Tx, visit: &Visit) -> Result<Option<String>, Refusal> {
    let Actor::Person(person) = visit.ctx.actor else { return Ok(None) };
    Ok(enrolment::person::get(tx, &visit.ctx, person).await?.email)
}

fn count_error(visit: &Visit, count: usize) -> Option<FieldError> {
    let key = match count {
        0 => "pay-error-none",
        1..=MOST => return None,
        _ => "pay-error-too-many",
    };
    Some(FieldError { field: "dovuti", words: visit.t(key).to_owned() })
}

fn state_error(visit: &Visit, position: &payments::Position) -> Option<FieldError> {
    let key = match position.state {
        payments::State::Payable if position.attempt_at(visit.ctx.now).is_some() => "pay-error-in-progress",
        payments::State::Payable => return None,
        payments::State::Paid | payments::State::Closed => "pay-error-paid",
        payments::State::Cancelled => "pay-error-cancelled",
    };
    Some(FieldError { field: "dovuti", words: visit.t(key).to_owned() })
}

async fn refused_page(visit: &Visit, error: billing::Error) -> Result<Response, Refusal> {
    let error = FieldError { field: "dovuti", words: visit.t(refused(error)?).to_owned() };
    page(visit, vec![error], StatusCode::UNPROCESSABLE_ENTITY).await
}

fn pay_crumb(visit: &Visit) -> Crumb {
    Crumb { words: visit.t("service-pagamento").to_owned(), href: Some(PATH.to_owned()) }
}

/// `POST …/avvia`: opens the cart, with no transaction open meanwhile, and sends the browser to the Checkout.
pub async fn start(visit: Visit) -> Result<Response, Refusal> {
    let chosen = chosen(&visit)?;
    if let Some(error) = count_error(&visit, chosen.count()) {
        return page(&visit, vec![error], StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    match super::checkout::go(&visit, chosen).await? {
        Ok(address) => Ok(see_other(&address)),
        Err(key) => {
            let error = FieldError { field: "dovuti", words: visit.t(key).to_owned() };
            page(&visit, vec![error], StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

#[derive(Template)]
#[template(path = "portal/pay_outcome.html")]
struct Outcome {
    c: Chrome,
    cart: CartView,
    kind: &'static str,
    text: String,
    reload: String,
}

/// `GET …/esito/{cart}?esito=`: what the browser says is information only; the state of the positions decides.
pub async fn outcome(Path(cart): Path<String>, visit: Visit) -> Result<Response, Refusal> {
    let id: CartId = cart.parse().map_err(|_| Refusal::NotFound)?;
    let said = visit.query.get("esito").and_then(Returned::from_query);
    let mut tx = visit.begin().await?;
    let cart = match said {
        Some(said) => payments::cart::returned(&mut tx, &visit.ctx, id, said).await?,
        None => payments::cart::get(&mut tx, &visit.ctx, id).await?,
    };
    tx.commit().await?;
    let (kind, stem) = match (cart.is_all_paid(), cart.returned) {
        (true, _) => ("", "pay-done"),
        (_, Some(Returned::Cancelled)) => ("confirmation--stopped", "pay-stopped"),
        (_, Some(Returned::Failed)) => ("confirmation--stopped", "pay-failed"),
        _ => ("confirmation--pending", "pay-pending"),
    };
    let c = Chrome::personal(&visit, visit.t(&format!("{stem}-title")), vec![pay_crumb(&visit)]);
    let text = visit.t(&format!("{stem}-text")).to_owned();
    let reload = format!("{PATH}/esito/{id}");
    html(StatusCode::OK, &Outcome { c, cart, kind, text, reload })
}

/// What the checkout needs of who pays.
pub async fn prepare(tx: &mut db::Tx, visit: &Visit, chosen: Chosen) -> Result<Result<Prepared, &'static str>, Refusal> {
    if let Err(error) = billing::due::get_payable(tx, &visit.ctx, &chosen.own).await {
        return refused(error).map(Err);
    }
    let elsewhere = chosen_elsewhere(tx, visit, &chosen).await?;
    let pupils = enrolment::visible_pupils(tx, &visit.ctx, Right::Pay).await?;
    let request = PrepareRequest {
        positions: chosen.own,
        elsewhere,
        may_pay_for: pupils.into_iter().map(|p| p.id).collect(),
        return_base_url: format!("{}{PATH}/esito", visit.tenant.public_url),
        email: email(tx, visit).await?,
    };
    match payments::cart::prepare(tx, &visit.ctx, &request).await {
        Ok(prepared) => Ok(Ok(prepared)),
        Err(error) => refused(error.into()).map(Err),
    }
}
