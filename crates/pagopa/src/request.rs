//! What the node asks: read from a SOAP request, and written as one.

use jiff::civil::Date;

use crate::dates::{read_amount, read_date, write_amount};
use crate::receipt::{Receipt, read_receipt, write_receipt};
use crate::soap::{self, SoapFault};
use crate::xml::{Element, Space, write_envelope};
use crate::{Fault, FaultCode, Head, NoticeNumber, Operation, QrCode, TransferType, Version, schema};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyRequest {
    pub head: Head,
    pub qr_code: QrCode,
}

/// paGetPayment and paGetPaymentV2. Every option may be absent; the amount may differ from ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRequest {
    pub version: Version,
    pub head: Head,
    pub qr_code: QrCode,
    pub amount_cents: Option<i64>,
    /// For a Checkout payment, the `idCart` of its cart.
    pub payment_note: Option<String>,
    pub transfer_type: Option<TransferType>,
    pub due_on: Option<Date>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRequest {
    pub version: Version,
    pub head: Head,
    pub receipt: Box<Receipt>,
}

/// paDemandPaymentNotice: a notice asked for by a national service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemandRequest {
    pub head: Head,
    pub service_id: String,
    pub service_subject_id: String,
    pub data_base64: String,
}

/// A request that follows its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    Verify(VerifyRequest),
    Payment(PaymentRequest),
    Receipt(ReceiptRequest),
    Demand(DemandRequest),
}

/// Why a request was not read, and how to say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// No operation to answer for: HTTP 500 with [`SoapFault::encode`].
    Soap(SoapFault),
    /// The operation is known, its content is not valid: HTTP 200 with `Response::refuse(operation, fault)`.
    Invalid { operation: Operation, fault: Fault },
}

impl Request {
    /// Reads a request. Any prefix and any SOAPAction will do: the root of the body says what is asked.
    pub fn decode(body: &[u8]) -> Result<Request, Refusal> {
        let payload = soap::open(body).map_err(Refusal::Soap)?;
        let operation = operation_of(&payload.root).map_err(Refusal::Soap)?;
        let invalid = |code, why: String| {
            let id = payload.root.child("idPA").map_or("", |c| c.text.trim());
            Refusal::Invalid { operation, fault: Fault::new(code, id).describe(why) }
        };
        if payload.has_more {
            return Err(invalid(FaultCode::SintassiExtraXsd, "more than one request in the body".into()));
        }
        schema::check(&payload.root, operation.row().request).map_err(|why| invalid(FaultCode::SintassiXsd, why))?;
        Ok(read(operation, &payload.root))
    }

    pub fn operation(&self) -> Operation {
        match self {
            Request::Verify(_) => Operation::VerifyPaymentNotice,
            Request::Payment(asked) => Operation::get_payment(asked.version),
            Request::Receipt(sent) => Operation::send_rt(sent.version),
            Request::Demand(_) => Operation::DemandPaymentNotice,
        }
    }

    pub fn head(&self) -> &Head {
        match self {
            Request::Verify(asked) => &asked.head,
            Request::Payment(asked) => &asked.head,
            Request::Receipt(sent) => &sent.head,
            Request::Demand(asked) => &asked.head,
        }
    }

    /// The SOAP message, as the node would send it.
    pub fn encode(&self) -> String {
        let row = self.operation().row();
        let mut root = Element::group(row.request_root, self.write());
        schema::fit(&mut root, row.request);
        write_envelope(&root)
    }

    fn write(&self) -> Vec<Element<'_>> {
        let mut children = write_head(self.head());
        match self {
            Request::Verify(asked) => children.push(write_qr_code(&asked.qr_code)),
            Request::Payment(asked) => children.extend(write_payment_request(asked)),
            Request::Receipt(sent) => children.push(write_receipt(&sent.receipt, sent.version)),
            Request::Demand(asked) => children.extend([
                Element::leaf("idServizio", asked.service_id.as_str()),
                Element::leaf("idSoggettoServizio", asked.service_subject_id.as_str()),
                Element::leaf("datiSpecificiServizioRequest", asked.data_base64.as_str()),
            ]),
        }
        children
    }
}

