use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use reqwest::{Method, StatusCode};
use serde::de::DeserializeOwned;

use super::rules::Checked;
use super::{Broken, MAX_PAGE, v1, v3};
use crate::api::{Answer, Call, Endpoint, Http, Problem, Unavailable, to_json};

const MAX_ANSWER_BYTES: usize = 4 * 1024 * 1024;

/// Why a call to GPD did not do what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("the position cannot be sent: {0}")]
    Broken(#[from] Broken),
    /// 400.
    #[error("GPD takes this for a malformed request: {}", .0.detail)]
    Refused(Problem),
    /// 404.
    #[error("GPD knows no such position")]
    NotFound,
    /// 409: the position or its IUV is there already, or its state allows no such step.
    #[error("GPD refuses the step: {}", .0.detail)]
    Conflict(Problem),
    /// 401 and 403.
    #[error("GPD wants another subscription key")]
    Unauthorised,
    /// 429.
    #[error("GPD wants fewer calls")]
    TooManyCalls { retry_after: Option<Duration> },
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Error {
    /// Whether the same call may succeed later as it is.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Error::TooManyCalls { .. } | Error::Unavailable(_))
    }
}

/// What a deletion answers, in the service's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deleted(pub String);

/// Which positions to list; all dates are days, both ends included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// From 0.
    pub page: u32,
    pub due: Option<(Date, Date)>,
    pub paid: Option<(Date, Date)>,
    pub status: Option<v1::PositionStatus>,
}

impl ListQuery {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("limit", MAX_PAGE.to_string()), ("page", self.page.to_string())];
        for (range, from, to) in [(self.due, "due_date_from", "due_date_to"), (self.paid, "payment_date_from", "payment_date_to")]
        {
            pairs.extend(range.into_iter().flat_map(|(first, last)| [(from, first.to_string()), (to, last.to_string())]));
        }
        let status = self.status.map(|s| serde_json::to_value(s).expect("a status is a word"));
        pairs.extend(status.and_then(|s| s.as_str().map(|word| ("status", word.to_owned()))));
        pairs
    }
}

/// A client of GPD; the endpoint's base ends in `/debt-positions-service/v1`, or `/v3` for the calls named so.
#[derive(Clone, Debug)]
pub struct Client {
    http: Http,
}

impl Client {
    pub fn new(http: Http) -> Client {
        Client { http }
    }

    /// Creates a position, published at once or left a draft.
    pub async fn create(
        &self,
        endpoint: &Endpoint,
        organization: &str,
        position: &v1::Position,
        publish: bool,
        now: Timestamp,
    ) -> Result<v1::Position, Error> {
        let call = posting(Method::POST, publish, position, now)?;
        self.send(endpoint, &path(organization, &[]), call, StatusCode::CREATED).await
    }

    /// Puts another position in the place of one that nobody has paid.
    pub async fn update(
        &self,
        endpoint: &Endpoint,
        organization: &str,
        position: &v1::Position,
        publish: bool,
        now: Timestamp,
    ) -> Result<v1::Position, Error> {
        let call = posting(Method::PUT, publish, position, now)?;
        self.send(endpoint, &path(organization, &[&position.iupd]), call, StatusCode::OK).await
    }

    /// Makes a draft payable.
    pub async fn publish(&self, endpoint: &Endpoint, organization: &str, iupd: &str) -> Result<v1::Position, Error> {
        self.send(endpoint, &path(organization, &[iupd, "publish"]), bare(Method::POST), StatusCode::OK).await
    }

    /// Takes back a published position that nobody has paid.
    pub async fn invalidate(&self, endpoint: &Endpoint, organization: &str, iupd: &str) -> Result<v1::Position, Error> {
        self.send(endpoint, &path(organization, &[iupd, "invalidate"]), bare(Method::POST), StatusCode::OK).await
    }

