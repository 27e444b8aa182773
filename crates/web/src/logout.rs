//! Ways out: the sign-out of the page, and single logout with identity providers.

use askama::Template;
use axum::body::Bytes;
use axum::extract::RawQuery;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use identity::logout::{self, Taken};
use identity::sign_in::Scheme;
use saml::{Carrier, Incoming, Kind};

use crate::chrome::{Chrome, html};
use crate::cookies;
use crate::fields::Fields;
use crate::guard::see_other;
use crate::refusal::Refusal;
use crate::sign_in::carry;
use crate::visit::Visit;

/// `POST /esci`: the session ends here first; a provider that keeps one is told through the browser.
pub async fn sign_out(visit: Visit) -> Result<Response, Refusal> {
    let session = visit.session.as_ref().ok_or(Refusal::SignInFirst)?;
    let mut tx = visit.begin().await?;
    let told = logout::ask(&mut tx, &visit.ctx, &visit.state.vault, &visit.tenant, session.id).await?;
    identity::session::end(&mut tx, &visit.ctx, session.id).await?;
    let kind = identity::events::Kind::SignedOut;
    identity::events::record(&mut tx, &visit.ctx, session.person, kind, &session.scheme, None, None).await?;
    tx.commit().await?;
    let mut response = match told.map(|outgoing| outgoing.carrier) {
        Some(Carrier::Address(address)) => leave(&visit, address)?,
        Some(form) => carry(&visit, form)?,
        None => see_other("/"),
    };
    response.headers_mut().append(header::SET_COOKIE, cookies::SESSION.end(&visit));
    Ok(response)
}

#[derive(Template)]
#[template(path = "public/leaving.html")]
struct Leaving {
    c: Chrome,
    address: String,
}

/// The page with the sign-out form lets its forms lead nowhere else, and browsers hold redirects to that: a page of its own
/// takes the person on.
fn leave(visit: &Visit, address: String) -> Result<Response, Refusal> {
    let page = Leaving { c: Chrome::new(visit, visit.t("sign-out-leaving"), Vec::new()), address };
    let mut response = html(StatusCode::OK, &page)?;
    let refresh = HeaderValue::from_str(&format!("0; url={}", page.address)).map_err(|_| Refusal::Unexpected)?;
    response.headers_mut().insert(header::REFRESH, refresh);
    Ok(response)
}

pub async fn spid_by_address(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    take(&visit, Scheme::Spid, Incoming::Query(&query.unwrap_or_default())).await
}

pub async fn cie_by_address(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    take(&visit, Scheme::Cie, Incoming::Query(&query.unwrap_or_default())).await
}

pub async fn spid_by_form(visit: Visit, body: Bytes) -> Result<Response, Refusal> {
    by_form(&visit, Scheme::Spid, &body).await
}

pub async fn cie_by_form(visit: Visit, body: Bytes) -> Result<Response, Refusal> {
    by_form(&visit, Scheme::Cie, &body).await
}

/// `POST /spid/slo`: one message, under one of two names.
async fn by_form(visit: &Visit, scheme: Scheme, body: &[u8]) -> Result<Response, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::BadRequest)?;
    let fields = Fields::parse(text).ok_or(Refusal::BadRequest)?;
    let of = |kind: Kind| fields.all(kind.parameter()).count();
    let kind = match (of(Kind::Request), of(Kind::Response)) {
        (1, 0) => Kind::Request,
        (0, 1) => Kind::Response,
        _ => return Err(Refusal::BadRequest),
    };
    if fields.all("RelayState").count() > 1 {
        return Err(Refusal::BadRequest);
    }
    let incoming = Incoming::Form { kind, message: fields.typed(kind.parameter()), relay_state: fields.get("RelayState") };
    take(visit, scheme, incoming).await
}

async fn take(visit: &Visit, scheme: Scheme, incoming: Incoming<'_>) -> Result<Response, Refusal> {
    let mut tx = visit.begin().await?;
    let taken = logout::take(&mut tx, &visit.ctx, &visit.state.vault, &visit.tenant, scheme, incoming).await;
    let taken = taken.map_err(|refusal| match refusal {
        identity::sign_in::Refusal::Db(error) => error.into(),
        other => {
            tracing::info!(reason = %other, "a logout message was refused");
            Refusal::Logout
        }
    })?;
    tx.commit().await?;
    match taken {
        Taken::Ended { answer: Some(outgoing), .. } => carry(visit, outgoing.carrier),
        // A provider without an address for answers is told by the status alone.
        Taken::Ended { answer: None, .. } | Taken::Answered => Ok(see_other("/")),
    }
}
