//! The keys with which a tenant signs what it asks of identity providers; the private halves sealed.

use db::Tx;
use db::vault::Vault;
use enrolment::Tenant;
use kernel::Ctx;
use saml::{Scheme, SpKey, Subject};
use uuid::Uuid;

use crate::sign_in::{Refusal, entity_id};

/// What the vault seals private keys for.
const PURPOSE: &str = "saml.private_key";
/// Long enough that a roll-over is planned, not met.
const YEARS: i32 = 6;

/// The keys of a tenant for a scheme, newest first: the first one signs, all are in the metadata.
pub async fn load(tx: &mut Tx, ctx: &Ctx, vault: &Vault, scheme: Scheme) -> Result<Vec<SpKey>, Refusal> {
    let sql = "select certificate_pem, private_key_sealed from tenant_saml_key where tenant_id = $1 and scheme = $2 order by from_at desc, id desc";
    let mut keys = Vec::new();
    for row in tx.query(sql, &[&ctx.tenant, &scheme.door().code()]).await? {
        let sealed: Vec<u8> = row.get(1)?;
        let opened = vault.open(ctx.tenant, PURPOSE, &sealed).map_err(|_| Refusal::Keys)?;
        let private_key_pem = String::from_utf8(opened).map_err(|_| Refusal::Keys)?;
        keys.push(SpKey { private_key_pem, certificate_pem: row.get(0)? });
    }
    Ok(keys)
}

/// The keys of a tenant, with a first one made where there is none yet.
pub async fn ensure(tx: &mut Tx, ctx: &Ctx, vault: &Vault, tenant: &Tenant, scheme: Scheme) -> Result<Vec<SpKey>, Refusal> {
    let known = load(tx, ctx, vault, scheme).await?;
    if !known.is_empty() {
        return Ok(known);
    }
    let subject = Subject {
        common_name: tenant.name.clone(),
        organization: tenant.name.clone(),
        city: tenant.city.clone(),
        ipa_code: tenant.ipa_code.clone(),
        entity_id: entity_id(tenant, scheme),
    };
    let key = SpKey::generate(&subject, i32::from(ctx.today().year()), YEARS).map_err(|_| Refusal::Keys)?;
    let sealed = vault.seal(ctx.tenant, PURPOSE, key.private_key_pem.as_bytes(), &ctx.entropy);
    let sql = "insert into tenant_saml_key (tenant_id, id, scheme, certificate_pem, private_key_sealed, from_at) values ($1, $2, $3, $4, $5, $6)";
    tx.execute_one(sql, &[&ctx.tenant, &ctx.new_id::<Uuid>(), &scheme.door().code(), &key.certificate_pem, &sealed, &ctx.now])
        .await?;
    Ok(vec![key])
}
