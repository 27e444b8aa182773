//! What an institution says of a notice: in short for a verify, in full for a payment.

use jiff::civil::Date;

use crate::dates::{read_amount, read_date, write_amount};
use crate::receipt::text;
use crate::schema::read_boolean;
use crate::xml::Element;
use crate::{Destination, Metadata, Subject, SubjectKind, Transfer, Version};

/// The due date of a notice that has none: the wire wants one.
pub const NO_DUE_DATE: Date = jiff::civil::date(2099, 12, 31);

/// The answer to paVerifyPaymentNotice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentSummary {
    pub amount_cents: i64,
    pub due_on: Option<Date>,
    /// Whether every transfer may be paid to a postal account.
    pub is_all_postal: bool,
    pub description: String,
    pub fiscal_code_pa: String,
    pub company_name: String,
    pub office_name: Option<String>,
}

/// The answer to paGetPayment and paGetPaymentV2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The IUV.
    pub creditor_reference_id: String,
    /// Must be the sum of the transfers.
    pub amount_cents: i64,
    /// [`NO_DUE_DATE`] when there is none.
    pub due_on: Date,
    pub description: String,
    pub company_name: String,
    pub office_name: Option<String>,
    /// To whom the document is addressed: the parent, never the pupil.
    pub debtor: Subject,
    /// 1 to 5.
    pub transfers: Vec<Transfer>,
    pub metadata: Metadata,
}

pub(crate) fn write_summary(summary: &PaymentSummary) -> Vec<Element<'_>> {
    let mut option = vec![Element::leaf("amount", write_amount(summary.amount_cents)), Element::leaf("options", "EQ")];
    option.extend(summary.due_on.map(|d| Element::leaf("dueDate", d.to_string())));
    option.push(Element::leaf("allCCP", if summary.is_all_postal { "true" } else { "false" }));
    let mut out = vec![
        Element::group("paymentList", vec![Element::group("paymentOptionDescription", option)]),
        Element::leaf("paymentDescription", summary.description.as_str()),
        Element::leaf("fiscalCodePA", summary.fiscal_code_pa.as_str()),
        Element::leaf("companyName", summary.company_name.as_str()),
    ];
    out.extend(text("officeName", summary.office_name.as_deref()));
    out
}

/// The schema leaves every part optional; the node wants all but the office.
pub(crate) fn read_summary(from: &Element<'_>) -> Option<PaymentSummary> {
    let option = from.child("paymentList")?.child("paymentOptionDescription")?;
    Some(PaymentSummary {
        amount_cents: read_amount(&option.child("amount")?.text)?,
        due_on: option.child("dueDate").and_then(|d| read_date(&d.text)),
        is_all_postal: read_boolean(&option.child("allCCP")?.text)?,
        description: from.optional_prose("paymentDescription")?,
        fiscal_code_pa: from.optional_code("fiscalCodePA")?,
        company_name: from.optional_prose("companyName")?,
        office_name: from.optional_prose("officeName"),
    })
}

pub(crate) fn write_payment(payment: &Payment, version: Version) -> Element<'_> {
    let mut out = vec![
        Element::leaf("creditorReferenceId", payment.creditor_reference_id.as_str()),
        Element::leaf("paymentAmount", write_amount(payment.amount_cents)),
        Element::leaf("dueDate", payment.due_on.to_string()),
        Element::leaf("description", payment.description.as_str()),
        Element::leaf("companyName", payment.company_name.as_str()),
    ];
    out.extend(text("officeName", payment.office_name.as_deref()));
    out.push(write_subject("debtor", &payment.debtor));
    out.push(write_transfers(&payment.transfers, version));
    out.extend(write_metadata(&payment.metadata));
    Element::group("data", out)
}

pub(crate) fn read_payment(from: &Element<'_>) -> Option<Payment> {
    Some(Payment {
        creditor_reference_id: from.code("creditorReferenceId"),
        amount_cents: read_amount(&from.child("paymentAmount")?.text)?,
        due_on: read_date(&from.child("dueDate")?.text)?,
        description: from.prose("description"),
        company_name: from.optional_prose("companyName").unwrap_or_default(),
        office_name: from.optional_prose("officeName"),
        debtor: read_subject(from.child("debtor")?),
        transfers: read_transfers(from.child("transferList")?),
        metadata: read_metadata(from),
    })
}

