//! A sign-in, from the request to the session: cookie, pending request, gate, signature, content, single use.

use db::Tx;
use db::vault::Vault;
use enrolment::Tenant;
use jiff::SignedDuration;
use kernel::{Ctx, FiscalCode, PersonId};
use saml::{AuthnRequest, IdpDescriptor, Outgoing, Outline, Pending, PersonCode, UserAnomaly, VerifiedIdentity};

pub use saml::Scheme;

pub use crate::metadata::{entity_id, metadata};

use crate::metadata::acs_url;

use crate::events::{self, Kind};
use crate::session::{self, NewSession};
use crate::{foreign, hash, idp, keys, logout, settings, trace};

/// How long a person may take at the provider's.
const PENDING: SignedDuration = SignedDuration::from_mins(15);
/// So many refused answers to one request are recorded: a browser that sends junk must not fill the register.
const MOST_REFUSED: i64 = 5;
/// The eIDAS node is asked for the minimum set: name, birth and identifier are all we use.
const EIDAS_SET: u16 = 99;

/// A request on its way to the provider.
#[derive(Clone, Debug)]
pub struct Started {
    pub outgoing: Outgoing,
    pub relay_state: String,
}

/// Somebody is in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// For the session's cookie.
    pub session_token: String,
    pub return_path: String,
    /// Whether the registry knows the person.
    pub person_known: bool,
}

/// Why somebody is not.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No request of this browser waits for this answer: another browser, too late, or answered already.
    #[error("no sign-in is pending")]
    NotPending,
    #[error(transparent)]
    Response(#[from] saml::Refusal),
    #[error("the codice fiscale has a wrong check character")]
    FiscalCode,
    /// A person of another country whom the office has not connected with anybody of the registry.
    #[error("a foreign identity that is linked to nobody")]
    Foreign,
    #[error("the tenant does not trust this provider")]
    UnknownProvider,
    #[error("the tenant's keys cannot be used")]
    Keys,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl Refusal {
    /// The stem of the words in the catalogue.
    pub fn key(&self) -> &'static str {
        use UserAnomaly as U;
        match self {
            Refusal::NotPending => "sign-in-expired",
            Refusal::Response(saml::Refusal::Person(anomaly)) => match anomaly {
                U::WrongCredentials => "sign-in-credentials",
                U::NoCredentialOfTheLevel => "sign-in-level",
                U::TimedOut => "sign-in-timeout",
                U::ConsentDenied => "sign-in-consent",
                U::Suspended => "sign-in-suspended",
                U::Cancelled => "sign-in-cancelled",
                U::WrongKindOfIdentity => "sign-in-identity-kind",
            },
            Refusal::Response(saml::Refusal::WrongIdentity) | Refusal::FiscalCode => "sign-in-identity-kind",
            Refusal::Response(saml::Refusal::PersonUnsaid) => "sign-in-unsaid",
            Refusal::Foreign => "sign-in-foreign",
            _ => "sign-in-failed",
        }
    }

    /// The HTTP status of the page.
    pub fn status(&self) -> u16 {
        match self {
            Refusal::UnknownProvider => 400,
            Refusal::Keys => 500,
            _ => 403,
        }
    }

    /// A code for the event, without anything of the person.
    fn reason(&self) -> String {
        match self {
            Refusal::Response(refusal) => refusal.to_string(),
            other => other.key().to_owned(),
        }
    }
}

/// Begins a sign-in: a signed request for the provider, pending for this browser. The eIDAS node is asked at SPID's door.
///
/// # Errors
/// [`Refusal::UnknownProvider`] for a provider the tenant does not trust.
#[expect(clippy::too_many_arguments, reason = "each is a fact of the request that begins")]
pub async fn start(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    tenant: &Tenant,
    scheme: Scheme,
    idp_entity_id: &str,
    return_path: &str,
    browser_token: &str,
) -> Result<Started, Refusal> {
    let (scheme, idp) = idp::find_at(tx, ctx, scheme, idp_entity_id).await?.ok_or(Refusal::UnknownProvider)?;
    let keys = keys::ensure(tx, ctx, vault, tenant, scheme).await?;
    let level = settings::find(tx, ctx).await.map_err(database)?.level;
    let (sp_entity_id, acs_url) = (entity_id(tenant, scheme), acs_url(tenant, scheme));
    let request = AuthnRequest {
        scheme,
        idp: &idp,
        sp_entity_id: &sp_entity_id,
        acs_url: &acs_url,
        level,
        attribute_set: if scheme == Scheme::Eidas { EIDAS_SET } else { 0 },
        id: format!("_{}", &ctx.entropy.token()[..40]),
        relay_state: ctx.entropy.token(),
        now: ctx.now,
    };
    let outgoing = request.signed(&keys[0]).map_err(|_| Refusal::Keys)?;
    forget_what_is_over(tx, ctx).await?;
    keep(tx, ctx, &request, &outgoing.xml, return_path, browser_token).await?;
    Ok(Started { outgoing, relay_state: request.relay_state })
}

