//! Telling parents in app IO of notices, due days and payments.
//!
//! What is found is written first, beside a message of the personal area, and sent afterwards; a person who does not take
//! messages of the service gets the mail instead. The service knows no key of repetition: when the machine dies between
//! its yes and our note of it, or its answer is lost, a message may come twice, never be lost.

use std::time::Duration;

use jiff::SignedDuration;
use kernel::{Ctx, MessageId};
use messages::NewMessage;
use pagopa::Endpoint;
use pagopa::io::{Client, Content, Error as IoError, NewMessage as NewIoMessage, Payee, PaymentData};
use payments::Position;
use payments::gateway::Service;
use payments::io::{self, IoEnd, IoKind, MOST_ATTEMPTS, Outgoing, ToTell};
use payments::settings::Institution;

use super::Platform;
use super::io_words::{self, Words, locale_of};
use crate::Error;

/// What is found in one round.
const FOUND_AT_ONCE: i64 = 200;
const SENT_AT_ONCE: i64 = 30;
/// Of a tenant whose key is wrong: the office has to put it right.
const KEY_WAIT: SignedDuration = SignedDuration::from_mins(10);

/// Writes down what a tenant's parents are to be told; how many things.
pub(super) async fn find(platform: &Platform, ctx: &Ctx, of: &Institution) -> Result<usize, Error> {
    let mut tx = platform.parts.db.begin().await?;
    let Some(settings) = io::find(&mut tx, ctx.tenant).await? else { return Ok(0) };
    let (new, near) = (
        io::list_new(&mut tx, ctx, &settings, FOUND_AT_ONCE).await?,
        io::list_near(&mut tx, ctx, &settings, FOUND_AT_ONCE).await?,
    );
    let mut found = 0;
    for to_tell in new.iter().map(ToTell::Notice).chain(near.iter().map(ToTell::Reminder)) {
        found += usize::from(write(platform, &mut tx, ctx, of, &to_tell).await?);
    }
    tx.commit().await?;
    Ok(found)
}

async fn write(platform: &Platform, tx: &mut db::Tx, ctx: &Ctx, of: &Institution, to_tell: &ToTell<'_>) -> Result<bool, Error> {
    let (position, kind, code) = match to_tell {
        ToTell::Notice(position) => (*position, IoKind::Notice, "payment.notice"),
        ToTell::Reminder(position) => (*position, IoKind::Reminder, "payment.reminder"),
        ToTell::Receipt(..) => return Ok(false), // written where receipts are told
    };
    let id: MessageId = ctx.new_id();
    if !io::put(tx, ctx, to_tell, id).await? {
        return Ok(false);
    }
    let words = io_words::of(&platform.parts.catalogue, catalogue::Locale::It, of, kind, position, None);
    let message = NewMessage {
        person: position.debtor,
        kind: code,
        subject: words.subject,
        body: words.body,
        link: Some("/area-personale/pagamento".to_owned()),
    };
    Ok(messages::create_silent_once(tx, ctx, id, message).await?)
}

/// Sends what waits for a tenant's parents, one after the other; how many things ended.
pub(super) async fn send(platform: &Platform, ctx: &Ctx, of: &Institution) -> Result<usize, Error> {
    let Some(endpoint) = platform.endpoint(ctx, Service::Io).await? else { return Ok(0) };
    let mut tx = platform.parts.db.begin().await?;
    let outgoing = io::claim(&mut tx, ctx, SENT_AT_ONCE).await?;
    tx.commit().await?;
    let client = Client::new(platform.http.clone());
    let mut ended = 0;
    for one in &outgoing {
        let said = tell(platform, ctx, of, &Wire { client: &client, endpoint: &endpoint }, one).await;
        ended += usize::from(note(platform, &platform.ctx(ctx.tenant), one, said).await?);
    }
    Ok(ended)
}

/// How the service is reached.
struct Wire<'a> {
    client: &'a Client,
    endpoint: &'a Endpoint,
}

