//! Single logout: sessions that a provider ends, and providers told of a sign-out where they keep a session.

use db::Tx;
use db::vault::Vault;
use enrolment::Tenant;
use jiff::SignedDuration;
use kernel::{Ctx, PersonId, SessionId};
use saml::{IdpDescriptor, Incoming, LogoutAnswer, LogoutMessage, LogoutRequest, Outgoing, Scheme, VerifiedIdentity};

use crate::events::{self, Kind};
use crate::metadata::{entity_id, slo_url};
use crate::sign_in::{Refusal, database};
use crate::{hash, idp, keys};

/// How long a provider may take to answer a sign-out.
const ANSWERED: SignedDuration = SignedDuration::from_mins(15);

/// What came of a logout message.
#[derive(Clone, Debug)]
pub enum Taken {
    /// The provider asked; the sessions are ended. The answer goes back through the browser, where it has an address.
    Ended { sessions: u64, answer: Option<Outgoing> },
    /// The provider answered a sign-out that began here.
    Answered,
}

/// Keeps the provider's name for a sign-in with the session it opened.
pub(crate) async fn remember(tx: &mut Tx, ctx: &Ctx, session_token: &str, identity: &VerifiedIdentity) -> Result<(), Refusal> {
    let sql = "update session set name_id = $3, name_qualifier = $4, session_index = $5 where tenant_id = $1 and token_hash = $2";
    let token = hash(session_token);
    let (name, qualifier, index) = (&identity.name_id, &identity.name_qualifier, &identity.session_index);
    Ok(tx.execute_one(sql, &[&ctx.tenant, &token, name, qualifier, index]).await?)
}

/// Takes a message that came to `/spid/slo` or `/cie/slo`. It is believed only from the provider it names as its sender,
/// and ends only sessions of this tenant that this very provider opened.
pub async fn take(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    tenant: &Tenant,
    door: Scheme,
    incoming: Incoming<'_>,
) -> Result<Taken, Refusal> {
    let sender = incoming.issuer().ok_or(Refusal::UnknownProvider)?;
    let (scheme, idp) = idp::find_at(tx, ctx, door, &sender).await?.ok_or(Refusal::UnknownProvider)?;
    match incoming.verify(&idp.entity_id, &idp.certificates, &slo_url(tenant, door), ctx.now)? {
        LogoutMessage::Request { id, name_id, relay_state } => {
            let sessions = end(tx, ctx, scheme, &idp, &name_id).await?;
            let keys = keys::ensure(tx, ctx, vault, tenant, door).await?;
            let answer_id = format!("_{}", &ctx.entropy.token()[..40]);
            let issuer = entity_id(tenant, door);
            let answer = idp.slo().map(|slo| {
                let (in_response_to, relay_state, now) = (id.as_str(), relay_state.as_deref(), ctx.now);
                LogoutAnswer { to: &slo.responses, issuer: &issuer, id: &answer_id, in_response_to, relay_state, now }
            });
            let answer = answer.map(|a| a.signed(&keys[0])).transpose().map_err(|_| Refusal::Keys)?;
            Ok(Taken::Ended { sessions, answer })
        }
        LogoutMessage::Response { in_response_to, complete } => {
            let sql =
                "delete from logout_request where tenant_id = $1 and request_id = $2 and idp_entity_id = $3 and expires_at > $4";
            if tx.execute(sql, &[&ctx.tenant, &in_response_to, &idp.entity_id, &ctx.now]).await? != 1 {
                return Err(Refusal::NotPending);
            }
            // Ours ended before the provider was told; that others did not hear of it is nothing to act on.
            tracing::info!(tenant = ctx.tenant.0, scheme = scheme.code(), complete, "a provider answered a sign-out");
            Ok(Taken::Answered)
        }
    }
}

/// Ends the sessions of a name that this provider opened; how many there were.
async fn end(tx: &mut Tx, ctx: &Ctx, scheme: Scheme, idp: &IdpDescriptor, name_id: &str) -> Result<u64, Refusal> {
    let sql = "select person_id from session where tenant_id = $1 and idp_entity_id = $2 and name_id = $3 and scheme = $4 and ended_at is null order by id";
    let rows = tx.query(sql, &[&ctx.tenant, &idp.entity_id, &name_id, &scheme.code()]).await?;
    let sql = "update session set ended_at = $5 where tenant_id = $1 and idp_entity_id = $2 and name_id = $3 and scheme = $4 and ended_at is null";
    let ended = tx.execute(sql, &[&ctx.tenant, &idp.entity_id, &name_id, &scheme.code(), &ctx.now]).await?;
    for row in rows {
        let person: Option<PersonId> = row.get(0)?;
        let reason = Some("by_provider");
        events::record(tx, ctx, person, Kind::SignedOut, scheme.code(), Some(&idp.entity_id), reason).await.map_err(database)?;
    }
    Ok(ended)
}

/// The request that tells a provider of a sign-out; none where it keeps no session (all but level 1) or takes no logout.
pub async fn ask(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    tenant: &Tenant,
    session: SessionId,
) -> Result<Option<Outgoing>, Refusal> {
    let sql = "select scheme, idp_entity_id, name_id, name_qualifier, session_index from session
               where tenant_id = $1 and id = $2 and name_id is not null and session_index is not null";
    let Some(row) = tx.query_opt(sql, &[&ctx.tenant, &session]).await? else { return Ok(None) };
    let Some(scheme) = Scheme::from_code(&row.get::<String>(0)?) else { return Ok(None) };
    let Some(idp) = idp::find(tx, ctx, scheme, &row.get::<String>(1)?).await? else { return Ok(None) };
    let Some(slo) = idp.slo() else { return Ok(None) };
    let (name_id, name_qualifier, session_index): (String, String, String) = (row.get(2)?, row.get(3)?, row.get(4)?);
    let (id, handle) = (format!("_{}", &ctx.entropy.token()[..40]), ctx.entropy.token());
    let issuer = entity_id(tenant, scheme);
    let request = LogoutRequest {
        to: &slo.requests,
        issuer: &issuer,
        id: &id,
        name_id: &name_id,
        name_qualifier: &name_qualifier,
        session_index: Some(&session_index),
        relay_state: Some(&handle),
        now: ctx.now,
    };
    let keys = keys::ensure(tx, ctx, vault, tenant, scheme).await?;
    let outgoing = request.signed(&keys[0]).map_err(|_| Refusal::Keys)?;
    let sql = "delete from logout_request where tenant_id = $1 and expires_at <= $2";
    tx.execute(sql, &[&ctx.tenant, &ctx.now]).await?;
    let sql = "insert into logout_request (tenant_id, request_id, scheme, idp_entity_id, expires_at) values ($1, $2, $3, $4, $5)";
    tx.execute_one(sql, &[&ctx.tenant, &id, &scheme.code(), &idp.entity_id, &(ctx.now + ANSWERED)]).await?;
    Ok(Some(outgoing))
}
