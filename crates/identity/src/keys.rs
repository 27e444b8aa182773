//! The keys with which a tenant signs what it asks of identity providers; the private halves sealed.
//!
//! A key is listed in the metadata from the day it is made, signs from the day it is activated until another is, and
//! leaves the metadata when it is retired: providers, who take what AgID distributes, know a key before they see its
//! signature.

use db::vault::Vault;
use db::{Row, Tx};
use enrolment::Tenant;
use kernel::{Ctx, Instant};
use saml::{Scheme, SpKey, Subject};
use uuid::Uuid;

use crate::sign_in::{Refusal, entity_id};

/// What the vault seals private keys for.
const PURPOSE: &str = "saml.private_key";
/// Long enough that a roll-over is planned, not met.
const YEARS: i32 = 6;

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// In the metadata, and has not signed yet.
    Listed,
    Signing,
    /// In the metadata, and signs no more.
    Former,
    /// Out of the metadata.
    Retired,
}

impl State {
    pub fn code(self) -> &'static str {
        match self {
            State::Listed => "listed",
            State::Signing => "signing",
            State::Former => "former",
            State::Retired => "retired",
        }
    }
}

/// A key as it may be shown: without its private half.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: Uuid,
    pub state: State,
    pub made_at: Instant,
    pub certificate_pem: String,
}

/// What is refused of keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefusal {
    #[error("there is no such key")]
    NoSuchKey,
    #[error("the key signs: activate another one first")]
    Signing,
    #[error("the key was retired: its certificate is no longer in the metadata")]
    Retired,
    #[error("the key cannot be made or opened")]
    Key,
    #[error(transparent)]
    Db(#[from] db::Error),
}

impl From<KeyRefusal> for Refusal {
    fn from(refusal: KeyRefusal) -> Refusal {
        match refusal {
            KeyRefusal::Db(error) => Refusal::Db(error),
            _ => Refusal::Keys,
        }
    }
}

/// The one that signs first, then those that wait and those that were.
const ORDER: &str = "order by case when activated_at is null then 1 else 0 end, activated_at desc, from_at desc, id desc";

