//! The third generation: a position has payment options, an option has instalments, and each instalment its notice.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{KeyValue, PageInfo, Transfer, TransferAnswer};
use crate::SubjectKind;
use crate::json::{instant, optional_instant};

/// How many options a position and how many instalments an option may have.
pub const MAX_PARTS: usize = 100;

/// A debt with its alternatives.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// The institution's own name of the debt, unique for it.
    pub iupd: String,
    #[serde(rename = "payStandIn", default = "yes")]
    pub may_stand_in: bool,
    pub company_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office_name: Option<String>,
    /// Told by the service, never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<PositionStatus>,
    #[serde(rename = "paymentOption")]
    pub options: Vec<PaymentOption>,
}

fn yes() -> bool {
    true
}

/// One of the ways to pay: the whole, or a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentOption {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(rename = "validityDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    #[serde(rename = "retentionDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub retained_until: Option<Timestamp>,
    pub switch_to_expired: bool,
    pub debtor: Debtor,
    pub installments: Vec<Installment>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Debtor {
    #[serde(rename = "type")]
    pub kind: SubjectKind,
    pub fiscal_code: String,
    pub full_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub street_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub civic_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// One notice of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Installment {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nav: Option<String>,
    pub iuv: String,
    #[serde(rename = "amount")]
    pub amount_cents: i64,
    /// Up to 140 characters.
    pub description: String,
    #[serde(rename = "dueDate", with = "instant")]
    pub due_at: Timestamp,
    /// Told by the service, never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<InstallmentStatus>,
    #[serde(rename = "transfer")]
    pub transfers: Vec<Transfer>,
    #[serde(rename = "installmentMetadata", default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<KeyValue>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PositionStatus {
    Draft,
    Published,
    Valid,
    Unpayable,
    PartiallyPaid,
    Paid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum InstallmentStatus {
    Unpaid,
    Paid,
    PartiallyReported,
    Reported,
    Unpayable,
    Expired,
}

/// A position as it is read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PositionAnswer {
    pub iupd: String,
    pub organization_fiscal_code: String,
    #[serde(default)]
    pub company_name: String,
    #[serde(rename = "paymentDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    pub status: PositionStatus,
    #[serde(rename = "paymentOption", default)]
    pub options: Vec<OptionAnswer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionAnswer {
    #[serde(default)]
    pub switch_to_expired: bool,
    #[serde(rename = "validityDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    pub debtor: Debtor,
    #[serde(default)]
    pub installments: Vec<InstallmentAnswer>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstallmentAnswer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nav: Option<String>,
    pub iuv: String,
    #[serde(rename = "amount")]
    pub amount_cents: i64,
    #[serde(default)]
    pub description: String,
    #[serde(rename = "dueDate", with = "instant")]
    pub due_at: Timestamp,
    pub status: InstallmentStatus,
    #[serde(rename = "paymentDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    #[serde(rename = "idReceipt", default, skip_serializing_if = "Option::is_none")]
    pub receipt_id: Option<String>,
    #[serde(rename = "idFlowReporting", default, skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<String>,
    #[serde(rename = "transfer", default)]
    pub transfers: Vec<TransferAnswer>,
}

/// A page of a list of positions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Positions {
    #[serde(rename = "payment_position_list")]
    pub positions: Vec<PositionAnswer>,
    pub page_info: PageInfo,
}
