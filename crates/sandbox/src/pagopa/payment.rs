//! What the node does with a notice: verify it, ask for its payment, deliver its receipt.

use std::time::Duration;

use kernel::rome_day;
use pagopa::*;

use super::flows::outcome_of;
use super::{Creditor, Sandbox, Shared};

/// The test provider, as it appears on receipts.
pub(crate) const PSP_ID: &str = "PSPPROVA";
pub(crate) const PSP_NAME: &str = "Prestatore di prova";
const PSP_FISCAL_CODE: &str = "99999999999";
/// What the payer pays the provider on top.
pub(crate) const FEE_CENTS: i64 = 100;
/// How often a receipt is delivered before the node gives up, as the real one does.
const MOST_DELIVERIES: u32 = 48;

/// How receipts are delivered, to play good and bad days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Delivery {
    #[default]
    Once,
    /// The same receipt twice.
    Repeated,
    /// Two receipts with different ids for one notice.
    Doubled,
    /// Once, after a while.
    Late,
    /// Never: the payment is seen only in the settlement report.
    Never,
    /// When somebody says so on the page of bad days.
    Held,
    /// From a station the institution had once.
    OtherStation,
    /// With another debtor than the notice has.
    OtherDebtor,
    /// A euro less than the notice asked, where it asked more than one.
    Short,
}

/// A way receipts are delivered, as it is chosen on a page.
pub(crate) struct DeliveryChoice {
    pub word: &'static str,
    pub delivery: Delivery,
    pub label: &'static str,
}

const fn choice(word: &'static str, delivery: Delivery, label: &'static str) -> DeliveryChoice {
    DeliveryChoice { word, delivery, label }
}

pub(crate) const DELIVERIES: [DeliveryChoice; 9] = [
    choice("una", Delivery::Once, "Una volta sola"),
    choice("ripetuta", Delivery::Repeated, "La stessa ricevuta due volte"),
    choice("doppia", Delivery::Doubled, "Due ricevute diverse (doppio pagamento)"),
    choice("tardi", Delivery::Late, "Una volta, dopo 15 secondi"),
    choice("mai", Delivery::Never, "Mai: si vede solo nel flusso di rendicontazione"),
    choice("trattenuta", Delivery::Held, "Quando lo dico io, dalla pagina delle giornate storte"),
    choice("stazione", Delivery::OtherStation, "Da una stazione che l'ente non usa più"),
    choice("debitore", Delivery::OtherDebtor, "Intestata a un debitore diverso da quello dell'avviso"),
    choice("meno", Delivery::Short, "Con un euro in meno dell'importo dell'avviso"),
];

pub(crate) fn delivery_named(word: &str) -> Delivery {
    DELIVERIES.iter().find(|choice| choice.word == word).map_or(Delivery::Once, |choice| choice.delivery)
}

/// Who pays, as told on the payment page.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payer {
    pub name: String,
    pub email: String,
}

/// Where a payment is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Channel {
    pub id: &'static str,
    pub description: &'static str,
    pub method: &'static str,
}

/// Whether the institution's station is asked, or played as if it did not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Station {
    #[default]
    Asked,
    Away,
}

/// How every code begins that means: no answer.
const AWAY: &str = "PPT_STAZIONE_INT_PA";
/// How long a late receipt takes.
const LATE: Duration = Duration::from_secs(15);

pub(crate) const ONLINE: Channel = Channel { id: "99999999999_01", description: "WISP", method: "creditCard" };
pub(crate) const COUNTER: Channel = Channel { id: "99999999999_02", description: "TOBACCONIST", method: "cash" };

impl Sandbox {
    async fn ask(&self, request: Request, notice_number: &str) -> Result<Response, String> {
        let answer = self.node.ask(&request).await;
        let outcome = match &answer {
            Ok(response) => response.fault().map_or("OK".to_owned(), |f| f.code.to_string()),
            Err(why) => why.clone(),
        };
        self.register.note(self.clock.now(), request.operation().name(), notice_number, &outcome);
        answer
    }

    /// What is due now, as GPD knows where it answers for the institution, or as the institution says; or, where its
    /// station does not answer, as the archive knows.
    pub async fn verify(
        &self,
        creditor: &Creditor,
        notice_number: NoticeNumber,
        station: Station,
    ) -> Result<PaymentSummary, String> {
        if let Some(kept) = self.debts.summary(creditor, notice_number.as_str()) {
            return kept;
        }
        let asked = match station {
            Station::Asked => self.ask_verify(creditor, notice_number).await,
            Station::Away => Err(AWAY.to_owned()),
        };
        match asked {
            Err(why) if why.starts_with(AWAY) => self.archive.stand_in_summary(creditor, notice_number).ok_or(why),
            answered => answered,
        }
    }

