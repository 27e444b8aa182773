use std::collections::HashMap;

use db::{Engine, Row, ToValue, Tx};
use kernel::{Ctx, Day, Instant, MessageId, PositionId, ReceiptId, TenantId};

use super::positions::{POSITION_COLUMNS, position};
use super::unknown_word;
use crate::io::{IoKind, IoSettings, ToTell};
use crate::{Error, Position};

pub(crate) async fn io_settings(tx: &mut Tx, tenant: TenantId) -> Result<Option<IoSettings>, Error> {
    let sql = "select service_id, remind_days, since from tenant_io where tenant_id = $1";
    let read = |row: Row| Ok(IoSettings { service_id: row.get(0)?, remind_days: row.get(1)?, since: row.get(2)? });
    tx.query_opt(sql, &[&tenant]).await?.map(read).transpose()
}

pub(crate) async fn io_tenants(tx: &mut Tx) -> Result<Vec<TenantId>, Error> {
    let sql = "select i.tenant_id from tenant_io i join tenant t on t.id = i.tenant_id and t.enabled order by i.tenant_id";
    tx.query(sql, &[]).await?.iter().map(|row| Ok(row.get(0)?)).collect()
}

pub(crate) async fn put_io_settings(tx: &mut Tx, tenant: TenantId, of: &IoSettings) -> Result<(), Error> {
    let sql = "insert into tenant_io (tenant_id, service_id, remind_days, since) values ($1, $2, $3, $4)
               on conflict (tenant_id) do update set service_id = excluded.service_id, remind_days = excluded.remind_days";
    Ok(tx.execute_one(sql, &[&tenant, &of.service_id, &of.remind_days, &of.since]).await?)
}

pub(crate) async fn delete_io_settings(tx: &mut Tx, tenant: TenantId) -> Result<bool, Error> {
    Ok(tx.execute("delete from tenant_io where tenant_id = $1", &[&tenant]).await? == 1)
}

pub(crate) async fn overtake_all_io(tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
    let sql = "update io_message set state = 'overtaken', ended_at = $2 where tenant_id = $1 and state = 'waiting'";
    tx.execute(sql, &[&ctx.tenant, &ctx.now]).await?;
    Ok(())
}

pub(crate) async fn io_new(tx: &mut Tx, ctx: &Ctx, since: Instant, most: i64) -> Result<Vec<Position>, Error> {
    let sql = format!(
        "select {POSITION_COLUMNS} from debt_position p
         where p.tenant_id = $1 and p.state = 'payable' and p.created_at >= $2 and p.amount_cents > p.paid_cents
           and (p.due_on is null or p.due_on >= $3) and (p.kind = 'whole' or (p.kind = 'instalment' and p.choice_key is null))
           and not exists (select 1 from io_message m where m.tenant_id = $1 and m.position_id = p.id and m.kind = 'notice')
         order by p.created_at, p.id limit $4"
    );
    tx.query(&sql, &[&ctx.tenant, &since, &ctx.today(), &most]).await?.iter().map(position).collect()
}

pub(crate) async fn io_near(tx: &mut Tx, ctx: &Ctx, until: Day, made_before: Instant, most: i64) -> Result<Vec<Position>, Error> {
    let sql = format!(
        "select {POSITION_COLUMNS} from debt_position p
         where p.tenant_id = $1 and p.state = 'payable' and p.due_on >= $2 and p.due_on <= $3 and p.kind = 'instalment'
           and p.created_at <= $4 and p.amount_cents > p.paid_cents
           and not exists (select 1 from io_message m where m.tenant_id = $1 and m.position_id = p.id and m.kind = 'reminder'
                           and m.due_on = p.due_on)
         order by p.due_on, p.id limit $5"
    );
    tx.query(&sql, &[&ctx.tenant, &ctx.today(), &until, &made_before, &most]).await?.iter().map(position).collect()
}