/// The profile first: who takes no messages of the service gets none.
async fn tell(platform: &Platform, ctx: &Ctx, of: &Institution, wire: &Wire<'_>, one: &Outgoing) -> Result<IoEnd, IoError> {
    if is_overtaken(one, ctx) {
        return Ok(IoEnd::Overtaken);
    }
    let code = &one.position.debtor_code;
    if code.len() != 16 {
        return Ok(IoEnd::NotWanted); // a business, or nobody known by a code
    }
    let profile = match wire.client.find_profile(wire.endpoint, code).await? {
        Some(profile) if profile.sender_allowed => profile,
        _ => return Ok(IoEnd::NotWanted),
    };
    let paid = match io_words::paid(platform, ctx, one).await {
        Ok(paid) => paid,
        Err(error) => return Err(IoError::Unavailable(pagopa::Unavailable(error.to_string()))),
    };
    let locale = locale_of(&profile.preferred_languages);
    let words = io_words::of(&platform.parts.catalogue, locale, of, one.kind, &one.position, paid);
    Ok(IoEnd::Sent(wire.client.send(wire.endpoint, &message(of, one, words)).await?.id))
}

/// Nothing is due any more; or a reminder comes too late.
fn is_overtaken(one: &Outgoing, ctx: &Ctx) -> bool {
    let is_late = one.kind == IoKind::Reminder && one.position.due_on.is_none_or(|due| due < ctx.today());
    one.kind != IoKind::Receipt && (one.position.due().is_zero() || is_late)
}

fn message(of: &Institution, one: &Outgoing, words: Words) -> NewIoMessage {
    let asks = one.kind != IoKind::Receipt;
    NewIoMessage {
        fiscal_code: one.position.debtor_code.clone(),
        feature_level_type: None,
        content: Content {
            subject: words.subject,
            markdown: words.body,
            due_at: one.position.due_on.filter(|_| asks).map(io_words::end_of),
            require_secure_channels: None,
            payment: asks.then(|| payment(of, &one.position)),
        },
    }
}

fn payment(of: &Institution, position: &Position) -> PaymentData {
    PaymentData {
        amount_cents: position.due().0,
        notice_number: position.notice_number.to_string(),
        invalid_after_due_date: !of.pagopa.accepts_after_due && position.due_on.is_some(),
        payee: Payee { fiscal_code: of.fiscal_code.clone() },
    }
}

/// Notes what came of a message; whether it is at its end. Nothing of a person goes to the log.
async fn note(platform: &Platform, ctx: &Ctx, one: &Outgoing, said: Result<IoEnd, IoError>) -> Result<bool, Error> {
    let mut tx = platform.parts.db.begin().await?;
    let end = match said {
        Ok(end) => end,
        Err(error) if is_for_later(&error) && one.attempt < MOST_ATTEMPTS => {
            let (name, wait) = (name_of(&error), wait_of(&error));
            tracing::warn!(error = name, tenant = ctx.tenant.0, message = %one.message, "app IO did not take a message; again later");
            io::failed(&mut tx, ctx, one, wait, name).await?;
            tx.commit().await?;
            return Ok(false);
        }
        Err(error) => {
            tracing::warn!(error = name_of(&error), tenant = ctx.tenant.0, message = %one.message, "app IO refuses a message");
            IoEnd::Refused(error.to_string())
        }
    };
    io::ended(&mut tx, ctx, one, &end).await?;
    // A receipt was mailed when it was told.
    if matches!(end, IoEnd::NotWanted | IoEnd::Refused(_)) && one.kind != IoKind::Receipt {
        messages::mail_after_all(&mut tx, ctx, one.message).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// A wrong key is the office's to put right: what waits goes out then.
fn is_for_later(error: &IoError) -> bool {
    error.is_retryable() || *error == IoError::Unauthorised
}

fn wait_of(error: &IoError) -> Option<SignedDuration> {
    match error {
        IoError::TooManyCalls { retry_after } => {
            retry_after.map(|wait: Duration| SignedDuration::from_secs(wait.as_secs().min(86_400) as i64))
        }
        IoError::Unauthorised => Some(KEY_WAIT),
        _ => None,
    }
}

/// For the log: the service's own words may quote a person's code.
fn name_of(error: &IoError) -> &'static str {
    match error {
        IoError::Malformed(why) => why,
        IoError::Refused(_) => "400",
        IoError::NotAllowed => "403",
        IoError::NotFound => "404",
        IoError::Unauthorised => "401: the subscription key",
        IoError::TooManyCalls { .. } => "429",
        IoError::Unavailable(_) => "no answer",
    }
}
