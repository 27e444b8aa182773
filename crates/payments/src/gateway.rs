//! How pagoPA comes to know of our positions, and we of payments the node does not deliver: a gateway, chosen per tenant.
//!
//! Synchronous: we answer the node ourselves, and besides push every position to the central archive (ACA), which
//! feeds app IO and payments while our station is away. GPD: pagoPA answers for us from what we push, and receipts are
//! fetched. A demo has no gateway of its own: the same clients talk to the sandbox.
//!
//! What is pushed waits in a table ([`push`]) and is sent by the worker, with no transaction open.

mod aca;
mod gpd;
pub mod push;
mod settings;

use std::future::Future;
use std::pin::Pin;

use jiff::ToSpan;
use jiff::civil::Time;
use kernel::{Day, Instant, rome_instant};

use crate::settings::Institution;
use crate::{Position, State};
pub use aca::Synchronous;
pub use gpd::Gpd;
pub use settings::{GatewayKind, Service, endpoint, find_kind, put_service, set_kind, tenants_with};

/// An answer that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, GatewayError>> + Send + 'a>>;

/// Why a gateway did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// Away, or wants fewer calls: the same may go through later.
    #[error("later: {0}")]
    Later(String),
    /// It will not be taken as it is: a person has to look.
    #[error("refused: {0}")]
    Refused(String),
}

/// What is told of: a position, with those that ask for the same debt.
#[derive(Clone, Debug)]
pub struct Debt {
    /// The position that changed.
    pub position: Position,
    /// Unique for the institution, and the same for a whole and its parts.
    pub key: String,
    /// Those of the debt that can be paid now; may be empty.
    pub open: Vec<Position>,
}

/// A receipt that was fetched.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub receipt: pagopa::Receipt,
    /// As it came.
    pub raw: String,
}

/// The ways to pagoPA, all alike to the worker. Every call may be repeated.
pub trait PaymentGateway: Send + Sync {
    /// Tells of a debt for the first time.
    fn publish<'a>(&'a self, of: &'a Institution, debt: &'a Debt, now: Instant) -> Later<'a, ()>;

    /// Tells of another amount or due day.
    fn update<'a>(&'a self, of: &'a Institution, debt: &'a Debt, now: Instant) -> Later<'a, ()>;

    /// Takes a position back: cancelled, or paid another way.
    fn cancel<'a>(&'a self, of: &'a Institution, debt: &'a Debt, now: Instant) -> Later<'a, ()>;

    /// Receipts of payments made since a day; empty where the node delivers them.
    fn fetch_receipts<'a>(&'a self, of: &'a Institution, since: Day) -> Later<'a, Vec<Fetched>>;
}

/// Says to the gateway what its archive is to hear of the debt as it is now.
pub async fn tell(
    gateway: &dyn PaymentGateway,
    of: &Institution,
    debt: &Debt,
    is_known: bool,
    now: Instant,
) -> Result<(), GatewayError> {
    match (debt.position.state, is_known) {
        (State::Payable, false) => gateway.publish(of, debt, now).await,
        (State::Payable, true) => gateway.update(of, debt, now).await,
        // Nobody was told, so there is nothing to take back.
        (_, false) => Ok(()),
        // The archive learns of a payment through pagoPA by itself.
        (State::Paid, true) => Ok(()),
        (State::Closed | State::Cancelled, true) => gateway.cancel(of, debt, now).await,
    }
}

/// The end of the due day in Italy; without one, the day that stands for never.
fn expires_at(due_on: Option<Day>) -> Instant {
    let last = due_on.unwrap_or(pagopa::NO_DUE_DATE);
    rome_instant(last.saturating_add(1.day()), Time::midnight()) - jiff::SignedDuration::from_secs(1)
}
