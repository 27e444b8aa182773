//! The values that requests, answers and receipts share.

use serde::{Deserialize, Serialize};

use crate::NoticeNumber;

/// The generation of an operation; a new station is asked the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    V1,
    V2,
}

/// Who is asked: the head of every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The institution's fiscal code: tells the tenant.
    pub id_pa: String,
    pub id_broker_pa: String,
    pub id_station: String,
}

/// Which notice of which institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrCode {
    pub fiscal_code: String,
    pub notice_number: NoticeNumber,
}

/// Which account the payer's provider will use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferType {
    Postal,
    Pagopa,
}

/// Whether a debtor is a person or an organisation; `F` and `G` on every wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubjectKind {
    #[default]
    #[serde(rename = "F")]
    Natural,
    #[serde(rename = "G")]
    Legal,
}

/// A debtor or a payer. Everything but code and name is left out of the message when empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    pub kind: SubjectKind,
    /// Fiscal code or VAT number; `ANONIMO` for an unknown debtor.
    pub identifier: String,
    pub full_name: String,
    pub street: Option<String>,
    pub civic_number: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
    /// Two capital letters.
    pub country: Option<String>,
    pub email: Option<String>,
}

/// Up to 15 pairs of key and value.
pub type Metadata = Vec<(String, String)>;

/// Where the money of a transfer goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    Iban(String),
    /// A digital revenue stamp is asked (answers, second version only): base64 of the document's hash, province.
    StampRequest {
        document_hash: String,
        province: String,
    },
    /// The stamp that was bought, base64 (receipts, second version only).
    StampAttachment(String),
}

/// A part of the amount and the institution and account it goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// 1 to 5.
    pub index: u8,
    pub amount_cents: i64,
    pub fiscal_code_pa: String,
    /// Second version only; left out of a first version's message.
    pub company_name: Option<String>,
    pub destination: Destination,
    /// What the payer reads; never a child's name.
    pub remittance_information: String,
    /// The taxonomy code, as `9/0107101TS/`.
    pub category: String,
    pub metadata: Metadata,
}
