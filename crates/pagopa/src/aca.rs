//! ACA, the central archive of debts: every position of an institution that answers the node itself is told here too,
//! so that it can be paid while the station is away and be seen in app IO.
//!
//! One operation, an upsert by institution and IUV: sending a position again changes it, an amount of zero closes it.
//! Positions born inside an immediate online payment need not be told. Source: `paCreatePosition` of 2026.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::api::{Answer, Call, Endpoint, Http, Problem, RateLimit, Unavailable, to_json};
use crate::json::instant;
use crate::{NoticeNumber, SubjectKind};

/// What the service takes from one caller.
pub const RATE_LIMIT: RateLimit = RateLimit { calls: 150, within: Duration::from_secs(10) };
/// The largest amount, in cents.
pub const MAX_AMOUNT_CENTS: i64 = 99_999_999_999;
/// The longest description the service keeps; the notice itself allows 140.
pub const MAX_DESCRIPTION: usize = 255;
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// A position as it is to be; what is sent to `POST /paCreatePosition`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Position {
    pub pa_fiscal_code: String,
    #[serde(rename = "entityType")]
    pub debtor_kind: SubjectKind,
    #[serde(rename = "entityFiscalCode")]
    pub debtor_fiscal_code: String,
    #[serde(rename = "entityFullName")]
    pub debtor_full_name: String,
    pub iuv: String,
    /// The notice number. The service would build `3` + IUV: an institution with another auxiliary digit must send it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nav: Option<String>,
    /// Zero closes the position.
    #[serde(rename = "amount")]
    pub amount_cents: i64,
    pub description: String,
    /// The end of the last day on which it may be paid; see `switch_to_expired`.
    #[serde(rename = "expirationDate", with = "instant")]
    pub expires_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iban: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_iban: Option<String>,
    /// Whether the position stops being payable at `expires_at`.
    #[serde(default)]
    pub switch_to_expired: bool,
    /// Whether the node may collect it while the station is away. Not for an amount that can still grow.
    #[serde(rename = "payStandIn", default = "yes")]
    pub may_stand_in: bool,
}

fn yes() -> bool {
    true
}

/// What the service answers: the position it keeps now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Kept {
    pub pa_fiscal_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    pub iuv: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nav: Option<String>,
    #[serde(rename = "amount")]
    pub amount_cents: i64,
    /// The state in the archive, in its own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

/// Why a position was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the position cannot be sent: {0}")]
    Malformed(&'static str),
    /// 400.
    #[error("the archive takes this for a malformed position: {}", .0.detail)]
    Refused(Problem),
    /// 404: the institution or its account.
    #[error("the archive does not know the institution or its account: {}", .0.detail)]
    NotFound(Problem),
    /// 409: being paid, or paid.
    #[error("the position cannot be changed now: {}", .0.detail)]
    Conflict(Problem),
    /// 422: as closing what is closed.
    #[error("the archive does not accept this change: {}", .0.detail)]
    NotAccepted(Problem),
    /// 401 and 403.
    #[error("the archive wants another subscription key")]
    Unauthorised,
    /// 429.
    #[error("the archive wants fewer calls")]
    TooManyCalls { retry_after: Option<Duration> },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Error {
    /// Whether the same position may be taken later as it is.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::TooManyCalls { .. } | Error::Unavailable(_) | Error::Conflict(_))
    }
}

impl Position {
    /// The same position, closed: cancelled, or paid elsewhere.
    #[must_use]
    pub fn closed(self) -> Position {
        Position { amount_cents: 0, ..self }
    }

    /// The limits of the schema, so that what can only be refused is not sent.
    pub fn check(&self) -> Result<(), Error> {
        let iban = |iban: &Option<String>| iban.as_ref().is_none_or(|i| i.len() == 27);
        let rules = [
            (self.pa_fiscal_code.len() == 11, "the institution's fiscal code has 11 digits"),
            (self.debtor_fiscal_code.len() >= 2, "the debtor needs a fiscal code"),
            (in_length(&self.debtor_full_name, 255), "the debtor's name has 1 to 255 characters"),
            (in_length(&self.iuv, 255), "the IUV is missing"),
            (self.nav.as_ref().is_none_or(|n| NoticeNumber::parse(n).is_ok()), "the notice number has 18 digits"),
            ((0..=MAX_AMOUNT_CENTS).contains(&self.amount_cents), "the amount is not between 0 and 999999999.99"),
            (in_length(&self.description, MAX_DESCRIPTION), "the description has 1 to 255 characters"),
            (iban(&self.iban) && iban(&self.postal_iban), "an IBAN has 27 characters"),
        ];
        rules.iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, why)| Err(Error::Malformed(why)))
    }
}

fn in_length(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.chars().count())
}

/// A client of the archive.
#[derive(Clone, Debug)]
pub struct Client {
    http: Http,
}

impl Client {
    pub fn new(http: Http) -> Client {
        Client { http }
    }

    /// Tells the archive how a position stands. Safe to repeat.
    pub async fn put(&self, endpoint: &Endpoint, position: &Position) -> Result<Kept, Error> {
        position.check()?;
        let call = Call {
            method: Method::POST,
            path: &["paCreatePosition"],
            query: vec![],
            body: Some(to_json(position)),
            max_bytes: MAX_ANSWER_BYTES,
        };
        let answer = self.http.call(endpoint, call).await?;
        if answer.status == StatusCode::OK { Ok(answer.json()?) } else { Err(refusal(&answer)) }
    }
}

fn refusal(answer: &Answer) -> Error {
    match answer.status {
        StatusCode::BAD_REQUEST => Error::Refused(answer.problem()),
        StatusCode::NOT_FOUND => Error::NotFound(answer.problem()),
        StatusCode::CONFLICT => Error::Conflict(answer.problem()),
        StatusCode::UNPROCESSABLE_ENTITY => Error::NotAccepted(answer.problem()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Unauthorised,
        StatusCode::TOO_MANY_REQUESTS => Error::TooManyCalls { retry_after: answer.retry_after() },
        _ => Error::Unavailable(answer.unexpected()),
    }
}
