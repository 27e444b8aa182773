//! People of other countries, who sign in by the eIDAS node and mostly have no Italian code: an operator says whom of the
//! registry each is. Nothing is guessed from a name.

use db::{Row, Tx};
use kernel::{Ctx, Instant, PersonId};
use saml::VerifiedIdentity;

use crate::Error;

/// Somebody who signed in and is linked to nobody yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Of the other country's scheme: `ES/IT/…`.
    pub foreign_id: String,
    pub name: String,
    pub family_name: String,
    pub date_of_birth: Option<String>,
    pub first_seen_at: Instant,
}

/// What is refused of links.
#[derive(Debug, thiserror::Error)]
pub enum LinkRefusal {
    #[error("nobody with this identity has signed in")]
    NeverSeen,
    #[error("the registry has no such person, or has them without a codice fiscale")]
    NoSuchPerson,
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// The person an identity is linked to.
pub async fn find(tx: &mut Tx, ctx: &Ctx, foreign_id: &str) -> Result<Option<PersonId>, Error> {
    let sql = "select person_id from foreign_identity where tenant_id = $1 and foreign_id = $2 and person_id is not null";
    Ok(tx.query_opt(sql, &[&ctx.tenant, &foreign_id]).await?.map(|r| r.get(0)).transpose()?)
}

/// Notes somebody the registry does not know yet, for the office to find; a second time changes nothing.
pub async fn note(tx: &mut Tx, ctx: &Ctx, foreign_id: &str, identity: &VerifiedIdentity) -> Result<(), Error> {
    let sql = "insert into foreign_identity (tenant_id, foreign_id, name, family_name, date_of_birth, first_seen_at)
               values ($1, $2, $3, $4, $5, $6) on conflict (tenant_id, foreign_id) do nothing";
    let birth = identity.date_of_birth.map(|d| d.to_string());
    tx.execute(sql, &[&ctx.tenant, &foreign_id, &identity.name, &identity.family_name, &birth, &ctx.now]).await?;
    Ok(())
}

/// Who waits to be linked, longest first.
pub async fn list_waiting(tx: &mut Tx, ctx: &Ctx) -> Result<Vec<Waiting>, Error> {
    let sql = "select foreign_id, name, family_name, date_of_birth, first_seen_at from foreign_identity
               where tenant_id = $1 and person_id is null order by first_seen_at, foreign_id";
    let waiting = |r: &Row| -> Result<Waiting, db::Error> {
        Ok(Waiting {
            foreign_id: r.get(0)?,
            name: r.get(1)?,
            family_name: r.get(2)?,
            date_of_birth: r.get(3)?,
            first_seen_at: r.get(4)?,
        })
    };
    Ok(tx.query(sql, &[&ctx.tenant]).await?.iter().map(waiting).collect::<Result<_, _>>()?)
}

/// Says whom of the registry an identity is, with an audit row. The person needs a codice fiscale: everything else here
/// is kept by it.
///
/// # Errors
/// [`LinkRefusal::NeverSeen`], [`LinkRefusal::NoSuchPerson`].
pub async fn link(tx: &mut Tx, ctx: &Ctx, foreign_id: &str, person: PersonId) -> Result<(), LinkRefusal> {
    let known = match enrolment::person::get(tx, ctx, person).await {
        Ok(found) => found.fiscal_code.is_some(),
        Err(enrolment::Error::Db(error)) => return Err(error.into()),
        Err(_) => false,
    };
    if !known {
        return Err(LinkRefusal::NoSuchPerson);
    }
    let sql =
        "update foreign_identity set person_id = $3, linked_by = $4, linked_at = $5 where tenant_id = $1 and foreign_id = $2";
    if tx.execute(sql, &[&ctx.tenant, &foreign_id, &person, &ctx.actor.label(), &ctx.now]).await? == 0 {
        return Err(LinkRefusal::NeverSeen);
    }
    Ok(db::audit::record(tx, ctx, "foreign_identity.linked", &format!("person:{person}"), &serde_json::json!({})).await?)
}

/// Takes a link back; who signed in by it has to wait for another one. Sessions of that person by eIDAS end.
///
/// # Errors
/// [`LinkRefusal::NeverSeen`] where there is no link.
pub async fn unlink(tx: &mut Tx, ctx: &Ctx, foreign_id: &str) -> Result<(), LinkRefusal> {
    let sql = "select person_id from foreign_identity where tenant_id = $1 and foreign_id = $2 and person_id is not null";
    let row = tx.query_opt(sql, &[&ctx.tenant, &foreign_id]).await?.ok_or(LinkRefusal::NeverSeen)?;
    let person: PersonId = row.get(0)?;
    let sql = "update foreign_identity set person_id = null, linked_by = null, linked_at = null where tenant_id = $1 and foreign_id = $2";
    tx.execute_one(sql, &[&ctx.tenant, &foreign_id]).await?;
    let sql =
        "update session set ended_at = $3 where tenant_id = $1 and person_id = $2 and scheme = 'eidas' and ended_at is null";
    tx.execute(sql, &[&ctx.tenant, &person, &ctx.now]).await?;
    Ok(db::audit::record(tx, ctx, "foreign_identity.unlinked", &format!("person:{person}"), &serde_json::json!({})).await?)
}
