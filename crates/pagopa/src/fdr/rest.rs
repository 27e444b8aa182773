//! The flow by REST: a list, a header, pages of payments.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Flow, Mismatch, OutcomeCode, Party, PartyKind, Payment};
use crate::api::{Answer, Call, Endpoint, Http, Unavailable};
use crate::json::{euros, instant, write_instant};

/// How many rows one page holds at most.
pub const MAX_PAGE: u32 = 1000;
/// More pages than this of one flow are no flow.
const MAX_PAGES: u32 = 1000;
const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Why a flow was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// 404.
    #[error("the service has no such flow")]
    NotFound,
    /// 400.
    #[error("the service refuses the question: {}", .0.http_status_description)]
    Refused(ErrorResponse),
    /// 401 and 403.
    #[error("the service wants another subscription key")]
    Unauthorised,
    /// 429.
    #[error("the service wants fewer calls")]
    TooManyCalls { retry_after: Option<Duration> },
    #[error("the flow is not to be trusted: {0}")]
    Totals(#[from] Mismatch),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The body of a refusal of this service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorResponse {
    pub error_id: String,
    pub http_status_code: u16,
    pub http_status_description: String,
    pub app_error_code: String,
    pub errors: Vec<ErrorMessage>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ErrorMessage {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    pub message: String,
}

/// Where a page stands, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageMetadata {
    pub page_size: u32,
    pub page_number: u32,
    #[serde(rename = "totPage")]
    pub total_pages: u32,
}

/// A page of the list of flows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowsPage {
    pub metadata: PageMetadata,
    pub count: u64,
    pub data: Vec<ListedFlow>,
}

/// A flow in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ListedFlow {
    #[serde(rename = "fdr")]
    pub id: String,
    pub psp_id: String,
    pub revision: u32,
    #[serde(rename = "published", with = "instant")]
    pub published_at: Timestamp,
    #[serde(rename = "flowDate", with = "instant")]
    pub flow_at: Timestamp,
}

/// What is said of a flow besides its payments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlowHeader {
    /// `PUBLISHED` for whoever may read it.
    pub status: String,
    pub revision: u32,
    #[serde(rename = "fdr")]
    pub id: String,
    #[serde(rename = "fdrDate", with = "instant")]
    pub flow_at: Timestamp,
    /// The bank's number of the transfer (TRN).
    pub regulation: String,
    #[serde(rename = "regulationDate")]
    pub regulation_on: Date,
    #[serde(rename = "bicCodePouringBank", default, skip_serializing_if = "Option::is_none")]
    pub bic: Option<String>,
    pub sender: Sender,
    pub receiver: Receiver,
    #[serde(rename = "totPayments")]
    pub count: u64,
    #[serde(rename = "sumPayments", with = "euros")]
    pub sum_cents: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sender {
    /// `LEGAL_PERSON`, `ABI_CODE` or `BIC_CODE`.
    #[serde(rename = "type")]
    pub kind: String,
    pub id: String,
    pub psp_id: String,
    pub psp_name: String,
    #[serde(default)]
    pub psp_broker_id: String,
    #[serde(default)]
    pub channel_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receiver {
    pub id: String,
    pub organization_id: String,
    pub organization_name: String,
}

/// A page of the payments of a flow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentsPage {
    pub metadata: PageMetadata,
    pub count: u64,
    pub data: Vec<PaymentRow>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentRow {
    /// The row's number in the flow.
    pub index: u64,
    pub iuv: String,
    pub iur: String,
    /// Which transfer of the receipt, 1 to 5.
    pub id_transfer: u8,
    #[serde(rename = "pay", with = "euros")]
    pub amount_cents: i64,
    #[serde(rename = "payStatus")]
    pub outcome: String,
    #[serde(rename = "payDate", with = "instant")]
    pub paid_at: Timestamp,
}

/// The words of this service for the codes of the file.
const OUTCOMES: [(&str, OutcomeCode); 5] = [
    ("EXECUTED", OutcomeCode::EXECUTED),
    ("REVOKED", OutcomeCode::REVOKED),
    ("STAND_IN", OutcomeCode::STAND_IN),
    ("STAND_IN_NO_RPT", OutcomeCode::STAND_IN_NO_RPT),
    ("NO_RPT", OutcomeCode::NO_RPT),
];

/// What a word that is not documented becomes: no code of a file has three digits.
const UNKNOWN_OUTCOME: OutcomeCode = OutcomeCode(255);

impl OutcomeCode {
    /// The code for a word of the REST service; an undocumented one is kept as a code nobody takes for collected.
    pub fn from_word(word: &str) -> OutcomeCode {
        OUTCOMES.iter().find(|(known, _)| *known == word).map_or(UNKNOWN_OUTCOME, |(_, code)| *code)
    }

    /// The word of the REST service; none for codes that only files carry.
    pub fn word(self) -> Option<&'static str> {
        OUTCOMES.iter().find(|(_, code)| *code == self).map(|(word, _)| *word)
    }
}

/// Which flows to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// From 1; 0 asks for the first too.
    pub page: u32,
    pub published_after: Option<Timestamp>,
    pub flow_at: Option<Timestamp>,
    pub psp_id: Option<String>,
}

