//! Sign-ins with a password, and the ways to set one. Hashing takes a while and stands between two transactions: these verbs
//! open and commit their own.

use db::vault::Vault;
use db::{Db, Tx};
use jiff::SignedDuration;
use kernel::{Actor, CredentialId, Ctx};

use super::password::Verdict;
use super::throttle::{self, ACCOUNT, CODE, SOURCE};
use super::{Credential, Error, Kind, Passwords, account, link, mail, second_factor};
use crate::events::{self, Kind as Event};
use crate::{hash, session};

/// How long the code of a second factor is waited for.
const PENDING: SignedDuration = SignedDuration::from_mins(10);
pub const SCHEME: &str = "password";

/// What came of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// For the session's cookie.
    SignedIn { session_token: String },
    /// The password was right; for the cookie of who must give a code now, or first put a key into an authenticator.
    CodeAwaited { pending_token: String, has_factor: bool },
    /// Which half was wrong is not said.
    Wrong,
    /// Not looked at: too many tries.
    Wait { seconds: u32 },
}

#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    pub kind: Kind,
    pub user_name: &'a str,
    pub password: &'a str,
    /// The address it comes from.
    pub source: &'a str,
}

/// A try with a password.
///
/// # Errors
/// [`Error::Busy`] when nothing was decided.
pub async fn with_password(db: &Db, ctx: &Ctx, passwords: &Passwords, attempt: Attempt<'_>) -> Result<Outcome, Error> {
    let user_name = attempt.kind.user_name(attempt.user_name);
    // Always in this order, so that two tries wait for each other and not in a circle; a source that is too fast takes nothing
    // from the account.
    let keys = [(throttle::source(attempt.source), SOURCE), (throttle::account(attempt.kind, &user_name), ACCOUNT)];
    let mut tx = db.begin().await?;
    let mut wait = None;
    for (key, limit) in &keys {
        if wait.is_none() {
            wait = throttle::take(&mut tx, ctx, key, *limit).await?;
        }
    }
    let found = account::find(&mut tx, ctx, attempt.kind, &user_name).await?;
    tx.commit().await?;
    if let Some(seconds) = wait {
        return Ok(Outcome::Wait { seconds });
    }
    let stored = found.as_ref().and_then(|c| c.password_hash.clone());
    let verdict = passwords.check(attempt.password, stored, &ctx.entropy).await?;
    let mut tx = db.begin().await?;
    let outcome = match (found, verdict) {
        (Some(credential), Verdict::Right { rehashed }) => {
            for (key, limit) in &keys {
                throttle::give_back(&mut tx, ctx, key, *limit).await?;
            }
            keep_rehashed(&mut tx, ctx, &credential, rehashed).await?;
            admit(&mut tx, ctx, &credential).await?
        }
        (found, _) => {
            let actor = found.as_ref().map_or(Actor::Anonymous, Credential::actor);
            events::record_of(&mut tx, ctx, &actor, Event::Failed, SCHEME, Some("wrong-password")).await?;
            Outcome::Wrong
        }
    };
    throttle::sweep(&mut tx, ctx).await?;
    tx.commit().await?;
    Ok(outcome)
}

async fn keep_rehashed(tx: &mut Tx, ctx: &Ctx, credential: &Credential, rehashed: Option<String>) -> Result<(), Error> {
    let Some(new) = rehashed else { return Ok(()) };
    // Not over a password that was set meanwhile.
    let sql = "update credential set password_hash = $4 where tenant_id = $1 and id = $2 and password_hash = $3";
    tx.execute(sql, &[&ctx.tenant, &credential.id, &credential.password_hash, &new]).await?;
    Ok(())
}

/// What a right password gives: a session, or for staff the question for a code.
async fn admit(tx: &mut Tx, ctx: &Ctx, credential: &Credential) -> Result<Outcome, Error> {
    if let Some(person) = credential.person {
        let session_token = session::open_business(tx, ctx, person, &credential.user_name, &credential.name).await?;
        events::record_of(tx, ctx, &credential.actor(), Event::SignedIn, SCHEME, None).await?;
        return Ok(Outcome::SignedIn { session_token });
    }
    let sql = "delete from pending_second_factor where tenant_id = $1 and expires_at <= $2";
    tx.execute(sql, &[&ctx.tenant, &ctx.now]).await?;
    let pending_token = ctx.entropy.token();
    let sql = "insert into pending_second_factor (tenant_id, token_hash, credential_id, expires_at) values ($1, $2, $3, $4)";
    tx.execute_one(sql, &[&ctx.tenant, &hash(&pending_token), &credential.id, &(ctx.now + PENDING)]).await?;
    Ok(Outcome::CodeAwaited { pending_token, has_factor: credential.totp_since.is_some() })
}

