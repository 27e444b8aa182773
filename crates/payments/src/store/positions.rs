use std::collections::HashMap;

use db::{Row, ToValue, Tx, row};
use kernel::{Cents, Ctx, Day, Instant, PositionId, TenantId};
use pagopa::NoticeNumber;

use super::{places, unknown_word};
use crate::notice::ListedNotice;
use crate::{Error, NewPosition, Position, PositionKind, State};

pub(super) const COLUMNS: &str =
    "id, notice_number, iuv, origin_key, kind, state, amount_cents, paid_cents, due_on, description, taxonomy_code,
    pupil_id, debtor_id, debtor_code, debtor_name, credit_account_id, created_at, attempt_until, paid_at, cancelled_at,
    choice_key, closed_by";

/// The keys of one statement: both engines take many more.
const PIECE: usize = 500;

pub(super) fn position(row: &Row) -> Result<Position, Error> {
    let (kind, state): (String, String) = (row.get(4)?, row.get(5)?);
    Ok(Position {
        id: row.get(0)?,
        notice_number: NoticeNumber::parse(&row.get::<String>(1)?)?,
        iuv: row.get(2)?,
        origin_key: row.get(3)?,
        kind: PositionKind::from_code(&kind).ok_or_else(|| unknown_word("position kind", &kind))?,
        state: State::from_code(&state).ok_or_else(|| unknown_word("position state", &state))?,
        amount: row.get(6)?,
        paid: row.get(7)?,
        due_on: row.get(8)?,
        description: row.get(9)?,
        taxonomy_code: row.get(10)?,
        pupil: row.get(11)?,
        debtor: row.get(12)?,
        debtor_code: row.get(13)?,
        debtor_name: row.get(14)?,
        credit_account: row.get(15)?,
        created_at: row.get(16)?,
        attempt_until: row.get(17)?,
        paid_at: row.get(18)?,
        cancelled_at: row.get(19)?,
        choice_key: row.get(20)?,
        closed_by: row.get(21)?,
    })
}

/// Takes `count` numbers of the tenant's sequence and gives the last.
pub(crate) async fn advance_counter(tx: &mut Tx, tenant: TenantId, count: i64) -> Result<i64, Error> {
    let sql = "insert into iuv_counter (tenant_id, last_number) values ($1, $2)
               on conflict (tenant_id) do update set last_number = iuv_counter.last_number + excluded.last_number
               returning last_number";
    Ok(tx.query_one(sql, &[&tenant, &count]).await?.get(0)?)
}

/// An origin that is there by now keeps its position.
pub(crate) async fn insert_positions<'a>(
    tx: &mut Tx,
    ctx: &Ctx,
    new: impl Iterator<Item = (&'a NewPosition, NoticeNumber)>,
) -> Result<(), Error> {
    let rows = new.map(|(new, number)| {
        let choice_key = (new.kind == PositionKind::Whole).then_some(new.origin_key.as_str());
        row![
            ctx.tenant,
            ctx.new_id::<PositionId>(),
            number.as_str(),
            number.iuv(),
            new.origin_key,
            new.kind.code(),
            State::Payable.code(),
            new.amount,
            new.due_on,
            new.description,
            new.taxonomy_code,
            new.pupil,
            new.debtor,
            new.debtor_code,
            new.debtor_name,
            new.credit_account,
            ctx.now,
            Cents::ZERO,
            choice_key
        ]
    });
    let insert = "insert into debt_position (tenant_id, id, notice_number, iuv, origin_key, kind, state, amount_cents, due_on, description,
                  taxonomy_code, pupil_id, debtor_id, debtor_code, debtor_name, credit_account_id, created_at, paid_cents, choice_key)";
    tx.insert_many(insert, rows.collect(), "on conflict (tenant_id, origin_key) do nothing").await?;
    Ok(())
}

