use db::{Row, Tx};
use kernel::{Ctx, TenantId};

use crate::Error;
use crate::agreement::Partner;

pub(crate) async fn agreement(tx: &mut Tx, tenant: TenantId) -> Result<Option<String>, Error> {
    let row = tx.query_opt("select name from payment_agreement where tenant_id = $1", &[&tenant]).await?;
    Ok(row.map(|row| row.get(0)).transpose()?)
}

pub(crate) async fn put_agreement(tx: &mut Tx, ctx: &Ctx, name: &str) -> Result<(), Error> {
    let sql = "insert into payment_agreement (tenant_id, name, joined_at) values ($1, $2, $3)
               on conflict (tenant_id) do update set name = excluded.name, joined_at = excluded.joined_at";
    Ok(tx.execute_one(sql, &[&ctx.tenant, &name, &ctx.now]).await?)
}

pub(crate) async fn delete_agreement(tx: &mut Tx, ctx: &Ctx) -> Result<(), Error> {
    tx.execute("delete from payment_agreement where tenant_id = $1", &[&ctx.tenant]).await?;
    Ok(())
}

/// The one query that goes from a tenant to others: by the agreement both have joined, and no further.
pub(crate) async fn partners(tx: &mut Tx, tenant: TenantId) -> Result<Vec<Partner>, Error> {
    let sql = "select t.id, t.ipa_code, t.name, t.public_url, theirs.accepts_after_due
               from payment_agreement mine
               join payment_agreement other on other.name = mine.name and other.tenant_id <> mine.tenant_id
               join tenant t on t.id = other.tenant_id
               join tenant_pagopa ours on ours.tenant_id = mine.tenant_id
               join tenant_pagopa theirs on theirs.tenant_id = other.tenant_id and theirs.checkout_base_url = ours.checkout_base_url
               where mine.tenant_id = $1 and t.enabled order by t.id";
    tx.query(sql, &[&tenant]).await?.iter().map(partner).collect()
}

fn partner(row: &Row) -> Result<Partner, Error> {
    Ok(Partner {
        tenant: row.get(0)?,
        ipa_code: row.get(1)?,
        name: row.get(2)?,
        public_url: row.get(3)?,
        accepts_after_due: row.get(4)?,
    })
}
