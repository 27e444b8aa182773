use db::{Engine, Row, Tx, row};
use kernel::{CartId, Ctx, Instant, PositionId, TenantId};

use crate::Error;

/// From now on the archive is told of the positions, where the tenant has a gateway to tell it by.
pub(crate) async fn insert_pushes(tx: &mut Tx, ctx: &Ctx, positions: impl Iterator<Item = PositionId>) -> Result<(), Error> {
    let has_gateway = "select kind from tenant_gateway where tenant_id = $1";
    if tx.query_opt(has_gateway, &[&ctx.tenant]).await?.is_none() {
        return Ok(());
    }
    let rows = positions.map(|id| row![ctx.tenant, id, 1_i64, 0_i64, 0_i64, ctx.now]).collect();
    let insert = "insert into position_push (tenant_id, position_id, version, pushed_version, attempts, next_try_at)";
    tx.insert_many(insert, rows, "on conflict (tenant_id, position_id) do nothing").await?;
    Ok(())
}

/// As [`insert_pushes`], where pagoPA answers for the tenant: it knows no notice that nobody told it.
pub(crate) async fn insert_gpd_pushes(tx: &mut Tx, ctx: &Ctx, positions: impl Iterator<Item = PositionId>) -> Result<(), Error> {
    match gateway_kind(tx, ctx.tenant).await?.as_deref() {
        Some("gpd") => insert_pushes(tx, ctx, positions).await,
        _ => Ok(()),
    }
}

/// How many notices of a cart wait to be told to who answers for the tenant.
pub(crate) async fn count_untold(tx: &mut Tx, ctx: &Ctx, cart: CartId) -> Result<i64, Error> {
    let sql = "select count(*) from payment_cart_position c
               join tenant_gateway g on g.tenant_id = c.tenant_id and g.kind = 'gpd'
               left join position_push p on p.tenant_id = c.tenant_id and p.position_id = c.position_id
               where c.tenant_id = $1 and c.cart_id = $2 and (p.position_id is null or p.pushed_version < p.version)";
    Ok(tx.query_one(sql, &[&ctx.tenant, &cart]).await?.get(0)?)
}

/// A change the archive must hear of, where it knows the position. A call that is under way keeps its lease: it will
/// find out that there is more to tell.
pub(crate) async fn touch_pushes(tx: &mut Tx, ctx: &Ctx, positions: impl Iterator<Item = PositionId>) -> Result<(), Error> {
    let sql = "update position_push set version = version + 1, attempts = 0,
                      next_try_at = case when version = pushed_version then $3 else next_try_at end
               where tenant_id = $1 and position_id = $2";
    tx.execute_many(sql, positions.map(|id| row![ctx.tenant, id, ctx.now]).collect()).await?;
    Ok(())
}

pub(crate) struct PushRow {
    pub position: PositionId,
    pub version: i64,
    pub pushed_version: i64,
    pub attempts: i64,
}

/// Calls of all tenants: the platform counts those of an installation.
pub(crate) async fn calls_since(tx: &mut Tx, since: Instant) -> Result<i64, Error> {
    let sql = "select count(*) from position_push where called_at > $1";
    Ok(tx.query_one(sql, &[&since]).await?.get(0)?)
}

pub(crate) async fn claim_pushes(tx: &mut Tx, ctx: &Ctx, limit: i64, lease: Instant) -> Result<Vec<PushRow>, Error> {
    if limit <= 0 {
        return Ok(Vec::new());
    }
    // Two workers that ask at once take different positions. Chosen once, or PostgreSQL may look again for each row it
    // changes, and take more than the limit.
    let skip = if tx.engine() == Engine::Postgres { " for update skip locked" } else { "" };
    let sql = format!(
        "with next as materialized (select position_id from position_push
             where tenant_id = $1 and version > pushed_version and next_try_at <= $2
             order by next_try_at, position_id limit $4{skip})
         update position_push set called_at = $2, next_try_at = $3, attempts = attempts + 1
         where tenant_id = $1 and position_id in (select position_id from next)
         returning position_id, version, pushed_version, attempts"
    );
    let claimed = |row: &Row| {
        Ok(PushRow { position: row.get(0)?, version: row.get(1)?, pushed_version: row.get(2)?, attempts: row.get(3)? })
    };
    let mut rows: Vec<PushRow> =
        tx.query(&sql, &[&ctx.tenant, &ctx.now, &lease, &limit]).await?.iter().map(claimed).collect::<Result<_, Error>>()?;
    rows.sort_by_key(|row| row.position);
    Ok(rows)
}

