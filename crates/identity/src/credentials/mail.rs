//! Mails about a password. A job says only whom to write to and why; the link is made when the mail is, so its token stands in
//! no table and in no queue.

use db::{Tx, jobs};
use kernel::Ctx;
use serde::{Deserialize, Serialize};

use super::{Credential, Error, Kind, account, link, throttle};

/// The kind of job that writes such a mail.
pub const JOB: &str = "credential.mail";

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Invitation,
    /// Somebody asked for a new password; perhaps of an account that is not there.
    Reset,
    /// The password was changed: its owner must hear of it.
    Changed,
}

/// The body of a [`JOB`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Request {
    pub kind: Kind,
    pub user_name: String,
    pub purpose: Purpose,
}

/// A mail to be written.
#[derive(Clone, Debug)]
pub struct Letter {
    pub to: String,
    pub name: String,
    pub kind: Kind,
    pub user_name: String,
    pub purpose: Purpose,
    /// A path of the portal.
    pub link: String,
}

/// Enqueues a mail; one of the same sort that waits already is enough.
pub async fn enqueue(tx: &mut Tx, ctx: &Ctx, kind: Kind, user_name: &str, purpose: Purpose) -> Result<(), Error> {
    let body = Request { kind, user_name: user_name.to_owned(), purpose };
    let key = format!("{JOB}:{}:{purpose:?}:{user_name}", kind.code());
    Ok(jobs::enqueue(tx, ctx, JOB, Some(&key), ctx.now, &body).await?)
}

/// Asks for a link to a new password. Done alike whether there is such an account: who asks learns nothing, not even by the time
/// it takes. Gives the seconds to wait where this address has asked too often.
pub async fn request_reset(tx: &mut Tx, ctx: &Ctx, kind: Kind, user_name: &str, source: &str) -> Result<Option<u32>, Error> {
    let wait = throttle::take(tx, ctx, &format!("reset-source:{source}"), throttle::RESET_SOURCE).await?;
    if wait.is_some() {
        return Ok(wait);
    }
    let key = format!("reset:{}:{user_name}", kind.code());
    if throttle::take(tx, ctx, &key, throttle::RESET).await?.is_none() {
        enqueue(tx, ctx, kind, user_name, Purpose::Reset).await?;
    }
    Ok(None)
}

/// What to write for a job, with a fresh link; nothing where there is no such account.
pub async fn letter(tx: &mut Tx, ctx: &Ctx, request: &Request) -> Result<Option<Letter>, Error> {
    let Some(credential) = account::find(tx, ctx, request.kind, &request.user_name).await? else { return Ok(None) };
    let link = match request.purpose {
        Purpose::Invitation => link_to(tx, ctx, &credential, link::Purpose::Invitation).await?,
        Purpose::Reset => link_to(tx, ctx, &credential, link::Purpose::Reset).await?,
        Purpose::Changed => sign_in_path(credential.kind).to_owned(),
    };
    let Credential { kind, user_name, name, email, .. } = credential;
    Ok(Some(Letter { to: email, name, kind, user_name, purpose: request.purpose, link }))
}

async fn link_to(tx: &mut Tx, ctx: &Ctx, credential: &Credential, purpose: link::Purpose) -> Result<String, Error> {
    Ok(link::path(credential.kind, &link::make(tx, ctx, credential, purpose).await?))
}

/// Where this kind of people signs in, on the tenant's portal.
pub fn sign_in_path(kind: Kind) -> &'static str {
    match kind {
        Kind::Business => "/accedi/imprese",
        Kind::Staff => "/ufficio/accedi",
    }
}
