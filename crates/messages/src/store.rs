//! All SQL of messages.

use db::{Row, Tx};
use kernel::{Ctx, MessageId, Page, Paged, PersonId};

use crate::{Error, Mail, Message, NewMessage};

pub async fn email_of(tx: &mut Tx, ctx: &Ctx, person: PersonId) -> Result<Option<String>, Error> {
    let sql = "select email from person where tenant_id = $1 and id = $2";
    Ok(tx.query_one(sql, &[&ctx.tenant, &person]).await?.get(0)?)
}

/// False when a message of this id is there already.
pub async fn insert(tx: &mut Tx, ctx: &Ctx, id: MessageId, new: &NewMessage, mailed: bool) -> Result<bool, Error> {
    let state = if mailed { "pending" } else { "none" };
    let sql = "insert into message (tenant_id, id, person_id, kind, subject, body, link, created_at, mail_state)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (tenant_id, id) do nothing";
    let m = new;
    let inserted =
        tx.execute(sql, &[&ctx.tenant, &id, &m.person, &m.kind, &m.subject, &m.body, &m.link, &ctx.now, &state]).await?;
    Ok(inserted == 1)
}

/// False when it has a mail, or the person no address.
pub async fn set_pending(tx: &mut Tx, ctx: &Ctx, id: MessageId) -> Result<bool, Error> {
    let sql = "update message set mail_state = 'pending' where tenant_id = $1 and id = $2 and mail_state = 'none'
               and exists (select 1 from person p where p.tenant_id = $1 and p.id = message.person_id and p.email is not null)";
    Ok(tx.execute(sql, &[&ctx.tenant, &id]).await? == 1)
}

pub async fn list_for(tx: &mut Tx, ctx: &Ctx, page: Page) -> Result<Paged<Message>, Error> {
    let Some(person) = ctx.actor.person() else { return Ok(Paged { items: Vec::new(), total: 0, page }) };
    let total = count(tx, ctx, person, "").await?;
    let sql = "select id, kind, subject, body, link, created_at, read_at from message
               where tenant_id = $1 and person_id = $2 order by created_at desc, id desc limit $3 offset $4";
    let rows = tx.query(sql, &[&ctx.tenant, &person, &page.limit(), &page.offset()]).await?;
    let items = rows.iter().map(message).collect::<Result<_, _>>()?;
    Ok(Paged { items, total, page })
}

pub async fn unread_count(tx: &mut Tx, ctx: &Ctx) -> Result<u64, Error> {
    match ctx.actor.person() {
        Some(person) => count(tx, ctx, person, " and read_at is null").await,
        None => Ok(0),
    }
}

async fn count(tx: &mut Tx, ctx: &Ctx, person: PersonId, which: &str) -> Result<u64, Error> {
    let sql = format!("select count(*) from message where tenant_id = $1 and person_id = $2{which}");
    let count: i64 = tx.query_one(&sql, &[&ctx.tenant, &person]).await?.get(0)?;
    Ok(count.unsigned_abs())
}

pub async fn mark_read(tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
    if let Some(person) = ctx.actor.person() {
        let sql = "update message set read_at = $3 where tenant_id = $1 and person_id = $2 and read_at is null";
        tx.execute(sql, &[&ctx.tenant, &person, &ctx.now]).await?;
    }
    Ok(())
}

pub async fn find_mail(tx: &mut Tx, ctx: &Ctx, id: MessageId) -> Result<Option<Mail>, Error> {
    let sql = "select p.email, p.name, p.family_name, m.subject, m.body, m.link
               from message m join person p on p.tenant_id = m.tenant_id and p.id = m.person_id
               where m.tenant_id = $1 and m.id = $2 and m.mail_state = 'pending' and p.email is not null";
    let Some(row) = tx.query_opt(sql, &[&ctx.tenant, &id]).await? else { return Ok(None) };
    let name = format!("{} {}", row.get::<String>(1)?, row.get::<String>(2)?);
    Ok(Some(Mail { id, to: row.get(0)?, name, subject: row.get(3)?, body: row.get(4)?, link: row.get(5)? }))
}

pub async fn mail_ended(tx: &mut Tx, ctx: &Ctx, id: MessageId, state: &str, proof: &str) -> Result<(), Error> {
    let sql = "update message set mail_state = $3, mail_proof = $4 where tenant_id = $1 and id = $2";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &id, &state, &proof]).await?)
}

fn message(row: &Row) -> Result<Message, Error> {
    Ok(Message {
        id: row.get(0)?,
        kind: row.get(1)?,
        subject: row.get(2)?,
        body: row.get(3)?,
        link: row.get(4)?,
        created_at: row.get(5)?,
        read_at: row.get(6)?,
    })
}
