//! Receipts that are asked for, when the node did not bring them: from GPD's receipts service for positions kept
//! there ([`Client::list`], [`Client::get_xml`]), from the biz-events service by IUR for those a reporting flow
//! announced ([`Client::get_by_iur`]).
//!
//! The biz-events service answers a missing receipt a few times an hour and is not to be polled: ask once a flow
//! shows the payment. Source: `gpd_payments.json` 0.12.52 and `biz_events.json` 0.1.89 of 2026.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::api::{Answer, Call, Endpoint, Http, Problem, RateLimit, Unavailable};
use crate::json::{euros, optional_euros, optional_instant};
use crate::{Address, Destination, NoticeNumber, Psp, Receipt, Subject, SubjectKind, Transfer};

/// How often the guide allows to ask the biz-events service.
pub const RATE_LIMIT: RateLimit = RateLimit { calls: 10, within: Duration::from_secs(60 * 60) };
/// How many receipts one page of the list holds at most.
pub const MAX_PAGE: u32 = 100;
const MAX_ANSWER_BYTES: usize = crate::MAX_BODY_BYTES;

/// Why there is no receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// 404: not paid, or not there yet.
    #[error("the service has no such receipt")]
    NotFound,
    /// 400 and 422.
    #[error("the service refuses the question: {}", .0.detail)]
    Refused(Problem),
    /// 401 and 403.
    #[error("the service wants another subscription key")]
    Unauthorised,
    /// 429.
    #[error("the service wants fewer calls")]
    TooManyCalls { retry_after: Option<Duration> },
    /// It answered, but not with a receipt of its schema.
    #[error("the receipt cannot be read: {0}")]
    Unreadable(String),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A page of the receipts of an institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// From 0.
    pub current_page_number: u32,
    pub length: u32,
    pub total_pages: u32,
    pub results: Vec<ListedReceipt>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedReceipt {
    pub organization_fiscal_code: String,
    pub iuv: String,
    #[serde(default)]
    pub debtor: String,
    /// As the service writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_date_time: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// Which receipts to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// From 0.
    pub page: u32,
    pub from: Option<Date>,
    pub to: Option<Date>,
}

/// A client of both services; they have addresses of their own.
#[derive(Clone, Debug)]
pub struct Client {
    http: Http,
}

impl Client {
    pub fn new(http: Http) -> Client {
        Client { http }
    }

    /// The receipts GPD keeps for an institution. The endpoint's base ends in `/payments-receipts-service/v1`.
    pub async fn list(&self, endpoint: &Endpoint, organization: &str, query: &ListQuery) -> Result<Listed, Error> {
        let mut pairs = vec![("pageNum", query.page.to_string()), ("pageSize", MAX_PAGE.to_string())];
        pairs.extend(query.from.map(|day| ("from", day.to_string())));
        pairs.extend(query.to.map(|day| ("to", day.to_string())));
        Ok(self.get(endpoint, &["payments", organization, "receipts"], pairs).await?.json()?)
    }

    /// The XML of the receipt of one IUV, to keep as it is; [`read_xml`] reads it.
    pub async fn get_xml(&self, endpoint: &Endpoint, organization: &str, iuv: &str) -> Result<String, Error> {
        let answer = self.get(endpoint, &["payments", organization, "receipts", iuv], vec![]).await?;
        String::from_utf8(answer.body).map_err(|why| Error::Unreadable(why.to_string()))
    }

    /// The receipt a reporting flow names. The endpoint's base ends in `/bizevents/service/v1`.
    pub async fn get_by_iur(&self, endpoint: &Endpoint, organization: &str, iur: &str, iuv: &str) -> Result<BizReceipt, Error> {
        let path = ["organizations", organization, "receipts", iur, "paymentoptions", iuv];
        let answer = self.get(endpoint, &path, vec![]).await?;
        answer.json().map_err(|why| Error::Unreadable(why.0))
    }

    async fn get(&self, endpoint: &Endpoint, path: &[&str], query: Vec<(&'static str, String)>) -> Result<Answer, Error> {
        let call = Call { method: Method::GET, path, query, body: None, max_bytes: MAX_ANSWER_BYTES };
        let answer = self.http.call(endpoint, call).await?;
        match answer.status {
            StatusCode::OK => Ok(answer),
            StatusCode::NOT_FOUND => Err(Error::NotFound),
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Err(Error::Refused(answer.problem())),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Error::Unauthorised),
            StatusCode::TOO_MANY_REQUESTS => Err(Error::TooManyCalls { retry_after: answer.retry_after() }),
            _ => Err(Error::Unavailable(answer.unexpected())),
        }
    }
}

/// The receipt in a `paSendRT` request of either version, with or without its SOAP envelope.
pub fn read_xml(xml: &[u8]) -> Result<Receipt, Error> {
    crate::request::read_receipt_document(xml).map_err(Error::Unreadable)
}