pub(crate) fn write_subject<'a>(name: &'static str, subject: &'a Subject) -> Element<'a> {
    let kind = if subject.kind == SubjectKind::Natural { "F" } else { "G" };
    let identifier = vec![
        Element::leaf("entityUniqueIdentifierType", kind),
        Element::leaf("entityUniqueIdentifierValue", subject.identifier.as_str()),
    ];
    let mut out = vec![Element::group("uniqueIdentifier", identifier), Element::leaf("fullName", subject.full_name.as_str())];
    for (name, value) in [
        ("streetName", &subject.street),
        ("civicNumber", &subject.civic_number),
        ("postalCode", &subject.postal_code),
        ("city", &subject.city),
        ("stateProvinceRegion", &subject.province),
        ("country", &subject.country),
        ("e-mail", &subject.email),
    ] {
        out.extend(text(name, value.as_deref()));
    }
    Element::group(name, out)
}

pub(crate) fn read_subject(from: &Element<'_>) -> Subject {
    let identifier = from.required("uniqueIdentifier");
    let is_legal = identifier.required("entityUniqueIdentifierType").text == "G";
    Subject {
        kind: if is_legal { SubjectKind::Legal } else { SubjectKind::Natural },
        identifier: identifier.code("entityUniqueIdentifierValue"),
        full_name: from.prose("fullName"),
        street: from.optional_prose("streetName"),
        civic_number: from.optional_prose("civicNumber"),
        postal_code: from.optional_prose("postalCode"),
        city: from.optional_prose("city"),
        province: from.optional_prose("stateProvinceRegion"),
        country: from.optional_prose("country"),
        email: from.optional_prose("e-mail"),
    }
}

pub(crate) fn write_transfers(transfers: &[Transfer], version: Version) -> Element<'_> {
    Element::group("transferList", transfers.iter().map(|t| write_transfer(t, version)).collect())
}

fn write_transfer(transfer: &Transfer, version: Version) -> Element<'_> {
    let mut out = vec![
        Element::leaf("idTransfer", transfer.index.to_string()),
        Element::leaf("transferAmount", write_amount(transfer.amount_cents)),
        Element::leaf("fiscalCodePA", transfer.fiscal_code_pa.as_str()),
    ];
    out.extend(text("companyName", transfer.company_name.as_deref()).filter(|_| version == Version::V2));
    out.push(write_destination(&transfer.destination));
    out.push(Element::leaf("remittanceInformation", transfer.remittance_information.as_str()));
    out.push(Element::leaf("transferCategory", transfer.category.as_str()));
    out.extend(write_metadata(&transfer.metadata));
    Element::group("transfer", out)
}

fn write_destination(destination: &Destination) -> Element<'_> {
    match destination {
        Destination::Iban(iban) => Element::leaf("IBAN", iban.as_str()),
        Destination::StampAttachment(stamp) => Element::leaf("MBDAttachment", stamp.as_str()),
        Destination::StampRequest { document_hash, province } => Element::group(
            "richiestaMarcaDaBollo",
            vec![
                Element::leaf("hashDocumento", document_hash.as_str()),
                Element::leaf("tipoBollo", "01"),
                Element::leaf("provinciaResidenza", province.as_str()),
            ],
        ),
    }
}

pub(crate) fn read_transfers(list: &Element<'_>) -> Vec<Transfer> {
    list.children_named("transfer").map(read_transfer).collect()
}

fn read_transfer(from: &Element<'_>) -> Transfer {
    Transfer {
        index: from.required("idTransfer").text.trim().parse().expect("the schema was checked before reading"),
        amount_cents: read_amount(&from.required("transferAmount").text).expect("the schema was checked before reading"),
        fiscal_code_pa: from.code("fiscalCodePA"),
        company_name: from.optional_prose("companyName"),
        destination: read_destination(from),
        remittance_information: from.prose("remittanceInformation"),
        category: from.code("transferCategory"),
        metadata: read_metadata(from),
    }
}

fn read_destination(from: &Element<'_>) -> Destination {
    if let Some(stamp) = from.child("richiestaMarcaDaBollo") {
        return Destination::StampRequest {
            document_hash: stamp.code("hashDocumento"),
            province: stamp.code("provinciaResidenza"),
        };
    }
    match from.child("MBDAttachment") {
        Some(stamp) => Destination::StampAttachment(stamp.text.clone().into_owned()),
        None => Destination::Iban(from.code("IBAN")),
    }
}

pub(crate) fn write_metadata(metadata: &Metadata) -> Option<Element<'_>> {
    let entry = |(key, value): &(String, String)| {
        Element::group("mapEntry", vec![Element::leaf("key", key.clone()), Element::leaf("value", value.clone())])
    };
    (!metadata.is_empty()).then(|| Element::group("metadata", metadata.iter().map(entry).collect()))
}

pub(crate) fn read_metadata(from: &Element<'_>) -> Metadata {
    let entries = from.child("metadata").into_iter().flat_map(|m| m.children_named("mapEntry"));
    entries.map(|e| (e.code("key"), e.code("value"))).collect()
}
