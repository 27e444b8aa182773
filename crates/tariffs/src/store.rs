//! All SQL over the tariff tables.

use db::{Row, Tx};
use kernel::{Ctx, Day, ServiceId, TariffPlanId, TenantId};

use crate::{Error, NewPlan, Plan, Rule};

pub(crate) async fn plans(tx: &mut Tx, tenant: TenantId, service: ServiceId, first: Day, last: Day) -> Result<Vec<Plan>, Error> {
    let sql = "select id, service_id, name, resolution_number, resolution_on, from_on, to_on from tariff_plan
               where tenant_id = $1 and service_id = $2 and from_on <= $3 and to_on >= $4 order by from_on, id";
    let rows = tx.query(sql, &[&tenant, &service, &last, &first]).await?;
    let mut plans = rows.iter().map(plan).collect::<Result<Vec<Plan>, Error>>()?;
    for plan in &mut plans {
        plan.rules = rules(tx, tenant, plan).await?;
    }
    Ok(plans)
}

fn plan(row: &Row) -> Result<Plan, Error> {
    Ok(Plan {
        id: row.get(0)?,
        service_id: row.get(1)?,
        name: row.get(2)?,
        resolution_number: row.get(3)?,
        resolution_on: row.get(4)?,
        from_on: row.get(5)?,
        to_on: row.get(6)?,
        rules: Vec::new(),
    })
}

async fn rules(tx: &mut Tx, tenant: TenantId, plan: &Plan) -> Result<Vec<Rule>, Error> {
    let sql = "select body from tariff_rule where tenant_id = $1 and plan_id = $2 order by position";
    let rows = tx.query(sql, &[&tenant, &plan.id]).await?;
    let unreadable = |error: serde_json::Error| Error::BadPlan { plan: plan.name.clone(), reason: error.to_string() };
    rows.iter().map(|row| serde_json::from_str(&row.get::<String>(0)?).map_err(unreadable)).collect()
}

pub(crate) async fn upsert(tx: &mut Tx, ctx: &Ctx, plan: &NewPlan) -> Result<TariffPlanId, Error> {
    let id = upsert_plan(tx, ctx, plan).await?;
    tx.execute("delete from tariff_rule where tenant_id = $1 and plan_id = $2", &[&ctx.tenant, &id]).await?;
    let row = |(position, rule): (usize, &Rule)| {
        let position = i64::try_from(position).expect("a plan has few rules");
        let body = serde_json::to_string(rule).expect("a rule can be written as JSON");
        db::row![ctx.tenant, id, position, rule.kind().code(), body]
    };
    let rows = plan.rules.iter().enumerate().map(row).collect();
    tx.insert_many("insert into tariff_rule (tenant_id, plan_id, position, kind, body)", rows, "").await?;
    Ok(id)
}

async fn upsert_plan(tx: &mut Tx, ctx: &Ctx, plan: &NewPlan) -> Result<TariffPlanId, Error> {
    let sql = "insert into tariff_plan (tenant_id, id, external_key, service_id, name, resolution_number, resolution_on, from_on, to_on)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
               on conflict (tenant_id, external_key) do update set service_id = excluded.service_id, name = excluded.name,
                   resolution_number = excluded.resolution_number, resolution_on = excluded.resolution_on,
                   from_on = excluded.from_on, to_on = excluded.to_on
               returning id";
    let id: TariffPlanId = ctx.new_id();
    let NewPlan { external_key, service_id, name, resolution_number, resolution_on, from_on, to_on, .. } = plan;
    let row = tx
        .query_one(sql, &[&ctx.tenant, &id, external_key, service_id, name, resolution_number, resolution_on, from_on, to_on])
        .await?;
    Ok(row.get(0)?)
}
