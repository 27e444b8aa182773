//! Mail: a courtesy copy of a message.

use catalogue::Locale;
use db::jobs::{self, Job};
use kernel::Ctx;
use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use messages::{Mail, MailJob};

use crate::{Error, Parts};

/// A mail server, and whom the mail is from.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl Mailer {
    /// `smtps://user:password@host:465` or `smtp://host:25`; the server is not called yet.
    pub fn connect(server: &str, from: &str) -> Result<Mailer, Error> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(server).map_err(|e| Error::Mail(e.to_string()))?.build();
        Ok(Mailer { transport, from: from.parse().map_err(|_| Error::Mail(format!("{from} is not a mail address")))? })
    }
}

/// Sends the mail of a message, with no transaction open meanwhile, and notes the server's answer.
pub async fn send(parts: &Parts, ctx: &Ctx, job: &Job) -> Result<(), Error> {
    let body: MailJob = serde_json::from_str(&job.body)?;
    let mail = messages::find_mail(&mut parts.db.read().await?, ctx, body.message).await?;
    let proof = match (&parts.mailer, &mail) {
        (Some(mailer), Some(mail)) => Some(deliver(parts, ctx, mailer, mail).await?),
        _ => None,
    };
    let mut tx = parts.db.begin().await?;
    match (mail, proof) {
        (Some(mail), Some(proof)) => messages::mail_ended(&mut tx, ctx, mail.id, messages::MailEnd::Sent, &proof).await?,
        (Some(mail), None) => messages::mail_ended(&mut tx, ctx, mail.id, messages::MailEnd::NoServer, "no mail server").await?,
        (None, _) => {}
    }
    jobs::done(&mut tx, job, ctx.now).await?;
    Ok(tx.commit().await?)
}

async fn deliver(parts: &Parts, ctx: &Ctx, mailer: &Mailer, mail: &Mail) -> Result<String, Error> {
    let tenants = enrolment::tenant::list_all(&mut parts.db.read().await?).await?;
    let tenant = tenants.into_iter().find(|t| t.id == ctx.tenant).ok_or_else(|| Error::Mail("no such tenant".to_owned()))?;
    let words = |key: &str, name: &str, value: &str| parts.catalogue.format(Locale::It, key, &[(name, value.into())]);
    let link = mail.link.as_ref().map(|path| words("mail-link", "link", &format!("{}{path}", tenant.public_url)));
    let lines = [Some(words("mail-greeting", "name", &mail.name)), Some(mail.body.clone()), link, Some(words("mail-closing", "tenant", &tenant.name))];
    let text = lines.into_iter().flatten().collect::<Vec<_>>().join("\n\n");
    let to = mail.to.parse().map_err(|_| Error::Mail("the person's address is not one".to_owned()))?;
    let message = Message::builder().from(mailer.from.clone()).to(Mailbox::new(Some(mail.name.clone()), to)).subject(&mail.subject);
    let message = message.body(text).map_err(|e| Error::Mail(e.to_string()))?;
    let answer = mailer.transport.send(message).await.map_err(|e| Error::Mail(e.to_string()))?;
    Ok(answer.message().collect::<Vec<_>>().join(" "))
}