/// The keys of a tenant for a scheme that are in its metadata: the first one signs.
pub async fn load(tx: &mut Tx, ctx: &Ctx, vault: &Vault, scheme: Scheme) -> Result<Vec<SpKey>, Refusal> {
    let sql = format!(
        "select certificate_pem, private_key_sealed from tenant_saml_key where tenant_id = $1 and scheme = $2 and retired_at is null {ORDER}"
    );
    let mut keys = Vec::new();
    for row in tx.query(&sql, &[&ctx.tenant, &scheme.door().code()]).await? {
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
    add(tx, ctx, vault, tenant, scheme).await?;
    load(tx, ctx, vault, scheme).await
}

/// Makes a key and lists it; the first of a scheme signs at once, another waits to be activated.
pub async fn add(tx: &mut Tx, ctx: &Ctx, vault: &Vault, tenant: &Tenant, scheme: Scheme) -> Result<Key, KeyRefusal> {
    let subject = Subject {
        common_name: tenant.name.clone(),
        organization: tenant.name.clone(),
        city: tenant.city.clone(),
        ipa_code: tenant.ipa_code.clone(),
        entity_id: entity_id(tenant, scheme),
    };
    let key = SpKey::generate(&subject, i32::from(ctx.today().year()), YEARS).map_err(|_| KeyRefusal::Key)?;
    let sealed = vault.seal(ctx.tenant, PURPOSE, key.private_key_pem.as_bytes(), &ctx.entropy);
    let first = !list(tx, ctx, scheme).await?.iter().any(|k| k.state == State::Signing);
    let (id, activated_at) = (ctx.new_id::<Uuid>(), first.then_some(ctx.now));
    let sql = "insert into tenant_saml_key (tenant_id, id, scheme, certificate_pem, private_key_sealed, from_at, activated_at)
               values ($1, $2, $3, $4, $5, $6, $7)";
    let certificate = &key.certificate_pem;
    tx.execute_one(sql, &[&ctx.tenant, &id, &scheme.door().code(), certificate, &sealed, &ctx.now, &activated_at]).await?;
    note(tx, ctx, "saml_key.made", id, scheme).await?;
    let state = if first { State::Signing } else { State::Listed };
    Ok(Key { id, state, made_at: ctx.now, certificate_pem: key.certificate_pem })
}

/// All keys of a tenant for a scheme: the one that signs first, retired ones last.
pub async fn list(tx: &mut Tx, ctx: &Ctx, scheme: Scheme) -> Result<Vec<Key>, KeyRefusal> {
    let sql = format!(
        "select id, from_at, certificate_pem, activated_at, retired_at from tenant_saml_key where tenant_id = $1 and scheme = $2 {ORDER}"
    );
    let rows = tx.query(&sql, &[&ctx.tenant, &scheme.door().code()]).await?;
    let mut keys: Vec<Key> = rows.iter().map(read).collect::<Result<_, _>>()?;
    // Of those that were activated and not retired, the one activated last signs: it comes first.
    let signing = keys.iter().position(|k| k.state == State::Former);
    if let Some(key) = signing.and_then(|at| keys.get_mut(at)) {
        key.state = State::Signing;
    }
    keys.sort_by_key(|k| k.state == State::Retired);
    Ok(keys)
}

fn read(row: &Row) -> Result<Key, db::Error> {
    let (activated, retired): (Option<Instant>, Option<Instant>) = (row.get(3)?, row.get(4)?);
    let state = match (activated, retired) {
        (_, Some(_)) => State::Retired,
        (None, None) => State::Listed,
        (Some(_), None) => State::Former,
    };
    Ok(Key { id: row.get(0)?, state, made_at: row.get(1)?, certificate_pem: row.get(2)? })
}

/// Lets a listed key sign from now on. The one that signed stays in the metadata until it is retired.
///
/// # Errors
/// [`KeyRefusal::NoSuchKey`], [`KeyRefusal::Retired`].
pub async fn activate(tx: &mut Tx, ctx: &Ctx, scheme: Scheme, id: Uuid) -> Result<(), KeyRefusal> {
    if find(tx, ctx, scheme, id).await?.state == State::Retired {
        return Err(KeyRefusal::Retired);
    }
    let sql = "update tenant_saml_key set activated_at = $3 where tenant_id = $1 and id = $2 and retired_at is null";
    tx.execute_one(sql, &[&ctx.tenant, &id, &ctx.now]).await?;
    note(tx, ctx, "saml_key.activated", id, scheme).await
}

/// Takes a key out of the metadata.
///
/// # Errors
/// [`KeyRefusal::Signing`]: somebody has to sign. [`KeyRefusal::NoSuchKey`].
pub async fn retire(tx: &mut Tx, ctx: &Ctx, scheme: Scheme, id: Uuid) -> Result<(), KeyRefusal> {
    match find(tx, ctx, scheme, id).await?.state {
        State::Signing => return Err(KeyRefusal::Signing),
        State::Retired => return Ok(()),
        State::Listed | State::Former => {}
    }
    let sql = "update tenant_saml_key set retired_at = $3 where tenant_id = $1 and id = $2 and retired_at is null";
    tx.execute_one(sql, &[&ctx.tenant, &id, &ctx.now]).await?;
    note(tx, ctx, "saml_key.retired", id, scheme).await
}

async fn find(tx: &mut Tx, ctx: &Ctx, scheme: Scheme, id: Uuid) -> Result<Key, KeyRefusal> {
    list(tx, ctx, scheme).await?.into_iter().find(|k| k.id == id).ok_or(KeyRefusal::NoSuchKey)
}

async fn note(tx: &mut Tx, ctx: &Ctx, what: &str, id: Uuid, scheme: Scheme) -> Result<(), KeyRefusal> {
    let details = serde_json::json!({ "scheme": scheme.door().code() });
    Ok(db::audit::record(tx, ctx, what, &format!("saml_key:{id}"), &details).await?)
}