pub(crate) async fn by_origins<'a>(
    tx: &mut Tx,
    tenant: TenantId,
    keys: impl Iterator<Item = &'a str>,
) -> Result<HashMap<String, Position>, Error> {
    let keys: Vec<&str> = keys.collect();
    let mut found = HashMap::with_capacity(keys.len());
    for piece in keys.chunks(PIECE) {
        let sql = format!(
            "select {COLUMNS} from debt_position where tenant_id = $1 and origin_key in ({}) order by id",
            places(2, piece.len())
        );
        let mut params: Vec<&dyn ToValue> = vec![&tenant];
        params.extend(piece.iter().map(|key| key as &dyn ToValue));
        for row in tx.query(&sql, &params).await? {
            let position = position(&row)?;
            found.insert(position.origin_key.clone(), position);
        }
    }
    Ok(found)
}

/// By id, which is also the order they are locked in.
pub(crate) async fn by_ids(tx: &mut Tx, tenant: TenantId, ids: &[PositionId], lock: bool) -> Result<Vec<Position>, Error> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let lock = if lock { tx.for_update() } else { "" };
    let mut found = Vec::with_capacity(ids.len());
    for piece in ids.chunks(PIECE) {
        let places = places(2, piece.len());
        let sql = format!("select {COLUMNS} from debt_position where tenant_id = $1 and id in ({places}) order by id{lock}");
        let mut params: Vec<&dyn ToValue> = vec![&tenant];
        params.extend(piece.iter().map(|id| id as &dyn ToValue));
        for row in tx.query(&sql, &params).await? {
            found.push(position(&row)?);
        }
    }
    Ok(found)
}

/// The position, and first those it shares a debt with: all locked in ascending order of id.
pub(crate) async fn lock_family(tx: &mut Tx, tenant: TenantId, id: PositionId) -> Result<Vec<Position>, Error> {
    // A position gets its choice in the transaction that makes it, or never.
    let sql = "select choice_key from debt_position where tenant_id = $1 and id = $2";
    let Some(row) = tx.query_opt(sql, &[&tenant, &id]).await? else { return Ok(Vec::new()) };
    let Some(key) = row.get::<Option<String>>(0)? else { return by_ids(tx, tenant, &[id], true).await };
    let sql =
        format!("select {COLUMNS} from debt_position where tenant_id = $1 and choice_key = $2 order by id{}", tx.for_update());
    tx.query(&sql, &[&tenant, &key]).await?.iter().map(position).collect()
}

pub(crate) async fn by_iuv(tx: &mut Tx, tenant: TenantId, iuv: &str) -> Result<Option<Position>, Error> {
    let sql = format!("select {COLUMNS} from debt_position where tenant_id = $1 and iuv = $2");
    tx.query_opt(&sql, &[&tenant, &iuv]).await?.as_ref().map(position).transpose()
}

/// All that ask for one debt, by id.
pub(crate) async fn by_choice(tx: &mut Tx, tenant: TenantId, key: &str) -> Result<Vec<Position>, Error> {
    let sql = format!("select {COLUMNS} from debt_position where tenant_id = $1 and choice_key = $2 order by id");
    tx.query(&sql, &[&tenant, &key]).await?.iter().map(position).collect()
}

pub(crate) async fn id_by_notice(tx: &mut Tx, tenant: TenantId, number: NoticeNumber) -> Result<Option<PositionId>, Error> {
    let sql = "select id from debt_position where tenant_id = $1 and notice_number = $2";
    Ok(tx.query_opt(sql, &[&tenant, &number.as_str()]).await?.map(|row| row.get(0)).transpose()?)
}

pub(crate) async fn set_choices(tx: &mut Tx, ctx: &Ctx, parts: &[(PositionId, &str)]) -> Result<(), Error> {
    let sql =
        "update debt_position set choice_key = $3 where tenant_id = $1 and id = $2 and (choice_key is null or choice_key = $3)";
    let rows = parts.iter().map(|(id, key)| row![ctx.tenant, *id, *key]).collect();
    match tx.execute_many(sql, rows).await? {
        changed if changed == parts.len() as u64 => Ok(()),
        _ => Err(Error::Malformed("a part of another whole")),
    }
}

