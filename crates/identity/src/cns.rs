//! A sign-in by national services card: begun by the portal, answered by the card's listener with a one-time ticket, ended
//! by the portal with a session.
//!
//! The card is shown to a listener of its own, for browsers ask for a card only when a connection begins. What binds its
//! answer to the browser that began is the portal's cookie: a ticket that went astray opens nothing elsewhere. The card
//! itself was verified before [`mint`] is called (crate `cns`).

use ::cns::Card;
use db::Tx;
use db::vault::Vault;
use jiff::SignedDuration;
use kernel::{Ctx, FiscalCode, Instant, TenantId};
use serde::{Deserialize, Serialize};

use crate::events::{self, Kind};
use crate::hash;
use crate::session::{self, NewSession};
use crate::sign_in::{Refusal, SignedIn, database, registry};
use crate::trace;

pub const SCHEME: &str = "cns";
/// A card and its PIN: the highest of the three levels.
const LEVEL: u8 = 3;
/// How long a person may look for the card and its PIN.
const PENDING: SignedDuration = SignedDuration::from_mins(15);
/// From the card's listener back to the portal.
const TICKET: SignedDuration = SignedDuration::from_secs(60);

/// What the card's listener must know of a sign-in that was begun.
#[derive(Clone, Debug)]
pub struct Begun {
    pub tenant: TenantId,
    pub return_path: String,
}

/// What is kept of a card between the listener and the portal.
#[derive(Serialize, Deserialize)]
struct Kept {
    fiscal_code: FiscalCode,
    name: Option<String>,
    family_name: Option<String>,
    serial: String,
    issuer: String,
    fingerprint: String,
    certificate: String,
}

/// Begins a sign-in of this browser; gives the handle that goes with it to the card's listener.
pub async fn begin(tx: &mut Tx, ctx: &Ctx, return_path: &str, browser_token: &str) -> Result<String, Refusal> {
    tx.execute("delete from cns_sign_in where tenant_id = $1 and expires_at <= $2", &[&ctx.tenant, &ctx.now]).await?;
    let handle = ctx.entropy.token();
    let sql =
        "insert into cns_sign_in (tenant_id, handle_hash, browser_hash, return_path, expires_at) values ($1, $2, $3, $4, $5)";
    let (handle_hash, browser_hash, until) = (hash(&handle), hash(browser_token), ctx.now + PENDING);
    tx.execute_one(sql, &[&ctx.tenant, &handle_hash, &browser_hash, &return_path, &until]).await?;
    Ok(handle)
}

/// The sign-in behind a handle, of whichever tenant; none when it is over.
pub async fn find_begun(tx: &mut Tx, handle: &str, now: Instant) -> Result<Option<Begun>, Refusal> {
    let sql = "select tenant_id, return_path from cns_sign_in where handle_hash = $1 and expires_at > $2";
    let row = tx.query_opt(sql, &[&hash(handle), &now]).await?;
    Ok(row.map(|r| Ok::<_, db::Error>(Begun { tenant: r.get(0)?, return_path: r.get(1)? })).transpose()?)
}

/// A ticket of 60 seconds for the holder of a verified card; one minted before for the same sign-in is worth nothing more.
///
/// # Errors
/// [`Refusal::NotPending`] when the sign-in ended meanwhile.
pub async fn mint(tx: &mut Tx, ctx: &Ctx, handle: &str, card: &Card) -> Result<String, Refusal> {
    let ticket = ctx.entropy.token();
    let kept = serde_json::to_string(&Kept::from(card)).map_err(|e| db::Error::Other(e.to_string()))?;
    let sql = "update cns_sign_in set ticket_hash = $3, ticket_expires_at = $4, card = $5
               where tenant_id = $1 and handle_hash = $2 and expires_at > $6";
    let (handle_hash, ticket_hash, until) = (hash(handle), hash(&ticket), ctx.now + TICKET);
    match tx.execute(sql, &[&ctx.tenant, &handle_hash, &ticket_hash, &until, &kept, &ctx.now]).await? {
        1 => Ok(ticket),
        _ => Err(Refusal::NotPending),
    }
}

