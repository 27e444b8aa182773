//! The node's side of the wire: asks the institution, with the time-outs of the real one.

use std::time::Duration;

use pagopa::{Request, Response};

/// How long the node waits for a verify or a payment.
const ASK_TIMEOUT: Duration = Duration::from_secs(7);
/// How long it waits for a receipt to be taken.
const RECEIPT_TIMEOUT: Duration = Duration::from_secs(15);

pub(crate) struct Node {
    http: reqwest::Client,
    url: String,
}

impl Node {
    pub fn new(url: String) -> Result<Node, String> {
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().map_err(|e| e.to_string())?;
        Ok(Node { http, url })
    }

    /// The institution's answer, or in words why there is none.
    pub async fn ask(&self, request: &Request) -> Result<Response, String> {
        let timeout = if matches!(request, Request::Receipt(_)) { RECEIPT_TIMEOUT } else { ASK_TIMEOUT };
        let sent = self.http.post(&self.url).timeout(timeout).header("Content-Type", pagopa::CONTENT_TYPE);
        let action = format!("\"{}\"", request.operation().name());
        let answer = sent.header("SOAPAction", action).body(request.encode()).send().await;
        let bytes = answer.map_err(unreachable)?.bytes().await.map_err(unreachable)?;
        Response::decode(&bytes).map_err(|e| format!("PPT_STAZIONE_INT_PA_ERRORE_RESPONSE: {e}"))
    }
}

fn unreachable(error: reqwest::Error) -> String {
    let code = if error.is_timeout() { "PPT_STAZIONE_INT_PA_TIMEOUT" } else { "PPT_STAZIONE_INT_PA_IRRAGGIUNGIBILE" };
    format!("{code}: {error}")
}
