//! Mail: a courtesy copy of a message.

use std::time::Duration;

use catalogue::{Catalogue, Locale};
use db::jobs::{self, Job};
use enrolment::Tenant;
use kernel::Ctx;
use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use messages::{Mail, MailEnd, MailJob};

use crate::{Error, Parts};

/// A mail server, and whom the mail is from.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    pub(crate) from: Mailbox,
}

/// How long the mail server may take for each step.
const WAITS: Duration = Duration::from_secs(10);

impl Mailer {
    /// `smtps://user:password@host:465` or `smtp://host:25`; the server is not called yet.
    pub fn connect(server: &str, from: &str) -> Result<Mailer, Error> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(server).map_err(|e| Error::Mail(e.to_string()))?;
        let from = from.parse().map_err(|_| Error::Mail(format!("{from} is not a mail address")))?;
        Ok(Mailer { transport: transport.timeout(Some(WAITS)).build(), from })
    }

    pub(crate) async fn send(&self, message: Message) -> Result<String, Error> {
        let answer = self.transport.send(message).await;
        let answer = answer.map_err(|e| if e.is_permanent() { refused(&e) } else { Error::Mail(e.to_string()) })?;
        Ok(answer.message().collect::<Vec<_>>().join(" "))
    }
}

pub(crate) fn refused(why: &dyn std::fmt::Display) -> Error {
    Error::MailRefused(why.to_string())
}

/// Sends the mail of a message, with no transaction open meanwhile, and notes the server's answer.
pub async fn send(parts: &Parts, ctx: &Ctx, job: &Job) -> Result<(), Error> {
    let body: MailJob = serde_json::from_str(&job.body)?;
    let mail = messages::find_mail(&mut parts.db.read().await?, ctx, body.message).await?;
    let end = match (&parts.mailer, &mail) {
        (Some(mailer), Some(mail)) => Some(end_of(deliver(parts, ctx, mailer, mail).await, job)?),
        (None, Some(_)) => Some((MailEnd::NoServer, "no mail server".to_owned())),
        (_, None) => None,
    };
    let mut tx = parts.db.begin().await?;
    if let Some((end, proof)) = end {
        messages::mail_ended(&mut tx, ctx, body.message, end, &proof).await?;
    }
    jobs::done(&mut tx, job, ctx.now).await?;
    Ok(tx.commit().await?)
}

/// What is noted of a delivery; an error where it is to be tried again.
fn end_of(delivered: Result<String, Error>, job: &Job) -> Result<(MailEnd, String), Error> {
    match delivered {
        Ok(proof) => Ok((MailEnd::Sent, proof)),
        Err(Error::MailRefused(why)) => Ok((MailEnd::Failed, why)),
        Err(Error::Mail(why)) if job.attempt >= jobs::MOST_ATTEMPTS => Ok((MailEnd::Failed, why)),
        Err(other) => Err(other),
    }
}

async fn deliver(parts: &Parts, ctx: &Ctx, mailer: &Mailer, mail: &Mail) -> Result<String, Error> {
    let tenants = enrolment::tenant::list_all(&mut parts.db.read().await?).await?;
    let tenant = tenants.into_iter().find(|t| t.id == ctx.tenant).expect("a job is of a tenant that is there");
    mailer.send(letter(parts, mailer, mail, &tenant)?).await
}

fn letter(parts: &Parts, mailer: &Mailer, mail: &Mail, tenant: &Tenant) -> Result<Message, Error> {
    let to = mail.to.parse().map_err(|e| refused(&e))?;
    let letter = Message::builder()
        .from(mailer.from.clone())
        .to(Mailbox::new(Some(mail.name.clone()), to))
        .subject(&mail.subject)
        // The same however often it is sent: mailboxes then show it once.
        .message_id(Some(format!("<{}@{}>", mail.id, mailer.from.email.domain())))
        .header(ContentType::TEXT_PLAIN);
    letter.body(text(&parts.catalogue, mail, tenant)).map_err(|e| refused(&e))
}

fn text(catalogue: &Catalogue, mail: &Mail, tenant: &Tenant) -> String {
    let words = |key: &str, name: &str, value: &str| catalogue.format(Locale::It, key, &[(name, value.into())]);
    let link = mail.link.as_ref().map(|path| words("mail-link", "link", &format!("{}{path}", tenant.public_url)));
    let greeting = words("mail-greeting", "name", &mail.name);
    let closing = words("mail-closing", "tenant", &tenant.name);
    [Some(greeting), Some(mail.body.clone()), link, Some(closing)].into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}
