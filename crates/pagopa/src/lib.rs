//! The wire between a creditor institution and the pagoPA node, as plain values and bytes.
//!
//! What lives here: notice numbers and the codes printed on a notice ([`NoticeNumber`], [`qr_text`],
//! [`datamatrix_text`]); the six operations of the paForNode service that the institution answers, read from and
//! written to SOAP ([`Request`], [`Response`]); the fault table ([`FaultCode`]); the clients of the platform's REST
//! services: Checkout carts ([`CartsClient`]), the central archive of debts ([`aca`]), pagoPA's own positions
//! ([`gpd`]), reporting flows ([`fdr`]), receipts asked for ([`receipts`]), messages in app IO ([`io`]); and the treasurer's cash journal ([`opi`]), where the money
//! that flows report arrives.
//!
//! What does not: tables, web frameworks, and any decision about a debt. Amounts are whole euro cents (`i64`).
//! Both directions of every message are here, so that a test can play the node.
//!
//! Source of the rules: the SANP guide 3.9 and 3.10, the published `paForNode.wsdl` and its schemas, the Checkout
//! "EC API" v1 and v2 (read in 2026).

pub mod aca;
mod address;
mod api;
mod carts;
mod datamatrix;
mod dates;
mod fault;
pub mod fdr;
pub mod gpd;
pub mod io;
mod json;
mod message;
mod notice;
mod operation;
pub mod opi;
mod payment;
mod qr;
mod receipt;
pub mod receipts;
mod request;
mod response;
mod schema;
mod schema_tables;
mod soap;
mod xml;

pub use address::Address;
pub use api::{Endpoint, Http, Problem, RateLimit, SUBSCRIPTION_KEY, Unavailable};
pub use carts::{Cart, CartError, CartNotice, CartsClient, CartsConfig, ReturnUrls};
pub use datamatrix::{DATAMATRIX_LENGTH, DataMatrix, DataMatrixError, datamatrix_text, read_datamatrix};
pub use fault::{Fault, FaultCode};
pub use message::{Destination, Head, Metadata, QrCode, Subject, SubjectKind, Transfer, TransferType, Version};
pub use notice::{NoticeError, NoticeNumber, NoticeSequence, Numbering};
pub use operation::Operation;
pub use payment::{NO_DUE_DATE, Payment, PaymentSummary};
pub use qr::{Qr, QrError, qr_text, read_qr};
pub use receipt::{Psp, Receipt};
pub use request::{DemandRequest, PaymentRequest, ReceiptRequest, Refusal, Request, VerifyRequest};
pub use response::{DemandedNotice, EncodeError, Response, ResponseError};
pub use soap::{SoapFault, SoapFaultCode};

/// The largest request the node's operations need; a longer one is refused before it is read.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The media type of requests and answers.
pub const CONTENT_TYPE: &str = "text/xml; charset=utf-8";

/// The examples of the README are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