/// What the office decided: amount, due day, state.
pub(crate) async fn set_revised(
    tx: &mut Tx,
    ctx: &Ctx,
    id: PositionId,
    amount: Cents,
    due_on: Option<Day>,
    state: State,
) -> Result<(), Error> {
    let sql = "update debt_position set amount_cents = $3, due_on = $4, state = $5,
                      paid_at = case when $5 = 'paid' then coalesce(paid_at, $6) else paid_at end
               where tenant_id = $1 and id = $2 and state = 'payable'";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &id, &amount, &due_on, &state.code(), &ctx.now]).await?)
}

/// Closed by a payment on the other side, with what that brought to its account.
pub(crate) async fn close_position(
    tx: &mut Tx,
    ctx: &Ctx,
    position: &Position,
    brought: Cents,
    by: PositionId,
    paid_at: Instant,
) -> Result<(), Error> {
    let sql = "update debt_position set state = 'closed', paid_cents = $3, closed_by = $4, paid_at = $5, attempt_until = null
               where tenant_id = $1 and id = $2 and state in ('payable', 'closed')";
    let paid = position.paid + brought;
    let paid_at = (paid == position.amount).then_some(paid_at);
    Ok(tx.execute_one(sql, &[&ctx.tenant, &position.id, &paid, &by, &paid_at]).await?)
}

pub(crate) async fn by_notice(tx: &mut Tx, tenant: TenantId, number: NoticeNumber) -> Result<Option<Position>, Error> {
    let sql = format!("select {COLUMNS} from debt_position where tenant_id = $1 and notice_number = $2");
    tx.query_opt(&sql, &[&tenant, &number.as_str()]).await?.as_ref().map(position).transpose()
}

pub(crate) async fn cancel_position(tx: &mut Tx, ctx: &Ctx, id: PositionId) -> Result<(), Error> {
    let sql = "update debt_position set state = 'cancelled', cancelled_at = $3, attempt_until = null
               where tenant_id = $1 and id = $2 and state = 'payable'";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &id, &ctx.now]).await?)
}

/// What a receipt brought; the end of any attempt to pay.
pub(crate) async fn apply_receipt(
    tx: &mut Tx,
    ctx: &Ctx,
    position: &Position,
    credited: Cents,
    becomes: Option<State>,
    paid_at: Instant,
) -> Result<(), Error> {
    let state = becomes.unwrap_or(position.state);
    let paid_at = position.paid_at.or((state == State::Paid).then_some(paid_at));
    let sql = "update debt_position set state = $3, paid_cents = $4, paid_at = $5, attempt_until = null where tenant_id = $1 and id = $2";
    let paid = position.paid + credited;
    Ok(tx.execute_one(sql, &[&ctx.tenant, &position.id, &state.code(), &paid, &paid_at]).await?)
}

/// Each can be paid without closing another. Of every tenant that takes payments: see [`crate::notice::list_for_test_node`].
pub(crate) async fn listed_notices(tx: &mut Tx, state: State, limit: u32, today: Day) -> Result<Vec<ListedNotice>, Error> {
    let sql = "select t.fiscal_code, p.notice_number, case when p.state = 'payable' then p.amount_cents - p.paid_cents else p.amount_cents end,
                      s.broker_fiscal_code, s.station_id
               from debt_position p
               join tenant t on t.id = p.tenant_id
               join tenant_pagopa s on s.tenant_id = p.tenant_id
               where p.state = $1 and p.kind <> 'whole' and t.enabled
                 and (p.state <> 'payable' or s.accepts_after_due or p.due_on is null or p.due_on >= $3)
               order by p.tenant_id, p.created_at, p.id limit $2";
    let listed = |row: &Row| {
        Ok(ListedNotice {
            fiscal_code: row.get(0)?,
            notice_number: row.get(1)?,
            amount: row.get(2)?,
            broker: row.get(3)?,
            station: row.get(4)?,
        })
    };
    tx.query(sql, &[&state.code(), &i64::from(limit), &today]).await?.iter().map(listed).collect()
}