    pub async fn get(&self, endpoint: &Endpoint, organization: &str, iupd: &str) -> Result<v1::PositionAnswer, Error> {
        self.send(endpoint, &path(organization, &[iupd]), bare(Method::GET), StatusCode::OK).await
    }

    pub async fn list(&self, endpoint: &Endpoint, organization: &str, query: &ListQuery) -> Result<v1::Positions, Error> {
        let call = Sent { query: query.pairs(), ..bare(Method::GET) };
        self.send(endpoint, &path(organization, &[]), call, StatusCode::OK).await
    }

    pub async fn delete(&self, endpoint: &Endpoint, organization: &str, iupd: &str) -> Result<Deleted, Error> {
        let answer = self.answer(endpoint, &path(organization, &[iupd]), bare(Method::DELETE), StatusCode::OK).await?;
        Ok(Deleted(String::from_utf8_lossy(&answer.body).trim_matches('"').to_owned()))
    }

    /// Moves all unpaid transfers of an institution to another account; at most 1000 in one call.
    pub async fn change_iban(
        &self,
        endpoint: &Endpoint,
        organization: &str,
        old_iban: &str,
        new_iban: &str,
    ) -> Result<v1::IbanChanged, Error> {
        let body = to_json(&serde_json::json!({ "newIban": new_iban }));
        let call = Sent { query: vec![("oldIban", old_iban.to_owned())], body: Some(body), ..bare(Method::PATCH) };
        self.send(endpoint, &path(organization, &["transfers"]), call, StatusCode::OK).await
    }

    /// [`Client::create`] of the third generation.
    pub async fn create_v3(
        &self,
        endpoint: &Endpoint,
        organization: &str,
        position: &v3::Position,
        publish: bool,
        now: Timestamp,
    ) -> Result<v3::Position, Error> {
        let call = posting(Method::POST, publish, position, now)?;
        self.send(endpoint, &path(organization, &[]), call, StatusCode::CREATED).await
    }

    /// [`Client::get`] of the third generation.
    pub async fn get_v3(&self, endpoint: &Endpoint, organization: &str, iupd: &str) -> Result<v3::PositionAnswer, Error> {
        self.send(endpoint, &path(organization, &[iupd]), bare(Method::GET), StatusCode::OK).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        endpoint: &Endpoint,
        path: &[&str],
        sent: Sent,
        expected: StatusCode,
    ) -> Result<T, Error> {
        Ok(self.answer(endpoint, path, sent, expected).await?.json()?)
    }

    async fn answer(&self, endpoint: &Endpoint, path: &[&str], sent: Sent, expected: StatusCode) -> Result<Answer, Error> {
        let call = Call { method: sent.method, path, query: sent.query, body: sent.body, max_bytes: MAX_ANSWER_BYTES };
        let answer = self.http.call(endpoint, call).await?;
        if answer.status == expected { Ok(answer) } else { Err(refusal(&answer)) }
    }
}

struct Sent {
    method: Method,
    query: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
}

fn bare(method: Method) -> Sent {
    Sent { method, query: vec![], body: None }
}

/// A position on its way; one that breaks a rule never leaves.
fn posting(method: Method, publish: bool, position: &impl Checked, now: Timestamp) -> Result<Sent, Broken> {
    position.check(now)?;
    Ok(Sent { query: vec![("toPublish", publish.to_string())], body: Some(to_json(position)), ..bare(method) })
}

fn path<'a>(organization: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    [&["organizations", organization, "debtpositions"], rest].concat()
}

fn refusal(answer: &Answer) -> Error {
    match answer.status {
        StatusCode::BAD_REQUEST => Error::Refused(answer.problem()),
        StatusCode::NOT_FOUND => Error::NotFound,
        StatusCode::CONFLICT => Error::Conflict(answer.problem()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Error::Unauthorised,
        StatusCode::TOO_MANY_REQUESTS => Error::TooManyCalls { retry_after: answer.retry_after() },
        _ => Error::Unavailable(answer.unexpected()),
    }
}
