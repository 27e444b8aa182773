//! Persons: parents, helpers and businesses.

use db::{Row, Tx};
use kernel::{Ctx, Day, FiscalCode, PersonId};

use crate::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonKind {
    Natural,
    Business,
}

impl PersonKind {
    pub fn code(self) -> &'static str {
        match self {
            PersonKind::Natural => "natural",
            PersonKind::Business => "business",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: PersonId,
    pub kind: PersonKind,
    pub fiscal_code: Option<FiscalCode>,
    pub vat_number: Option<String>,
    /// Empty for a business, whose name stands in `family_name`.
    pub name: String,
    pub family_name: String,
    pub birth_on: Option<Day>,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub address: Option<String>,
    pub postal_code: Option<String>,
    pub city: Option<String>,
    pub province: Option<String>,
}

impl Person {
    /// `Anna Bianchi`, or the name of the business.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.name, self.family_name).trim().to_owned()
    }

    /// What another guardian may know: the name.
    #[must_use]
    pub fn name_only(self) -> Person {
        Person {
            fiscal_code: None,
            vat_number: None,
            birth_on: None,
            email: None,
            phone: None,
            address: None,
            postal_code: None,
            city: None,
            province: None,
            ..self
        }
    }

    /// The codice fiscale, or the VAT number, or nothing.
    pub fn code(&self) -> &str {
        self.fiscal_code.as_ref().map(FiscalCode::as_str).or(self.vat_number.as_deref()).unwrap_or_default()
    }
}

const COLUMNS: &str =
    "id, kind, fiscal_code, vat_number, name, family_name, birth_on, email, phone, address, postal_code, city, province";

/// The person with this id.
///
/// # Errors
/// [`Error::NotVisible`] when there is none: an id of another tenant is none.
pub async fn get(tx: &mut Tx, ctx: &Ctx, id: PersonId) -> Result<Person, Error> {
    let sql = format!("select {COLUMNS} from person where tenant_id = $1 and id = $2");
    let row = tx.query_opt(&sql, &[&ctx.tenant, &id]).await?.ok_or(Error::NotVisible)?;
    Ok(read(&row)?)
}

/// The person who signs in with this codice fiscale.
pub async fn find_by_fiscal_code(tx: &mut Tx, ctx: &Ctx, code: &FiscalCode) -> Result<Option<Person>, Error> {
    let sql = format!("select {COLUMNS} from person where tenant_id = $1 and fiscal_code = $2");
    Ok(tx.query_opt(&sql, &[&ctx.tenant, code]).await?.as_ref().map(read).transpose()?)
}

/// The business with this VAT number.
pub async fn find_by_vat_number(tx: &mut Tx, ctx: &Ctx, number: &str) -> Result<Option<Person>, Error> {
    let sql = format!("select {COLUMNS} from person where tenant_id = $1 and vat_number = $2");
    Ok(tx.query_opt(&sql, &[&ctx.tenant, &number]).await?.as_ref().map(read).transpose()?)
}

/// The acting person's own mail address and telephone; the rest of the registry is the office's.
pub async fn update_contact(tx: &mut Tx, ctx: &Ctx, email: Option<&str>, phone: Option<&str>) -> Result<(), Error> {
    let person = ctx.actor.person().ok_or(Error::NotVisible)?;
    if email.is_some_and(|e| !looks_like_mail(e)) {
        return Err(Error::MailAddress);
    }
    let sql = "update person set email = $3, phone = $4 where tenant_id = $1 and id = $2";
    tx.execute_one(sql, &[&ctx.tenant, &person, &email, &phone]).await?;
    let details = serde_details(email.is_some(), phone.is_some());
    db::audit::record(tx, ctx, "contact.changed", &format!("person:{person}"), &details).await?;
    Ok(())
}

fn serde_details(email: bool, phone: bool) -> serde_json::Value {
    serde_json::json!({ "email": email, "phone": phone })
}

fn looks_like_mail(text: &str) -> bool {
    let Some((name, host)) = text.split_once('@') else { return false };
    !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && text.len() <= 256
        && !text.contains(char::is_whitespace)
}

pub(crate) fn read(row: &Row) -> Result<Person, db::Error> {
    let kind: String = row.get(1)?;
    Ok(Person {
        id: row.get(0)?,
        kind: if kind == "business" { PersonKind::Business } else { PersonKind::Natural },
        fiscal_code: row.get(2)?,
        vat_number: row.get(3)?,
        name: row.get(4)?,
        family_name: row.get(5)?,
        birth_on: row.get(6)?,
        email: row.get(7)?,
        phone: row.get(8)?,
        address: row.get(9)?,
        postal_code: row.get(10)?,
        city: row.get(11)?,
        province: row.get(12)?,
    })
}
