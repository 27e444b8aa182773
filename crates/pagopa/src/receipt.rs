//! The receipt: the node's word that a notice was paid.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::dates::{read_amount, read_date, read_instant, write_amount, write_instant};
use crate::payment::{read_metadata, read_subject, read_transfers, write_metadata, write_subject, write_transfers};
use crate::request::read_notice;
use crate::schema::read_boolean;
use crate::xml::Element;
use crate::{Metadata, NoticeNumber, Subject, Transfer, Version};

/// The provider through which the payer paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Psp {
    pub id: String,
    pub fiscal_code: Option<String>,
    pub vat_number: Option<String>,
    pub company_name: String,
    pub channel_id: String,
    pub channel_description: String,
}

/// A receipt of either version. Keep the XML it came in besides: that is the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The node's name of this payment, unique for the institution.
    pub receipt_id: String,
    pub notice_number: NoticeNumber,
    pub fiscal_code: String,
    /// Only paid notices are notified, so this is true in practice.
    pub is_paid: bool,
    /// The IUV.
    pub creditor_reference_id: String,
    pub amount_cents: i64,
    pub description: String,
    pub company_name: String,
    pub office_name: Option<String>,
    pub debtor: Subject,
    pub transfers: Vec<Transfer>,
    pub psp: Psp,
    pub payer: Option<Subject>,
    pub payment_method: Option<String>,
    /// Second version only: for a Checkout payment, the `idCart`.
    pub payment_note: Option<String>,
    /// What the payer paid the provider on top; no part of the institution's money.
    pub fee_cents: Option<i64>,
    pub creditor_fee_cents: Option<i64>,
    pub bundle_id: Option<String>,
    pub creditor_bundle_id: Option<String>,
    pub paid_at: Option<Timestamp>,
    pub applied_on: Option<Date>,
    pub transferred_on: Option<Date>,
    pub metadata: Metadata,
    /// Collected by the node while the station could not be reached.
    pub is_stand_in: bool,
}

pub(crate) fn read_receipt(from: &Element<'_>) -> Receipt {
    let amount = |name| from.child(name).and_then(|a| read_amount(&a.text));
    let date = |name| from.child(name).and_then(|d| read_date(&d.text));
    let flag = |name| from.child(name).and_then(|f| read_boolean(&f.text));
    Receipt {
        receipt_id: from.code("receiptId"),
        notice_number: read_notice(from),
        fiscal_code: from.code("fiscalCode"),
        is_paid: from.required("outcome").text == "OK",
        creditor_reference_id: from.code("creditorReferenceId"),
        amount_cents: amount("paymentAmount").expect("the schema was checked before reading"),
        description: from.prose("description"),
        company_name: from.prose("companyName"),
        office_name: from.optional_prose("officeName"),
        debtor: read_subject(from.required("debtor")),
        transfers: read_transfers(from.required("transferList")),
        psp: read_psp(from),
        payer: from.child("payer").map(read_subject),
        payment_method: from.optional_prose("paymentMethod"),
        payment_note: from.optional_code("paymentNote"),
        fee_cents: amount("fee"),
        creditor_fee_cents: amount("primaryCiIncurredFee"),
        bundle_id: from.optional_code("idBundle"),
        creditor_bundle_id: from.optional_code("idCiBundle"),
        paid_at: from.child("paymentDateTime").and_then(|t| read_instant(&t.text)),
        applied_on: date("applicationDate"),
        transferred_on: date("transferDate"),
        metadata: read_metadata(from),
        is_stand_in: flag("standIn").or_else(|| flag("standin")).unwrap_or(false),
    }
}

fn read_psp(from: &Element<'_>) -> Psp {
    Psp {
        id: from.code("idPSP"),
        fiscal_code: from.optional_prose("pspFiscalCode"),
        vat_number: from.optional_prose("pspPartitaIVA"),
        company_name: from.prose("PSPCompanyName"),
        channel_id: from.code("idChannel"),
        channel_description: from.prose("channelDescription"),
    }
}

pub(crate) fn write_receipt(receipt: &Receipt, version: Version) -> Element<'_> {
    let mut out = write_what(receipt, version);
    out.extend(write_who(receipt));
    out.extend(write_how(receipt, version));
    Element::group("receipt", out)
}

fn write_what(receipt: &Receipt, version: Version) -> Vec<Element<'_>> {
    let mut out = vec![
        Element::leaf("receiptId", receipt.receipt_id.as_str()),
        Element::leaf("noticeNumber", receipt.notice_number.to_string()),
        Element::leaf("fiscalCode", receipt.fiscal_code.as_str()),
        Element::leaf("outcome", if receipt.is_paid { "OK" } else { "KO" }),
        Element::leaf("creditorReferenceId", receipt.creditor_reference_id.as_str()),
        Element::leaf("paymentAmount", write_amount(receipt.amount_cents)),
        Element::leaf("description", receipt.description.as_str()),
        Element::leaf("companyName", receipt.company_name.as_str()),
    ];
    out.extend(text("officeName", receipt.office_name.as_deref()));
    out.push(write_subject("debtor", &receipt.debtor));
    out.push(write_transfers(&receipt.transfers, version));
    out
}

fn write_who(receipt: &Receipt) -> Vec<Element<'_>> {
    let psp = &receipt.psp;
    let mut out = vec![Element::leaf("idPSP", psp.id.as_str())];
    out.extend(text("pspFiscalCode", psp.fiscal_code.as_deref()));
    out.extend(text("pspPartitaIVA", psp.vat_number.as_deref()));
    out.push(Element::leaf("PSPCompanyName", psp.company_name.as_str()));
    out.push(Element::leaf("idChannel", psp.channel_id.as_str()));
    out.push(Element::leaf("channelDescription", psp.channel_description.as_str()));
    out.extend(receipt.payer.as_ref().map(|p| write_subject("payer", p)));
    out.extend(text("paymentMethod", receipt.payment_method.as_deref()));
    out
}

fn write_how(receipt: &Receipt, version: Version) -> Vec<Element<'_>> {
    let amount = |name, cents: Option<i64>| cents.map(|c| Element::leaf(name, write_amount(c)));
    let v2 = version == Version::V2;
    let mut out = Vec::new();
    out.extend(text("paymentNote", receipt.payment_note.as_deref()).filter(|_| v2));
    out.extend(amount("fee", receipt.fee_cents));
    out.extend(amount("primaryCiIncurredFee", receipt.creditor_fee_cents).filter(|_| v2));
    out.extend(text("idBundle", receipt.bundle_id.as_deref()).filter(|_| v2));
    out.extend(text("idCiBundle", receipt.creditor_bundle_id.as_deref()).filter(|_| v2));
    out.extend(receipt.paid_at.map(|at| Element::leaf("paymentDateTime", write_instant(at))));
    out.extend(receipt.applied_on.map(|d| Element::leaf("applicationDate", d.to_string())));
    out.extend(receipt.transferred_on.map(|d| Element::leaf("transferDate", d.to_string())));
    out.extend(write_metadata(&receipt.metadata));
    out.extend(receipt.is_stand_in.then(|| Element::leaf("standIn", "true")));
    out
}

/// An optional element, left out when there is nothing to say.
pub(crate) fn text<'a>(name: &'static str, value: Option<&'a str>) -> Option<Element<'a>> {
    value.filter(|v| !v.trim().is_empty()).map(|v| Element::leaf(name, v))
}
