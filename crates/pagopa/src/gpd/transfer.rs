//! What both generations share.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::json::optional_instant;

/// A part of an amount and where it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transfer {
    /// `1` to `5`.
    #[serde(rename = "idTransfer")]
    pub index: String,
    #[serde(rename = "amount")]
    pub amount_cents: i64,
    /// The position's own institution when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization_fiscal_code: Option<String>,
    /// Up to 140 characters, read by the payer; never a child's name.
    pub remittance_information: String,
    /// The taxonomy code, as `9/0107101TS/`.
    pub category: String,
    /// Not together with a stamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iban: Option<String>,
    /// Beside an IBAN, never beside a stamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_iban: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stamp: Option<Stamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    #[serde(rename = "transferMetadata", default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<KeyValue>,
}

/// A digital revenue stamp asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stamp {
    /// Base64, up to 72 characters.
    pub hash_document: String,
    /// `01`.
    pub stamp_type: String,
    /// Two capital letters.
    #[serde(rename = "provincialResidence")]
    pub province: String,
}

/// Up to ten pairs go with an option or a transfer. A value may come back null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyValue {
    pub key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TransferStatus {
    #[serde(rename = "T_UNREPORTED")]
    Unreported,
    #[serde(rename = "T_REPORTED")]
    Reported,
}

/// A transfer as the service gives it back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferAnswer {
    #[serde(flatten)]
    pub transfer: Transfer,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TransferStatus>,
    #[serde(rename = "lastUpdatedDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

/// Where a page of a list stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageInfo {
    /// From 0.
    pub page: u32,
    pub limit: u32,
    pub items_found: u32,
    pub total_pages: u32,
}