    /// The payment to be made, and whether it is made in the institution's stead.
    pub async fn activate(
        &self,
        creditor: &Creditor,
        number: NoticeNumber,
        amount_cents: i64,
        note: Option<&str>,
        station: Station,
    ) -> Result<(Payment, bool), String> {
        if let Some(kept) = self.debts.payment(creditor, number.as_str()) {
            return kept.map(|payment| (payment, false));
        }
        let asked = match station {
            Station::Asked => self.ask_payment(creditor, number, amount_cents, note).await,
            Station::Away => Err(AWAY.to_owned()),
        };
        match asked {
            Err(why) if why.starts_with(AWAY) => {
                self.archive.stand_in_payment(creditor, number).map(|payment| (payment, true)).ok_or(why)
            }
            answered => answered.map(|payment| (payment, false)),
        }
    }

    /// paVerifyPaymentNotice: what is due now, or the code of the refusal.
    async fn ask_verify(&self, creditor: &Creditor, notice_number: NoticeNumber) -> Result<PaymentSummary, String> {
        let request = Request::Verify(VerifyRequest { head: head(creditor), qr_code: qr_code(creditor, notice_number) });
        match self.ask(request, notice_number.as_str()).await? {
            Response::Verify(answer) => answer.map_err(|f| f.code.into_owned()),
            other => Err(format!("answered {}", other.operation().name())),
        }
    }

    /// paGetPaymentV2: the payment as it will be made.
    async fn ask_payment(
        &self,
        creditor: &Creditor,
        number: NoticeNumber,
        amount_cents: i64,
        note: Option<&str>,
    ) -> Result<Payment, String> {
        let request = Request::Payment(PaymentRequest {
            version: Version::V2,
            head: head(creditor),
            qr_code: qr_code(creditor, number),
            amount_cents: Some(amount_cents),
            payment_note: note.map(str::to_owned),
            transfer_type: Some(TransferType::Pagopa),
            due_on: None,
        });
        match self.ask(request, number.as_str()).await? {
            Response::Payment(_, answer) => answer.map(|p| *p).map_err(|f| f.code.into_owned()),
            other => Err(format!("answered {}", other.operation().name())),
        }
    }

    /// The receipt of a payment made now.
    pub fn receipt(
        &self,
        creditor: &Creditor,
        number: NoticeNumber,
        payment: Payment,
        payer: &Payer,
        channel: Channel,
        note: Option<&str>,
    ) -> Receipt {
        let now = self.clock.now();
        Receipt {
            receipt_id: self.entropy.token()[..32].to_owned(),
            notice_number: number,
            fiscal_code: creditor.fiscal_code.clone(),
            is_paid: true,
            creditor_reference_id: payment.creditor_reference_id,
            amount_cents: payment.amount_cents,
            description: payment.description,
            company_name: payment.company_name,
            office_name: payment.office_name,
            payer: payer_of(payer, &payment.debtor),
            debtor: payment.debtor,
            transfers: payment.transfers,
            psp: psp(channel),
            payment_method: Some(channel.method.to_owned()),
            payment_note: note.map(str::to_owned),
            fee_cents: Some(FEE_CENTS),
            creditor_fee_cents: None,
            bundle_id: None,
            creditor_bundle_id: None,
            paid_at: Some(now),
            applied_on: Some(rome_day(now)),
            transferred_on: rome_day(now).tomorrow().ok(),
            metadata: Metadata::new(),
            is_stand_in: false,
        }
    }

    /// One delivery; true when the institution has the receipt.
    async fn deliver_once(&self, creditor: &Creditor, receipt: &Receipt) -> bool {
        match self.ask(sent(creditor, receipt), receipt.notice_number.as_str()).await {
            Ok(Response::Receipt(_, Ok(()))) => true,
            Ok(response) => response.fault().and_then(Fault::known_code) == Some(FaultCode::ReceiptDuplicata),
            Err(_) => false,
        }
    }
}

/// Delivers a receipt, and again until it is taken: the first try before this returns, the others behind it.
pub(crate) async fn deliver(sandbox: &Shared, creditor: &Creditor, receipt: Receipt, delivery: Delivery) {
    sandbox.archive.paid(&creditor.fiscal_code, receipt.notice_number);
    let creditor = &sender(creditor, delivery);
    for receipt in copies(sandbox, receipt, delivery) {
        sandbox.till.note(&receipt, outcome_of(receipt.is_stand_in));
        match delivery {
            Delivery::Never => {}
            Delivery::Held => sandbox.held.put(creditor, receipt),
            _ if sandbox.debts.pay(&receipt, sent(creditor, &receipt).encode()) => {}
            Delivery::Late => drop(tokio::spawn(later(sandbox.clone(), creditor.clone(), receipt))),
            _ if receipt.is_stand_in => drop(tokio::spawn(later(sandbox.clone(), creditor.clone(), receipt))),
            _ => deliver_now(sandbox, creditor, receipt).await,
        }
    }
}

