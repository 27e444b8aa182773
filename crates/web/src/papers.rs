//! Values of the rooms below as the papers want them: for a citizen's download and for a print run alike.

use billing::tax::{TaxCertificate, TaxLine, TaxPayment};
use catalogue::Locale;
use enrolment::Tenant;
use kernel::{Day, PupilId};
use paper::{Colour, Issuer};

/// The body on its papers, with the drawing of its coat of arms.
pub fn issuer(tenant: &Tenant, arms: Option<String>) -> Issuer {
    Issuer {
        name: tenant.name.clone(),
        sector: tenant.office_name.clone(),
        contacts: format!("{} · {}", tenant.office_phone, tenant.office_email),
        fiscal_code: tenant.fiscal_code.clone(),
        colour: Colour::parse(&tenant.colour).unwrap_or_default(),
        logo_svg: arms,
    }
}

/// Whoever reads another language finds it beside the Italian, which a notice always has.
pub fn second_language(locale: Locale) -> Option<Locale> {
    (locale != Locale::It).then_some(locale)
}

/// The notice of one or more instalments of a document, or of a top-up: a module for each, by number.
///
/// # Panics
/// For no instalment at all.
pub fn notice(issuer: Issuer, today: Day, second_language: Option<Locale>, parts: &[billing::NoticeData]) -> paper::Notice {
    let first = parts.first().expect("a notice asks for something");
    paper::Notice {
        second_language,
        recipient: recipient(&first.debtor, &first.position),
        subject: subject(parts),
        cbill: first.settings.cbill.clone(),
        payable_on_site: true,
        modules: parts.iter().map(|part| module(&issuer.fiscal_code, part)).collect(),
        postal: postal(&first.settings),
        issued_on: today,
        issuer,
    }
}

/// A position says which instalment it is; a notice of several says what they are instalments of.
fn subject(parts: &[billing::NoticeData]) -> String {
    let own = &parts[0].position.description;
    match (&parts[0].document, parts.len()) {
        (Some(document), 2..) => {
            let instalment = format!(", rata {} di {}", document.instalment, document.of);
            own.strip_suffix(&instalment).unwrap_or(own).to_owned()
        }
        _ => own.clone(),
    }
}

fn module(creditor: &str, data: &billing::NoticeData) -> paper::Module {
    let position = &data.position;
    paper::Module {
        part: part(data.document.as_ref()),
        notice_number: position.notice_number.to_string(),
        amount: data.amount,
        due_on: position.due_on,
        qr: pagopa::qr_text(position.notice_number, creditor, data.amount.0),
        datamatrix: slip(creditor, data),
    }
}

fn part(document: Option<&billing::PaperDocument>) -> paper::Part {
    match document.filter(|document| document.of > 1).map(|document| u8::try_from(document.instalment)) {
        Some(Ok(number)) => paper::Part::Instalment(number),
        _ => paper::Part::Whole,
    }
}

/// What stands for a debtor whose fiscal code nobody knows.
const UNKNOWN_CODE: &str = "ANONIMO";

fn recipient(debtor: &enrolment::Person, position: &payments::Position) -> paper::Recipient {
    let parts = [debtor.address.clone(), debtor.postal_code.clone(), debtor.city.clone()];
    let address = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    paper::Recipient {
        name: position.debtor_name.clone(),
        fiscal_code: Some(position.debtor_code.clone()).filter(|code| code != UNKNOWN_CODE),
        address: (!address.is_empty()).then_some(address),
    }
}

/// The postal account as the slip prints it: the last twelve digits of its IBAN.
fn account_number(settings: &payments::settings::PagoPa) -> Option<String> {
    let iban = settings.postal_iban.as_ref()?;
    iban.get(iban.len().checked_sub(12)?..).map(str::to_owned)
}

fn postal(settings: &payments::settings::PagoPa) -> Option<paper::PostalAccount> {
    Some(paper::PostalAccount {
        number: account_number(settings)?,
        holder: settings.postal_holder.clone()?,
        authorisation: settings.postal_authorisation.clone()?,
    })
}

