//! A sign-in, from the request to the session: cookie, pending request, gate, signature, content, single use.

use db::Tx;
use db::vault::Vault;
use enrolment::Tenant;
use jiff::SignedDuration;
use kernel::{Ctx, FiscalCode};
use saml::{
    AttributeSet, AuthnRequest, Contact, IdpDescriptor, Metadata, Organization, Outgoing, Pending, PersonCode, Role, UserAnomaly,
    VerifiedIdentity,
};

pub use saml::Scheme;

use crate::events::{self, Kind};
use crate::session::{self, NewSession};
use crate::{hash, idp, keys};

/// How long a person may take at the provider's.
const PENDING: SignedDuration = SignedDuration::from_mins(15);
/// Children's data and payments: level 2.
const LEVEL: u8 = 2;
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

/// The name under which a tenant is known to providers of a scheme.
pub fn entity_id(tenant: &Tenant, scheme: Scheme) -> String {
    format!("{}/{}/metadata", tenant.public_url, scheme.door().code())
}

fn acs_url(tenant: &Tenant, scheme: Scheme) -> String {
    format!("{}/{}/acs", tenant.public_url, scheme.door().code())
}

/// The signed metadata of a tenant, with a first key made where there is none yet.
pub async fn metadata(tx: &mut Tx, ctx: &Ctx, vault: &Vault, tenant: &Tenant, scheme: Scheme) -> Result<String, Refusal> {
    let keys = keys::ensure(tx, ctx, vault, tenant, scheme).await?;
    describe(tenant, scheme).signed(&keys).map_err(|_| Refusal::Keys)
}

/// What a tenant says of itself: a public body with services of its own.
fn describe(tenant: &Tenant, scheme: Scheme) -> Metadata {
    let ipa_code = tenant.ipa_code.clone();
    let role = if scheme == Scheme::Cie {
        // c_h501 is the municipality H501, and municipalities are category L6 of the index.
        let municipality = tenant.ipa_code.rsplit('_').next().unwrap_or_default().to_uppercase();
        Role::CieAdministrative { ipa_code, ipa_category: "L6".to_owned(), municipality }
    } else {
        Role::SpidPublic { ipa_code }
    };
    let contact = Contact {
        role,
        company: tenant.name.clone(),
        email: tenant.office_email.clone(),
        telephone: Some(international(&tenant.office_phone)),
    };
    Metadata {
        entity_id: entity_id(tenant, scheme),
        acs_url: acs_url(tenant, scheme),
        slo_url: format!("{}/{}/slo", tenant.public_url, scheme.door().code()),
        attribute_sets: AttributeSet::of(scheme, &tenant.office_name),
        organization: Organization {
            name: tenant.name.clone(),
            display_name: tenant.name.clone(),
            url: tenant.website_url.clone(),
        },
        contacts: vec![contact],
    }
}

/// `+39…`, without blanks.
fn international(telephone: &str) -> String {
    let digits: String = telephone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
    if digits.starts_with('+') { digits } else { format!("+39{digits}") }
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
    let (sp_entity_id, acs_url) = (entity_id(tenant, scheme), acs_url(tenant, scheme));
    let request = AuthnRequest {
        scheme,
        idp: &idp,
        sp_entity_id: &sp_entity_id,
        acs_url: &acs_url,
        level: LEVEL,
        attribute_set: if scheme == Scheme::Eidas { EIDAS_SET } else { 0 },
        id: format!("_{}", &ctx.entropy.token()[..40]),
        relay_state: ctx.entropy.token(),
        now: ctx.now,
    };
    let outgoing = request.signed(&keys[0]).map_err(|_| Refusal::Keys)?;
    forget_what_is_over(tx, ctx).await?;
    keep(tx, ctx, &request, return_path, browser_token).await?;
    Ok(Started { outgoing, relay_state: request.relay_state })
}

/// Requests that can no longer be answered, and assertions that would be refused for their age.
async fn forget_what_is_over(tx: &mut Tx, ctx: &Ctx) -> Result<(), Refusal> {
    for table in ["sign_in_request", "spent_assertion"] {
        tx.execute(&format!("delete from {table} where tenant_id = $1 and expires_at <= $2"), &[&ctx.tenant, &ctx.now]).await?;
    }
    Ok(())
}

