//! The register of traces: the messages of every sign-in, accepted or refused, kept for 24 months (SPID's rules, DPCM of
//! 24 October 2014, article 13).
//!
//! One chain per tenant: each trace carries the hash of the one before it, and the database refuses to change one. The
//! messages are personal data and sealed; the chain is over the sealed bytes, so it can be checked without the key. What is
//! older than 24 months is purged from the front: the hash of the last purged trace stays, and the rest follows from it.

mod chain;
mod store;

use db::Tx;
use db::vault::Vault;
use jiff::ToSpan;
use jiff::civil::Time;
use kernel::{Ctx, Instant, TenantId, rome_instant};
use serde_json::{Value, json};

use chain::Link;

/// What the vault seals the messages for.
const PURPOSE: &str = "sign_in.trace";
const KEPT_MONTHS: i32 = 24;
const PAGE: i64 = 500;

/// Why the register cannot be believed or read.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    #[error(transparent)]
    Db(#[from] db::Error),
    /// The first trace of the chain that is not as it was written, by its number.
    #[error("trace {0} is missing, or not as it was written")]
    Broken(i64),
    #[error("the register of traces was sealed with another key")]
    Sealed,
}

/// A sign-in to be recorded.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// `spid`, `cie`, `eidas`, `cns`.
    pub scheme: &'a str,
    pub idp_entity_id: &'a str,
    pub request_id: &'a str,
    /// `accepted`, or the refusal; nothing of the person.
    pub outcome: &'a str,
    /// The messages, and what was read of them.
    pub details: &'a Value,
}

/// What a sound register has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Traces that are kept.
    pub kept: i64,
    /// Traces that were purged before them.
    pub purged: i64,
    /// The last hash of the chain in hexadecimal digits: kept elsewhere, it also proves that nobody rewrote all of it.
    pub chain_head: String,
}

/// Writes a trace, in the transaction of the sign-in's outcome.
pub async fn append(tx: &mut Tx, ctx: &Ctx, vault: &Vault, entry: &Entry<'_>) -> Result<(), db::Error> {
    let head = store::lock_head(tx, ctx.tenant).await?;
    let sealed = vault.seal(ctx.tenant, PURPOSE, entry.details.to_string().as_bytes(), &ctx.entropy);
    let link = Link {
        number: head.last_number + 1,
        scheme: entry.scheme,
        idp_entity_id: entry.idp_entity_id,
        request_id: entry.request_id,
        outcome: entry.outcome,
        recorded_at: ctx.now,
        sealed: &sealed,
        previous_hash: &head.last_hash,
    };
    let hash = chain::hash(ctx.tenant, &link);
    store::insert(tx, ctx.tenant, &link, &hash).await?;
    store::advance(tx, ctx.tenant, link.number, &hash).await
}

/// How many traces a request has: a browser that sends junk for its own request must not fill the register.
pub async fn count_for(tx: &mut Tx, ctx: &Ctx, request_id: &str) -> Result<i64, db::Error> {
    let sql = "select count(*) from sign_in_trace where tenant_id = $1 and request_id = $2";
    tx.query_one(sql, &[&ctx.tenant, &request_id]).await?.get(0)
}

/// Recomputes the chain of a tenant.
///
/// # Errors
/// [`TraceError::Broken`] with the first trace that is not as it was written.
pub async fn verify(tx: &mut Tx, tenant: TenantId) -> Result<Verified, TraceError> {
    let head = store::head(tx, tenant).await?;
    let (mut number, mut hash) = (head.purged_number, head.purged_hash.clone());
    loop {
        let page = store::after(tx, tenant, number, PAGE).await?;
        for stored in &page {
            number += 1;
            let sound =
                stored.number == number && stored.previous_hash == hash && stored.hash == chain::hash(tenant, &stored.link());
            if !sound {
                return Err(TraceError::Broken(number));
            }
            hash.clone_from(&stored.hash);
        }
        if page.is_empty() {
            break;
        }
    }
    let kept = number - head.purged_number;
    if number != head.last_number || hash != head.last_hash || store::count(tx, tenant).await? != kept {
        return Err(TraceError::Broken(number));
    }
    Ok(Verified { kept, purged: head.purged_number, chain_head: chain::hex(&hash) })
}

/// The traces from an instant up to and not including another, oldest first, opened; up to a page of them after a number.
///
/// # Errors
/// [`TraceError::Sealed`] when the vault's key is another one.
pub async fn export(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    from: Instant,
    to: Instant,
    after: i64,
) -> Result<Vec<Value>, TraceError> {
    let mut traces = Vec::new();
    for stored in store::between(tx, ctx.tenant, from, to, after, PAGE).await? {
        let opened = vault.open(ctx.tenant, PURPOSE, &stored.sealed).map_err(|_| TraceError::Sealed)?;
        let details: Value = serde_json::from_slice(&opened).map_err(|_| TraceError::Sealed)?;
        traces.push(json!({
            "number": stored.number,
            "recorded_at": stored.recorded_at.to_string(),
            "scheme": stored.scheme,
            "idp": stored.idp_entity_id,
            "request_id": stored.request_id,
            "outcome": stored.outcome,
            "hash": chain::hex(&stored.hash),
            "messages": details,
        }));
    }
    Ok(traces)
}

/// Removes what was kept long enough, from the front; gives how many. The chain stays verifiable from there on.
pub async fn purge(tx: &mut Tx, ctx: &Ctx) -> Result<i64, db::Error> {
    let head = store::lock_head(tx, ctx.tenant).await?;
    let limit = rome_instant(ctx.today().saturating_sub(KEPT_MONTHS.months()), Time::midnight());
    let Some((number, hash)) = store::last_before(tx, ctx.tenant, limit).await? else { return Ok(0) };
    // The mark first: the database removes nothing that the mark does not cover.
    store::mark_purged(tx, ctx.tenant, number, &hash).await?;
    store::remove_purged(tx, ctx.tenant, number).await?;
    let gone = number - head.purged_number;
    let details = json!({ "traces": gone, "up_to": number });
    db::audit::record(tx, ctx, "sign_in_trace.purged", &format!("tenant:{}", ctx.tenant.0), &details).await?;
    Ok(gone)
}
