//! Messages in app IO: ask whether a person takes them from this service, send one, see what became of it.
//!
//! A message is read by strangers on a locked screen: no pupil's name and nothing of health or diet belongs in its
//! subject or text. Source: the IO services API of 2026.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::api::{Answer, Call, Endpoint, Http, Problem, RateLimit, Unavailable, to_json};
use crate::json::{instant, optional_instant};

/// What the service takes from one caller.
pub const RATE_LIMIT: RateLimit = RateLimit { calls: 150, within: Duration::from_secs(5) };
/// Characters of a subject.
pub const SUBJECT: std::ops::RangeInclusive<usize> = 10..=120;
/// Characters of a text.
pub const MARKDOWN: std::ops::RangeInclusive<usize> = 80..=10_000;
/// Cents that a message can ask for.
pub const AMOUNT_CENTS: std::ops::RangeInclusive<i64> = 1..=9_999_999_999;
const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Whether a person can be written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Whether this person takes messages of this service.
    pub sender_allowed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub preferred_languages: Vec<String>,
}

/// What is sent to `POST /messages`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewMessage {
    pub fiscal_code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feature_level_type: Option<FeatureLevel>,
    pub content: Content,
}

/// Whether the service has signed for the paid functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FeatureLevel {
    Standard,
    Advanced,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub subject: String,
    /// A blank line begins a paragraph.
    pub markdown: String,
    /// Puts a reminder in the person's calendar.
    #[serde(rename = "due_date", with = "optional_instant", default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// No copy by e-mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_secure_channels: Option<bool>,
    #[serde(rename = "payment_data", default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentData>,
}

/// The notice a message asks to pay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentData {
    #[serde(rename = "amount")]
    pub amount_cents: i64,
    pub notice_number: String,
    /// Only where the institution answers that an overdue notice has expired.
    #[serde(default)]
    pub invalid_after_due_date: bool,
    pub payee: Payee,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payee {
    pub fiscal_code: String,
}

/// What the service answers to a message it took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    pub id: String,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    pub message: SentMessage,
    /// `ACCEPTED`, `THROTTLED`, `FAILED`, `PROCESSED` or `REJECTED`; the list may grow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Advanced services only: `UNAVAILABLE`, `UNREAD`, `READ`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_status: Option<String>,
    /// Advanced services only: `PAID`, `NOT_PAID`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_status: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentMessage {
    pub id: String,
    pub fiscal_code: String,
    #[serde(with = "instant")]
    pub created_at: Timestamp,
    #[serde(default)]
    pub sender_service_id: String,
}

/// Why a message was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the message cannot be sent: {0}")]
    Malformed(&'static str),
    /// 400.
    #[error("the service takes this for a malformed message: {}", .0.detail)]
    Refused(Problem),
    /// 403: not for this person, or not by this service.
    #[error("this service may not write to this person")]
    NotAllowed,
    /// 404: the person does not use app IO.
    #[error("this person does not use app IO")]
    NotFound,
    /// 401.
    #[error("the service wants another subscription key")]
    Unauthorised,
    /// 429.
    #[error("the service wants fewer calls")]
    TooManyCalls { retry_after: Option<Duration> },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Error {
    /// Whether the same message may be taken later as it is.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::TooManyCalls { .. } | Error::Unavailable(_))
    }
}

impl NewMessage {
    /// The limits of the schema.
    pub fn check(&self) -> Result<(), Error> {
        let payment = self.content.payment.as_ref();
        let is_notice =
            |n: &str| n.len() == 18 && n.bytes().all(|b| b.is_ascii_digit()) && matches!(n.as_bytes()[0], b'0'..=b'3');
        let rules = [
            (self.fiscal_code.len() == 16, "a fiscal code has 16 characters"),
            (SUBJECT.contains(&self.content.subject.chars().count()), "a subject has 10 to 120 characters"),
            (MARKDOWN.contains(&self.content.markdown.chars().count()), "a text has 80 to 10000 characters"),
            (payment.is_none_or(|p| AMOUNT_CENTS.contains(&p.amount_cents)), "an amount is 0.01 to 99999999.99"),
            (payment.is_none_or(|p| is_notice(&p.notice_number)), "a notice number has 18 digits, the first of them 0 to 3"),
        ];
        rules.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, why)| Err(Error::Malformed(why)))
    }
}

/// A client of the IO services API, as `https://api.io.pagopa.it/api/v1`; the key is the tenant's service's.
#[derive(Clone, Debug)]
pub struct Client {
    http: Http,
}

impl Client {
    pub fn new(http: Http) -> Client {
        Client { http }
    }

    /// Whether this service may write to a person; a person without app IO is none.
    pub async fn find_profile(&self, endpoint: &Endpoint, fiscal_code: &str) -> Result<Option<Profile>, Error> {
        let body = to_json(&serde_json::json!({ "fiscal_code": fiscal_code }));
        match self.call(endpoint, Method::POST, &["profiles"], Some(body), StatusCode::OK).await {
            Ok(answer) => Ok(Some(answer.json()?)),
            Err(Error::NotFound) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Sends a message and gives its id. Ask [`Client::find_profile`] first. Not idempotent: on
    /// [`Error::Unavailable`] the message may have been taken.
    pub async fn send(&self, endpoint: &Endpoint, message: &NewMessage) -> Result<Created, Error> {
        message.check()?;
        let answer = self.call(endpoint, Method::POST, &["messages"], Some(to_json(message)), StatusCode::CREATED).await?;
        Ok(answer.json()?)
    }

    pub async fn get(&self, endpoint: &Endpoint, fiscal_code: &str, id: &str) -> Result<Sent, Error> {
        let answer = self.call(endpoint, Method::GET, &["messages", fiscal_code, id], None, StatusCode::OK).await?;
        Ok(answer.json()?)
    }

    async fn call(
        &self,
        endpoint: &Endpoint,
        method: Method,
        path: &[&str],
        body: Option<Vec<u8>>,
        expected: StatusCode,
    ) -> Result<Answer, Error> {
        let answer = self.http.call(endpoint, Call { method, path, query: vec![], body, max_bytes: MAX_ANSWER_BYTES }).await?;
        if answer.status == expected { Ok(answer) } else { Err(refusal(&answer)) }
    }
}

fn refusal(answer: &Answer) -> Error {
    match answer.status {
        StatusCode::BAD_REQUEST => Error::Refused(answer.problem()),
        StatusCode::FORBIDDEN => Error::NotAllowed,
        StatusCode::NOT_FOUND => Error::NotFound,
        StatusCode::UNAUTHORIZED => Error::Unauthorised,
        StatusCode::TOO_MANY_REQUESTS => Error::TooManyCalls { retry_after: answer.retry_after() },
        _ => Error::Unavailable(answer.unexpected()),
    }
}