fn slip(creditor: &str, data: &billing::NoticeData) -> Option<String> {
    postal(&data.settings)?;
    let slip = pagopa::DataMatrix {
        notice_number: data.position.notice_number,
        account: account_number(&data.settings)?,
        amount_cents: data.amount.0,
        fiscal_code: creditor.to_owned(),
        debtor_fiscal_code: data.position.debtor_code.clone(),
        debtor_name: data.position.debtor_name.clone(),
        subject: data.position.description.clone(),
    };
    pagopa::datamatrix_text(&slip).ok()
}

/// The receipt of a payment.
pub fn receipt(issuer: Issuer, today: Day, language: Locale, data: billing::ReceiptData) -> paper::Receipt {
    let (position, sent) = (data.position, data.receipt);
    paper::Receipt {
        language,
        subject: position.description.clone(),
        paid_at: sent.paid_at.map(kernel::rome_date_time),
        applied_on: sent.applied_on,
        notice_number: position.notice_number.to_string(),
        iuv: position.iuv,
        receipt_id: sent.receipt_id,
        psp_name: sent.psp_name,
        psp_fiscal_code: None,
        channel: Some(sent.channel_description),
        debtor: paper::Person { name: position.debtor_name, fiscal_code: position.debtor_code },
        payer: sent.payer_name.map(|name| paper::Person { name, fiscal_code: sent.payer_code.unwrap_or_default() }),
        lines: vec![paper::ReceiptLine { description: position.description, amount: sent.amount }],
        amount: sent.amount,
        fee: sent.fee,
        issued_on: today,
        issuer,
    }
}

/// The statement for the tax return of what one person paid for a pupil; `of` is the pupil and the school's name.
pub fn tax_statement(issuer: Issuer, language: Locale, of: &(PupilId, String), found: &TaxCertificate) -> paper::TaxStatement {
    let mut moved: Vec<&TaxPayment> = found.lines.iter().flat_map(|line| &line.payments).collect();
    moved.sort_by_key(|payment| payment.on);
    let (back, paid): (Vec<_>, Vec<_>) = moved.into_iter().partition(|payment| payment.amount.is_negative());
    let (pupil, payer) = (of.0.to_string(), found.payer.id.to_string());
    paper::TaxStatement {
        language,
        // One for each payer, pupil and year; the ends of the ids are their chance part.
        number: format!("730-{}-{}-{}", found.year, &pupil[pupil.len() - 6..], &payer[payer.len() - 6..]),
        year: found.year,
        payer: paper::Person { name: found.payer.full_name(), fiscal_code: found.payer.code().to_owned() },
        pupil: paper::Person { name: found.pupil_name.clone(), fiscal_code: found.pupil_code.clone().unwrap_or_default() },
        school: of.1.clone(),
        services: found.lines.iter().map(service_total).collect(),
        payments: paid.into_iter().map(tax_payment).collect(),
        refunds: back.into_iter().map(tax_refund).collect(),
        signatory: issuer.sector.clone(),
        issued_on: found.issued_on,
        issuer,
    }
}

fn service_total(line: &TaxLine) -> paper::ServiceTotal {
    paper::ServiceTotal {
        service: line.service_name.clone(),
        is_nursery: line.is_nursery,
        traceable: line.traceable,
        untraceable: line.other,
        refunded: line.refunded,
    }
}

fn tax_payment(payment: &TaxPayment) -> paper::TaxPayment {
    paper::TaxPayment {
        paid_on: payment.on,
        description: payment.what.clone(),
        reference: payment.iuv.clone().unwrap_or_default(),
        traceable: payment.is_traceable,
        amount: payment.amount,
    }
}

fn tax_refund(payment: &TaxPayment) -> paper::TaxRefund {
    paper::TaxRefund { refunded_on: payment.on, description: payment.what.clone(), amount: -payment.amount }
}
