use std::collections::{BTreeSet, HashMap};

use db::{Row, Tx, row};
use kernel::{Cents, Ctx, Day, PositionId, TenantId};
use pagopa::NoticeNumber;

use super::unknown_word;
use crate::notice::ListedNotice;
use crate::{Error, NewPosition, Position, PositionKind, State};

pub(super) const POSITION_COLUMNS: &str =
    "p.id, p.notice_number, p.iuv, p.origin_key, p.kind, p.state, p.amount_cents, p.paid_cents, p.due_on, p.description,
    p.taxonomy_code, p.pupil_id, p.debtor_id, p.debtor_code, p.debtor_name, p.credit_account_id, p.created_at, p.attempt_until,
    p.paid_at, p.cancelled_at, p.choice_key, p.closed_by";

pub(super) fn position(row: &Row) -> Result<Position, Error> {
    position_from(row, 0)
}

/// The columns begin at the `first` of the row.
pub(super) fn position_from(row: &Row, first: usize) -> Result<Position, Error> {
    let (kind, state): (String, String) = (row.get(first + 4)?, row.get(first + 5)?);
    Ok(Position {
        id: row.get(first)?,
        notice_number: NoticeNumber::parse(&row.get::<String>(first + 1)?)?,
        iuv: row.get(first + 2)?,
        origin_key: row.get(first + 3)?,
        kind: PositionKind::from_code(&kind).ok_or_else(|| unknown_word("position kind", &kind))?,
        state: State::from_code(&state).ok_or_else(|| unknown_word("position state", &state))?,
        amount: row.get(first + 6)?,
        paid: row.get(first + 7)?,
        due_on: row.get(first + 8)?,
        description: row.get(first + 9)?,
        taxonomy_code: row.get(first + 10)?,
        pupil: row.get(first + 11)?,
        debtor: row.get(first + 12)?,
        debtor_code: row.get(first + 13)?,
        debtor_name: row.get(first + 14)?,
        credit_account: row.get(first + 15)?,
        created_at: row.get(first + 16)?,
        attempt_until: row.get(first + 17)?,
        paid_at: row.get(first + 18)?,
        cancelled_at: row.get(first + 19)?,
        choice_key: row.get(first + 20)?,
        closed_by: row.get(first + 21)?,
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
    let sql = format!(
        "select {POSITION_COLUMNS} from debt_position p where p.tenant_id = $1 and p.origin_key in ({{list}}) order by p.id"
    );
    let found = tx.query_list(&sql, &[&tenant], keys).await?;
    found.iter().map(|row| position(row).map(|p| (p.origin_key.clone(), p))).collect()
}

/// By id, which is also the order they are locked in.
pub(crate) async fn by_ids(tx: &mut Tx, tenant: TenantId, ids: &[PositionId], lock: bool) -> Result<Vec<Position>, Error> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let lock = if lock { tx.for_update() } else { "" };
    let sql = format!(
        "select {POSITION_COLUMNS} from debt_position p where p.tenant_id = $1 and p.id in ({{list}}) order by p.id{lock}"
    );
    tx.query_list(&sql, &[&tenant], ids).await?.iter().map(position).collect()
}

/// The ids of those with these numbers, and of those they share a debt with.
pub(crate) async fn family_ids(tx: &mut Tx, tenant: TenantId, numbers: &[NoticeNumber]) -> Result<Vec<PositionId>, Error> {
    let sql = "select id, choice_key from debt_position where tenant_id = $1 and notice_number in ({list})";
    let (mut ids, mut keys) = (Vec::with_capacity(numbers.len()), BTreeSet::new());
    for row in tx.query_list(sql, &[&tenant], numbers.iter().map(NoticeNumber::as_str)).await? {
        ids.push(row.get(0)?);
        keys.extend(row.get::<Option<String>>(1)?);
    }
    // A position gets its choice in the transaction that makes it, or never.
    let sql = "select id from debt_position where tenant_id = $1 and choice_key in ({list})";
    for row in tx.query_list(sql, &[&tenant], keys).await? {
        ids.push(row.get(0)?);
    }
    Ok(ids)
}

/// The position, and those it shares a debt with: all locked in ascending order of id.
pub(crate) async fn lock_family(tx: &mut Tx, tenant: TenantId, id: PositionId) -> Result<Vec<Position>, Error> {
    let sql = "select choice_key from debt_position where tenant_id = $1 and id = $2";
    let Some(row) = tx.query_opt(sql, &[&tenant, &id]).await? else { return Ok(Vec::new()) };
    let Some(key) = row.get::<Option<String>>(0)? else { return by_ids(tx, tenant, &[id], true).await };
    let sql = format!(
        "select {POSITION_COLUMNS} from debt_position p where p.tenant_id = $1 and p.choice_key = $2 order by p.id{}",
        tx.for_update()
    );
    tx.query(&sql, &[&tenant, &key]).await?.iter().map(position).collect()
}

pub(crate) async fn by_iuv(tx: &mut Tx, tenant: TenantId, iuv: &str) -> Result<Option<Position>, Error> {
    let sql = format!("select {POSITION_COLUMNS} from debt_position p where p.tenant_id = $1 and p.iuv = $2");
    tx.query_opt(&sql, &[&tenant, &iuv]).await?.as_ref().map(position).transpose()
}

/// All that ask for one debt, by id.
pub(crate) async fn by_choice(tx: &mut Tx, tenant: TenantId, key: &str) -> Result<Vec<Position>, Error> {
    let sql =
        format!("select {POSITION_COLUMNS} from debt_position p where p.tenant_id = $1 and p.choice_key = $2 order by p.id");
    tx.query(&sql, &[&tenant, &key]).await?.iter().map(position).collect()
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

pub(crate) async fn by_notice(tx: &mut Tx, tenant: TenantId, number: NoticeNumber) -> Result<Option<Position>, Error> {
    let sql = format!("select {POSITION_COLUMNS} from debt_position p where p.tenant_id = $1 and p.notice_number = $2");
    tx.query_opt(&sql, &[&tenant, &number.as_str()]).await?.as_ref().map(position).transpose()
}

pub(crate) async fn cancel_position(tx: &mut Tx, ctx: &Ctx, id: PositionId) -> Result<(), Error> {
    let sql = "update debt_position set state = 'cancelled', cancelled_at = $3, attempt_until = null
               where tenant_id = $1 and id = $2 and state = 'payable'";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &id, &ctx.now]).await?)
}

/// What money did to positions under lock; the end of any attempt to pay them.
pub(crate) async fn set_paid<'a>(tx: &mut Tx, ctx: &Ctx, moved: impl Iterator<Item = &'a Position>) -> Result<(), Error> {
    let sql = "update debt_position set state = $3, paid_cents = $4, paid_at = $5, closed_by = $6, attempt_until = null
               where tenant_id = $1 and id = $2";
    let rows = moved.map(|p| row![ctx.tenant, p.id, p.state.code(), p.paid, p.paid_at, p.closed_by]).collect();
    tx.execute_many(sql, rows).await?;
    Ok(())
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
