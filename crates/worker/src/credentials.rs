//! The mail of passwords: invitations, links for a new one, and the word that one was changed. The link is made here, when the
//! mail is, and stands nowhere else.

use catalogue::{Catalogue, Locale};
use db::jobs::{self, Job};
use enrolment::Tenant;
use identity::credentials::Kind;
use identity::credentials::mail::{self, Letter, Purpose, Request};
use kernel::Ctx;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;

use crate::mail::refused;
use crate::{Error, Mailer, Parts};

/// Writes and sends the mail of a job. One that failed is written again, with another link.
pub async fn send(parts: &Parts, ctx: &Ctx, job: &Job) -> Result<(), Error> {
    let request: Request = serde_json::from_str(&job.body)?;
    match &parts.mailer {
        Some(mailer) => deliver(parts, ctx, mailer, &request).await?,
        None => tracing::warn!(kind = %job.kind, "there is no mail server: a link for a password was not sent"),
    }
    let mut tx = parts.db.begin().await?;
    jobs::done(&mut tx, job, ctx.now).await?;
    Ok(tx.commit().await?)
}

async fn deliver(parts: &Parts, ctx: &Ctx, mailer: &Mailer, request: &Request) -> Result<(), Error> {
    let mut tx = parts.db.begin().await?;
    let letter = mail::letter(&mut tx, ctx, request).await?;
    tx.commit().await?;
    let Some(letter) = letter else { return Ok(()) };
    let tenants = enrolment::tenant::list_all(&mut parts.db.read().await?).await?;
    let tenant = tenants.into_iter().find(|t| t.id == ctx.tenant).expect("a job is of a tenant that is there");
    let sent = mailer.send(written(&parts.catalogue, mailer, &letter, &tenant)?).await;
    match sent {
        // No second attempt would end otherwise.
        Err(Error::MailRefused(why)) => {
            tracing::warn!(%why, "a mail with a link for a password was refused");
            Ok(())
        }
        other => other.map(|_| ()),
    }
}

fn written(catalogue: &Catalogue, mailer: &Mailer, letter: &Letter, tenant: &Tenant) -> Result<Message, Error> {
    let to = letter.to.parse().map_err(|e| refused(&e))?;
    let (subject, text) = words(letter);
    let link = format!("{}{}", tenant.public_url, letter.link);
    let args = [("tenant", (&tenant.name).into()), ("user", (&letter.user_name).into()), ("link", (&link).into())];
    let say = |key: &str| catalogue.format(Locale::It, key, &args);
    let greeting = catalogue.format(Locale::It, "mail-greeting", &[("name", (&letter.name).into())]);
    let body = [greeting, say(text), say("mail-closing")].join("\n\n");
    Message::builder()
        .from(mailer.from.clone())
        .to(Mailbox::new(Some(letter.name.clone()), to))
        .subject(say(subject))
        .header(ContentType::TEXT_PLAIN)
        .body(body)
        .map_err(|e| refused(&e))
}

/// The keys of its subject and its text.
fn words(letter: &Letter) -> (&'static str, &'static str) {
    match (letter.purpose, letter.kind) {
        (Purpose::Invitation, Kind::Business) => ("mail-invitation-business-subject", "mail-invitation-business"),
        (Purpose::Invitation, Kind::Staff) => ("mail-invitation-staff-subject", "mail-invitation-staff"),
        (Purpose::Reset, _) => ("mail-reset-subject", "mail-reset"),
        (Purpose::Changed, _) => ("mail-changed-subject", "mail-changed"),
    }
}