/// Whose code is awaited from this browser.
///
/// # Errors
/// [`Error::NotPending`].
pub async fn pending(tx: &mut Tx, ctx: &Ctx, pending_token: &str) -> Result<Credential, Error> {
    let sql = "select credential_id from pending_second_factor where tenant_id = $1 and token_hash = $2 and expires_at > $3";
    let row = tx.query_opt(sql, &[&ctx.tenant, &hash(pending_token), &ctx.now]).await?.ok_or(Error::NotPending)?;
    account::get(tx, ctx, row.get::<CredentialId>(0)?).await
}

/// Takes the question back: answered once, it is answered.
async fn answered(tx: &mut Tx, ctx: &Ctx, pending_token: &str) -> Result<(), Error> {
    let sql = "delete from pending_second_factor where tenant_id = $1 and token_hash = $2";
    let gone = tx.execute(sql, &[&ctx.tenant, &hash(pending_token)]).await?;
    if gone == 1 { Ok(()) } else { Err(Error::NotPending) }
}

/// A try with a code of the authenticator, or a recovery code.
pub async fn with_code(db: &Db, ctx: &Ctx, vault: &Vault, pending_token: &str, typed: &str) -> Result<Outcome, Error> {
    let mut tx = db.begin().await?;
    let credential = pending(&mut tx, ctx, pending_token).await?;
    if let Some(seconds) = take_code_try(tx, ctx, &credential).await? {
        return Ok(Outcome::Wait { seconds });
    }
    let mut tx = db.begin().await?;
    let by_code = second_factor::take_code(&mut tx, ctx, vault, &credential, typed).await?;
    let by_recovery = !by_code && second_factor::take_recovery_code(&mut tx, ctx, vault, &credential, typed).await?;
    if credential.totp_since.is_none() || !(by_code || by_recovery) {
        drop(tx);
        return wrong_code(db, ctx, &credential).await;
    }
    answered(&mut tx, ctx, pending_token).await?;
    if by_recovery {
        events::record_of(&mut tx, ctx, &credential.actor(), Event::RecoveryCodeUsed, SCHEME, None).await?;
    }
    let session_token = enter(&mut tx, ctx, &credential).await?;
    tx.commit().await?;
    Ok(Outcome::SignedIn { session_token })
}

/// Puts the key in force with a first code of it, and signs in; gives the recovery codes beside the outcome.
pub async fn with_first_code(
    db: &Db,
    ctx: &Ctx,
    vault: &Vault,
    pending_token: &str,
    typed: &str,
) -> Result<(Outcome, Vec<String>), Error> {
    let mut tx = db.begin().await?;
    let credential = pending(&mut tx, ctx, pending_token).await?;
    if credential.totp_since.is_some() {
        return Err(Error::NotPending);
    }
    if let Some(seconds) = take_code_try(tx, ctx, &credential).await? {
        return Ok((Outcome::Wait { seconds }, Vec::new()));
    }
    let mut tx = db.begin().await?;
    if !second_factor::take_code(&mut tx, ctx, vault, &credential, typed).await? {
        drop(tx);
        return Ok((wrong_code(db, ctx, &credential).await?, Vec::new()));
    }
    answered(&mut tx, ctx, pending_token).await?;
    second_factor::put_in_force(&mut tx, ctx, &credential).await?;
    let codes = second_factor::renew_recovery_codes(&mut tx, ctx, vault, credential.id).await?;
    events::record_of(&mut tx, ctx, &credential.actor(), Event::SecondFactorSet, SCHEME, None).await?;
    let session_token = enter(&mut tx, ctx, &credential).await?;
    tx.commit().await?;
    Ok((Outcome::SignedIn { session_token }, codes))
}

fn code_key(credential: &Credential) -> String {
    format!("code:{}", credential.id)
}

/// Counts a try before it is looked at, and commits the count.
async fn take_code_try(mut tx: Tx, ctx: &Ctx, credential: &Credential) -> Result<Option<u32>, Error> {
    let wait = throttle::take(&mut tx, ctx, &code_key(credential), CODE).await?;
    tx.commit().await?;
    Ok(wait)
}

async fn wrong_code(db: &Db, ctx: &Ctx, credential: &Credential) -> Result<Outcome, Error> {
    let mut tx = db.begin().await?;
    events::record_of(&mut tx, ctx, &credential.actor(), Event::Failed, SCHEME, Some("wrong-code")).await?;
    tx.commit().await?;
    Ok(Outcome::Wrong)
}

