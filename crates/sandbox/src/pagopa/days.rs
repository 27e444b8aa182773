//! The bad days a creditor institution has with pagoPA, each with how it is played here and what to look for; and the two
//! that have no other page: a receipt that comes when somebody says so, and one for a notice nobody knows.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use kernel::Cents;
use pagopa::{NoticeNumber, Numbering, Payment, Receipt};
use serde::Deserialize;

use super::archive::{debtor, transfer};
use super::checkout::page;
use super::money::euros;
use super::payment::{COUNTER, Delivery, Payer, Station, deliver, deliver_now};
use super::{Creditor, Sandbox, Shared};

/// A bad day: what goes wrong, how a person plays it, what will happen and where it shows.
struct BadDay {
    title: &'static str,
    play: &'static str,
    look_for: &'static str,
}

const fn day(title: &'static str, play: &'static str, look_for: &'static str) -> BadDay {
    BadDay { title, play, look_for }
}

const DAYS: [BadDay; 14] = [
    day(
        "L'ente annulla mentre si sta pagando",
        "In tabaccheria paga un avviso con la ricevuta «Quando lo dico io»; l'ente lo annulla con «campanella notice cancel»; poi consegna la ricevuta da questa pagina.",
        "L'ente prende la ricevuta; l'avviso resta annullato e «campanella reconcile» mostra il denaro da restituire: after_cancellation.",
    ),
    day(
        "Una ricevuta per un avviso che nessuno conosce",
        "Dal modulo in fondo a questa pagina.",
        "L'ente prende la ricevuta e «campanella reconcile» la mostra tra il denaro da abbinare: unmatched.",
    ),
    day(
        "La ricevuta non arriva mai",
        "Paga con la ricevuta «Mai», poi pubblica il flusso.",
        "L'avviso resta da pagare finché il flusso non lo dice pagato; la ricevuta si recupera da sola.",
    ),
    day(
        "La ricevuta arriva due volte",
        "Paga con «La stessa ricevuta due volte».",
        "Un solo pagamento: la seconda consegna non cambia nulla.",
    ),
    day(
        "Due ricevute per lo stesso avviso",
        "Paga con «Due ricevute diverse».",
        "L'avviso è pagato una volta; il resto è denaro da restituire: double_payment.",
    ),
    day(
        "La ricevuta arriva tardi",
        "Paga con «Una volta, dopo 15 secondi».",
        "Nel portale il pagamento è in corso, poi pagato; nel frattempo non si paga di nuovo.",
    ),
    day(
        "La stazione è cambiata mentre si pagava",
        "Paga con «Da una stazione che l'ente non usa più».",
        "La ricevuta è presa lo stesso: il pagamento è un fatto.",
    ),
    day(
        "I dati del debitore sono diversi",
        "Paga con «Intestata a un debitore diverso».",
        "La ricevuta è presa lo stesso e l'avviso è pagato.",
    ),
    day(
        "L'importo è diverso",
        "Paga con «Con un euro in meno».",
        "Il resto rimane da pagare; «campanella reconcile» non perde un centesimo.",
    ),
    day(
        "La stazione dell'ente non risponde",
        "In tabaccheria scegli «Non risponde»: si paga quello che sa l'archivio.",
        "La ricevuta arriva dopo, segnata stand-in.",
    ),
    day(
        "Il browser dice pagato e non è vero",
        "Nel Checkout premi «Esci senza esito», senza ricevuta.",
        "Il portale dice che aspetta la conferma: niente è segnato come pagato.",
    ),
    day(
        "Chi paga se ne va",
        "Chiudi la pagina del Checkout, o premi «Annulla» o «Esito errore».",
        "L'avviso si può pagare di nuovo: dopo un annullamento subito, altrimenti entro dieci minuti.",
    ),
    day(
        "Lo stato torna indietro",
        "Paga due volte lo stesso avviso.",
        "Pagato resta pagato: la seconda volta l'ente risponde PAA_PAGAMENTO_DUPLICATO.",
    ),
    day(
        "Il flusso è sbagliato, o esce di nuovo",
        "Nei flussi scarica il file con il totale sbagliato, o pubblica una nuova revisione.",
        "Il file sbagliato è rifiutato intero; la revisione nuova prende il posto di quella di prima.",
    ),
];

struct Waiting {
    receipt_id: String,
    notice_number: String,
    company_name: String,
    amount: String,
}

#[derive(Template)]
#[template(path = "pagopa/giornate.html")]
struct DaysPage {
    waiting: Vec<Waiting>,
    creditors: Vec<Creditor>,
    typed: Unknown,
    error: Option<&'static str>,
    done: Option<String>,
}