/// Of each flow only its highest revision counts: a later one stands in the place of those before.
pub fn latest_revisions(flows: &[ListedFlow]) -> Vec<&ListedFlow> {
    let mut latest: Vec<&ListedFlow> = Vec::new();
    for flow in flows {
        match latest.iter_mut().find(|kept| (&kept.id, &kept.psp_id) == (&flow.id, &flow.psp_id)) {
            Some(kept) if kept.revision < flow.revision => *kept = flow,
            Some(_) => {}
            None => latest.push(flow),
        }
    }
    latest
}

/// A client of the service, as `https://api.platform.pagopa.it/fdr-org/service/v1`.
#[derive(Clone, Debug)]
pub struct Client {
    http: Http,
}

impl Client {
    pub fn new(http: Http) -> Client {
        Client { http }
    }

    pub async fn list(&self, endpoint: &Endpoint, organization: &str, query: &ListQuery) -> Result<FlowsPage, Error> {
        let mut pairs = vec![("page", query.page.max(1).to_string()), ("size", MAX_PAGE.to_string())];
        pairs.extend(query.published_after.map(|at| ("publishedGt", write_instant(at))));
        pairs.extend(query.flow_at.map(|at| ("flowDate", write_instant(at))));
        pairs.extend(query.psp_id.clone().map(|id| ("pspId", id)));
        self.get(endpoint, &["organizations", organization, "fdrs"], pairs).await
    }

    pub async fn header(&self, endpoint: &Endpoint, organization: &str, of: &ListedFlow) -> Result<FlowHeader, Error> {
        let revision = of.revision.to_string();
        self.get(endpoint, &path(organization, of, &revision), vec![]).await
    }

    /// One page of the payments, from 1.
    pub async fn payments(
        &self,
        endpoint: &Endpoint,
        organization: &str,
        of: &ListedFlow,
        page: u32,
    ) -> Result<PaymentsPage, Error> {
        let revision = of.revision.to_string();
        let path = [path(organization, of, &revision).as_slice(), &["payments"]].concat();
        self.get(endpoint, &path, vec![("page", page.to_string()), ("size", MAX_PAGE.to_string())]).await
    }

    /// The whole flow: header, all pages, and its totals checked.
    pub async fn fetch(&self, endpoint: &Endpoint, organization: &str, of: &ListedFlow) -> Result<Flow, Error> {
        let header = self.header(endpoint, organization, of).await?;
        let mut rows = Vec::new();
        for page in 1..=MAX_PAGES {
            let PaymentsPage { metadata, data, .. } = self.payments(endpoint, organization, of, page).await?;
            rows.extend(data);
            if page >= metadata.total_pages {
                break;
            }
        }
        let flow = header.with(&rows);
        flow.check()?;
        Ok(flow)
    }

    async fn get<T: DeserializeOwned>(
        &self,
        endpoint: &Endpoint,
        path: &[&str],
        query: Vec<(&'static str, String)>,
    ) -> Result<T, Error> {
        let call = Call { method: Method::GET, path, query, body: None, max_bytes: MAX_ANSWER_BYTES };
        let answer = self.http.call(endpoint, call).await?;
        if answer.status == StatusCode::OK { Ok(answer.json()?) } else { Err(refusal(&answer)) }
    }
}

fn path<'a>(organization: &'a str, of: &'a ListedFlow, revision: &'a str) -> [&'a str; 8] {
    ["organizations", organization, "fdrs", &of.id, "revisions", revision, "psps", &of.psp_id]
}

fn refusal(answer: &Answer) -> Error {
    match answer.status {
        StatusCode::NOT_FOUND => Error::NotFound,
        StatusCode::BAD_REQUEST => Error::Refused(answer.json().unwrap_or_default()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Unauthorised,
        StatusCode::TOO_MANY_REQUESTS => Error::TooManyCalls { retry_after: answer.retry_after() },
        _ => Error::Unavailable(answer.unexpected()),
    }
}

impl FlowHeader {
    /// The flow of this header with these rows; not yet checked.
    pub fn with(self, rows: &[PaymentRow]) -> Flow {
        let kind = match self.sender.kind.as_str() {
            "ABI_CODE" => PartyKind::Abi,
            "BIC_CODE" => PartyKind::Bic,
            _ => PartyKind::LegalPerson,
        };
        Flow {
            id: self.id,
            revision: Some(self.revision),
            flow_at: self.flow_at,
            regulation: self.regulation,
            regulation_on: self.regulation_on,
            bic: self.bic,
            sender: Party { kind, code: self.sender.id, name: Some(self.sender.psp_name) },
            receiver: Party {
                kind: PartyKind::LegalPerson,
                code: self.receiver.organization_id,
                name: Some(self.receiver.organization_name),
            },
            count: self.count,
            sum_cents: self.sum_cents,
            payments: rows.iter().map(PaymentRow::payment).collect(),
        }
    }
}

impl PaymentRow {
    fn payment(&self) -> Payment {
        Payment {
            iuv: self.iuv.clone(),
            iur: self.iur.clone(),
            index: Some(self.id_transfer),
            amount_cents: self.amount_cents,
            outcome: OutcomeCode::from_word(&self.outcome),
            paid_on: crate::dates::rome_day(self.paid_at),
        }
    }
}
