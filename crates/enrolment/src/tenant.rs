//! Tenants and the host names they answer to.

use db::{Row, Tx, row};
use kernel::{Instant, TenantId};

use crate::Error;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tenant {
    pub id: TenantId,
    pub ipa_code: String,
    pub name: String,
    pub tagline: String,
    pub fiscal_code: String,
    /// `#rrggbb`.
    pub colour: String,
    pub city: String,
    pub region_name: String,
    pub region_url: String,
    pub website_url: String,
    pub office_name: String,
    pub office_email: String,
    pub office_phone: String,
    pub office_address: String,
    pub office_hours: String,
    pub accessibility_statement_url: Option<String>,
    /// Without a slash at its end.
    pub public_url: String,
    pub enabled: bool,
    /// The address of its coat of arms: the hash of [`crate::arms`]; none where it has none.
    pub arms: Option<String>,
}

impl Tenant {
    /// Whether its portal is published with TLS.
    pub fn has_tls(&self) -> bool {
        self.public_url.starts_with("https:")
    }
}

const COLUMNS: &str = "t.id, t.ipa_code, t.name, t.tagline, t.fiscal_code, t.colour, t.city, t.region_name, t.region_url, t.website_url, t.office_name,
    t.office_email, t.office_phone, t.office_address, t.office_hours, t.accessibility_statement_url, t.public_url, t.enabled,
    (select a.hash from tenant_arms a where a.tenant_id = t.id)";

/// The tenant a Host name belongs to: lower case, without a port.
pub async fn find_by_host(tx: &mut Tx, host: &str) -> Result<Option<Tenant>, Error> {
    let sql = format!("select {COLUMNS} from tenant t join tenant_host h on h.tenant_id = t.id where h.host = $1 and t.enabled");
    Ok(tx.query_opt(&sql, &[&host]).await?.as_ref().map(read).transpose()?)
}

/// An enabled tenant.
pub async fn find(tx: &mut Tx, id: TenantId) -> Result<Option<Tenant>, Error> {
    let sql = format!("select {COLUMNS} from tenant t where t.id = $1 and t.enabled");
    Ok(tx.query_opt(&sql, &[&id]).await?.as_ref().map(read).transpose()?)
}

/// The tenant with this code of the index of public administrations.
pub async fn find_by_ipa_code(tx: &mut Tx, ipa_code: &str) -> Result<Option<Tenant>, Error> {
    let sql = format!("select {COLUMNS} from tenant t where t.ipa_code = $1");
    Ok(tx.query_opt(&sql, &[&ipa_code]).await?.as_ref().map(read).transpose()?)
}

/// All tenants, by id.
pub async fn list_all(tx: &mut Tx) -> Result<Vec<Tenant>, Error> {
    let rows = tx.query(&format!("select {COLUMNS} from tenant t order by t.id"), &[]).await?;
    Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
}

/// Adds a tenant with the hosts it answers to; its coat of arms comes by [`crate::arms::set`].
pub async fn insert(tx: &mut Tx, tenant: &Tenant, hosts: &[String], now: Instant) -> Result<(), Error> {
    let sql = "insert into tenant (id, ipa_code, name, tagline, fiscal_code, colour, city, region_name, region_url, website_url, office_name,
               office_email, office_phone, office_address, office_hours, accessibility_statement_url, public_url, enabled, created_at)
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)";
    let t = tenant;
    tx.execute_one(
        sql,
        &[
            &t.id,
            &t.ipa_code,
            &t.name,
            &t.tagline,
            &t.fiscal_code,
            &t.colour,
            &t.city,
            &t.region_name,
            &t.region_url,
            &t.website_url,
            &t.office_name,
            &t.office_email,
            &t.office_phone,
            &t.office_address,
            &t.office_hours,
            &t.accessibility_statement_url,
            &t.public_url,
            &t.enabled,
            &now,
        ],
    )
    .await?;
    let rows = hosts.iter().map(|host| row![host, t.id]).collect();
    tx.insert_many("insert into tenant_host (host, tenant_id)", rows, "").await?;
    Ok(())
}

fn read(row: &Row) -> Result<Tenant, db::Error> {
    Ok(Tenant {
        id: row.get(0)?,
        ipa_code: row.get(1)?,
        name: row.get(2)?,
        tagline: row.get(3)?,
        fiscal_code: row.get(4)?,
        colour: row.get(5)?,
        city: row.get(6)?,
        region_name: row.get(7)?,
        region_url: row.get(8)?,
        website_url: row.get(9)?,
        office_name: row.get(10)?,
        office_email: row.get(11)?,
        office_phone: row.get(12)?,
        office_address: row.get(13)?,
        office_hours: row.get(14)?,
        accessibility_statement_url: row.get(15)?,
        public_url: row.get(16)?,
        enabled: row.get(17)?,
        arms: row.get(18)?,
    })
}

/// Where browsers reach a tenant's portal from now on; return addresses and metadata are made of it.
pub async fn set_public_url(tx: &mut Tx, tenant: TenantId, public_url: &str) -> Result<(), Error> {
    Ok(tx.execute_one("update tenant set public_url = $2 where id = $1", &[&tenant, &public_url]).await?)
}

/// When a tenant was added.
pub async fn created_at(tx: &mut Tx, tenant: TenantId) -> Result<Instant, Error> {
    Ok(tx.query_one("select created_at from tenant where id = $1", &[&tenant]).await?.get(0)?)
}
