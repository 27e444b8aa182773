//! What is done after the doors have answered: messages that follow receipts, their mail, the mail of passwords, the close of each day,
//! the registry of identity providers, the end of notices that nobody paid in time and the purge of traces.
//!
//! A job's effect and the end of the job are one transaction, except for mail, which leaves the house: it may be sent
//! twice when the machine dies between the mail server's yes and our note of it, never lost.

mod credentials;
mod days;
mod mail;
mod platform;
mod receipts;
pub mod registry;
pub mod spontaneous;
pub mod traces;

use std::sync::Arc;
use std::time::Duration;

use catalogue::Catalogue;
use db::Db;
use db::jobs::{self, Job};
use kernel::{Actor, Clock, Ctx, Entropy};
use tokio::sync::watch;
use tokio::time::Instant;

pub use mail::Mailer;
pub use platform::Platform;
pub use registry::Registry;

/// What the worker needs.
#[derive(Clone)]
pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub entropy: Entropy,
    pub catalogue: Arc<Catalogue>,
    /// None: messages stay in the personal area.
    pub mailer: Option<Mailer>,
    /// None: identity providers come by file only.
    pub registry: Option<Registry>,
}

pub struct Worker(Parts);

/// Why a job failed; it is tried again later.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Db(#[from] db::Error),
    #[error(transparent)]
    Billing(#[from] billing::Error),
    #[error(transparent)]
    Payments(#[from] payments::Error),
    #[error(transparent)]
    Meals(#[from] meals::Error),
    #[error(transparent)]
    Enrolment(#[from] enrolment::Error),
    #[error(transparent)]
    Messages(#[from] messages::Error),
    #[error(transparent)]
    Credentials(#[from] identity::credentials::Error),
    #[error("the job's body is not what it should be: {0}")]
    Body(#[from] serde_json::Error),
    /// The mail server, or the way to it; it may pass.
    #[error("mail: {0}")]
    Mail(String),
    /// pagoPA's platform, or the way to it; it may pass.
    #[error("platform: {0}")]
    Platform(String),
    /// The registry of identity providers; the last good copy holds.
    #[error("the registry of identity providers: {0}")]
    Registry(String),
    /// No second attempt would end otherwise: an address that is none, a refusal of the mail server for good.
    #[error("mail refused: {0}")]
    MailRefused(String),
}

const KINDS: [&str; 3] = [payments::receipt::RECORDED_JOB, messages::MAIL_JOB, identity::credentials::mail::JOB];
const AT_ONCE: i64 = 20;
/// More than all jobs of a round take when the mail server uses all the time it is given.
const LEASE_S: i64 = 300;
/// Between two looks at an empty queue.
const PAUSE: Duration = Duration::from_millis(700);
/// Between two looks for days to close, when the last found none.
const DAYS_PAUSE: Duration = Duration::from_secs(60);
/// Between two looks at the registry of identity providers, at notices that nobody paid in time and at traces to purge.
const CHORES_PAUSE: Duration = Duration::from_secs(6 * 3600);

impl Worker {
    pub fn new(parts: Parts) -> Worker {
        Worker(parts)
    }

    /// Works until told to stop; the round it is in is finished first.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        let (mut days_due, mut chores_due) = (Instant::now(), Instant::now());
        while !*stop.borrow() {
            let mut done = self.heard(self.work_on_jobs().await, "the queue cannot be worked on");
            if days_due <= Instant::now() {
                let closed = self.heard(days::close_next(&self.0).await, "the days to close cannot be read");
                days_due = if closed == 0 { Instant::now() + DAYS_PAUSE } else { days_due };
                done += closed;
            }
            if chores_due <= Instant::now() {
                self.chores().await;
                chores_due = Instant::now() + CHORES_PAUSE;
            }
            if done == 0 {
                tokio::select! {
                    () = tokio::time::sleep(PAUSE) => {}
                    _ = stop.wait_for(|s| *s) => {}
                }
            }
        }
    }

    /// What is due a few times a day; a failure waits for the next time.
    async fn chores(&self) {
        if let Some(registry) = &self.0.registry {
            self.heard(registry::refresh(&self.0, registry).await, "the registry was not taken");
        }
        self.heard(spontaneous::expire(&self.0).await, "spontaneous payments whose days are over were not withdrawn");
        if let Err(error) = traces::purge(&self.0).await {
            tracing::warn!(%error, "old traces were not purged");
        }
    }

    /// A failure is said and counts as nothing done: the next round comes after the pause.
    fn heard(&self, done: Result<usize, Error>, what: &str) -> usize {
        done.unwrap_or_else(|error| {
            tracing::warn!(%error, "{what}");
            0
        })
    }

    /// One round: the jobs that are due, and one day of each canteen that has one to close; how many things were done.
    pub async fn turn(&self) -> Result<usize, Error> {
        Ok(self.work_on_jobs().await? + days::close_next(&self.0).await?)
    }

    async fn work_on_jobs(&self) -> Result<usize, Error> {
        let mut tx = self.0.db.begin().await?;
        let jobs = jobs::claim(&mut tx, self.0.clock.now(), &KINDS, AT_ONCE, LEASE_S).await?;
        tx.commit().await?;
        for job in &jobs {
            if let Err(error) = self.work(job).await {
                tracing::warn!(%error, tenant = job.tenant.0, kind = %job.kind, job = %job.id, attempt = job.attempt, "a job failed");
                let mut tx = self.0.db.begin().await?;
                jobs::failed(&mut tx, job, &error.to_string(), self.0.clock.now()).await?;
                tx.commit().await?;
            }
        }
        Ok(jobs.len())
    }

    async fn work(&self, job: &Job) -> Result<(), Error> {
        let ctx = Ctx::new(job.tenant, Actor::System("worker"), &self.0.clock, &self.0.entropy);
        match job.kind.as_str() {
            messages::MAIL_JOB => mail::send(&self.0, &ctx, job).await,
            identity::credentials::mail::JOB => credentials::send(&self.0, &ctx, job).await,
            _ => receipts::tell(&self.0, &ctx, job).await,
        }
    }
}
