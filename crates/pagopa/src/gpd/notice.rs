//! What both generations say of a notice and of who is to pay it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{PageInfo, Transfer, TransferAnswer};
use crate::json::{instant, optional_instant};
use crate::{Address, SubjectKind};

/// Who is to pay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Debtor {
    #[serde(rename = "type")]
    pub kind: SubjectKind,
    pub fiscal_code: String,
    pub full_name: String,
    #[serde(flatten)]
    pub address: Address,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub province: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

/// What is asked for under one number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// The notice number; the service builds `3` + IUV when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nav: Option<String>,
    pub iuv: String,
    #[serde(rename = "amount")]
    pub amount_cents: i64,
    /// Up to 140 characters.
    pub description: String,
    #[serde(rename = "dueDate", with = "instant")]
    pub due_at: Timestamp,
    #[serde(rename = "transfer", default)]
    pub transfers: Vec<Transfer>,
}

/// A notice as it is read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeAnswer {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nav: Option<String>,
    pub iuv: String,
    #[serde(rename = "amount")]
    pub amount_cents: i64,
    #[serde(default)]
    pub description: String,
    #[serde(rename = "dueDate", with = "instant")]
    pub due_at: Timestamp,
    #[serde(rename = "paymentDate", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// The receipt that paid it.
    #[serde(rename = "idReceipt", default, skip_serializing_if = "Option::is_none")]
    pub receipt_id: Option<String>,
    /// The reporting flow in which its money was announced.
    #[serde(rename = "idFlowReporting", default, skip_serializing_if = "Option::is_none")]
    pub flow_id: Option<String>,
    #[serde(rename = "transfer", default)]
    pub transfers: Vec<TransferAnswer>,
}

/// A page of a list of positions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    #[serde(rename = "payment_position_list")]
    pub positions: Vec<T>,
    pub page_info: PageInfo,
}

/// The default of `payStandIn`.
pub(super) fn yes() -> bool {
    true
}
