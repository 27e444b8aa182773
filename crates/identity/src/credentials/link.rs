//! One-time links by which somebody sets a password. Only who holds the token can use it; the table has its hash.

use db::Tx;
use jiff::SignedDuration;
use kernel::{CredentialId, Ctx};

use super::{Credential, Error, Kind, account};
use crate::hash;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Invitation,
    Reset,
}

impl Purpose {
    fn code(self) -> &'static str {
        match self {
            Purpose::Invitation => "invitation",
            Purpose::Reset => "reset",
        }
    }

    fn lasts(self) -> SignedDuration {
        match self {
            Purpose::Invitation => SignedDuration::from_hours(7 * 24),
            Purpose::Reset => SignedDuration::from_hours(2),
        }
    }
}

/// Makes a link and gives its token, of 256 bits, which is kept nowhere.
pub async fn make(tx: &mut Tx, ctx: &Ctx, credential: &Credential, purpose: Purpose) -> Result<String, Error> {
    let sql = "delete from credential_link where tenant_id = $1 and credential_id = $2 and expires_at <= $3";
    tx.execute(sql, &[&ctx.tenant, &credential.id, &ctx.now]).await?;
    let token = ctx.entropy.token();
    let sql = "insert into credential_link (tenant_id, token_hash, credential_id, purpose, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)";
    let until = ctx.now + purpose.lasts();
    tx.execute_one(sql, &[&ctx.tenant, &hash(&token), &credential.id, &purpose.code(), &ctx.now, &until]).await?;
    Ok(token)
}

/// Where the link of a token leads, on the tenant's portal.
pub fn path(kind: Kind, token: &str) -> String {
    match kind {
        Kind::Business => format!("/accedi/imprese/password/{token}"),
        Kind::Staff => format!("/ufficio/accedi/password/{token}"),
    }
}

/// The account of a link that may still be used.
///
/// # Errors
/// [`Error::LinkNotValid`] for every other token, whatever is wrong with it.
pub async fn find(tx: &mut Tx, ctx: &Ctx, kind: Kind, token: &str) -> Result<Credential, Error> {
    let sql = "select credential_id from credential_link where tenant_id = $1 and token_hash = $2 and used_at is null and expires_at > $3";
    let row = tx.query_opt(sql, &[&ctx.tenant, &hash(token), &ctx.now]).await?.ok_or(Error::LinkNotValid)?;
    let credential = account::get(tx, ctx, row.get::<CredentialId>(0)?).await?;
    if credential.kind == kind { Ok(credential) } else { Err(Error::LinkNotValid) }
}

/// Uses a link, and with it all others of the account; of two at once one finds it used. Gives what it was for.
pub async fn spend(tx: &mut Tx, ctx: &Ctx, credential: &Credential, token: &str) -> Result<Purpose, Error> {
    let sql = "update credential_link set used_at = $4 where tenant_id = $1 and credential_id = $2 and token_hash = $3 and used_at is null
               returning purpose";
    let row = tx.query_opt(sql, &[&ctx.tenant, &credential.id, &hash(token), &ctx.now]).await?.ok_or(Error::LinkNotValid)?;
    let sql = "update credential_link set used_at = $3 where tenant_id = $1 and credential_id = $2 and used_at is null";
    tx.execute(sql, &[&ctx.tenant, &credential.id, &ctx.now]).await?;
    let purpose: String = row.get(0)?;
    Ok(if purpose == "invitation" { Purpose::Invitation } else { Purpose::Reset })
}
