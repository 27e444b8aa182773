//! How a tenant stands towards pagoPA.

use db::vault::Vault;
use kernel::{Entropy, TenantId};
use pagopa::CartsConfig;

use crate::{Error, store};

/// A tenant without these takes no payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagoPa {
    pub tenant: TenantId,
    /// Fiscal code of who runs the station: the tenant's own, or its intermediary's.
    pub broker: String,
    pub station: String,
    /// 0 to 99; 00 to 49 are given to institutions.
    pub segregation: u8,
    pub cbill: Option<String>,
    pub iban: String,
    pub postal_iban: Option<String>,
    pub postal_holder: Option<String>,
    pub postal_authorisation: Option<String>,
    /// Whether a notice may still be paid after its due day.
    pub accepts_after_due: bool,
    pub checkout_base_url: String,
    /// Hosts, with port, to which a browser may be sent to pay.
    pub checkout_hosts: Vec<String>,
    /// Sealed for this tenant under [`KEY_PURPOSE`].
    pub checkout_key_sealed: Option<Vec<u8>>,
}

/// An institution as the node knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Institution {
    pub tenant: TenantId,
    pub fiscal_code: String,
    pub name: String,
    pub office_name: String,
    pub is_enabled: bool,
    pub pagopa: PagoPa,
}

/// What the vault seals the subscription key for.
pub const KEY_PURPOSE: &str = "pagopa.checkout_key";

impl PagoPa {
    /// Where and how carts are opened for this tenant. A payment page without TLS is taken only from a service
    /// that is itself reached without: a test one, on this machine.
    pub fn carts_config(&self, vault: &Vault) -> CartsConfig {
        let opened = self.checkout_key_sealed.as_deref().and_then(|sealed| vault.open(self.tenant, KEY_PURPOSE, sealed).ok());
        CartsConfig {
            base_url: self.checkout_base_url.clone(),
            subscription_key: opened.and_then(|key| String::from_utf8(key).ok()),
            checkout_hosts: self.checkout_hosts.clone(),
            accepts_plain_http: self.checkout_base_url.starts_with("http://"),
        }
    }

    /// Seals a subscription key into these settings.
    pub fn seal_key(&mut self, vault: &Vault, key: &str, entropy: &Entropy) {
        self.checkout_key_sealed = Some(vault.seal(self.tenant, KEY_PURPOSE, key.as_bytes(), entropy));
    }
}

pub async fn find(tx: &mut db::Tx, tenant: TenantId) -> Result<Option<PagoPa>, Error> {
    store::settings(tx, tenant).await
}

/// # Errors
/// [`Error::NotConfigured`].
pub async fn get(tx: &mut db::Tx, tenant: TenantId) -> Result<PagoPa, Error> {
    find(tx, tenant).await?.ok_or(Error::NotConfigured)
}

/// Writes the settings of a tenant, in place of what was there.
pub async fn insert(tx: &mut db::Tx, settings: &PagoPa) -> Result<(), Error> {
    store::put_settings(tx, settings).await
}

/// The tenant an `idPA` names, whether or not it is switched on and takes payments.
pub async fn find_tenant_by_fiscal_code(tx: &mut db::Tx, fiscal_code: &str) -> Result<Option<TenantId>, Error> {
    store::tenant_by_fiscal_code(tx, fiscal_code).await
}

/// The institution an `idPA` names; none when it is switched off or takes no payments.
pub async fn find_institution(tx: &mut db::Tx, fiscal_code: &str) -> Result<Option<Institution>, Error> {
    Ok(store::institutions(tx, Some(fiscal_code)).await?.pop().filter(|i| i.is_enabled))
}

/// All that take payments on this installation, by fiscal code: what the test node is told.
pub async fn list_institutions(tx: &mut db::Tx) -> Result<Vec<Institution>, Error> {
    Ok(store::institutions(tx, None).await?.into_iter().filter(|i| i.is_enabled).collect())
}
