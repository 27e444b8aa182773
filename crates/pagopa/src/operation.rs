use crate::Version;
use crate::schema::Part;
use crate::schema_tables::*;

/// The operations of paForNode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operation {
    VerifyPaymentNotice,
    GetPayment,
    GetPaymentV2,
    SendRt,
    SendRtV2,
    DemandPaymentNotice,
}

pub(crate) struct Row {
    pub operation: Operation,
    pub name: &'static str,
    pub request_root: &'static str,
    pub request: &'static [Part],
    pub response_root: &'static str,
    pub response: &'static [Part],
}

const fn row(
    operation: Operation,
    name: &'static str,
    (request_root, request): (&'static str, &'static [Part]),
    (response_root, response): (&'static str, &'static [Part]),
) -> Row {
    Row { operation, name, request_root, request, response_root, response }
}

static OPERATIONS: [Row; 6] = [
    row(
        Operation::VerifyPaymentNotice,
        "paVerifyPaymentNotice",
        ("paVerifyPaymentNoticeReq", VERIFY_REQUEST),
        ("paVerifyPaymentNoticeRes", VERIFY_RESPONSE),
    ),
    row(Operation::GetPayment, "paGetPayment", ("paGetPaymentReq", PAYMENT_REQUEST), ("paGetPaymentRes", PAYMENT_RESPONSE)),
    row(
        Operation::GetPaymentV2,
        "paGetPaymentV2",
        ("paGetPaymentV2Request", PAYMENT_REQUEST),
        ("paGetPaymentV2Response", PAYMENT_RESPONSE_V2),
    ),
    row(Operation::SendRt, "paSendRT", ("paSendRTReq", RECEIPT_REQUEST), ("paSendRTRes", RECEIPT_RESPONSE)),
    row(Operation::SendRtV2, "paSendRTV2", ("paSendRTV2Request", RECEIPT_REQUEST_V2), ("paSendRTV2Response", RECEIPT_RESPONSE)),
    row(
        Operation::DemandPaymentNotice,
        "paDemandPaymentNotice",
        ("paDemandPaymentNoticeRequest", DEMAND_REQUEST),
        ("paDemandPaymentNoticeResponse", DEMAND_RESPONSE),
    ),
];

impl Operation {
    pub const ALL: [Operation; 6] = [
        Operation::VerifyPaymentNotice,
        Operation::GetPayment,
        Operation::GetPaymentV2,
        Operation::SendRt,
        Operation::SendRtV2,
        Operation::DemandPaymentNotice,
    ];

    /// The name, which is also the SOAPAction.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    pub(crate) fn row(self) -> &'static Row {
        OPERATIONS.iter().find(|r| r.operation == self).expect("every operation has its row")
    }

    pub(crate) fn of_request_root(root: &str) -> Option<Operation> {
        OPERATIONS.iter().find(|r| r.request_root == root).map(|r| r.operation)
    }

    pub(crate) fn of_response_root(root: &str) -> Option<Operation> {
        OPERATIONS.iter().find(|r| r.response_root == root).map(|r| r.operation)
    }

    pub(crate) fn get_payment(version: Version) -> Operation {
        match version {
            Version::V1 => Operation::GetPayment,
            Version::V2 => Operation::GetPaymentV2,
        }
    }

    pub(crate) fn send_rt(version: Version) -> Operation {
        match version {
            Version::V1 => Operation::SendRt,
            Version::V2 => Operation::SendRtV2,
        }
    }

    pub(crate) fn version(self) -> Version {
        match self {
            Operation::GetPaymentV2 | Operation::SendRtV2 => Version::V2,
            _ => Version::V1,
        }
    }
}