/// Requests that can no longer be answered, and assertions that would be refused for their age.
async fn forget_what_is_over(tx: &mut Tx, ctx: &Ctx) -> Result<(), Refusal> {
    for table in ["sign_in_request", "spent_assertion"] {
        tx.execute(&format!("delete from {table} where tenant_id = $1 and expires_at <= $2"), &[&ctx.tenant, &ctx.now]).await?;
    }
    Ok(())
}

async fn keep(
    tx: &mut Tx,
    ctx: &Ctx,
    request: &AuthnRequest<'_>,
    xml: &str,
    return_path: &str,
    browser_token: &str,
) -> Result<(), Refusal> {
    let pending = serde_json::to_string(&request.pending()).map_err(|e| db::Error::Other(e.to_string()))?;
    let sql = "insert into sign_in_request (tenant_id, request_id, relay_state, scheme, idp_entity_id, browser_hash, pending, return_path, created_at, expires_at, request_xml)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let (scheme, browser, until) = (request.scheme.code(), hash(browser_token), ctx.now + PENDING);
    tx.execute_one(
        sql,
        &[
            &ctx.tenant,
            &request.id,
            &request.relay_state,
            &scheme,
            &request.idp.entity_id,
            &browser,
            &pending,
            &return_path,
            &ctx.now,
            &until,
            &xml,
        ],
    )
    .await?;
    Ok(())
}

/// A provider's answer as it came through a browser.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Whose door it came to.
    pub scheme: Scheme,
    /// Base64.
    pub response: &'a str,
    pub relay_state: &'a str,
    pub browser_token: Option<&'a str>,
}

/// Takes a provider's answer. A refused answer burns nothing: the pending request may still be answered properly. The
/// caller commits in both cases: a refusal leaves its event and its trace.
pub async fn accept(tx: &mut Tx, ctx: &Ctx, vault: &Vault, tenant: &Tenant, answer: Answer<'_>) -> Result<SignedIn, Refusal> {
    debug_assert_eq!(tenant.id, ctx.tenant);
    let (waiting, result) = match pending(tx, ctx, &answer).await {
        Ok(waiting) => {
            let result = enter(tx, ctx, &waiting, answer.response).await;
            (Some(waiting), result)
        }
        Err(refusal) => (None, Err(refusal)),
    };
    if let Err(Refusal::Db(error)) = result {
        return Err(Refusal::Db(error));
    }
    if let Some(waiting) = &waiting {
        record(tx, ctx, vault, waiting, answer.response, result.as_ref().err()).await?;
    }
    if let Err(refusal) = &result {
        let scheme = waiting.as_ref().map_or(answer.scheme, |w| w.pending.scheme);
        events::record(tx, ctx, None, Kind::Failed, scheme.code(), None, Some(&refusal.reason())).await.map_err(database)?;
    }
    result
}

/// A request of this browser that waits for its answer.
struct Waiting {
    pending: Pending,
    return_path: String,
    request_xml: String,
}

/// The trace of an answer, in the transaction of its outcome.
async fn record(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    waiting: &Waiting,
    response: &str,
    refusal: Option<&Refusal>,
) -> Result<(), Refusal> {
    let pending = &waiting.pending;
    if let Some(Refusal::Response(saml::Refusal::Request(error))) = refusal {
        // Ours is wrong, and nobody gets in until somebody looks: the operator has to see it.
        tracing::error!(tenant = ctx.tenant.0, idp = %pending.idp_entity_id, %error, "ALERT: an identity provider refused our request");
    }
    if refusal.is_some() && trace::count_for(tx, ctx, &pending.request_id).await? >= MOST_REFUSED {
        return Ok(());
    }
    let (outline, xml) = Outline::of_response(response);
    let details = serde_json::json!({ "request": waiting.request_xml, "response": xml, "response_outline": outline });
    let outcome = refusal.map_or_else(|| "accepted".to_owned(), Refusal::reason);
    let entry = trace::Entry {
        scheme: pending.scheme.code(),
        idp_entity_id: &pending.idp_entity_id,
        request_id: &pending.request_id,
        outcome: &outcome,
        details: &details,
    };
    Ok(trace::append(tx, ctx, vault, &entry).await?)
}

pub(crate) fn database(error: crate::Error) -> Refusal {
    let crate::Error::Db(error) = error;
    Refusal::Db(error)
}

