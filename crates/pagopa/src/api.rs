//! How the REST services of the platform are called: one HTTP client, a key per institution and service, answers of
//! bounded length, no redirect followed.

use std::fmt;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, StatusCode, Url, redirect};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The header by which every service knows who calls.
pub const SUBSCRIPTION_KEY: &str = "Ocp-Apim-Subscription-Key";

/// Where a service is and by which key it knows us; one for each institution and service.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// As `https://api.platform.pagopa.it/aca/v1`; a trailing slash does no harm.
    pub base_url: String,
    /// Sent as [`SUBSCRIPTION_KEY`] when there is one.
    pub subscription_key: Option<String>,
}

/// The body of a refusal, as RFC 7807 has it; what is absent is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub status: u16,
    #[serde(default)]
    pub detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
}

/// Why a call brought no answer that could be read: ask again later.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the service does not answer: {0}")]
pub struct Unavailable(pub String);

/// A number of calls allowed within some seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    pub calls: u32,
    pub within: Duration,
}

/// The HTTP client of all services; cheap to clone, one for all institutions.
#[derive(Clone, Debug)]
pub struct Http {
    client: reqwest::Client,
}

/// One call: a path of segments below the base, which are encoded here.
pub(crate) struct Call<'a> {
    pub method: Method,
    pub path: &'a [&'a str],
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Vec<u8>>,
    /// The longest answer worth reading.
    pub max_bytes: usize,
}

/// What came back, whatever its status.
pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Http {
    /// A client that never follows a redirect and gives up after `timeout`.
    pub fn new(timeout: Duration) -> Result<Http, Unavailable> {
        let client =
            reqwest::Client::builder().redirect(redirect::Policy::none()).connect_timeout(timeout / 3).timeout(timeout).build();
        Ok(Http { client: client.map_err(unavailable)? })
    }

    pub(crate) async fn call(&self, endpoint: &Endpoint, call: Call<'_>) -> Result<Answer, Unavailable> {
        let mut request = self.client.request(call.method, address(endpoint, call.path, &call.query)?);
        if let Some(key) = &endpoint.subscription_key {
            request = request.header(SUBSCRIPTION_KEY, key);
        }
        if let Some(body) = call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let mut response = request.send().await.map_err(unavailable)?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        Ok(Answer { status, headers, body: read_body(response, call.max_bytes).await? })
    }
}

fn address(endpoint: &Endpoint, path: &[&str], query: &[(&str, String)]) -> Result<Url, Unavailable> {
    let mut url = Url::parse(&endpoint.base_url).map_err(unavailable)?;
    let not_a_base = || Unavailable("the base address cannot have a path".into());
    url.path_segments_mut().map_err(|()| not_a_base())?.pop_if_empty().extend(path);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

async fn read_body(mut response: reqwest::Response, most: usize) -> Result<Vec<u8>, Unavailable> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unavailable)? {
        body.extend_from_slice(&chunk);
        if body.len() > most {
            return Err(Unavailable("an endless answer".into()));
        }
    }
    Ok(body)
}

impl Answer {
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Unavailable> {
        serde_json::from_slice(&self.body).map_err(unavailable)
    }

    /// The problem told, or as much of one as the status says.
    pub fn problem(&self) -> Problem {
        let told: Problem = serde_json::from_slice(&self.body).unwrap_or_default();
        Problem { status: self.status.as_u16(), ..told }
    }

    /// How long to wait, where the service says so.
    pub fn retry_after(&self) -> Option<Duration> {
        let header = ["retry-after", "x-rate-limit-retry-after"].iter().find_map(|name| self.headers.get(*name))?;
        header.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
    }

    pub fn unexpected(&self) -> Unavailable {
        Unavailable(format!("status {}", self.status))
    }
}

pub(crate) fn to_json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("messages are plain values with text keys")
}

/// An error with all its causes, since the outermost says little.
pub(crate) fn unavailable(error: impl std::error::Error) -> Unavailable {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    Unavailable(text)
}

/// The key is a secret.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.subscription_key.as_ref().map(|_| "…");
        f.debug_struct("Endpoint").field("base_url", &self.base_url).field("subscription_key", &key).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_encoded_and_never_leave_the_base() {
        let endpoint = Endpoint { base_url: "https://api.example/gpd/v1/".into(), subscription_key: Some("segreta".into()) };
        let url = address(&endpoint, &["organizations", "a/../b?c", "à"], &[("q", "1&2".into())]).unwrap();
        assert_eq!(url.as_str(), "https://api.example/gpd/v1/organizations/a%2F..%2Fb%3Fc/%C3%A0?q=1%262");
        assert!(!format!("{endpoint:?}").contains("segreta"));
        assert!(address(&Endpoint { base_url: "mailto:a@b.it".into(), ..endpoint }, &["x"], &[]).is_err());
    }
}
