//! What the worker says to pagoPA's platform and asks of it, apart from jobs: a platform that is slow keeps nobody waiting.
//!
//! No transaction is open during a call. What a call brought is written in one afterwards, under keys that make a
//! second time harmless.

mod io;
mod io_words;
mod pushes;
mod receipts;
mod reports;

use std::time::Duration;

use db::vault::Vault;
use kernel::{Actor, Ctx, TenantId};
use pagopa::Http;
use payments::gateway::{self, Service, push};
use payments::settings::{self, Institution};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::{Error, Parts};

/// Between two looks for positions to tell of, when the last found none.
const PAUSE: Duration = Duration::from_secs(2);

/// Between two looks for what parents are to be told in app IO.
const FINDS: Duration = Duration::from_secs(60);

/// A worker for the platform.
pub struct Platform {
    parts: Parts,
    vault: Vault,
    http: Http,
    /// Between two questions for reports and receipts.
    asks_every: Duration,
}

impl Platform {
    pub fn new(parts: Parts, vault: Vault, http: Http, asks_every: Duration) -> Platform {
        Platform { parts, vault, http, asks_every }
    }

    /// Works until told to stop; the call it is in is finished first.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let (mut ask_at, mut find_at) = (Instant::now() + self.asks_every, Instant::now());
        while !*stop.borrow() {
            let mut done = heard(self.push().await, "positions cannot be told");
            if find_at <= Instant::now() {
                heard(self.find_to_tell().await, "what is to be told in app IO cannot be found");
                find_at = Instant::now() + FINDS.min(self.asks_every);
            }
            done += heard(self.tell().await, "messages cannot be sent in app IO");
            if ask_at <= Instant::now() {
                heard(self.ask().await, "reports and receipts cannot be asked for");
                ask_at = Instant::now() + self.asks_every;
            }
            if done == 0 {
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    _ = stop.wait_for(|s| *s) => {}
                }
            }
        }
    }

    /// One round of telling, for all tenants: how many positions were told.
    pub async fn push(&self) -> Result<usize, Error> {
        let waiting = push::tenants_waiting(&mut self.parts.db.read().await?, self.parts.clock.now()).await?;
        if waiting.is_empty() {
            return Ok(0);
        }
        let mut pushed = 0;
        for of in self.institutions().await?.into_iter().filter(|of| waiting.contains(&of.tenant)) {
            let ctx = self.ctx(of.tenant);
            pushed += heard(pushes::round(self, &ctx, &of).await, "a tenant's positions cannot be told");
        }
        Ok(pushed)
    }

    /// Writes down what parents are to be told in app IO, for all tenants that opted in; how many things.
    pub async fn find_to_tell(&self) -> Result<usize, Error> {
        let mut found = 0;
        for of in self.opted_in().await? {
            found += heard(io::find(self, &self.ctx(of.tenant), &of).await, "a tenant's notices cannot be looked through");
        }
        Ok(found)
    }

    /// One round of messages in app IO; how many are at their end.
    pub async fn tell(&self) -> Result<usize, Error> {
        let mut told = 0;
        for of in self.opted_in().await? {
            told += heard(io::send(self, &self.ctx(of.tenant), &of).await, "a tenant's messages cannot be sent");
        }
        Ok(told)
    }

    async fn opted_in(&self) -> Result<Vec<Institution>, Error> {
        let tenants = payments::io::tenants(&mut self.parts.db.read().await?).await?;
        if tenants.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.institutions().await?.into_iter().filter(|of| tenants.contains(&of.tenant)).collect())
    }

    /// One round of asking, for all tenants: how many reports and receipts came.
    pub async fn ask(&self) -> Result<usize, Error> {
        let mut came = 0;
        for of in self.institutions().await? {
            let ctx = self.ctx(of.tenant);
            came += heard(receipts::fetch(self, &ctx, &of).await, "a tenant's receipts cannot be fetched");
            came += heard(reports::fetch(self, &ctx, &of).await, "a tenant's settlement reports cannot be fetched");
            came += heard(receipts::recover(self, &ctx, &of).await, "a tenant's missing receipts cannot be asked for");
        }
        Ok(came)
    }

    async fn institutions(&self) -> Result<Vec<Institution>, Error> {
        Ok(settings::list_institutions(&mut self.parts.db.read().await?).await?)
    }

    fn ctx(&self, tenant: TenantId) -> Ctx {
        Ctx::new(tenant, Actor::System("platform"), &self.parts.clock, &self.parts.entropy)
    }

    async fn endpoint(&self, ctx: &Ctx, service: Service) -> Result<Option<pagopa::Endpoint>, Error> {
        Ok(gateway::endpoint(&mut self.parts.db.read().await?, &self.vault, ctx.tenant, service).await?)
    }
}

/// A failure is said and counts as nothing done: one tenant's does not stop the others.
fn heard(done: Result<usize, Error>, what: &str) -> usize {
    done.unwrap_or_else(|error| {
        tracing::warn!(%error, "{what}");
        0
    })
}