/// Notes that a card was refused, by the code of the reason.
pub async fn refused(tx: &mut Tx, ctx: &Ctx, reason: &str) -> Result<(), Refusal> {
    events::record(tx, ctx, None, Kind::Failed, SCHEME, None, Some(reason)).await.map_err(database)
}

/// Opens a session for a ticket, once. A ticket of another tenant or browser, too old or spent, is refused and not burnt
/// for its own browser. The caller commits in both cases: a refusal leaves its event.
pub async fn enter(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    ticket: &str,
    browser_token: Option<&str>,
) -> Result<SignedIn, Refusal> {
    let result = try_enter(tx, ctx, vault, ticket, browser_token).await;
    if matches!(result, Err(Refusal::NotPending)) {
        refused(tx, ctx, "ticket").await?;
    }
    result
}

async fn try_enter(
    tx: &mut Tx,
    ctx: &Ctx,
    vault: &Vault,
    ticket: &str,
    browser_token: Option<&str>,
) -> Result<SignedIn, Refusal> {
    let browser = browser_token.ok_or(Refusal::NotPending)?;
    let (kept, return_path) = spend(tx, ctx, ticket, browser).await?;
    let person = enrolment::person::find_by_fiscal_code(tx, ctx, &kept.fiscal_code).await.map_err(registry)?;
    // Cards without names are many: then the registry's, and else the code, which is what is known.
    let known = |of: fn(&enrolment::person::Person) -> &String| person.as_ref().map(of).cloned();
    let new = NewSession {
        person: person.as_ref().map(|p| p.id),
        name: kept.name.clone().or_else(|| known(|p| &p.name)).unwrap_or_default(),
        family_name: kept
            .family_name
            .clone()
            .or_else(|| known(|p| &p.family_name))
            .unwrap_or_else(|| kept.fiscal_code.to_string()),
        fiscal_code: kept.fiscal_code.clone(),
        scheme: SCHEME,
        idp_entity_id: kept.issuer.clone(),
        level: LEVEL,
    };
    let session_token = session::open(tx, ctx, new).await.map_err(database)?;
    let person = person.map(|p| p.id);
    events::record(tx, ctx, person, Kind::SignedIn, SCHEME, Some(&kept.issuer), None).await.map_err(database)?;
    note(tx, ctx, vault, &kept).await?;
    Ok(SignedIn { session_token, return_path, person_known: person.is_some() })
}

/// The certificate that opened the session: serial number and issuer name it among all. The certificate itself, which names
/// the person, goes sealed into the register of traces.
async fn note(tx: &mut Tx, ctx: &Ctx, vault: &Vault, kept: &Kept) -> Result<(), Refusal> {
    let sealed = serde_json::json!({ "certificate": kept.certificate, "fiscal_code": kept.fiscal_code });
    let entry = trace::Entry {
        scheme: SCHEME,
        idp_entity_id: &kept.issuer,
        request_id: &kept.serial,
        outcome: "accepted",
        details: &sealed,
    };
    trace::append(tx, ctx, vault, &entry).await?;
    let details = serde_json::json!({ "issuer": kept.issuer, "sha256": kept.fingerprint });
    Ok(db::audit::record(tx, ctx, "cns.signed_in", &format!("certificate:{}", kept.serial), &details).await?)
}

/// Takes the ticket away; of two that come at once, one finds it gone.
async fn spend(tx: &mut Tx, ctx: &Ctx, ticket: &str, browser: &str) -> Result<(Kept, String), Refusal> {
    let sql = "delete from cns_sign_in where tenant_id = $1 and ticket_hash = $2 and browser_hash = $3 and ticket_expires_at > $4
               returning card, return_path";
    let row = tx.query_opt(sql, &[&ctx.tenant, &hash(ticket), &hash(browser), &ctx.now]).await?.ok_or(Refusal::NotPending)?;
    let kept = serde_json::from_str(&row.get::<String>(0)?).map_err(|e| db::Error::Other(e.to_string()))?;
    Ok((kept, row.get(1)?))
}

impl From<&Card> for Kept {
    fn from(card: &Card) -> Kept {
        let Card { fiscal_code, name, family_name, serial, issuer, fingerprint, certificate } = card.clone();
        Kept { fiscal_code, name, family_name, serial, issuer, fingerprint, certificate }
    }
}
