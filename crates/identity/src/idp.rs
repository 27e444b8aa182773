//! The identity providers a tenant trusts.

use db::Tx;
use kernel::Ctx;
use saml::{IdpDescriptor, Scheme};

use crate::sign_in::Refusal;

/// Trusts the provider that this metadata describes, or replaces what was known of it; gives its entity id.
pub async fn import(tx: &mut Tx, ctx: &Ctx, scheme: Scheme, metadata: &str) -> Result<String, Refusal> {
    let idp = IdpDescriptor::parse(metadata).map_err(|_| Refusal::UnknownProvider)?;
    let sql = "insert into identity_provider (tenant_id, scheme, entity_id, metadata_xml, imported_at) values ($1, $2, $3, $4, $5)
               on conflict (tenant_id, scheme, entity_id) do update set metadata_xml = excluded.metadata_xml, imported_at = excluded.imported_at";
    tx.execute(sql, &[&ctx.tenant, &scheme.code(), &idp.entity_id, &metadata, &ctx.now]).await?;
    Ok(idp.entity_id)
}

/// Forgets all providers of a scheme: a test provider's keys change with each start.
pub async fn forget_all(tx: &mut Tx, ctx: &Ctx, scheme: Scheme) -> Result<(), Refusal> {
    tx.execute("delete from identity_provider where tenant_id = $1 and scheme = $2", &[&ctx.tenant, &scheme.code()]).await?;
    Ok(())
}

/// The providers of a scheme, by entity id.
pub async fn list(tx: &mut Tx, ctx: &Ctx, scheme: Scheme) -> Result<Vec<IdpDescriptor>, Refusal> {
    let sql = "select metadata_xml from identity_provider where tenant_id = $1 and scheme = $2 order by entity_id";
    let rows = tx.query(sql, &[&ctx.tenant, &scheme.code()]).await?;
    rows.iter().map(|row| IdpDescriptor::parse(&row.get::<String>(0)?).map_err(|_| Refusal::UnknownProvider)).collect()
}

/// One provider, if the tenant trusts it.
pub async fn find(tx: &mut Tx, ctx: &Ctx, scheme: Scheme, entity_id: &str) -> Result<Option<IdpDescriptor>, Refusal> {
    let sql = "select metadata_xml from identity_provider where tenant_id = $1 and scheme = $2 and entity_id = $3";
    let Some(row) = tx.query_opt(sql, &[&ctx.tenant, &scheme.code(), &entity_id]).await? else { return Ok(None) };
    Ok(IdpDescriptor::parse(&row.get::<String>(0)?).ok())
}

/// The provider that is asked at this scheme's door, with the scheme it is of: the eIDAS node stands at SPID's.
pub async fn find_at(tx: &mut Tx, ctx: &Ctx, door: Scheme, entity_id: &str) -> Result<Option<(Scheme, IdpDescriptor)>, Refusal> {
    for scheme in Scheme::ALL.into_iter().filter(|s| s.door() == door.door()) {
        if let Some(idp) = find(tx, ctx, scheme, entity_id).await? {
            return Ok(Some((scheme, idp)));
        }
    }
    Ok(None)
}