/// Verifies the answer and opens the session.
async fn enter(tx: &mut Tx, ctx: &Ctx, waiting: &Waiting, response: &str) -> Result<SignedIn, Refusal> {
    let Waiting { pending, return_path, .. } = waiting;
    let scheme = pending.scheme;
    let idp = idp::find(tx, ctx, scheme, &pending.idp_entity_id).await?.ok_or(Refusal::UnknownProvider)?;
    let identity = saml::verify(&idp, pending, response, ctx.now)?;
    let (person, fiscal_code) = recognise(tx, ctx, &identity).await?;
    spend(tx, ctx, pending, &idp, &identity).await?;
    let new = NewSession {
        person,
        fiscal_code,
        name: identity.name.clone(),
        family_name: identity.family_name.clone(),
        scheme: scheme.code(),
        idp_entity_id: idp.entity_id.clone(),
        level: identity.level,
    };
    let session_token = session::open(tx, ctx, new).await.map_err(database)?;
    logout::remember(tx, ctx, &session_token, &identity).await?;
    events::record(tx, ctx, person, Kind::SignedIn, scheme.code(), Some(&idp.entity_id), None).await.map_err(database)?;
    Ok(SignedIn { session_token, return_path: return_path.clone(), person_known: person.is_some() })
}

/// Who of the registry it is, and by which code; nobody of it is a person too, who will be told so.
async fn recognise(tx: &mut Tx, ctx: &Ctx, identity: &VerifiedIdentity) -> Result<(Option<PersonId>, FiscalCode), Refusal> {
    match &identity.who {
        PersonCode::Italian(code) => {
            let code = FiscalCode::parse(code).map_err(|_| Refusal::FiscalCode)?;
            let person = enrolment::person::find_by_fiscal_code(tx, ctx, &code).await.map_err(registry)?;
            Ok((person.map(|p| p.id), code))
        }
        PersonCode::Foreign(id) => {
            let Some(person) = foreign::find(tx, ctx, id).await.map_err(database)? else {
                foreign::note(tx, ctx, id, identity).await.map_err(database)?;
                return Err(Refusal::Foreign);
            };
            let known = enrolment::person::get(tx, ctx, person).await.map_err(registry)?;
            Ok((Some(person), known.fiscal_code.ok_or(Refusal::Foreign)?))
        }
    }
}

pub(crate) fn registry(error: enrolment::Error) -> Refusal {
    match error {
        enrolment::Error::Db(error) => Refusal::Db(error),
        other => Refusal::Db(db::Error::Other(other.to_string())),
    }
}

/// The request this browser began at this door, not answered and not too old.
async fn pending(tx: &mut Tx, ctx: &Ctx, answer: &Answer<'_>) -> Result<Waiting, Refusal> {
    let browser = answer.browser_token.ok_or(Refusal::NotPending)?;
    let sql = "select pending, return_path, request_xml from sign_in_request
               where tenant_id = $1 and relay_state = $2 and browser_hash = $3 and expires_at > $4 and used_at is null";
    let found = tx.query_opt(sql, &[&ctx.tenant, &answer.relay_state, &hash(browser), &ctx.now]).await?;
    let row = found.ok_or(Refusal::NotPending)?;
    let pending: Pending = serde_json::from_str(&row.get::<String>(0)?).map_err(|_| Refusal::NotPending)?;
    if pending.scheme.door() != answer.scheme.door() {
        return Err(Refusal::NotPending);
    }
    let request_xml: Option<String> = row.get(2)?;
    Ok(Waiting { pending, return_path: row.get(1)?, request_xml: request_xml.unwrap_or_default() })
}

/// Marks the assertion as spent and the request as answered; of two equal answers at once, one finds it done. In this order:
/// an assertion that comes again, for another request, leaves that request open.
async fn spend(
    tx: &mut Tx,
    ctx: &Ctx,
    pending: &Pending,
    idp: &IdpDescriptor,
    identity: &VerifiedIdentity,
) -> Result<(), Refusal> {
    let sql = "insert into spent_assertion (tenant_id, idp_entity_id, assertion_id, expires_at) values ($1, $2, $3, $4) on conflict do nothing";
    let fresh = tx.execute(sql, &[&ctx.tenant, &idp.entity_id, &identity.assertion_id, &identity.not_on_or_after]).await?;
    if fresh != 1 {
        return Err(Refusal::NotPending);
    }
    let sql = "update sign_in_request set used_at = $3 where tenant_id = $1 and request_id = $2 and used_at is null";
    let answered = tx.execute(sql, &[&ctx.tenant, &pending.request_id, &ctx.now]).await?;
    if answered == 1 { Ok(()) } else { Err(Refusal::NotPending) }
}
