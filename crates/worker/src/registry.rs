//! The registry of SPID's identity providers, fetched from where AgID publishes it. What does not verify, or lists nobody,
//! changes nothing: the last good copy stays.

use std::time::Duration;

use identity::sign_in::{Refusal, Scheme};
use kernel::{Actor, Ctx};
use saml::registry::{self, Listed, MAX_REGISTRY_BYTES};

use crate::{Error, Parts};

/// How long the registry may take to come.
const WAITS: Duration = Duration::from_secs(60);

/// Where the registry is, and who signs it.
#[derive(Clone, Debug)]
pub struct Registry {
    url: String,
    /// DER.
    certificates: Vec<Vec<u8>>,
    http: reqwest::Client,
}

impl Registry {
    /// A registry at this address, believed by any of these certificates (PEM).
    ///
    /// # Errors
    /// [`Error::Registry`] when there is no certificate.
    pub fn new(url: &str, certificates_pem: &str) -> Result<Registry, Error> {
        let certificates = saml::certificates_of_pem(certificates_pem);
        if certificates.is_empty() {
            return Err(Error::Registry("the file holds no certificate in PEM".to_owned()));
        }
        let http = reqwest::Client::builder().timeout(WAITS).redirect(reqwest::redirect::Policy::none()).build();
        Ok(Registry { url: url.to_owned(), certificates, http: http.map_err(|e| Error::Registry(e.to_string()))? })
    }

    async fn fetch(&self) -> Result<String, Error> {
        let away = |e: reqwest::Error| Error::Registry(format!("it cannot be fetched: {e}"));
        let mut response = self.http.get(&self.url).send().await.map_err(away)?;
        // A redirect is not followed, and what stands beside it is not the registry.
        if response.status() != reqwest::StatusCode::OK {
            return Err(Error::Registry(format!("it cannot be fetched: {}", response.status())));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(away)? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > MAX_REGISTRY_BYTES {
                return Err(Error::Registry("it is too large".to_owned()));
            }
        }
        String::from_utf8(bytes).map_err(|_| Error::Registry("it is not UTF-8".to_owned()))
    }
}

/// Fetches the registry and tells every tenant of it; how many tenants had something changed.
pub async fn refresh(parts: &Parts, from: &Registry) -> Result<usize, Error> {
    let document = from.fetch().await?;
    let refused = |e: registry::RegistryError| Error::Registry(format!("it is refused, the last good copy stays: {e}"));
    let listed = registry::read(&document, &from.certificates, parts.clock.now()).map_err(refused)?;
    tell(parts, &listed).await
}

async fn tell(parts: &Parts, listed: &[Listed]) -> Result<usize, Error> {
    let mut told = 0;
    for tenant in enrolment::tenant::list_all(&mut parts.db.read().await?).await?.into_iter().filter(|t| t.enabled) {
        let ctx = Ctx::new(tenant.id, Actor::System("worker"), &parts.clock, &parts.entropy);
        let mut tx = parts.db.begin().await?;
        let changes =
            identity::idp::take_registry(&mut tx, &ctx, Scheme::Spid, listed).await.map_err(|refusal| match refusal {
                Refusal::Db(error) => Error::Db(error),
                other => Error::Registry(other.to_string()),
            })?;
        tx.commit().await?;
        if !changes.is_empty() {
            told += 1;
            let identity::idp::Changes { added, changed, removed } = changes;
            tracing::info!(tenant = tenant.id.0, ?added, ?changed, ?removed, "the identity providers changed");
        }
    }
    Ok(told)
}