async fn enter(tx: &mut Tx, ctx: &Ctx, credential: &Credential) -> Result<String, Error> {
    let operator = credential.operator.ok_or(Error::UnknownAccount)?;
    throttle::give_back(tx, ctx, &code_key(credential), CODE).await?;
    let session_token = session::open_staff(tx, ctx, operator, &credential.name).await?;
    events::record_of(tx, ctx, &credential.actor(), Event::SignedIn, SCHEME, None).await?;
    Ok(session_token)
}

/// Ten new recovery codes for the acting operator, who proves with a code of the authenticator to be there.
///
/// Gives the codes, or the outcome of a code that was not accepted.
pub async fn renew_recovery_codes(db: &Db, ctx: &Ctx, vault: &Vault, typed: &str) -> Result<Result<Vec<String>, Outcome>, Error> {
    let mut tx = db.begin().await?;
    let credential = account::find_own(&mut tx, ctx).await?.ok_or(Error::UnknownAccount)?;
    if let Some(seconds) = take_code_try(tx, ctx, &credential).await? {
        return Ok(Err(Outcome::Wait { seconds }));
    }
    let mut tx = db.begin().await?;
    if credential.totp_since.is_none() || !second_factor::take_code(&mut tx, ctx, vault, &credential, typed).await? {
        return Ok(Err(Outcome::Wrong));
    }
    let codes = second_factor::renew_recovery_codes(&mut tx, ctx, vault, credential.id).await?;
    throttle::give_back(&mut tx, ctx, &code_key(&credential), CODE).await?;
    events::record_of(&mut tx, ctx, &credential.actor(), Event::RecoveryCodesRenewed, SCHEME, None).await?;
    tx.commit().await?;
    Ok(Ok(codes))
}

/// Sets a password by a link. Whoever holds the link has proved to be who was invited, and goes on as after a right password.
///
/// # Errors
/// [`Error::LinkNotValid`], [`Error::Weak`], [`Error::Busy`]; a refused password leaves the link as it was.
pub async fn by_link(db: &Db, ctx: &Ctx, passwords: &Passwords, kind: Kind, token: &str, new: &str) -> Result<Outcome, Error> {
    let credential = link::find(&mut db.read().await?, ctx, kind, token).await?;
    let hashed = passwords.hash_new(new, &words_of(&credential), &ctx.entropy).await?;
    let mut tx = db.begin().await?;
    let purpose = link::spend(&mut tx, ctx, &credential, token).await?;
    let ctx = ctx.acting_as(credential.actor());
    account::put_password(&mut tx, &ctx, &credential, &hashed).await?;
    if purpose == link::Purpose::Reset {
        mail::enqueue(&mut tx, &ctx, kind, &credential.user_name, mail::Purpose::Changed).await?;
    }
    let outcome = admit(&mut tx, &ctx, &credential).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Changes the acting person's or operator's own password, who proves with the present one to be there. All sessions end, this
/// one too; a new one is opened in its place.
pub async fn change_password(db: &Db, ctx: &Ctx, passwords: &Passwords, present: &str, new: &str) -> Result<Outcome, Error> {
    let mut tx = db.begin().await?;
    let credential = account::find_own(&mut tx, ctx).await?.ok_or(Error::UnknownAccount)?;
    let key = throttle::account(credential.kind, &credential.user_name);
    let wait = throttle::take(&mut tx, ctx, &key, ACCOUNT).await?;
    tx.commit().await?;
    if let Some(seconds) = wait {
        return Ok(Outcome::Wait { seconds });
    }
    if passwords.check(present, credential.password_hash.clone(), &ctx.entropy).await? == Verdict::Wrong {
        return Ok(Outcome::Wrong);
    }
    let hashed = passwords.hash_new(new, &words_of(&credential), &ctx.entropy).await?;
    let mut tx = db.begin().await?;
    account::put_password(&mut tx, ctx, &credential, &hashed).await?;
    mail::enqueue(&mut tx, ctx, credential.kind, &credential.user_name, mail::Purpose::Changed).await?;
    let session_token = match (credential.person, credential.operator) {
        (Some(person), _) => session::open_business(&mut tx, ctx, person, &credential.user_name, &credential.name).await?,
        (None, Some(operator)) => session::open_staff(&mut tx, ctx, operator, &credential.name).await?,
        (None, None) => return Err(Error::UnknownAccount),
    };
    tx.commit().await?;
    Ok(Outcome::SignedIn { session_token })
}

/// What a password must not be made of.
fn words_of(credential: &Credential) -> [&str; 3] {
    [&credential.user_name, &credential.name, credential.email.split('@').next().unwrap_or_default()]
}