/// A receipt for a notice the institution never made.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Unknown {
    #[serde(default)]
    ente: String,
    #[serde(default)]
    codice: String,
    #[serde(default)]
    importo: String,
}

#[derive(Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    ricevuta: String,
}

pub(crate) async fn show(State(sandbox): State<Shared>) -> Response {
    let typed = Unknown { codice: number_of_nobody(&sandbox), importo: "12,00".to_owned(), ..Unknown::default() };
    days(&sandbox, StatusCode::OK, typed, None, None).await
}

/// With a segregation code no institution of the demo has.
fn number_of_nobody(sandbox: &Sandbox) -> String {
    const SEGREGATION: u8 = 49;
    let digits: String = sandbox.entropy.token().chars().filter(char::is_ascii_digit).take(12).collect();
    let base = digits.parse().unwrap_or_default();
    NoticeNumber::compose(Numbering::Segregated(SEGREGATION), base).map(|n| n.to_string()).unwrap_or_default()
}

async fn days(
    sandbox: &Shared,
    status: StatusCode,
    typed: Unknown,
    error: Option<&'static str>,
    done: Option<String>,
) -> Response {
    let waiting = |(_, receipt): &(Creditor, Receipt)| Waiting {
        receipt_id: receipt.receipt_id.clone(),
        notice_number: receipt.notice_number.grouped(),
        company_name: receipt.company_name.clone(),
        amount: euros(receipt.amount_cents),
    };
    let creditors = sandbox.directory.creditors().await.unwrap_or_default();
    let waiting = sandbox.held.list().iter().map(waiting).collect();
    (status, page(&DaysPage { waiting, creditors, typed, error, done })).into_response()
}

/// `POST /pagopa/giornate/consegna`: a receipt that was held goes to its institution, once.
pub(crate) async fn deliver_held(State(sandbox): State<Shared>, Form(chosen): Form<Chosen>) -> Response {
    if let Some((creditor, receipt)) = sandbox.held.take(&chosen.ricevuta) {
        deliver_now(&sandbox, &creditor, receipt).await;
    }
    Redirect::to("/pagopa/giornate").into_response()
}

/// `POST /pagopa/giornate/sconosciuto`
pub(crate) async fn pay_unknown(State(sandbox): State<Shared>, Form(typed): Form<Unknown>) -> Response {
    match unknown(&sandbox, &typed).await {
        Ok((creditor, number, amount_cents)) => {
            let payment = payment_of_nobody(&creditor, number, amount_cents);
            let receipt = sandbox.receipt(&creditor, number, payment, &Payer::default(), COUNTER, None);
            let done = format!("Ricevuta {} inviata a {}.", receipt.receipt_id, creditor.name);
            deliver(&sandbox, &creditor, receipt, Delivery::Once).await;
            days(&sandbox, StatusCode::OK, typed, None, Some(done)).await
        }
        Err(why) => days(&sandbox, StatusCode::UNPROCESSABLE_ENTITY, typed, Some(why), None).await,
    }
}

async fn unknown(sandbox: &Shared, typed: &Unknown) -> Result<(Creditor, NoticeNumber, i64), &'static str> {
    let creditor = sandbox.creditor(&typed.ente).await.map_err(|_| "Scegli un ente dell'elenco.")?;
    let number = NoticeNumber::parse(typed.codice.trim()).map_err(|_| "Scrivi le 18 cifre di un codice avviso.")?;
    let amount = Cents::parse_it(&typed.importo).ok().filter(|amount| amount.0 > 0).ok_or("Scrivi un importo come 12,00.")?;
    match sandbox.verify(&creditor, number, Station::Asked).await {
        Err(why) if why == "PAA_PAGAMENTO_SCONOSCIUTO" => Ok((creditor, number, amount.0)),
        Ok(_) => Err("L'ente conosce questo avviso: si paga in tabaccheria."),
        Err(_) => Err("L'ente conosce questo avviso, o adesso non risponde."),
    }
}

fn payment_of_nobody(creditor: &Creditor, number: NoticeNumber, amount_cents: i64) -> Payment {
    const WORDS: &str = "Avviso di prova sconosciuto all'ente";
    const IBAN: &str = "IT60X0542811101000000123456";
    const CATEGORY: &str = "9/0107101TS/";
    Payment {
        creditor_reference_id: number.iuv().to_owned(),
        amount_cents,
        due_on: pagopa::NO_DUE_DATE,
        description: WORDS.to_owned(),
        company_name: creditor.name.clone(),
        office_name: None,
        debtor: debtor(pagopa::SubjectKind::Natural, "ANONIMO", "Debitore Sconosciuto"),
        transfers: vec![transfer(&creditor.fiscal_code, amount_cents, Some(IBAN.to_owned()), WORDS, CATEGORY)],
        metadata: Vec::new(),
    }
}
