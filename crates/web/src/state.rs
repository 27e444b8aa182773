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

    /// The tenant a Host header names, port and case aside; as it was last read while the database is away, so that the
    /// page that says so has its name and the office's telephone.
    pub async fn tenant(&self, host: &str, now: Instant) -> Result<Option<Arc<Tenant>>, Refusal> {
        let host =
            host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit())).map_or(host, |(name, _)| name);
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        let known = self.known(&host);
        if let Some((known, _)) = known.as_ref().filter(|(_, since)| now.duration_since(*since) < TENANT_BELIEVED) {
            return Ok(Some(known.clone()));
        }
        let tenant = match (self.read_tenant(&host).await, known) {
            (Ok(Some(tenant)), _) => Arc::new(tenant),
            (Ok(None), _) => return Ok(None),
            (Err(Refusal::Unavailable), Some((known, _))) => return Ok(Some(known)),
            (Err(refusal), _) => return Err(refusal),
        };
        self.0.tenants.write().unwrap_or_else(PoisonError::into_inner).insert(host, (tenant.clone(), now));
        Ok(Some(tenant))
    }

    async fn read_tenant(&self, host: &str) -> Result<Option<Tenant>, Refusal> {
        Ok(enrolment::tenant::find_by_host(&mut self.db.read().await?, host).await?)
    }

    fn known(&self, host: &str) -> Option<(Arc<Tenant>, Instant)> {
        self.0.tenants.read().unwrap_or_else(PoisonError::into_inner).get(host).cloned()
    }
}

impl Deref for AppState {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
