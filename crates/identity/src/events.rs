//! Sign-ins, sign-outs and refusals, as the person they concern may read them.

use db::{Row, Tx};
use kernel::{Actor, Ctx, Instant, PersonId};
use uuid::Uuid;

use crate::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    SignedIn,
    SignedOut,
    /// The identity provider's answer was not accepted.
    Failed,
    /// Known to the provider, related to nobody here.
    Refused,
    PasswordSet,
    SecondFactorSet,
    RecoveryCodeUsed,
    RecoveryCodesRenewed,
    SignedOutEverywhere,
}

impl Kind {
    pub fn code(self) -> &'static str {
        match self {
            Kind::SignedIn => "signed_in",
            Kind::SignedOut => "signed_out",
            Kind::Failed => "failed",
            Kind::Refused => "refused",
            Kind::PasswordSet => "password_set",
            Kind::SecondFactorSet => "second_factor_set",
            Kind::RecoveryCodeUsed => "recovery_code_used",
            Kind::RecoveryCodesRenewed => "recovery_codes_renewed",
            Kind::SignedOutEverywhere => "signed_out_everywhere",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Event {
    pub kind: String,
    pub scheme: String,
    pub idp_entity_id: Option<String>,
    pub at: Instant,
}

/// Writes an event; `reason` is a code, never a name or a codice fiscale.
pub async fn record(
    tx: &mut Tx,
    ctx: &Ctx,
    person: Option<PersonId>,
    kind: Kind,
    scheme: &str,
    idp: Option<&str>,
    reason: Option<&str>,
) -> Result<(), Error> {
    let sql = "insert into sign_in_event (tenant_id, id, person_id, kind, scheme, idp_entity_id, reason, at) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let id = ctx.new_id::<Uuid>();
    tx.execute_one(sql, &[&ctx.tenant, &id, &person, &kind.code(), &scheme, &idp, &reason, &ctx.now]).await?;
    Ok(())
}

/// The same of a person or of somebody of the staff.
pub async fn record_of(
    tx: &mut Tx,
    ctx: &Ctx,
    whose: &Actor,
    kind: Kind,
    scheme: &str,
    reason: Option<&str>,
) -> Result<(), Error> {
    let sql = "insert into sign_in_event (tenant_id, id, person_id, operator_id, kind, scheme, reason, at) values ($1, $2, $3, $4, $5, $6, $7, $8)";
    let id = ctx.new_id::<Uuid>();
    tx.execute_one(sql, &[&ctx.tenant, &id, &whose.person(), &whose.operator(), &kind.code(), &scheme, &reason, &ctx.now])
        .await?;
    Ok(())
}

/// The acting person's or operator's last events, newest first.
pub async fn list_for(tx: &mut Tx, ctx: &Ctx, most: i64) -> Result<Vec<Event>, Error> {
    let (column, id) = match ctx.actor {
        Actor::Person(id) => ("person_id", id.0),
        Actor::Operator(id) => ("operator_id", id.0),
        _ => return Ok(Vec::new()),
    };
    let sql = format!(
        "select kind, scheme, idp_entity_id, at from sign_in_event where tenant_id = $1 and {column} = $2 order by at desc, id desc limit $3"
    );
    let rows = tx.query(&sql, &[&ctx.tenant, &id, &most]).await?;
    let event = |r: &Row| -> Result<Event, db::Error> {
        Ok(Event { kind: r.get(0)?, scheme: r.get(1)?, idp_entity_id: r.get(2)?, at: r.get(3)? })
    };
    Ok(rows.iter().map(event).collect::<Result<_, _>>()?)
}
