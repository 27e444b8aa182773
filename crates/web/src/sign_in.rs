//! Ways in: the choice, the request to an identity provider, its answer.

use askama::Template;
use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use identity::sign_in::{self, Scheme};
use saml::{Carrier, PostForm};

use crate::chrome::{Chrome, Crumb, html};
use crate::cookies;
use crate::fields::Fields;
use crate::guard::see_other;
use crate::headers::FormsLeadTo;
use crate::public::local_path;
use crate::refusal::Refusal;
use crate::visit::Visit;

/// Binds a sign-in to the browser that began it.
/// As long as a sign-in may take.
const SIGN_IN_SECONDS: i64 = 900;

#[derive(Template)]
#[template(path = "public/sign_in.html")]
struct Choice {
    c: Chrome,
    spid: Vec<Provider>,
    cie: Vec<Provider>,
    /// The eIDAS node, where the tenant is known to it.
    eidas: Option<Provider>,
    /// Where businesses sign in, and come back from.
    business: String,
    /// The door of cards, where they are taken.
    cns: Option<String>,
    kept: bool,
}

struct Provider {
    name: String,
    href: String,
}

/// `GET /accedi?poi=`
pub async fn choose(visit: Visit) -> Result<Response, Refusal> {
    let back = destination(&visit);
    let mut tx = visit.read().await?;
    let mut spid = providers(&mut tx, &visit, Scheme::Spid, back).await?;
    let cie = providers(&mut tx, &visit, Scheme::Cie, back).await?;
    let eidas = providers(&mut tx, &visit, Scheme::Eidas, back).await?.into_iter().next();
    shuffle(&visit, &mut spid);
    let title = visit.t("sign-in-title").to_owned();
    let crumbs = vec![
        Crumb { words: visit.t("crumb-home").to_owned(), href: Some("/".to_owned()) },
        Crumb { words: title.clone(), href: None },
    ];
    let kept = visit.query.get("poi").is_some();
    let business = format!("/accedi/imprese{}", Fields::default().with("poi", back).query());
    let cns = visit.state.cns_url.as_ref().map(|_| format!("/cns/login{}", Fields::default().with("poi", back).query()));
    html(StatusCode::OK, &Choice { c: Chrome::new(&visit, title, crumbs), spid, cie, eidas, cns, business, kept })
}

/// Where a sign-in leads in the end.
pub fn destination(visit: &Visit) -> &str {
    match local_path(visit.query.get("poi")) {
        "/" => "/area-personale",
        path => path,
    }
}

async fn providers(tx: &mut db::Tx, visit: &Visit, scheme: Scheme, back: &str) -> Result<Vec<Provider>, Refusal> {
    let known = identity::idp::list(tx, &visit.ctx, scheme).await?;
    let provider = |idp: &saml::IdpDescriptor| {
        let query = Fields::default().with("idp", &idp.entity_id).with("poi", back).query();
        Provider { name: idp.display_name.clone(), href: format!("/{}/login{query}", scheme.door().code()) }
    };
    Ok(known.iter().map(provider).collect())
}

/// SPID's rules ask for the providers in random order.
fn shuffle(visit: &Visit, providers: &mut [Provider]) {
    for last in (1..providers.len()).rev() {
        let [byte] = visit.ctx.entropy.bytes::<1>();
        providers.swap(last, usize::from(byte) % (last + 1));
    }
}

pub async fn spid_metadata(visit: Visit) -> Result<Response, Refusal> {
    metadata(&visit, Scheme::Spid).await
}

pub async fn cie_metadata(visit: Visit) -> Result<Response, Refusal> {
    metadata(&visit, Scheme::Cie).await
}

async fn metadata(visit: &Visit, scheme: Scheme) -> Result<Response, Refusal> {
    let mut tx = visit.begin().await?;
    let xml = sign_in::metadata(&mut tx, &visit.ctx, &visit.state.vault, &visit.tenant, scheme).await?;
    tx.commit().await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/samlmetadata+xml"))], xml).into_response())
}

pub async fn spid_start(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    start(&visit, &headers, Scheme::Spid).await
}

pub async fn cie_start(visit: Visit, headers: HeaderMap) -> Result<Response, Refusal> {
    start(&visit, &headers, Scheme::Cie).await
}

#[derive(Template)]
#[template(path = "public/sign_in_post.html")]
struct Post {
    c: Chrome,
    form: PostForm,
}