/// The first try before this returns, the others behind it.
pub(crate) async fn deliver_now(sandbox: &Shared, creditor: &Creditor, receipt: Receipt) {
    if !sandbox.deliver_once(creditor, &receipt).await {
        tokio::spawn(insist(sandbox.clone(), creditor.clone(), receipt));
    }
}

fn sender(creditor: &Creditor, delivery: Delivery) -> Creditor {
    let station = match delivery {
        Delivery::OtherStation => format!("{}_99", creditor.broker),
        _ => creditor.station.clone(),
    };
    Creditor { station, ..creditor.clone() }
}

/// A station that was away hears of it when it is back.
async fn later(sandbox: Shared, creditor: Creditor, receipt: Receipt) {
    tokio::time::sleep(LATE).await;
    if !sandbox.deliver_once(&creditor, &receipt).await {
        insist(sandbox, creditor, receipt).await;
    }
}

fn copies(sandbox: &Shared, receipt: Receipt, delivery: Delivery) -> Vec<Receipt> {
    match delivery {
        Delivery::Once | Delivery::Late | Delivery::Never | Delivery::Held | Delivery::OtherStation => vec![receipt],
        Delivery::OtherDebtor => vec![Receipt { debtor: other_debtor(), ..receipt }],
        Delivery::Short => vec![short(receipt)],
        Delivery::Repeated => vec![receipt.clone(), receipt],
        Delivery::Doubled => {
            let other = Receipt { receipt_id: sandbox.entropy.token()[..32].to_owned(), ..receipt.clone() };
            vec![receipt, other]
        }
    }
}

fn other_debtor() -> Subject {
    Subject { identifier: "ANONIMO".to_owned(), full_name: "Debitore Diverso".to_owned(), ..Subject::default() }
}

fn short(mut receipt: Receipt) -> Receipt {
    const LESS: i64 = 100;
    if let Some(transfer) = receipt.transfers.first_mut().filter(|transfer| transfer.amount_cents > LESS) {
        transfer.amount_cents -= LESS;
        receipt.amount_cents -= LESS;
    }
    receipt
}

/// Waits of 1, 2, 4 … up to 60 seconds between tries: the real node's hour would outlast a trial.
async fn insist(sandbox: Shared, creditor: Creditor, receipt: Receipt) {
    for attempt in 0..MOST_DELIVERIES {
        tokio::time::sleep(Duration::from_secs(1 << attempt.min(6)).min(Duration::from_secs(60))).await;
        if sandbox.deliver_once(&creditor, &receipt).await {
            return;
        }
    }
    tracing::warn!(notice = receipt.notice_number.as_str(), "the test node gives up a receipt");
}

fn sent(creditor: &Creditor, receipt: &Receipt) -> Request {
    let receipt = Box::new(receipt.clone());
    Request::Receipt(ReceiptRequest { version: Version::V2, head: head(creditor), receipt })
}

fn head(creditor: &Creditor) -> Head {
    Head { id_pa: creditor.fiscal_code.clone(), id_broker_pa: creditor.broker.clone(), id_station: creditor.station.clone() }
}

fn qr_code(creditor: &Creditor, notice_number: NoticeNumber) -> QrCode {
    QrCode { fiscal_code: creditor.fiscal_code.clone(), notice_number }
}

fn psp(channel: Channel) -> Psp {
    Psp {
        id: PSP_ID.to_owned(),
        fiscal_code: Some(PSP_FISCAL_CODE.to_owned()),
        vat_number: None,
        company_name: PSP_NAME.to_owned(),
        channel_id: channel.id.to_owned(),
        channel_description: channel.description.to_owned(),
    }
}

/// Somebody who gave only a name is `ANONIMO`; nobody at all pays as the debtor.
fn payer_of(payer: &Payer, debtor: &Subject) -> Option<Subject> {
    if payer.name.trim().is_empty() {
        return Some(debtor.clone());
    }
    let email = Some(payer.email.trim().to_owned()).filter(|e| !e.is_empty());
    Some(Subject { identifier: "ANONIMO".to_owned(), full_name: payer.name.trim().to_owned(), email, ..Subject::default() })
}
