//! The counter: a notice number or the text of its QR code is typed, and paid in cash.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use pagopa::{NoticeNumber, PaymentSummary, read_qr};
use serde::Deserialize;

use super::checkout::page;
use super::money::euros;
use super::payment::{COUNTER, FEE_CENTS, Payer, Station, deliver, delivery_named};
use super::{Creditor, Shared};

#[derive(Template, Default)]
#[template(path = "pagopa/tabaccheria.html")]
struct CounterPage {
    creditors: Vec<Choice>,
    code: String,
    error: Option<String>,
}

struct Choice {
    fiscal_code: String,
    name: String,
    selected: bool,
}

#[derive(Template)]
#[template(path = "pagopa/conferma.html")]
struct ConfirmPage {
    is_away: bool,
    fiscal_code: String,
    number: NoticeNumber,
    company_name: String,
    description: String,
    due_on: Option<String>,
    amount: String,
    fee: String,
    total: String,
}

#[derive(Template)]
#[template(path = "pagopa/pagato.html")]
struct PaidPage {
    company_name: String,
    description: String,
    notice_number: String,
    amount: String,
    receipt_id: String,
}

#[derive(Default, Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    codice: String,
    #[serde(default)]
    ente: String,
    #[serde(default)]
    ricevute: String,
    /// `assente`: as if the institution did not answer.
    #[serde(default)]
    stazione: String,
}

impl Typed {
    fn station(&self) -> Station {
        if self.stazione == "assente" { Station::Away } else { Station::Asked }
    }
}

pub(crate) async fn ask(State(sandbox): State<Shared>) -> Response {
    counter(&sandbox, StatusCode::OK, &Typed::default(), None).await
}

/// The counter again, with what was typed and why it did not do.
async fn counter(sandbox: &Shared, status: StatusCode, typed: &Typed, error: Option<String>) -> Response {
    let creditors = sandbox.directory.creditors().await.unwrap_or_default().into_iter();
    let choice = |c: Creditor| Choice { selected: c.fiscal_code == typed.ente, fiscal_code: c.fiscal_code, name: c.name };
    let counter = CounterPage { creditors: creditors.map(choice).collect(), code: typed.codice.clone(), error };
    (status, page(&counter)).into_response()
}

pub(crate) async fn read(State(sandbox): State<Shared>, Form(typed): Form<Typed>) -> Response {
    match verify(&sandbox, &typed).await {
        Ok((creditor, number, summary)) => page(&confirm(&creditor, number, summary, typed.station())).into_response(),
        Err(why) => counter(&sandbox, StatusCode::UNPROCESSABLE_ENTITY, &typed, Some(why)).await,
    }
}

async fn verify(sandbox: &Shared, typed: &Typed) -> Result<(Creditor, NoticeNumber, PaymentSummary), String> {
    let (fiscal_code, number) = notice_typed(typed)?;
    let creditor = sandbox.creditor(&fiscal_code).await.map_err(|why| in_words(&why))?;
    let summary = sandbox.verify(&creditor, number, typed.station()).await.map_err(|why| in_words(&why))?;
    Ok((creditor, number, summary))
}

fn notice_typed(typed: &Typed) -> Result<(String, NoticeNumber), String> {
    let text = typed.codice.trim();
    if let Ok(qr) = read_qr(text) {
        return Ok((qr.fiscal_code, qr.notice_number));
    }
    match NoticeNumber::parse(text) {
        Ok(number) => Ok((typed.ente.clone(), number)),
        Err(_) => Err("Scrivi le 18 cifre del codice avviso, o il testo del QR che comincia con PAGOPA|002.".to_owned()),
    }
}

/// What a person at a counter is told for a code.
fn in_words(code: &str) -> String {
    let words = match code {
        "PAA_PAGAMENTO_SCONOSCIUTO" => "L'ente non conosce questo avviso.",
        "PAA_PAGAMENTO_DUPLICATO" => "Questo avviso risulta già pagato.",
        "PAA_PAGAMENTO_SCADUTO" => "Questo avviso è scaduto e l'ente non lo accetta più.",
        "PAA_PAGAMENTO_ANNULLATO" => "L'ente ha annullato questo avviso.",
        "PPT_DOMINIO_SCONOSCIUTO" => "L'ente non è tra quelli serviti qui.",
        _ => "L'avviso non si può pagare adesso. Riprova più tardi.",
    };
    format!("{words} ({code})")
}

fn confirm(creditor: &Creditor, number: NoticeNumber, summary: PaymentSummary, station: Station) -> ConfirmPage {
    ConfirmPage {
        is_away: station == Station::Away,
        fiscal_code: creditor.fiscal_code.clone(),
        number,
        company_name: summary.company_name,
        description: summary.description,
        due_on: summary.due_on.map(|d| d.strftime("%d/%m/%Y").to_string()),
        amount: euros(summary.amount_cents),
        fee: euros(FEE_CENTS),
        total: euros(summary.amount_cents + FEE_CENTS),
    }
}

pub(crate) async fn pay(State(sandbox): State<Shared>, Form(typed): Form<Typed>) -> Response {
    match pay_typed(&sandbox, &typed).await {
        Ok(paid) => page(&paid).into_response(),
        Err(why) => counter(&sandbox, StatusCode::UNPROCESSABLE_ENTITY, &typed, Some(why)).await,
    }
}

async fn pay_typed(sandbox: &Shared, typed: &Typed) -> Result<PaidPage, String> {
    let (creditor, number, summary) = verify(sandbox, typed).await?;
    let activated = sandbox.activate(&creditor, number, summary.amount_cents, None, typed.station()).await;
    let (payment, is_stand_in) = activated.map_err(|why| in_words(&why))?;
    let receipt = sandbox.receipt(&creditor, number, payment, &Payer::default(), COUNTER, None);
    let receipt = pagopa::Receipt { is_stand_in, ..receipt };
    let paid = PaidPage {
        company_name: receipt.company_name.clone(),
        description: receipt.description.clone(),
        notice_number: number.grouped(),
        amount: euros(receipt.amount_cents),
        receipt_id: receipt.receipt_id.clone(),
    };
    deliver(sandbox, &creditor, receipt, delivery_named(&typed.ricevute)).await;
    Ok(paid)
}
