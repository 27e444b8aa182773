//! The first generation: a position has payment options, each with its own notice; whole and partial ones exclude
//! each other once paid.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::notice::yes;
use super::{Debtor, KeyValue, Notice, NoticeAnswer, Page};
use crate::SubjectKind;
use crate::json::optional_instant;

/// A debt of one debtor, as it is sent and as creation, change, publication and invalidation answer it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    /// The institution's own name of the debt, unique for it.
    pub iupd: String,
    #[serde(rename = "payStandIn", default = "yes")]
    pub may_stand_in: bool,
    #[serde(flatten)]
    pub debtor: Debtor,
    /// Whether it stops being payable after its due date.
    pub switch_to_expired: bool,
    pub company_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office_name: Option<String>,
    /// From when it may be paid; from its publication when absent. Not in the past.
    #[serde(rename = "validityDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    /// Told by the service, never sent.
    #[serde(rename = "paymentDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// Told by the service, never sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<PositionStatus>,
    #[serde(rename = "paymentOption", default)]
    pub options: Vec<PaymentOption>,
}

/// One way to pay, with its own notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentOption {
    #[serde(flatten)]
    pub notice: Notice,
    /// Whether it is an instalment; whole and instalments exclude each other once paid.
    pub is_partial_payment: bool,
    #[serde(rename = "retentionDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub retained_until: Option<Timestamp>,
    #[serde(rename = "fee", default, skip_serializing_if = "Option::is_none")]
    pub fee_cents: Option<i64>,
    #[serde(rename = "paymentOptionMetadata", default, skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<KeyValue>,
}

/// Where a position is on its way; the steps are in [`super::lifecycle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PositionStatus {
    Draft,
    Published,
    Valid,
    Invalid,
    Expired,
    PartiallyPaid,
    Paid,
    Reported,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OptionStatus {
    #[serde(rename = "PO_UNPAID")]
    Unpaid,
    #[serde(rename = "PO_PAID")]
    Paid,
    #[serde(rename = "PO_PARTIALLY_REPORTED")]
    PartiallyReported,
    #[serde(rename = "PO_REPORTED")]
    Reported,
}

/// A position as it is read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PositionAnswer {
    pub iupd: String,
    pub organization_fiscal_code: String,
    #[serde(rename = "type", default)]
    pub debtor_kind: SubjectKind,
    #[serde(default)]
    pub company_name: String,
    #[serde(rename = "publishDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
    #[serde(rename = "validityDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Timestamp>,
    #[serde(rename = "paymentDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    pub status: PositionStatus,
    #[serde(rename = "paymentOption", default)]
    pub options: Vec<OptionAnswer>,
}

/// A payment option as it is read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionAnswer {
    #[serde(flatten)]
    pub notice: NoticeAnswer,
    pub is_partial_payment: bool,
    pub status: OptionStatus,
    #[serde(rename = "reportingDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub reported_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub psp_company: Option<String>,
}

/// A page of a list of positions.
pub type Positions = Page<PositionAnswer>;

/// What a change of IBAN did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IbanChanged {
    pub description: String,
    pub updated_transfers: u32,
}
