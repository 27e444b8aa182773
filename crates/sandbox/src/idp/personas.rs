//! Who one can sign in as.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::{Idp, pages};

/// `GET /personas`: JSON for programs, a page for people.
pub async fn list(State(idp): State<Arc<Idp>>, headers: HeaderMap) -> Response {
    let wants_page = headers.get(header::ACCEPT).and_then(|a| a.to_str().ok()).is_some_and(|a| a.contains("text/html"));
    if wants_page { pages::personas(&idp.personas) } else { Json(&idp.personas).into_response() }
}

pub async fn show(State(idp): State<Arc<Idp>>) -> Response {
    pages::personas(&idp.personas)
}
