use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use catalogue::Catalogue;
use db::Db;
use db::vault::Vault;
use enrolment::Tenant;
use jiff::SignedDuration;
use kernel::{Clock, Entropy, Instant};

use crate::refusal::Refusal;

/// How long a tenant's row is believed: its pages follow a change of name or colour within this time.
const TENANT_BELIEVED: SignedDuration = SignedDuration::from_secs(20);

/// What every door needs, built once.
pub struct Parts {
    pub db: Db,
    pub vault: Vault,
    pub clock: Clock,
    pub entropy: Entropy,
    pub catalogue: Catalogue,
    pub papers: paper::Papers,
    /// Calls pagoPA's Checkout.
    pub checkout: pagopa::CartsClient,
    /// Where passwords are hashed and checked.
    pub passwords: identity::credentials::Passwords,
    /// Proxies whose X-Forwarded-For is believed; empty believes none.
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// Where citizens show their cards, without a slash at its end; none where that is not set up.
    pub cns_url: Option<String>,
    /// Where the demo's test services are; none in production.
    pub demo: Option<Demo>,
}

/// Said on the pages of a demo, so that nobody takes it for the real thing.
#[derive(Clone, Debug)]
pub struct Demo {
    /// `http://127.0.0.1:8081`
    pub sandbox_url: String,
}

#[derive(Clone)]
pub struct AppState(Arc<Shared>);

pub struct Shared {
    pub parts: Parts,
    tenants: RwLock<HashMap<String, (Arc<Tenant>, Instant)>>,
}

impl AppState {
    pub fn new(parts: Parts) -> AppState {
        AppState(Arc::new(Shared { parts, tenants: RwLock::default() }))
    }

    /// The tenant a Host header names, port and case aside.
    pub async fn tenant(&self, host: &str, now: Instant) -> Result<Option<Arc<Tenant>>, Refusal> {
        let host =
            host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(name, _)| name);
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if let Some(known) = self.known(&host, now) {
            return Ok(Some(known));
        }
        let mut tx = self.db.read().await?;
        let Some(tenant) = enrolment::tenant::find_by_host(&mut tx, &host).await? else { return Ok(None) };
        let tenant = Arc::new(tenant);
        self.0.tenants.write().unwrap_or_else(PoisonError::into_inner).insert(host, (tenant.clone(), now));
        Ok(Some(tenant))
    }

    fn known(&self, host: &str, now: Instant) -> Option<Arc<Tenant>> {
        let tenants = self.0.tenants.read().unwrap_or_else(PoisonError::into_inner);
        let (tenant, since) = tenants.get(host)?;
        (now.duration_since(*since) < TENANT_BELIEVED).then(|| tenant.clone())
    }
}

impl Deref for AppState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