/// The receipt of a `paSendRT` request of either version, in its envelope or bare, as archives keep it.
pub(crate) fn read_receipt_document(xml: &[u8]) -> Result<Receipt, String> {
    let (root, has_more) = soap::open_or_bare(xml).map_err(|fault| fault.text)?;
    let operation = operation_of(&root).map_err(|fault| fault.text)?;
    if has_more || !matches!(operation, Operation::SendRt | Operation::SendRtV2) {
        return Err("not one receipt".into());
    }
    schema::check(&root, operation.row().request)?;
    Ok(read_receipt(root.required("receipt")))
}

fn operation_of(root: &Element<'_>) -> Result<Operation, SoapFault> {
    let known = if root.space == Space::Payload { Operation::of_request_root(&root.name) } else { None };
    known.ok_or_else(|| SoapFault::client("the body holds no operation of this service"))
}

fn read(operation: Operation, root: &Element<'_>) -> Request {
    let (head, version) = (read_head(root), operation.version());
    match operation {
        Operation::VerifyPaymentNotice => Request::Verify(VerifyRequest { head, qr_code: read_qr_code(root) }),
        Operation::GetPayment | Operation::GetPaymentV2 => Request::Payment(PaymentRequest {
            version,
            head,
            qr_code: read_qr_code(root),
            amount_cents: root.child("amount").and_then(|a| read_amount(&a.text)),
            payment_note: root.optional_code("paymentNote"),
            transfer_type: root
                .child("transferType")
                .map(|t| if t.text == "POSTAL" { TransferType::Postal } else { TransferType::Pagopa }),
            due_on: root.child("dueDate").and_then(|d| read_date(&d.text)),
        }),
        Operation::SendRt | Operation::SendRtV2 => {
            Request::Receipt(ReceiptRequest { version, head, receipt: Box::new(read_receipt(root.required("receipt"))) })
        }
        Operation::DemandPaymentNotice => Request::Demand(DemandRequest {
            head,
            service_id: root.code("idServizio"),
            service_subject_id: root.code("idSoggettoServizio"),
            data_base64: root.code("datiSpecificiServizioRequest"),
        }),
    }
}

fn read_head(root: &Element<'_>) -> Head {
    Head { id_pa: root.code("idPA"), id_broker_pa: root.code("idBrokerPA"), id_station: root.code("idStation") }
}

fn write_head(head: &Head) -> Vec<Element<'_>> {
    vec![
        Element::leaf("idPA", head.id_pa.as_str()),
        Element::leaf("idBrokerPA", head.id_broker_pa.as_str()),
        Element::leaf("idStation", head.id_station.as_str()),
    ]
}

pub(crate) fn read_qr_code(parent: &Element<'_>) -> QrCode {
    let qr_code = parent.required("qrCode");
    QrCode { fiscal_code: qr_code.code("fiscalCode"), notice_number: read_notice(qr_code) }
}

/// The `noticeNumber` of an element that the schema has found to hold 18 digits.
pub(crate) fn read_notice(parent: &Element<'_>) -> NoticeNumber {
    NoticeNumber::parse(&parent.required("noticeNumber").text).expect("the schema was checked before reading")
}

pub(crate) fn write_qr_code(qr_code: &QrCode) -> Element<'_> {
    let notice = Element::leaf("noticeNumber", qr_code.notice_number.to_string());
    Element::group("qrCode", vec![Element::leaf("fiscalCode", qr_code.fiscal_code.as_str()), notice])
}

fn write_payment_request(asked: &PaymentRequest) -> Vec<Element<'_>> {
    let transfer_type = asked.transfer_type.map(|t| if t == TransferType::Postal { "POSTAL" } else { "PAGOPA" });
    let mut children = vec![write_qr_code(&asked.qr_code)];
    children.extend(asked.amount_cents.map(|a| Element::leaf("amount", write_amount(a))));
    children.extend(asked.payment_note.as_deref().map(|n| Element::leaf("paymentNote", n)));
    children.extend(transfer_type.map(|t| Element::leaf("transferType", t)));
    children.extend(asked.due_on.map(|d| Element::leaf("dueDate", d.to_string())));
    children
}
