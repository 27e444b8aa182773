//! Values of the rooms below as the papers want them, and the making of a paper off the request's thread.

use axum::response::Response;
use paper::{Colour, Issuer, Papers};

use crate::chrome::download;
use crate::refusal::Refusal;
use crate::visit::Visit;

pub fn issuer(visit: &Visit) -> Issuer {
    let tenant = &visit.tenant;
    Issuer {
        name: tenant.name.clone(),
        sector: tenant.office_name.clone(),
        contacts: format!("{} · {}", tenant.office_phone, tenant.office_email),
        fiscal_code: tenant.fiscal_code.clone(),
        colour: Colour::parse(&tenant.colour).unwrap_or_default(),
        logo_svg: None,
    }
}

/// Sets a paper: milliseconds of work that must not hold up other requests.
pub async fn send(
    visit: &Visit,
    file_name: &str,
    make: impl FnOnce(&Papers) -> Result<Vec<u8>, paper::Error> + Send + 'static,
) -> Result<Response, Refusal> {
    let state = visit.state.clone();
    let made = tokio::task::spawn_blocking(move || make(&state.papers)).await.map_err(|_| Refusal::Unexpected)?;
    Ok(download("application/pdf", file_name, made?))
}

/// A local date and time, as papers write it.
pub fn local(at: kernel::Instant) -> jiff::civil::DateTime {
    kernel::rome_date_time(at)
}

pub fn notice(visit: &Visit, data: billing::NoticeData) -> paper::Notice {
    let (position, settings) = (&data.position, &data.settings);
    let qr = pagopa::qr_text(position.notice_number, &visit.tenant.fiscal_code, data.amount.0);
    paper::Notice {
        issuer: issuer(visit),
        recipient: recipient(&data.debtor, position),
        subject: position.description.chars().take(90).collect(),
        cbill: settings.cbill.clone(),
        payable_on_site: true,
        modules: vec![paper::Module {
            part: paper::Part::Whole,
            notice_number: position.notice_number.to_string(),
            amount: data.amount,
            due_on: position.due_on,
            qr,
            datamatrix: slip(visit, &data),
        }],
        postal: postal(settings),
        issued_on: visit.ctx.today(),
    }
}

fn recipient(debtor: &enrolment::Person, position: &payments::Position) -> paper::Recipient {
    let parts = [debtor.address.clone(), debtor.postal_code.clone(), debtor.city.clone()];
    let address = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    paper::Recipient {
        name: position.debtor_name.clone(),
        fiscal_code: Some(position.debtor_code.clone()),
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

fn slip(visit: &Visit, data: &billing::NoticeData) -> Option<String> {
    postal(&data.settings)?;
    let slip = pagopa::DataMatrix {
        notice_number: data.position.notice_number,
        account: account_number(&data.settings)?,
        amount_cents: data.amount.0,
        fiscal_code: visit.tenant.fiscal_code.clone(),
        debtor_fiscal_code: data.position.debtor_code.clone(),
        debtor_name: data.position.debtor_name.clone(),
        subject: data.position.description.clone(),
    };
    pagopa::datamatrix_text(&slip).ok()
}

pub fn receipt(visit: &Visit, data: billing::ReceiptData) -> paper::Receipt {
    let (position, sent) = (data.position, data.receipt);
    paper::Receipt {
        issuer: issuer(visit),
        subject: position.description.clone(),
        paid_at: sent.paid_at.map(local),
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
        issued_on: visit.ctx.today(),
    }
}
