//! The files the frontend was built to, embedded with their compressed twins.

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

pub struct Asset {
    /// The name templates use: `portal.css`.
    pub logical: &'static str,
    /// The name with its content hash: `portal-1a2b3c4d.css`.
    pub name: &'static str,
    pub content: &'static [u8],
    pub brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// The address of a built file.
///
/// # Panics
/// When the frontend has no such file: a test renders every page.
pub fn url(logical: &str) -> String {
    let asset = ASSETS.iter().find(|a| a.logical == logical).unwrap_or_else(|| panic!("the frontend built no {logical}"));
    format!("/assets/{}", asset.name)
}

/// `GET /assets/{name}`: kept for a year, because another content has another name.
pub async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|a| a.name == name) else { return StatusCode::NOT_FOUND.into_response() };
    let takes_brotli = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).is_some_and(|v| v.contains("br"));
    let (content, encoding) = match asset.brotli.filter(|_| takes_brotli) {
        Some(brotli) => (brotli, Some(HeaderValue::from_static("br"))),
        None => (asset.content, None),
    };
    let mut response = Response::new(Body::from(content));
    let set = response.headers_mut();
    set.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(asset.name)));
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    set.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    set.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(encoding) = encoding {
        set.insert(header::CONTENT_ENCODING, encoding);
    }
    response
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        Some("webmanifest") => "application/manifest+json",
        Some("ico") => "image/x-icon",
        _ => "application/octet-stream",
    }
}
