//! Which gateway a tenant has, and where and with which key it calls each service.

use db::vault::Vault;
use kernel::{Ctx, Entropy, TenantId};
use pagopa::Endpoint;

use crate::{Error, store};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GatewayKind {
    /// We answer the node and push to the archive.
    Synchronous,
    /// pagoPA answers the node for us.
    Gpd,
}

const KINDS: [(GatewayKind, &str); 2] = [(GatewayKind::Synchronous, "synchronous"), (GatewayKind::Gpd, "gpd")];

impl GatewayKind {
    pub fn code(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).expect("every kind has a word").1
    }

    pub fn from_code(code: &str) -> Option<GatewayKind> {
        KINDS.iter().find(|(_, word)| *word == code).map(|(kind, _)| *kind)
    }
}

/// A service of the platform, each with an address and a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// The archive of debts.
    Aca,
    /// Positions kept by pagoPA.
    Gpd,
    /// Settlement reports.
    Fdr,
    /// Receipts: of GPD for a tenant that uses it, else by the IUR a report names.
    Receipts,
    Io,
}

const SERVICES: [(Service, &str); 5] =
    [(Service::Aca, "aca"), (Service::Gpd, "gpd"), (Service::Fdr, "fdr"), (Service::Receipts, "receipts"), (Service::Io, "io")];

impl Service {
    pub fn code(self) -> &'static str {
        SERVICES.iter().find(|(service, _)| *service == self).expect("every service has a word").1
    }

    pub fn from_code(code: &str) -> Option<Service> {
        SERVICES.iter().find(|(_, word)| *word == code).map(|(service, _)| *service)
    }

    /// What the vault seals its key for.
    fn key_purpose(self) -> String {
        format!("pagopa.{}_key", self.code())
    }
}

/// The tenant's gateway; none tells nobody.
pub async fn find_kind(tx: &mut db::Tx, tenant: TenantId) -> Result<Option<GatewayKind>, Error> {
    let word = store::gateway_kind(tx, tenant).await?;
    word.map(|word| GatewayKind::from_code(&word).ok_or_else(|| store::unknown_word("gateway", &word).into())).transpose()
}

/// Chooses the tenant's gateway; every notice that can be paid is told to it from the beginning.
pub async fn set_kind(tx: &mut db::Tx, ctx: &Ctx, kind: GatewayKind) -> Result<(), Error> {
    if find_kind(tx, ctx.tenant).await? == Some(kind) {
        return Ok(());
    }
    store::put_gateway(tx, ctx, kind.code()).await?;
    let details = serde_json::json!({ "kind": kind.code() });
    Ok(db::audit::record(tx, ctx, "gateway.chosen", "gateway", &details).await?)
}

/// Where a service is called for the tenant, and its key, sealed.
pub async fn put_service(
    tx: &mut db::Tx,
    ctx: &Ctx,
    service: Service,
    base_url: &str,
    key: Option<(&Vault, &str)>,
) -> Result<(), Error> {
    let entropy: &Entropy = &ctx.entropy;
    let sealed = key.map(|(vault, key)| vault.seal(ctx.tenant, &service.key_purpose(), key.as_bytes(), entropy));
    store::put_service(tx, ctx.tenant, service.code(), base_url, sealed.as_deref()).await
}

/// Where a service is called for the tenant; none where it was not set up.
pub async fn endpoint(tx: &mut db::Tx, vault: &Vault, tenant: TenantId, service: Service) -> Result<Option<Endpoint>, Error> {
    let Some((base_url, sealed)) = store::service(tx, tenant, service.code()).await? else { return Ok(None) };
    let opened = sealed.and_then(|sealed| vault.open(tenant, &service.key_purpose(), &sealed).ok());
    Ok(Some(Endpoint { base_url, subscription_key: opened.and_then(|key| String::from_utf8(key).ok()) }))
}

/// The tenants that have set up a service, by id.
pub async fn tenants_with(tx: &mut db::Tx, service: Service) -> Result<Vec<TenantId>, Error> {
    store::tenants_with(tx, service.code()).await
}
