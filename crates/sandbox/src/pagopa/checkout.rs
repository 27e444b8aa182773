//! The hosted payment page. It works without JavaScript; each button is one way a payment can end.

use std::time::Duration;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Shared;
use super::carts::{CartState, OpenCart};
use super::money::euros;
use super::payment::{Delivery, FEE_CENTS, ONLINE, Payer, Station, deliver, delivery_named};

/// How long after "preso in carico" the receipt comes.
const LATE_RECEIPT: Duration = Duration::from_secs(15);

struct Line {
    description: String,
    company_name: String,
    notice_number: String,
    amount: String,
}

#[derive(Template)]
#[template(path = "pagopa/checkout.html")]
struct CheckoutPage {
    id: String,
    lines: Vec<Line>,
    fee: String,
    total: String,
    email: String,
}

#[derive(Template)]
#[template(path = "pagopa/chiuso.html")]
struct ClosedPage {
    title: &'static str,
    words: &'static str,
    back: Option<String>,
}

/// What the payer chose.
#[derive(Deserialize)]
pub(crate) struct Choice {
    azione: String,
    #[serde(default)]
    nome: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    ricevute: String,
    #[serde(default)]
    seguito: String,
}

pub(crate) fn page(template: &impl Template) -> Html<String> {
    Html(template.render().unwrap_or_else(|_| "<!doctype html><title>Errore</title><p>Errore interno.</p>".to_owned()))
}

pub(crate) async fn show(State(sandbox): State<Shared>, Path(id): Path<String>) -> Response {
    match sandbox.carts.find(&id, sandbox.clock.now()) {
        Some(cart) if cart.state == CartState::Open => page(&checkout_page(id, &cart)).into_response(),
        Some(cart) => {
            closed("Questa sessione è conclusa", "Il pagamento è già stato gestito in questa sessione.", Some(return_url(&cart)))
        }
        None => expired(),
    }
}

fn expired() -> Response {
    let words = "Il carrello vale dieci minuti. Torna al sito dell'ente e ricomincia: nulla è stato addebitato.";
    (StatusCode::NOT_FOUND, closed("Sessione scaduta", words, None)).into_response()
}

fn closed(title: &'static str, words: &'static str, back: Option<String>) -> Response {
    page(&ClosedPage { title, words, back }).into_response()
}

fn checkout_page(id: String, cart: &OpenCart) -> CheckoutPage {
    let lines = cart.notices.iter().map(|n| Line {
        description: n.description.clone(),
        company_name: n.company_name.clone(),
        notice_number: n.number.grouped(),
        amount: euros(n.amount_cents),
    });
    let due: i64 = cart.notices.iter().map(|n| n.amount_cents).sum();
    CheckoutPage {
        id,
        lines: lines.collect(),
        fee: euros(FEE_CENTS),
        total: euros(due + FEE_CENTS),
        email: cart.cart.email_notice.clone().unwrap_or_default(),
    }
}

/// Where the browser goes for what became of the cart.
fn return_url(cart: &OpenCart) -> String {
    let urls = &cart.cart.return_urls;
    match cart.state {
        CartState::Paid => urls.ok.clone(),
        CartState::Cancelled => urls.cancel.clone(),
        // The first version of the service has no address for "taken in charge".
        CartState::TakenInCharge => urls.waiting.clone().unwrap_or_else(|| urls.error.clone()),
        CartState::Open | CartState::Failed => urls.error.clone(),
    }
}

pub(crate) async fn act(State(sandbox): State<Shared>, Path(id): Path<String>, Form(choice): Form<Choice>) -> Response {
    let now = sandbox.clock.now();
    let Some(cart) = sandbox.carts.find(&id, now) else { return expired() };
    let Some(state) = state_for(&choice.azione) else { return Redirect::to(&format!("/checkout/{id}")).into_response() };
    // The first click decides; a second one is shown the way the first one took.
    if sandbox.carts.close(&id, state) {
        match state {
            CartState::Paid => pay_now(&sandbox, &id, &cart, &choice).await,
            CartState::TakenInCharge if choice.seguito != "mai" => pay_later(&sandbox, &id, &cart, choice),
            _ => {}
        }
    }
    match sandbox.carts.find(&id, now) {
        Some(cart) => Redirect::to(&return_url(&cart)).into_response(),
        None => expired(),
    }
}

fn state_for(action: &str) -> Option<CartState> {
    Some(match action {
        "paga" => CartState::Paid,
        "annulla" => CartState::Cancelled,
        "errore" => CartState::Failed,
        "esci" => CartState::TakenInCharge,
        _ => return None,
    })
}

async fn pay_now(sandbox: &Shared, id: &str, cart: &OpenCart, choice: &Choice) {
    let payer = Payer { name: choice.nome.clone(), email: choice.email.clone() };
    if let Err(why) = pay(sandbox, cart, &payer, delivery_named(&choice.ricevute)).await {
        tracing::info!(why, "the test payment failed");
        sandbox.carts.fail(id);
    }
}

fn pay_later(sandbox: &Shared, id: &str, cart: &OpenCart, choice: Choice) {
    let (sandbox, id, cart) = (sandbox.clone(), id.to_owned(), cart.clone());
    tokio::spawn(async move {
        tokio::time::sleep(LATE_RECEIPT).await;
        let payer = Payer { name: choice.nome, email: choice.email };
        if let Err(why) = pay(&sandbox, &cart, &payer, delivery_named(&choice.ricevute)).await {
            tracing::info!(why, id, "the test payment taken in charge failed");
        }
    });
}

/// Activates every notice before any money moves, then delivers a receipt for each.
async fn pay(sandbox: &Shared, cart: &OpenCart, payer: &Payer, delivery: Delivery) -> Result<(), String> {
    let note = cart.cart.id_cart.as_deref();
    let mut receipts = Vec::new();
    for entry in &cart.notices {
        let activated = sandbox.activate(&entry.creditor, entry.number, entry.amount_cents, note, Station::Asked).await?;
        let (payment, is_stand_in) = activated;
        let receipt = sandbox.receipt(&entry.creditor, entry.number, payment, payer, ONLINE, note);
        receipts.push((&entry.creditor, pagopa::Receipt { is_stand_in, ..receipt }));
    }
    for (creditor, receipt) in receipts {
        deliver(sandbox, creditor, receipt, delivery).await;
    }
    Ok(())
}