/// `GET /spid/login?idp=&poi=`: the signed request, in an address or in a form that is sent by script or by its button.
async fn start(visit: &Visit, headers: &HeaderMap, scheme: Scheme) -> Result<Response, Refusal> {
    let idp = visit.query.get("idp").ok_or(Refusal::NotFound)?;
    let (back, browser) = (destination(visit), browser_token(visit, headers));
    let mut tx = visit.begin().await?;
    let started = sign_in::start(&mut tx, &visit.ctx, &visit.state.vault, &visit.tenant, scheme, idp, back, &browser).await?;
    tx.commit().await?;
    let mut response = carry(visit, started.outgoing.carrier)?;
    response.headers_mut().append(header::SET_COOKIE, browser_cookie(visit, &browser));
    Ok(response)
}

/// Sends the browser to the provider with a message, by the binding it was signed for.
pub fn carry(visit: &Visit, carrier: Carrier) -> Result<Response, Refusal> {
    let form = match carrier {
        Carrier::Address(address) => return Ok((StatusCode::FOUND, [(header::LOCATION, address)]).into_response()),
        Carrier::Form(form) => form,
    };
    let page = Post { c: Chrome::new(visit, visit.t("sign-in-leaving"), Vec::new()), form };
    let mut response = html(StatusCode::OK, &page)?;
    response.extensions_mut().insert(FormsLeadTo(vec![origin(&page.form.destination)]));
    Ok(response)
}

fn origin(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}

/// The secret that binds sign-ins to this browser.
pub fn browser_of<'h>(visit: &Visit, headers: &'h HeaderMap) -> Option<&'h str> {
    cookies::BROWSER.of(headers, visit.tenant.has_tls())
}

/// The same, a new one where the browser has none.
pub fn browser_token(visit: &Visit, headers: &HeaderMap) -> String {
    let known = browser_of(visit, headers).filter(|c| c.len() == 64).map(str::to_owned);
    known.unwrap_or_else(|| visit.ctx.entropy.token())
}

/// The cookie that keeps it.
pub fn browser_cookie(visit: &Visit, value: &str) -> HeaderValue {
    cookies::BROWSER.set(visit, value, SIGN_IN_SECONDS)
}

pub async fn spid_answer(visit: Visit, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    answer(&visit, &headers, &body, Scheme::Spid).await
}

pub async fn cie_answer(visit: Visit, headers: HeaderMap, body: Bytes) -> Result<Response, Refusal> {
    answer(&visit, &headers, &body, Scheme::Cie).await
}

/// `POST /spid/acs`: one session for one accepted answer, and back to where the person was going.
async fn answer(visit: &Visit, headers: &HeaderMap, body: &[u8], scheme: Scheme) -> Result<Response, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::BadRequest)?;
    let fields = Fields::parse(text).ok_or(Refusal::BadRequest)?;
    // One message, in the body: what stands beside it was put there for another reader.
    let once = |name| fields.all(name).count() == 1 && visit.query.all(name).count() == 0;
    if !once("SAMLResponse") || !once("RelayState") {
        return Err(Refusal::BadRequest);
    }
    let browser = browser_of(visit, headers);
    let mut tx = visit.begin().await?;
    let (response, relay_state) = (fields.typed("SAMLResponse"), fields.typed("RelayState"));
    let given = sign_in::Answer { scheme, response, relay_state, browser_token: browser };
    let accepted = sign_in::accept(&mut tx, &visit.ctx, &visit.state.vault, &visit.tenant, given).await;
    // A refusal leaves its event behind too.
    tx.commit().await?;
    Ok(welcome(visit, &accepted?))
}

/// In, and off to where the person was going.
pub fn welcome(visit: &Visit, signed_in: &sign_in::SignedIn) -> Response {
    let mut response = see_other(&signed_in.return_path);
    let cookie = cookies::SESSION.set(visit, &signed_in.session_token, 8 * 3600);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

impl From<sign_in::Refusal> for Refusal {
    fn from(refusal: sign_in::Refusal) -> Refusal {
        match refusal {
            sign_in::Refusal::Db(error) => error.into(),
            other => {
                tracing::info!(reason = %other, "a sign-in was refused");
                Refusal::SignIn { key: other.key(), status: other.status() }
            }
        }
    }
}
