//! What a tenant asks of sign-ins.

use db::Tx;
use kernel::Ctx;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Children's data and payments: level 2, unless the tenant says otherwise.
pub const DEFAULT_LEVEL: u8 = 2;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The least level of assurance, 1 to 3.
    pub level: u8,
    /// Who runs the portal, where that is not the tenant itself: CIE's metadata name it as technical contact.
    pub supplier: Option<Supplier>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Supplier {
    pub name: String,
    pub email: String,
    /// `+39…`, without blanks.
    pub telephone: Option<String>,
    /// With its country: `IT12345678901`.
    pub vat_number: String,
    pub fiscal_code: String,
    pub nace_code: String,
    /// The catastale code of its seat.
    pub municipality: String,
}

/// What the tenant has said, or what holds where it has not.
pub async fn find(tx: &mut Tx, ctx: &Ctx) -> Result<Settings, Error> {
    let sql = "select level, supplier from tenant_sign_in where tenant_id = $1";
    let Some(row) = tx.query_opt(sql, &[&ctx.tenant]).await? else {
        return Ok(Settings { level: DEFAULT_LEVEL, supplier: None });
    };
    let supplier: Option<String> = row.get(1)?;
    let unreadable = |e: serde_json::Error| db::Error::Other(format!("the supplier of a tenant cannot be read: {e}"));
    let supplier = supplier.map(|text| serde_json::from_str(&text)).transpose().map_err(unreadable)?;
    Ok(Settings { level: row.get(0)?, supplier })
}

/// Replaces what the tenant has said, with an audit row.
///
/// # Panics
/// For a level that is none: the caller has checked what was typed.
pub async fn set(tx: &mut Tx, ctx: &Ctx, settings: &Settings) -> Result<(), Error> {
    assert!((1..=3).contains(&settings.level), "levels are 1 to 3");
    let supplier = settings.supplier.as_ref().map(|s| serde_json::to_string(s).expect("texts are JSON"));
    let sql = "insert into tenant_sign_in (tenant_id, level, supplier) values ($1, $2, $3)
               on conflict (tenant_id) do update set level = excluded.level, supplier = excluded.supplier";
    tx.execute_one(sql, &[&ctx.tenant, &settings.level, &supplier]).await?;
    let details = serde_json::json!({ "level": settings.level, "supplier": settings.supplier.is_some() });
    db::audit::record(tx, ctx, "sign_in.settings_changed", &format!("tenant:{}", ctx.tenant.0), &details).await?;
    Ok(())
}
