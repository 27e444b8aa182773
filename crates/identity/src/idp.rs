//! The identity providers a tenant trusts: each by a file of its own, or all that a signed registry lists.

use std::collections::BTreeMap;

use db::Tx;
use kernel::Ctx;
use saml::registry::Listed;
use saml::{IdpDescriptor, Scheme};

use crate::sign_in::Refusal;

/// Trusts the provider that this metadata describes, or replaces what was known of it; gives its entity id.
pub async fn import(tx: &mut Tx, ctx: &Ctx, scheme: Scheme, metadata: &str) -> Result<String, Refusal> {
    let idp = IdpDescriptor::parse(metadata).map_err(|_| Refusal::UnknownProvider)?;
    keep(tx, ctx, scheme, &idp.entity_id, metadata, false).await?;
    Ok(idp.entity_id)
}

async fn keep(tx: &mut Tx, ctx: &Ctx, scheme: Scheme, entity_id: &str, metadata: &str, registry: bool) -> Result<(), db::Error> {
    let sql = "insert into identity_provider (tenant_id, scheme, entity_id, metadata_xml, imported_at, from_registry) values ($1, $2, $3, $4, $5, $6)
               on conflict (tenant_id, scheme, entity_id) do update set metadata_xml = excluded.metadata_xml, imported_at = excluded.imported_at,
               from_registry = excluded.from_registry";
    tx.execute_one(sql, &[&ctx.tenant, &scheme.code(), &entity_id, &metadata, &ctx.now, &registry]).await
}

/// What a registry changed, in words for a log: entity ids, and what is new of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub added: Vec<String>,
    /// With the parts that are other than they were: `keys`, `addresses`, `name`.
    pub changed: Vec<(String, Vec<&'static str>)>,
    pub removed: Vec<String>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty() && self.removed.is_empty()
    }
}

/// Takes a whole registry that was verified: what it lists is trusted, what it brought once and lists no more is not, and
/// what a file brought stays.
///
/// # Errors
/// [`Refusal::UnknownProvider`] for an empty one: the last good copy stays.
pub async fn take_registry(tx: &mut Tx, ctx: &Ctx, scheme: Scheme, listed: &[Listed]) -> Result<Changes, Refusal> {
    if listed.is_empty() {
        return Err(Refusal::UnknownProvider);
    }
    let mut changes = Changes::default();
    let mut before = known(tx, ctx, scheme).await?;
    for Listed { idp, metadata } in listed {
        match before.remove(&idp.entity_id) {
            Some((old, _)) if old == *metadata => continue,
            Some((old, _)) => changes.changed.push((idp.entity_id.clone(), differences(&old, idp))),
            None => changes.added.push(idp.entity_id.clone()),
        }
        keep(tx, ctx, scheme, &idp.entity_id, metadata, true).await?;
    }
    for (entity_id, _) in before.into_iter().filter(|(_, (_, from_registry))| *from_registry) {
        let sql = "delete from identity_provider where tenant_id = $1 and scheme = $2 and entity_id = $3";
        tx.execute_one(sql, &[&ctx.tenant, &scheme.code(), &entity_id]).await?;
        changes.removed.push(entity_id);
    }
    if !changes.is_empty() {
        let details = serde_json::json!({ "added": changes.added, "changed": changes.changed, "removed": changes.removed });
        db::audit::record(tx, ctx, "identity_providers.changed", &format!("scheme:{}", scheme.code()), &details).await?;
    }
    Ok(changes)
}

/// The metadata known by entity id, and whether a registry brought them.
async fn known(tx: &mut Tx, ctx: &Ctx, scheme: Scheme) -> Result<BTreeMap<String, (String, bool)>, db::Error> {
    let sql = "select entity_id, metadata_xml, from_registry from identity_provider where tenant_id = $1 and scheme = $2 order by entity_id";
    let rows = tx.query(sql, &[&ctx.tenant, &scheme.code()]).await?;
    rows.iter().map(|r| Ok((r.get(0)?, (r.get(1)?, r.get(2)?)))).collect()
}

fn differences(old: &str, new: &IdpDescriptor) -> Vec<&'static str> {
    let Ok(old) = IdpDescriptor::parse(old) else { return vec!["everything"] };
    let parts = [
        ("keys", old.certificates != new.certificates),
        ("addresses", old.sso() != new.sso() || old.slo() != new.slo()),
        ("name", old.display_name != new.display_name),
    ];
    parts.into_iter().filter(|(_, differs)| *differs).map(|(part, _)| part).collect()
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
