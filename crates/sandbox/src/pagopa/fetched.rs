//! The receipts service: receipts that are asked for, by the IUR a settlement report names.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use pagopa::receipts::{BizReceipt, BizSubject, BizTransfer};
use pagopa::{Destination, Receipt, Subject, Transfer};

use super::Shared;

/// `GET …/organizations/{cf}/receipts/{iur}/paymentoptions/{iuv}`
pub(crate) async fn by_iur(State(sandbox): State<Shared>, Path((cf, iur, iuv)): Path<(String, String, String)>) -> Response {
    let made = sandbox.till.find(&cf, &iur).filter(|made| made.receipt.creditor_reference_id == iuv);
    let outcome = if made.is_some() { "OK" } else { "404" };
    sandbox.register.note(sandbox.clock.now(), "receipts", &iuv, outcome);
    match made {
        Some(made) => Json(told(&made.receipt)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn told(receipt: &Receipt) -> BizReceipt {
    BizReceipt {
        receipt_id: receipt.receipt_id.clone(),
        notice_number: receipt.notice_number.to_string(),
        fiscal_code: receipt.fiscal_code.clone(),
        outcome: "OK".to_owned(),
        creditor_reference_id: receipt.creditor_reference_id.clone(),
        amount_cents: receipt.amount_cents,
        description: receipt.description.clone(),
        company_name: receipt.company_name.clone(),
        office_name: receipt.office_name.clone(),
        debtor: subject(&receipt.debtor),
        transfers: receipt.transfers.iter().map(transfer).collect(),
        psp_id: receipt.psp.id.clone(),
        psp_fiscal_code: receipt.psp.fiscal_code.clone(),
        psp_vat_number: receipt.psp.vat_number.clone(),
        psp_company_name: receipt.psp.company_name.clone(),
        channel_id: receipt.psp.channel_id.clone(),
        channel_description: receipt.psp.channel_description.clone(),
        payer: receipt.payer.as_ref().map(subject),
        payment_method: receipt.payment_method.clone(),
        fee_cents: receipt.fee_cents,
        creditor_fee_cents: None,
        bundle_id: None,
        creditor_bundle_id: None,
        paid_at: receipt.paid_at,
        applied_on: receipt.applied_on,
        transferred_on: receipt.transferred_on,
        metadata: None,
    }
}

fn subject(of: &Subject) -> BizSubject {
    BizSubject { kind: of.kind, identifier: of.identifier.clone(), full_name: of.full_name.clone(), ..BizSubject::default() }
}

fn transfer(of: &Transfer) -> BizTransfer {
    let iban = if let Destination::Iban(iban) = &of.destination { Some(iban.clone()) } else { None };
    BizTransfer {
        index: of.index,
        amount_cents: of.amount_cents,
        fiscal_code_pa: of.fiscal_code_pa.clone(),
        iban,
        mbd_attachment: None,
        remittance_information: of.remittance_information.clone(),
        category: of.category.clone(),
        metadata: None,
    }
}
