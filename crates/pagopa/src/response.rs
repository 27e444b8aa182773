//! What the institution answers: written as a SOAP answer, and read from one.

use crate::payment::{read_payment, read_summary, write_payment, write_summary};
use crate::request::{read_qr_code, write_qr_code};
use crate::schema;
use crate::soap;
use crate::xml::{Element, Space, write_envelope};
use crate::{Fault, Operation, Payment, PaymentSummary, QrCode, Version};

/// The notice a national service asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemandedNotice {
    pub qr_code: QrCode,
    pub summary: PaymentSummary,
}

/// An answer; each kind is either its content or the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    Verify(Result<PaymentSummary, Fault>),
    Payment(Version, Result<Box<Payment>, Fault>),
    Receipt(Version, Result<(), Fault>),
    Demand(Result<DemandedNotice, Fault>),
}

/// Why an answer cannot be sent: the node would refuse it. Answer `PAA_SYSTEM_ERROR` and look into it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    #[error("the answer breaks the schema at {0}")]
    Schema(String),
    #[error("the transfers sum to {transfers_cents} cents and the payment to {amount_cents}")]
    Sum { transfers_cents: i64, amount_cents: i64 },
}

/// Why an answer cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResponseError {
    #[error("a SOAP fault: {0}")]
    SoapFault(String),
    #[error("not an answer of this service: {0}")]
    Invalid(String),
}

impl Response {
    /// The answer of `operation` that says no.
    pub fn refuse(operation: Operation, fault: Fault) -> Response {
        match operation {
            Operation::VerifyPaymentNotice => Response::Verify(Err(fault)),
            Operation::GetPayment | Operation::GetPaymentV2 => Response::Payment(operation.version(), Err(fault)),
            Operation::SendRt | Operation::SendRtV2 => Response::Receipt(operation.version(), Err(fault)),
            Operation::DemandPaymentNotice => Response::Demand(Err(fault)),
        }
    }

    pub fn operation(&self) -> Operation {
        match self {
            Response::Verify(_) => Operation::VerifyPaymentNotice,
            Response::Payment(version, _) => Operation::get_payment(*version),
            Response::Receipt(version, _) => Operation::send_rt(*version),
            Response::Demand(_) => Operation::DemandPaymentNotice,
        }
    }

    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Response::Verify(answer) => answer.as_ref().err(),
            Response::Payment(_, answer) => answer.as_ref().err(),
            Response::Receipt(_, answer) => answer.as_ref().err(),
            Response::Demand(answer) => answer.as_ref().err(),
        }
    }

    /// The SOAP message, for HTTP status 200. Long words are cut to their field; anything else that the schema
    /// would refuse is an error here rather than at the node.
    pub fn encode(&self) -> Result<String, EncodeError> {
        if let Response::Payment(_, Ok(payment)) = self {
            check_sum(payment)?;
        }
        let row = self.operation().row();
        let mut root = Element::group(row.response_root, self.write());
        schema::fit(&mut root, row.response);
        schema::check(&root, row.response).map_err(EncodeError::Schema)?;
        Ok(write_envelope(&root))
    }

    fn write(&self) -> Vec<Element<'_>> {
        if let Some(fault) = self.fault() {
            return vec![Element::leaf("outcome", "KO"), write_fault(fault)];
        }
        let mut out = vec![Element::leaf("outcome", "OK")];
        match self {
            Response::Verify(Ok(summary)) => out.extend(write_summary(summary)),
            Response::Payment(version, Ok(payment)) => out.push(write_payment(payment, *version)),
            Response::Demand(Ok(notice)) => {
                out.push(write_qr_code(&notice.qr_code));
                out.extend(write_summary(&notice.summary));
            }
            _ => {}
        }
        out
    }

    /// Reads an answer, as the node does.
    pub fn decode(body: &[u8]) -> Result<Response, ResponseError> {
        let root = soap::open(body).map_err(|f| ResponseError::Invalid(f.text))?.root;
        if root.space == Space::Soap && root.name == "Fault" {
            return Err(ResponseError::SoapFault(root.optional_prose("faultstring").unwrap_or_default()));
        }
        let known = if root.space == Space::Payload { Operation::of_response_root(&root.name) } else { None };
        let operation = known.ok_or_else(|| ResponseError::Invalid(format!("unknown root {}", root.name)))?;
        schema::check(&root, operation.row().response).map_err(ResponseError::Invalid)?;
        read(operation, &root).ok_or_else(|| ResponseError::Invalid("the outcome and the content disagree".into()))
    }
}

fn check_sum(payment: &Payment) -> Result<(), EncodeError> {
    let transfers_cents = payment.transfers.iter().map(|t| t.amount_cents).sum();
    if transfers_cents == payment.amount_cents {
        return Ok(());
    }
    Err(EncodeError::Sum { transfers_cents, amount_cents: payment.amount_cents })
}

fn write_fault(fault: &Fault) -> Element<'_> {
    let mut out = vec![
        Element::leaf("faultCode", fault.code.as_ref()),
        Element::leaf("faultString", fault.text.as_ref()),
        Element::leaf("id", fault.id.as_str()),
    ];
    out.extend(fault.description.as_deref().map(|d| Element::leaf("description", d)));
    Element::group("fault", out)
}

fn read(operation: Operation, root: &Element<'_>) -> Option<Response> {
    if root.required("outcome").text == "KO" {
        return Some(Response::refuse(operation, read_fault(root.child("fault")?)));
    }
    Some(match operation {
        Operation::VerifyPaymentNotice => Response::Verify(Ok(read_summary(root)?)),
        Operation::GetPayment | Operation::GetPaymentV2 => {
            Response::Payment(operation.version(), Ok(Box::new(read_payment(root.child("data")?)?)))
        }
        Operation::SendRt | Operation::SendRtV2 => Response::Receipt(operation.version(), Ok(())),
        Operation::DemandPaymentNotice => {
            root.child("qrCode")?;
            Response::Demand(Ok(DemandedNotice { qr_code: read_qr_code(root), summary: read_summary(root)? }))
        }
    })
}

fn read_fault(from: &Element<'_>) -> Fault {
    Fault {
        code: from.code("faultCode").into(),
        text: from.prose("faultString").into(),
        id: from.code("id"),
        description: from.optional_prose("description"),
    }
}