/// False when there is one of this key.
pub(crate) async fn insert_io(
    tx: &mut Tx,
    ctx: &Ctx,
    to_tell: &ToTell<'_>,
    key: &str,
    message: MessageId,
) -> Result<bool, Error> {
    let sql = "insert into io_message (tenant_id, message_id, key, kind, position_id, receipt_id, due_on, state, attempts, created_at, next_try_at)
               values ($1, $2, $3, $4, $5, $6, $7, 'waiting', 0, $8, $8) on conflict (tenant_id, key) do nothing";
    let (kind, position, receipt, due_on) = (to_tell.kind().code(), to_tell.position(), to_tell.receipt(), to_tell.due_on());
    let params: [&dyn ToValue; 8] = [&ctx.tenant, &message, &key, &kind, &position, &receipt, &due_on, &ctx.now];
    Ok(tx.execute(sql, &params).await? == 1)
}

pub(crate) async fn io_calls_since(tx: &mut Tx, tenant: TenantId, since: Instant) -> Result<i64, Error> {
    let sql = "select count(*) from io_message where tenant_id = $1 and called_at > $2";
    Ok(tx.query_one(sql, &[&tenant, &since]).await?.get(0)?)
}

pub(crate) struct IoRow {
    pub message: MessageId,
    pub kind: IoKind,
    pub position: PositionId,
    pub receipt: Option<ReceiptId>,
    pub attempts: i64,
    created_at: Instant,
}

pub(crate) async fn claim_io(tx: &mut Tx, ctx: &Ctx, limit: i64, lease: Instant) -> Result<Vec<IoRow>, Error> {
    if limit <= 0 {
        return Ok(Vec::new());
    }
    // Two workers that ask at once take different messages. Chosen once, or PostgreSQL may look again for each row it
    // changes, and take more than the limit.
    let skip = if tx.engine() == Engine::Postgres { " for update skip locked" } else { "" };
    let sql = format!(
        "with next as materialized (select message_id from io_message
             where tenant_id = $1 and state = 'waiting' and next_try_at <= $2 order by next_try_at, message_id limit $4{skip})
         update io_message set called_at = $2, next_try_at = $3, attempts = attempts + 1
         where tenant_id = $1 and message_id in (select message_id from next)
         returning message_id, kind, position_id, receipt_id, attempts, created_at"
    );
    let rows = tx.query(&sql, &[&ctx.tenant, &ctx.now, &lease, &limit]).await?;
    let mut rows: Vec<IoRow> = rows.iter().map(io_row).collect::<Result<_, _>>()?;
    rows.sort_by_key(|row| (row.created_at, row.message));
    Ok(rows)
}

fn io_row(row: &Row) -> Result<IoRow, Error> {
    let kind: String = row.get(1)?;
    Ok(IoRow {
        message: row.get(0)?,
        kind: IoKind::from_code(&kind).ok_or_else(|| unknown_word("kind of message", &kind))?,
        position: row.get(2)?,
        receipt: row.get(3)?,
        attempts: row.get(4)?,
        created_at: row.get(5)?,
    })
}

pub(crate) async fn io_ended(
    tx: &mut Tx,
    ctx: &Ctx,
    message: MessageId,
    state: &str,
    io_id: Option<&str>,
    answer: Option<&str>,
) -> Result<(), Error> {
    let sql = "update io_message set state = $3, io_id = $4, answer = $5, ended_at = $6
               where tenant_id = $1 and message_id = $2 and state = 'waiting'";
    tx.execute(sql, &[&ctx.tenant, &message, &state, &io_id, &answer, &ctx.now]).await?;
    Ok(())
}

pub(crate) async fn io_failed(tx: &mut Tx, ctx: &Ctx, message: MessageId, again: Instant, words: &str) -> Result<(), Error> {
    let sql =
        "update io_message set next_try_at = $3, answer = $4 where tenant_id = $1 and message_id = $2 and state = 'waiting'";
    tx.execute(sql, &[&ctx.tenant, &message, &again, &words]).await?;
    Ok(())
}

pub(crate) async fn io_sent_at(tx: &mut Tx, ctx: &Ctx, messages: &[MessageId]) -> Result<HashMap<MessageId, Instant>, Error> {
    let sql = "select message_id, ended_at from io_message where tenant_id = $1 and state = 'sent' and message_id in ({list})";
    let rows = tx.query_list(sql, &[&ctx.tenant], messages).await?;
    rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

pub(crate) async fn count_io(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<(String, i64)>, Error> {
    let sql = "select state, count(*) from io_message where tenant_id = $1 group by state order by state";
    tx.query(sql, &[&ctx.tenant]).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}
