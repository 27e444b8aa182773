//! The third generation: a position has payment options, an option has instalments, and each instalment its notice.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::notice::yes;
use super::{Debtor, KeyValue, Notice, NoticeAnswer, Page};
use crate::json::optional_instant;

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

/// One notice of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Installment {
    #[serde(flatten)]
    pub notice: Notice,
    /// Told by the service, never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<InstallmentStatus>,
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
    #[serde(flatten)]
    pub notice: NoticeAnswer,
    pub status: InstallmentStatus,
}

/// A page of a list of positions.
pub type Positions = Page<PositionAnswer>;
