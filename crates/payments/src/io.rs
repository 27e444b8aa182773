//! What parents are told in app IO: a notice, that its day comes near, that it was paid. A tenant opts in.
//!
//! Each thing is told once, by its key; what is told is the position as it is when it is sent, so nobody is reminded of
//! what was paid meanwhile. Not here: the words and the personal area (the worker brings both), and the call.

use std::collections::HashMap;

use jiff::{SignedDuration, ToSpan};
use kernel::{Ctx, Day, Instant, MessageId, PositionId, ReceiptId, TenantId};
use serde_json::json;

use crate::{Error, Position, get, store};

/// Messages of one tenant the service takes in [`WITHIN`]: each is two calls of its 150.
pub const MOST: i64 = 75;
pub const WITHIN: SignedDuration = SignedDuration::from_secs(5);
/// After this many attempts a message is given up: about two days.
pub const MOST_ATTEMPTS: i64 = 50;
/// How many days before a due date at most it may be called to mind.
pub const MOST_REMIND_DAYS: i64 = 60;
/// How long one worker has for a message: then another may try, for it died.
const LEASE: SignedDuration = SignedDuration::from_secs(120);
/// The first wait; the k-th is this long times 2^k - 1, an hour at most.
const SLOT: SignedDuration = SignedDuration::from_secs(5);
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// How a tenant that opted in tells its parents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IoSettings {
    /// As the IO back office names the service.
    pub service_id: String,
    /// How many days before a due day it is called to mind; 0: never.
    pub remind_days: i64,
    /// Notices from before are not told.
    pub since: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IoKind {
    /// There is something to pay.
    Notice,
    /// Its due day comes near.
    Reminder,
    /// A payment has arrived.
    Receipt,
}

const KINDS: [(IoKind, &str); 3] = [(IoKind::Notice, "notice"), (IoKind::Reminder, "reminder"), (IoKind::Receipt, "receipt")];

impl IoKind {
    pub fn code(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).expect("every kind has a word").1
    }

    pub(crate) fn from_code(code: &str) -> Option<IoKind> {
        KINDS.iter().find(|(_, word)| *word == code).map(|(kind, _)| *kind)
    }
}

/// Something to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToTell<'a> {
    Notice(&'a Position),
    Reminder(&'a Position),
    Receipt(PositionId, ReceiptId),
}

impl ToTell<'_> {
    fn key(&self) -> String {
        match self {
            ToTell::Notice(position) => format!("notice:{}", position.id),
            // A due day that is put off is called to mind again.
            ToTell::Reminder(position) => {
                format!("reminder:{}:{}", position.id, self.due_on().map(|day| day.to_string()).unwrap_or_default())
            }
            ToTell::Receipt(_, receipt) => format!("receipt:{receipt}"),
        }
    }

    pub(crate) fn kind(&self) -> IoKind {
        match self {
            ToTell::Notice(_) => IoKind::Notice,
            ToTell::Reminder(_) => IoKind::Reminder,
            ToTell::Receipt(..) => IoKind::Receipt,
        }
    }

    pub(crate) fn position(&self) -> PositionId {
        match self {
            ToTell::Notice(position) | ToTell::Reminder(position) => position.id,
            ToTell::Receipt(position, _) => *position,
        }
    }

    /// The day a reminder calls to mind.
    pub(crate) fn due_on(&self) -> Option<Day> {
        match self {
            ToTell::Reminder(position) => position.due_on,
            _ => None,
        }
    }

    pub(crate) fn receipt(&self) -> Option<ReceiptId> {
        match self {
            ToTell::Receipt(_, receipt) => Some(*receipt),
            _ => None,
        }
    }
}

/// A message this worker is to send.
#[derive(Clone, Debug)]
pub struct Outgoing {
    pub message: MessageId,
    pub kind: IoKind,
    /// As it is now.
    pub position: Position,
    pub receipt: Option<ReceiptId>,
    /// This one included.
    pub attempt: i64,
}

/// How a message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IoEnd {
    /// The service has it, under this id.
    Sent(String),
    /// The person has no app IO, or takes no messages of this service.
    NotWanted,
    /// The service will not have it, in its words.
    Refused(String),
    /// There is nothing to pay any more.
    Overtaken,
}

impl IoEnd {
    pub fn state(&self) -> &'static str {
        match self {
            IoEnd::Sent(_) => "sent",
            IoEnd::NotWanted => "not_wanted",
            IoEnd::Refused(_) => "refused",
            IoEnd::Overtaken => "overtaken",
        }
    }
}

/// The tenant's settings; none where it sends nothing.
pub async fn find(tx: &mut db::Tx, tenant: TenantId) -> Result<Option<IoSettings>, Error> {
    store::io_settings(tx, tenant).await
}

/// The enabled tenants that opted in, by id.
pub async fn tenants(tx: &mut db::Tx) -> Result<Vec<TenantId>, Error> {
    store::io_tenants(tx).await
}

