//! The Comune's staff and what they may do. Roles are read from the table at each request: one that ends, ends at once.

use db::{Row, Tx};
use kernel::{Ctx, OperatorId};
use serde_json::json;

use crate::Error;

/// What somebody of the staff may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Administrator,
    /// The school-services office.
    Operator,
    /// Roll call by class.
    School,
    /// Counts of meals by kitchen and diet.
    Kitchen,
}

impl Role {
    pub const ALL: [Role; 4] = [Role::Administrator, Role::Operator, Role::School, Role::Kitchen];

    pub fn code(self) -> &'static str {
        match self {
            Role::Administrator => "administrator",
            Role::Operator => "operator",
            Role::School => "school",
            Role::Kitchen => "kitchen",
        }
    }

    pub fn from_code(code: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// The member of staff with this mail address, made where there is none; the newest name counts.
pub(crate) async fn ensure(tx: &mut Tx, ctx: &Ctx, email: &str, name: &str) -> Result<OperatorId, Error> {
    let sql = "insert into operator (tenant_id, id, email, name, created_at) values ($1, $2, $3, $4, $5)
               on conflict (tenant_id, email) do update set name = excluded.name returning id";
    let row = tx.query_one(sql, &[&ctx.tenant, &ctx.new_id::<OperatorId>(), &email, &name.trim(), &ctx.now]).await?;
    Ok(row.get(0)?)
}

/// Gives a role; one that is there already stays as it is.
pub async fn grant(tx: &mut Tx, ctx: &Ctx, operator: OperatorId, role: Role) -> Result<(), Error> {
    let sql = "insert into role_grant (tenant_id, id, operator_id, role, granted_at) values ($1, $2, $3, $4, $5) on conflict do nothing";
    let id = ctx.new_id::<uuid::Uuid>();
    if tx.execute(sql, &[&ctx.tenant, &id, &operator, &role.code(), &ctx.now]).await? == 1 {
        note(tx, ctx, "role.granted", operator, role.code()).await?;
    }
    Ok(())
}

/// Ends a role, or all of them; gives how many ended.
pub async fn revoke(tx: &mut Tx, ctx: &Ctx, operator: OperatorId, role: Option<Role>) -> Result<u64, Error> {
    let mut ended = 0;
    for role in Role::ALL.into_iter().filter(|r| role.is_none_or(|wanted| wanted == *r)) {
        let sql =
            "update role_grant set ended_at = $4 where tenant_id = $1 and operator_id = $2 and role = $3 and ended_at is null";
        let gone = tx.execute(sql, &[&ctx.tenant, &operator, &role.code(), &ctx.now]).await?;
        if gone > 0 {
            note(tx, ctx, "role.revoked", operator, role.code()).await?;
        }
        ended += gone;
    }
    Ok(ended)
}

async fn note(tx: &mut Tx, ctx: &Ctx, what: &str, operator: OperatorId, role: &str) -> Result<(), Error> {
    Ok(db::audit::record(tx, ctx, what, &format!("operator:{operator}"), &json!({ "role": role })).await?)
}

/// The roles in force, in the order of [`Role::ALL`]; may be empty.
pub async fn roles(tx: &mut Tx, ctx: &Ctx, operator: OperatorId) -> Result<Vec<Role>, Error> {
    let sql = "select role from role_grant where tenant_id = $1 and operator_id = $2 and ended_at is null";
    let rows = tx.query(sql, &[&ctx.tenant, &operator]).await?;
    let codes: Vec<String> = rows.iter().map(|r: &Row| r.get(0)).collect::<Result<_, db::Error>>()?;
    Ok(Role::ALL.into_iter().filter(|role| codes.iter().any(|code| code == role.code())).collect())
}