async fn keep(tx: &mut Tx, ctx: &Ctx, request: &AuthnRequest<'_>, return_path: &str, browser_token: &str) -> Result<(), Refusal> {
    let pending = serde_json::to_string(&request.pending()).map_err(|e| db::Error::Other(e.to_string()))?;
    let sql = "insert into sign_in_request (tenant_id, request_id, relay_state, scheme, idp_entity_id, browser_hash, pending, return_path, created_at, expires_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
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
        ],
    )
    .await?;
    Ok(())
}

/// Takes a provider's answer. A refused answer burns nothing: the pending request may still be answered properly. The
/// caller commits in both cases: a refusal leaves its event.
pub async fn accept(
    tx: &mut Tx,
    ctx: &Ctx,
    tenant: &Tenant,
    scheme: Scheme,
    response: &str,
    relay_state: &str,
    browser_token: Option<&str>,
) -> Result<SignedIn, Refusal> {
    let result = try_accept(tx, ctx, scheme, response, relay_state, browser_token).await;
    debug_assert_eq!(tenant.id, ctx.tenant);
    if let Err(refusal) = &result
        && !matches!(refusal, Refusal::Db(_))
    {
        events::record(tx, ctx, None, Kind::Failed, scheme.code(), None, Some(&refusal.reason())).await.map_err(database)?;
    }
    result
}

pub(crate) fn database(error: crate::Error) -> Refusal {
    let crate::Error::Db(error) = error;
    Refusal::Db(error)
}

async fn try_accept(
    tx: &mut Tx,
    ctx: &Ctx,
    scheme: Scheme,
    response: &str,
    relay_state: &str,
    browser_token: Option<&str>,
) -> Result<SignedIn, Refusal> {
    let browser = browser_token.ok_or(Refusal::NotPending)?;
    let (pending, return_path) = pending(tx, ctx, scheme, relay_state, browser).await?;
    let scheme = pending.scheme;
    let idp = idp::find(tx, ctx, scheme, &pending.idp_entity_id).await?.ok_or(Refusal::UnknownProvider)?;
    let identity = saml::verify(&idp, &pending, response, ctx.now)?;
    let PersonCode::Italian(code) = &identity.who else { return Err(Refusal::Foreign) };
    let code = FiscalCode::parse(code).map_err(|_| Refusal::FiscalCode)?;
    spend(tx, ctx, &pending, &idp, &identity).await?;
    let person = enrolment::person::find_by_fiscal_code(tx, ctx, &code).await.map_err(registry)?.map(|p| p.id);
    let new = NewSession {
        person,
        fiscal_code: code,
        name: identity.name,
        family_name: identity.family_name,
        scheme: scheme.code(),
        idp_entity_id: idp.entity_id.clone(),
        level: identity.level,
    };
    let session_token = session::open(tx, ctx, new).await.map_err(database)?;
    events::record(tx, ctx, person, Kind::SignedIn, scheme.code(), Some(&idp.entity_id), None).await.map_err(database)?;
    Ok(SignedIn { session_token, return_path, person_known: person.is_some() })
}

pub(crate) fn registry(error: enrolment::Error) -> Refusal {
    match error {
        enrolment::Error::Db(error) => Refusal::Db(error),
        other => Refusal::Db(db::Error::Other(other.to_string())),
    }
}

/// The request this browser began at this door, not answered and not too old.
async fn pending(tx: &mut Tx, ctx: &Ctx, scheme: Scheme, relay_state: &str, browser: &str) -> Result<(Pending, String), Refusal> {
    let sql = "select pending, return_path from sign_in_request
               where tenant_id = $1 and relay_state = $2 and browser_hash = $3 and expires_at > $4 and used_at is null";
    let row = tx.query_opt(sql, &[&ctx.tenant, &relay_state, &hash(browser), &ctx.now]).await?.ok_or(Refusal::NotPending)?;
    let pending: Pending = serde_json::from_str(&row.get::<String>(0)?).map_err(|_| Refusal::NotPending)?;
    if pending.scheme.door() != scheme.door() {
        return Err(Refusal::NotPending);
    }
    Ok((pending, row.get(1)?))
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