/// Begins to tell of notices that are made from now on; a tenant that did so already keeps its beginning.
///
/// # Errors
/// [`Error::Malformed`] for a service without a name or more than [`MOST_REMIND_DAYS`].
pub async fn opt_in(tx: &mut db::Tx, ctx: &Ctx, service_id: &str, remind_days: i64) -> Result<IoSettings, Error> {
    if service_id.trim().is_empty() || !(0..=MOST_REMIND_DAYS).contains(&remind_days) {
        return Err(Error::Malformed("a service of app IO has an id, and reminds 0 to 60 days before"));
    }
    let since = find(tx, ctx.tenant).await?.map_or(ctx.now, |known| known.since);
    let settings = IoSettings { service_id: service_id.trim().to_owned(), remind_days, since };
    store::put_io_settings(tx, ctx.tenant, &settings).await?;
    let details = json!({ "service": settings.service_id, "remind_days": remind_days });
    db::audit::record(tx, ctx, "io.opted_in", "io", &details).await?;
    Ok(settings)
}

/// Tells nothing any more; what waits is not sent. False when the tenant had not opted in.
pub async fn opt_out(tx: &mut db::Tx, ctx: &Ctx) -> Result<bool, Error> {
    let was_in = store::delete_io_settings(tx, ctx.tenant).await?;
    if was_in {
        store::overtake_all_io(tx, ctx).await?;
        db::audit::record(tx, ctx, "io.opted_out", "io", &json!({})).await?;
    }
    Ok(was_in)
}

/// Notices nobody was told of yet: of a debt in instalments the one for the whole, oldest first.
pub async fn list_new(tx: &mut db::Tx, ctx: &Ctx, settings: &IoSettings, most: i64) -> Result<Vec<Position>, Error> {
    store::io_new(tx, ctx, settings.since, most).await
}

/// Instalments whose due day is near and was not called to mind yet, soonest first. A notice younger than the time
/// between reminder and due day was told so lately that nobody needs a reminder.
pub async fn list_near(tx: &mut db::Tx, ctx: &Ctx, settings: &IoSettings, most: i64) -> Result<Vec<Position>, Error> {
    if settings.remind_days == 0 {
        return Ok(Vec::new());
    }
    let until = ctx.today().saturating_add(settings.remind_days.days());
    let made_before = ctx.now - SignedDuration::from_hours(24 * settings.remind_days);
    store::io_near(tx, ctx, until, made_before, most).await
}

/// Puts something to tell beside its message of the personal area; false when it was told before.
pub async fn put(tx: &mut db::Tx, ctx: &Ctx, to_tell: &ToTell<'_>, message: MessageId) -> Result<bool, Error> {
    store::insert_io(tx, ctx, to_tell, &to_tell.key(), message).await
}

/// Takes up to `limit` messages of the tenant that wait, longest first, and no more than the service takes now. Commit,
/// then call with no transaction open.
pub async fn claim(tx: &mut db::Tx, ctx: &Ctx, limit: i64) -> Result<Vec<Outgoing>, Error> {
    let free = MOST - store::io_calls_since(tx, ctx.tenant, ctx.now - WITHIN).await?;
    let mut outgoing = Vec::new();
    for row in store::claim_io(tx, ctx, limit.min(free), ctx.now + LEASE).await? {
        let position = get(tx, ctx, row.position).await?;
        outgoing.push(Outgoing { message: row.message, kind: row.kind, position, receipt: row.receipt, attempt: row.attempts });
    }
    Ok(outgoing)
}

/// Notes how a message ended.
pub async fn ended(tx: &mut db::Tx, ctx: &Ctx, outgoing: &Outgoing, end: &IoEnd) -> Result<(), Error> {
    let (io_id, answer) = match end {
        IoEnd::Sent(id) => (Some(id.as_str()), None),
        IoEnd::Refused(words) => (None, Some(words.as_str())),
        IoEnd::NotWanted | IoEnd::Overtaken => (None, None),
    };
    store::io_ended(tx, ctx, outgoing.message, end.state(), io_id, answer).await
}

/// The service is away, or wants fewer calls: again later, each time after longer, and not before the service asks for.
pub async fn failed(
    tx: &mut db::Tx,
    ctx: &Ctx,
    outgoing: &Outgoing,
    asked_for: Option<SignedDuration>,
    words: &str,
) -> Result<(), Error> {
    let wait = wait(outgoing.attempt).max(asked_for.unwrap_or_default());
    store::io_failed(tx, ctx, outgoing.message, ctx.now + wait, words).await
}

fn wait(attempts: i64) -> SignedDuration {
    let slots = (1_i32 << attempts.clamp(1, 20)) - 1;
    (SLOT * slots).min(LONGEST)
}

/// When each of these messages of the personal area was sent in app IO; those that were not are left out.
pub async fn sent_at(tx: &mut db::Tx, ctx: &Ctx, messages: &[MessageId]) -> Result<HashMap<MessageId, Instant>, Error> {
    store::io_sent_at(tx, ctx, messages).await
}

/// How many messages are in each state, by state.
pub async fn count(tx: &mut db::Tx, ctx: &Ctx) -> Result<Vec<(String, i64)>, Error> {
    store::count_io(tx, ctx).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_by_powers_of_two_up_to_an_hour_for_about_two_days() {
        let waits: Vec<i64> = [1, 2, 3, 10, 49].into_iter().map(|attempt| wait(attempt).as_secs()).collect();
        assert_eq!(waits, [5, 15, 35, 3600, 3600]);
        let all: i64 = (1..MOST_ATTEMPTS).map(|attempt| wait(attempt).as_secs()).sum();
        assert!((36..60).contains(&(all / 3600)), "{all}");
    }
}
