//! The accounts, and how the office makes them.

use db::{Row, Tx};
use kernel::{Actor, CredentialId, Ctx, Instant, OperatorId, PersonId, VatNumber};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::mail::{self, Purpose};
use super::{Error, throttle};
use crate::events::{self, Kind as Event};
use crate::session;
use crate::staff::{self, Role};

/// Whose account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A business; the user name is its VAT number.
    Business,
    /// Staff of the Comune; the user name is the mail address.
    Staff,
}

impl Kind {
    pub fn code(self) -> &'static str {
        match self {
            Kind::Business => "business",
            Kind::Staff => "staff",
        }
    }

    /// The form in which a typed user name is kept and looked for; never fails, so that a name nobody has is treated as any.
    pub fn user_name(self, typed: &str) -> String {
        let typed: String = typed.trim().chars().take(256).collect();
        match self {
            Kind::Business => {
                let packed: String = typed.to_uppercase().split_whitespace().collect();
                VatNumber::parse(&packed).map_or(packed, |number| number.as_str().to_owned())
            }
            Kind::Staff => typed.to_lowercase(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Credential {
    pub id: CredentialId,
    pub kind: Kind,
    pub user_name: String,
    pub person: Option<PersonId>,
    pub operator: Option<OperatorId>,
    /// The name of the business, or of the member of staff.
    pub name: String,
    pub email: String,
    pub(crate) password_hash: Option<String>,
    pub(crate) totp_sealed: Option<Vec<u8>>,
    /// Since when a second factor is in force.
    pub totp_since: Option<Instant>,
}

impl Credential {
    /// Who signs in with it.
    pub fn actor(&self) -> Actor {
        match (self.person, self.operator) {
            (Some(person), _) => Actor::Person(person),
            (None, Some(operator)) => Actor::Operator(operator),
            (None, None) => unreachable!("the table has a person or an operator beside each account"),
        }
    }

    pub fn has_password(&self) -> bool {
        self.password_hash.is_some()
    }
}

const SELECT: &str =
    "select c.id, c.kind, c.user_name, c.person_id, c.operator_id, coalesce(o.name, p.family_name), c.email, c.password_hash,
                             c.totp_sealed, c.totp_since
                      from credential c
                      left join person p on p.tenant_id = c.tenant_id and p.id = c.person_id
                      left join operator o on o.tenant_id = c.tenant_id and o.id = c.operator_id
                      where c.tenant_id = $1";

pub async fn find(tx: &mut Tx, ctx: &Ctx, kind: Kind, user_name: &str) -> Result<Option<Credential>, Error> {
    let sql = format!("{SELECT} and c.kind = $2 and c.user_name = $3");
    let row = tx.query_opt(&sql, &[&ctx.tenant, &kind.code(), &user_name]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

pub async fn get(tx: &mut Tx, ctx: &Ctx, id: CredentialId) -> Result<Credential, Error> {
    let row = tx.query_opt(&format!("{SELECT} and c.id = $2"), &[&ctx.tenant, &id]).await?;
    Ok(read(&row.ok_or(Error::UnknownAccount)?)?)
}

/// The account of the acting person or operator, where there is one.
pub async fn find_own(tx: &mut Tx, ctx: &Ctx) -> Result<Option<Credential>, Error> {
    let (column, id) = match ctx.actor {
        Actor::Person(PersonId(id)) => ("person_id", id),
        Actor::Operator(OperatorId(id)) => ("operator_id", id),
        _ => return Ok(None),
    };
    let row = tx.query_opt(&format!("{SELECT} and c.{column} = $2"), &[&ctx.tenant, &id]).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

/// Invites a business of the registry, or invites it again, to another address perhaps; the mail is a job.
///
/// # Errors
/// [`Error::UnknownBusiness`] for a number that is no business's of the registry: nobody else among citizens has a password.
pub async fn invite_business(tx: &mut Tx, ctx: &Ctx, number: &str, email: &str) -> Result<Credential, Error> {
    let email = mail_address(email)?;
    let user_name = Kind::Business.user_name(number);
    let business = enrolment::person::find_by_vat_number(tx, ctx, &user_name).await?;
    let business = business.filter(|p| p.kind == enrolment::PersonKind::Business).ok_or(Error::UnknownBusiness)?;
    let sql = "insert into credential (tenant_id, id, kind, user_name, person_id, email, created_at) values ($1, $2, 'business', $3, $4, $5, $6)
               on conflict (tenant_id, kind, user_name) do update set email = excluded.email";
    tx.execute_one(sql, &[&ctx.tenant, &ctx.new_id::<CredentialId>(), &user_name, &business.id, &email, &ctx.now]).await?;
    invite(tx, ctx, Kind::Business, &user_name).await
}

/// Gives a member of staff a role and invites them, or only gives another role to one who has been invited.
pub async fn invite_staff(tx: &mut Tx, ctx: &Ctx, email: &str, name: &str, role: Role) -> Result<Credential, Error> {
    let email = mail_address(email)?;
    let operator = staff::ensure(tx, ctx, &email, name).await?;
    staff::grant(tx, ctx, operator, role).await?;
    let sql = "insert into credential (tenant_id, id, kind, user_name, operator_id, email, created_at) values ($1, $2, 'staff', $3, $4, $3, $5)
               on conflict (tenant_id, kind, user_name) do nothing";
    tx.execute(sql, &[&ctx.tenant, &ctx.new_id::<CredentialId>(), &email, &operator, &ctx.now]).await?;
    invite(tx, ctx, Kind::Staff, &email).await
}

async fn invite(tx: &mut Tx, ctx: &Ctx, kind: Kind, user_name: &str) -> Result<Credential, Error> {
    let credential = find(tx, ctx, kind, user_name).await?.ok_or(Error::UnknownAccount)?;
    let subject = format!("credential:{}", credential.id);
    db::audit::record(tx, ctx, "credential.invited", &subject, &json!({ "kind": kind.code() })).await?;
    mail::enqueue(tx, ctx, kind, user_name, Purpose::Invitation).await?;
    Ok(credential)
}

fn mail_address(text: &str) -> Result<String, Error> {
    let text = text.trim().to_lowercase();
    let sound = text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('@'));
    let plain = text.len() <= 256 && text.chars().all(|c| !c.is_whitespace() && !c.is_control());
    if sound && plain { Ok(text) } else { Err(Error::MailAddress) }
}

/// Puts a hash in force: every session of the account ends, and the tries made so far are forgotten.
pub(crate) async fn put_password(tx: &mut Tx, ctx: &Ctx, credential: &Credential, hash: &str) -> Result<(), Error> {
    let sql = "update credential set password_hash = $3, password_set_at = $4 where tenant_id = $1 and id = $2";
    tx.execute_one(sql, &[&ctx.tenant, &credential.id, &hash, &ctx.now]).await?;
    session::end_all_of(tx, ctx, &credential.actor()).await?;
    throttle::forget(tx, ctx, &throttle::account(credential.kind, &credential.user_name)).await?;
    let subject = format!("credential:{}", credential.id);
    db::audit::record(tx, ctx, "credential.password_set", &subject, &json!({})).await?;
    events::record_of(tx, ctx, &credential.actor(), Event::PasswordSet, "password", None).await?;
    Ok(())
}

fn read(row: &Row) -> Result<Credential, db::Error> {
    let kind: String = row.get(1)?;
    Ok(Credential {
        id: row.get(0)?,
        kind: if kind == "business" { Kind::Business } else { Kind::Staff },
        user_name: row.get(2)?,
        person: row.get(3)?,
        operator: row.get(4)?,
        name: row.get(5)?,
        email: row.get(6)?,
        password_hash: row.get(7)?,
        totp_sealed: row.get(8)?,
        totp_since: row.get(9)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_looked_for_as_they_are_kept() {
        assert_eq!(Kind::Business.user_name(" it 01199250158 "), "01199250158");
        assert_eq!(Kind::Business.user_name("01199250159"), "01199250159", "a wrong number is a name nobody has");
        assert_eq!(Kind::Staff.user_name(" Ada.Neri@Comune.Esempio.IT"), "ada.neri@comune.esempio.it");
        assert_eq!(Kind::Staff.user_name(&"x".repeat(9_000)).len(), 256);
    }

    #[test]
    fn an_address_with_a_line_break_or_without_a_host_is_none() {
        for bad in
            ["", "ada", "ada@", "@comune.it", "ada@comune", "a b@comune.it", "ada@comune.it\r\nBcc: x@y.it", "a@b@comune.it"]
        {
            assert!(matches!(mail_address(bad), Err(Error::MailAddress)), "{bad:?}");
        }
        assert_eq!(mail_address(" Ada@Comune.it ").unwrap(), "ada@comune.it");
    }
}
