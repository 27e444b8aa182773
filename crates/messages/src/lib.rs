//! What the Comune told a person: kept in the personal area, and sent by e-mail where there is an address.
//!
//! Invariants: a message is written in the transaction of what it tells of, so neither exists without the other; the
//! e-mail is a job of that same transaction, so a mail server that is away delays it and loses nothing.
//! Not here: the words (the caller brings them, from the catalogue) and the sending (the worker does it).

mod error;
mod store;

use kernel::{Ctx, Instant, MessageId, Page, Paged, PersonId};
use serde::{Deserialize, Serialize};

pub use error::Error;

/// The kind of job that sends a message's e-mail.
pub const MAIL_JOB: &str = "message.mail";

/// What to tell, ready to be read: the child, the service, the amount and the date are in the words.
#[derive(Clone, Debug)]
pub struct NewMessage {
    pub person: PersonId,
    /// What it is about, such as `payment.received`.
    pub kind: &'static str,
    pub subject: String,
    pub body: String,
    /// A path of the portal where the thing itself is seen.
    pub link: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub kind: String,
    pub subject: String,
    pub body: String,
    pub link: Option<String>,
    pub created_at: Instant,
    pub read_at: Option<Instant>,
}

/// A message on its way to a mailbox.
#[derive(Clone, Debug)]
pub struct Mail {
    pub id: MessageId,
    pub to: String,
    pub name: String,
    pub subject: String,
    pub body: String,
    pub link: Option<String>,
}

/// The body of a [`MAIL_JOB`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct MailJob {
    pub message: MessageId,
}

/// Writes a message and, where the person has an address, the job that mails it.
pub async fn create(tx: &mut db::Tx, ctx: &Ctx, new: NewMessage) -> Result<MessageId, Error> {
    let id: MessageId = ctx.new_id();
    create_once(tx, ctx, id, new).await?;
    Ok(id)
}

/// The same under an id that the caller takes from the cause, for causes that may come twice: the second time nothing is
/// written and the answer is false.
pub async fn create_once(tx: &mut db::Tx, ctx: &Ctx, id: MessageId, new: NewMessage) -> Result<bool, Error> {
    let email = store::email_of(tx, ctx, new.person).await?;
    let is_new = store::insert(tx, ctx, id, &new, email.is_some()).await?;
    if is_new && email.is_some() {
        enqueue_mail(tx, ctx, id).await?;
    }
    Ok(is_new)
}

/// The same without a mail, for what another way tells; [`mail_after_all`] if that way is closed.
pub async fn create_silent_once(tx: &mut db::Tx, ctx: &Ctx, id: MessageId, new: NewMessage) -> Result<bool, Error> {
    store::insert(tx, ctx, id, &new, false).await
}

/// Mails a message that was written without a mail, where the person has an address; whether it does so now.
pub async fn mail_after_all(tx: &mut db::Tx, ctx: &Ctx, id: MessageId) -> Result<bool, Error> {
    let is_mailed = store::set_pending(tx, ctx, id).await?;
    if is_mailed {
        enqueue_mail(tx, ctx, id).await?;
    }
    Ok(is_mailed)
}

async fn enqueue_mail(tx: &mut db::Tx, ctx: &Ctx, id: MessageId) -> Result<(), Error> {
    let key = format!("{MAIL_JOB}:{id}");
    Ok(db::jobs::enqueue(tx, ctx, MAIL_JOB, Some(&key), ctx.now, &MailJob { message: id }).await?)
}

/// The acting person's messages, newest first.
pub async fn list_for(tx: &mut db::Tx, ctx: &Ctx, page: Page) -> Result<Paged<Message>, Error> {
    store::list_for(tx, ctx, page).await
}

/// How many of the acting person's messages are not read yet.
pub async fn unread_count(tx: &mut db::Tx, ctx: &Ctx) -> Result<u64, Error> {
    store::unread_count(tx, ctx).await
}

/// Marks all messages of the acting person as read.
pub async fn mark_read(tx: &mut db::Tx, ctx: &Ctx) -> Result<(), Error> {
    store::mark_read(tx, ctx).await
}

/// The mail of a message that still waits to be sent; none when it was sent, or the person's address is gone.
pub async fn find_mail(tx: &mut db::Tx, ctx: &Ctx, id: MessageId) -> Result<Option<Mail>, Error> {
    store::find_mail(tx, ctx, id).await
}

/// How a mail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailEnd {
    Sent,
    Failed,
    /// There is no mail server: the message stands in the personal area only.
    NoServer,
}

/// Notes how a mail ended, with what proves it (the mail server's answer).
pub async fn mail_ended(tx: &mut db::Tx, ctx: &Ctx, id: MessageId, end: MailEnd, proof: &str) -> Result<(), Error> {
    let state = match end {
        MailEnd::Sent => "sent",
        MailEnd::Failed => "failed",
        MailEnd::NoServer => "none",
    };
    store::mail_ended(tx, ctx, id, state, proof).await
}