/// What was told as `version` is dealt with; a change that came meanwhile is told next.
pub(crate) async fn push_ended(
    tx: &mut Tx,
    ctx: &Ctx,
    position: PositionId,
    version: i64,
    refusal: Option<&str>,
) -> Result<(), Error> {
    let sql = "update position_push set pushed_version = $3, refusal = $4, attempts = 0, next_try_at = $5
               where tenant_id = $1 and position_id = $2 and pushed_version < $3";
    tx.execute(sql, &[&ctx.tenant, &position, &version, &refusal, &ctx.now]).await?;
    Ok(())
}

pub(crate) async fn push_failed(tx: &mut Tx, ctx: &Ctx, position: PositionId, again: Instant, words: &str) -> Result<(), Error> {
    let sql = "update position_push set next_try_at = $3, refusal = $4 where tenant_id = $1 and position_id = $2";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &position, &again, &words]).await?)
}

pub(crate) async fn count_pushes(tx: &mut Tx, ctx: &Ctx) -> Result<(i64, i64), Error> {
    let sql = "select count(*) filter (where version > pushed_version),
                      count(*) filter (where version = pushed_version and refusal is not null)
               from position_push where tenant_id = $1";
    let row = tx.query_one(sql, &[&ctx.tenant]).await?;
    Ok((row.get(0)?, row.get(1)?))
}

pub(crate) async fn tenants_waiting(tx: &mut Tx, now: Instant) -> Result<Vec<TenantId>, Error> {
    let sql =
        "select distinct tenant_id from position_push where version > pushed_version and next_try_at <= $1 order by tenant_id";
    tx.query(sql, &[&now]).await?.iter().map(|row| Ok(row.get(0)?)).collect()
}

pub(crate) async fn gateway_kind(tx: &mut Tx, tenant: TenantId) -> Result<Option<String>, Error> {
    let row = tx.query_opt("select kind from tenant_gateway where tenant_id = $1", &[&tenant]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

/// A new gateway knows nothing: what can be paid is told from the beginning.
pub(crate) async fn put_gateway(tx: &mut Tx, ctx: &Ctx, kind: &str) -> Result<(), Error> {
    let sql = "insert into tenant_gateway (tenant_id, kind) values ($1, $2)
               on conflict (tenant_id) do update set kind = excluded.kind";
    tx.execute_one(sql, &[&ctx.tenant, &kind]).await?;
    tx.execute("delete from position_push where tenant_id = $1", &[&ctx.tenant]).await?;
    let payable = "insert into position_push (tenant_id, position_id, version, pushed_version, attempts, next_try_at)
                   select tenant_id, id, 1, 0, 0, created_at from debt_position
                   where tenant_id = $1 and state = 'payable' and kind not in ('top_up', 'spontaneous')";
    tx.execute(payable, &[&ctx.tenant]).await?;
    Ok(())
}

pub(crate) async fn put_service(
    tx: &mut Tx,
    tenant: TenantId,
    service: &str,
    base_url: &str,
    key_sealed: Option<&[u8]>,
) -> Result<(), Error> {
    let sql = "insert into tenant_pagopa_service (tenant_id, service, base_url, key_sealed) values ($1, $2, $3, $4)
               on conflict (tenant_id, service) do update set base_url = excluded.base_url, key_sealed = excluded.key_sealed";
    Ok(tx.execute_one(sql, &[&tenant, &service, &base_url, &key_sealed.map(<[u8]>::to_vec)]).await?)
}

pub(crate) async fn service(tx: &mut Tx, tenant: TenantId, service: &str) -> Result<Option<(String, Option<Vec<u8>>)>, Error> {
    let sql = "select base_url, key_sealed from tenant_pagopa_service where tenant_id = $1 and service = $2";
    let row = tx.query_opt(sql, &[&tenant, &service]).await?;
    row.map(|row| Ok((row.get(0)?, row.get(1)?))).transpose()
}

pub(crate) async fn tenants_with(tx: &mut Tx, service: &str) -> Result<Vec<TenantId>, Error> {
    let sql = "select s.tenant_id from tenant_pagopa_service s join tenant t on t.id = s.tenant_id and t.enabled
               where s.service = $1 order by s.tenant_id";
    tx.query(sql, &[&service]).await?.iter().map(|row| Ok(row.get(0)?)).collect()
}
