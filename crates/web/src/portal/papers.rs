//! The making of a paper off the request's thread.

use axum::response::Response;
use paper::Papers;

use crate::chrome::download;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Sets a paper: milliseconds of work that must not hold up other requests.
pub async fn send(
    visit: &Visit,
    file_name: &str,
    make: impl FnOnce(&Papers) -> Result<Vec<u8>, paper::Error> + Send + 'static,
) -> Result<Response, Refusal> {
    let state = visit.state.clone();
    let made = tokio::task::spawn_blocking(move || make(&state.papers)).await.map_err(|_| Refusal::Unexpected)?;
    Ok(download("application/pdf", file_name, made?))
}
