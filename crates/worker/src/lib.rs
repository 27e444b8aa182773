//! What is done after the doors have answered: messages that follow receipts, their mail, and the close of each day.
//!
//! A job's effect and the end of the job are one transaction, except for mail, which leaves the house: it may be sent
//! twice when the machine dies between the mail server's yes and our note of it, never lost.

mod days;
mod mail;
mod receipts;

use std::sync::Arc;
use std::time::Duration;

use catalogue::Catalogue;
use db::Db;
use db::jobs::{self, Job};
use kernel::{Actor, Clock, Ctx, Entropy};
use tokio::sync::watch;

pub use mail::Mailer;

/// What the worker needs.
#[derive(Clone)]
pub struct Parts {
    pub db: Db,
    pub clock: Clock,
    pub entropy: Entropy,
    pub catalogue: Arc<Catalogue>,
    /// None: messages stay in the personal area.
    pub mailer: Option<Mailer>,
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
    #[error("the job's body is not what it should be: {0}")]
    Body(#[from] serde_json::Error),
    #[error("mail: {0}")]
    Mail(String),
}

const KINDS: [&str; 2] = [payments::receipt::RECORDED_JOB, messages::MAIL_JOB];
const AT_ONCE: i64 = 20;
const LEASE_S: i64 = 60;
/// Between two looks at an empty queue.
const PAUSE: Duration = Duration::from_millis(700);

impl Worker {
    pub fn new(parts: Parts) -> Worker {
        Worker(parts)
    }

    /// Works until told to stop.
    pub async fn run(self, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            match self.turn().await {
                Ok(0) => {}
                Ok(_) => continue,
                Err(error) => tracing::warn!(%error, "the queue cannot be worked on"),
            }
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                _ = stop.wait_for(|s| *s) => {}
            }
        }
    }

    /// One round; how many things were done.
    pub async fn turn(&self) -> Result<usize, Error> {
        let mut tx = self.0.db.begin().await?;
        let jobs = jobs::claim(&mut tx, self.0.clock.now(), &KINDS, AT_ONCE, LEASE_S).await?;
        tx.commit().await?;
        for job in &jobs {
            if let Err(error) = self.work(job).await {
                tracing::warn!(%error, kind = %job.kind, attempt = job.attempt, "a job failed");
                let mut tx = self.0.db.begin().await?;
                jobs::failed(&mut tx, job, &error.to_string(), self.0.clock.now()).await?;
                tx.commit().await?;
            }
        }
        Ok(jobs.len() + days::close_next(&self.0).await?)
    }

    async fn work(&self, job: &Job) -> Result<(), Error> {
        let ctx = Ctx::new(job.tenant, Actor::System("worker"), &self.0.clock, &self.0.entropy);
        if job.kind == messages::MAIL_JOB { mail::send(&self.0, &ctx, job).await } else { receipts::tell(&self.0, &ctx, job).await }
    }
}