/// A receipt in JSON, as the biz-events service keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BizReceipt {
    pub receipt_id: String,
    pub notice_number: String,
    pub fiscal_code: String,
    /// `OK` or `KO`.
    pub outcome: String,
    pub creditor_reference_id: String,
    #[serde(rename = "paymentAmount", with = "euros")]
    pub amount_cents: i64,
    pub description: String,
    pub company_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office_name: Option<String>,
    pub debtor: BizSubject,
    #[serde(rename = "transferList")]
    pub transfers: Vec<BizTransfer>,
    #[serde(rename = "idPSP")]
    pub psp_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub psp_fiscal_code: Option<String>,
    #[serde(rename = "pspPartitaIVA", default, skip_serializing_if = "Option::is_none")]
    pub psp_vat_number: Option<String>,
    pub psp_company_name: String,
    #[serde(rename = "idChannel")]
    pub channel_id: String,
    #[serde(default)]
    pub channel_description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<BizSubject>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<String>,
    #[serde(rename = "fee", with = "optional_euros", default, skip_serializing_if = "Option::is_none")]
    pub fee_cents: Option<i64>,
    #[serde(rename = "primaryCiIncurredFee", with = "optional_euros", default, skip_serializing_if = "Option::is_none")]
    pub creditor_fee_cents: Option<i64>,
    #[serde(rename = "idBundle", default, skip_serializing_if = "Option::is_none")]
    pub bundle_id: Option<String>,
    #[serde(rename = "idCiBundle", default, skip_serializing_if = "Option::is_none")]
    pub creditor_bundle_id: Option<String>,
    #[serde(rename = "paymentDateTimeFormatted", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    #[serde(rename = "applicationDate", default, skip_serializing_if = "Option::is_none")]
    pub applied_on: Option<Date>,
    #[serde(rename = "transferDate", default, skip_serializing_if = "Option::is_none")]
    pub transferred_on: Option<Date>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<BizEntry>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BizSubject {
    #[serde(rename = "entityUniqueIdentifierType")]
    pub kind: SubjectKind,
    #[serde(rename = "entityUniqueIdentifierValue")]
    pub identifier: String,
    pub full_name: String,
    #[serde(flatten)]
    pub address: Address,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_province_region: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BizTransfer {
    /// 1 to 5.
    #[serde(rename = "idTransfer")]
    pub index: u8,
    #[serde(rename = "transferAmount", with = "euros")]
    pub amount_cents: i64,
    #[serde(rename = "fiscalCodePA")]
    pub fiscal_code_pa: String,
    /// Null where a stamp was bought.
    #[serde(default)]
    pub iban: Option<String>,
    #[serde(default)]
    pub mbd_attachment: Option<String>,
    pub remittance_information: String,
    #[serde(rename = "transferCategory")]
    pub category: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Vec<BizEntry>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BizEntry {
    pub key: Option<String>,
    pub value: Option<String>,
}

impl BizReceipt {
    /// The receipt as the node would have brought it. What the service does not keep (the payment note, whether it
    /// was collected in stand-in) is absent.
    pub fn receipt(&self) -> Result<Receipt, Error> {
        let notice_number = NoticeNumber::parse(&self.notice_number).map_err(|why| Error::Unreadable(why.to_string()))?;
        Ok(Receipt {
            receipt_id: self.receipt_id.clone(),
            notice_number,
            fiscal_code: self.fiscal_code.clone(),
            is_paid: self.outcome == "OK",
            creditor_reference_id: self.creditor_reference_id.clone(),
            amount_cents: self.amount_cents,
            description: self.description.clone(),
            company_name: self.company_name.clone(),
            office_name: self.office_name.clone(),
            debtor: self.debtor.subject(),
            transfers: self.transfers.iter().map(BizTransfer::transfer).collect::<Result<_, _>>()?,
            psp: self.psp(),
            payer: self.payer.as_ref().map(BizSubject::subject),
            payment_method: self.payment_method.clone(),
            payment_note: None,
            fee_cents: self.fee_cents,
            creditor_fee_cents: self.creditor_fee_cents,
            bundle_id: self.bundle_id.clone(),
            creditor_bundle_id: self.creditor_bundle_id.clone(),
            paid_at: self.paid_at,
            applied_on: self.applied_on,
            transferred_on: self.transferred_on,
            metadata: pairs(self.metadata.as_deref()),
            is_stand_in: false,
        })
    }

    fn psp(&self) -> Psp {
        Psp {
            id: self.psp_id.clone(),
            fiscal_code: self.psp_fiscal_code.clone(),
            vat_number: self.psp_vat_number.clone(),
            company_name: self.psp_company_name.clone(),
            channel_id: self.channel_id.clone(),
            channel_description: self.channel_description.clone(),
        }
    }
}

impl BizSubject {
    fn subject(&self) -> Subject {
        Subject {
            kind: self.kind,
            identifier: self.identifier.clone(),
            full_name: self.full_name.clone(),
            street: self.address.street_name.clone(),
            civic_number: self.address.civic_number.clone(),
            postal_code: self.address.postal_code.clone(),
            city: self.address.city.clone(),
            province: self.state_province_region.clone(),
            country: self.address.country.clone(),
            email: self.address.email.clone(),
        }
    }
}

impl BizTransfer {
    fn transfer(&self) -> Result<Transfer, Error> {
        let destination = match (&self.iban, &self.mbd_attachment) {
            (Some(iban), _) if !iban.is_empty() => Destination::Iban(iban.clone()),
            (_, Some(stamp)) => Destination::StampAttachment(stamp.clone()),
            _ => return Err(Error::Unreadable("a transfer without IBAN or stamp".into())),
        };
        Ok(Transfer {
            index: self.index,
            amount_cents: self.amount_cents,
            fiscal_code_pa: self.fiscal_code_pa.clone(),
            company_name: None,
            destination,
            remittance_information: self.remittance_information.clone(),
            category: self.category.clone(),
            metadata: pairs(self.metadata.as_deref()),
        })
    }
}

fn pairs(entries: Option<&[BizEntry]>) -> Vec<(String, String)> {
    let pair = |entry: &BizEntry| entry.key.clone().zip(entry.value.clone());
    entries.unwrap_or_default().iter().filter_map(pair).collect()
}
