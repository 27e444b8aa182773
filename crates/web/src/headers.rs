//! Headers every answer carries.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::Response;

use crate::visit::Visit;

/// Origins to which a form of this page, or the redirect that follows it, may lead: an identity provider, the Checkout.
/// Set by the page as a response extension.
#[derive(Clone, Debug)]
pub struct FormsLeadTo(pub Vec<String>);

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
                      manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// A file that a browser may open by itself and that is a document too: it runs, loads and leads to nothing. Set by the
/// door as a response extension.
#[derive(Clone, Copy, Debug)]
pub struct AloneAndStill;

const STILL: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

const ALWAYS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=(), payment=()"),
];

pub fn harden(mut response: Response, visit: Option<&Visit>) -> Response {
    let origins = response.extensions_mut().remove::<FormsLeadTo>().map(|f| f.0).unwrap_or_default();
    let policy = match response.extensions_mut().remove::<AloneAndStill>() {
        Some(AloneAndStill) => STILL.to_owned(),
        None => origins.iter().fold(POLICY.to_owned(), |policy, origin| policy + " " + origin),
    };
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static(POLICY)));
    if let Some(visit) = visit {
        if visit.tenant.has_tls() {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000; includeSubDomains"));
        }
        let id = visit.ctx.request_id.simple().to_string();
        headers.insert(HeaderName::from_static("x-request-id"), HeaderValue::from_str(&id).expect("hexadecimal digits"));
    }
    // What is of somebody must not stay on a shared phone or in a proxy; files with a content hash set their own.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
