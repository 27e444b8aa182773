//! A visit to the Checkout with up to five notices, of one tenant or of several that have an agreement.
//!
//! The door prepares, commits, asks the carts service with no transaction open (the node verifies each notice with us
//! meanwhile), then records what came of it. A cart over several tenants has a share in each, under one id: the attempt is
//! marked on the notices of all of them in one transaction, and every share reads only its own tenant.

mod life;
mod prepare;

use kernel::{CartId, Cents, Ctx, Instant, PersonId, PositionId, PupilId};
use pagopa::Cart;

pub use life::{get, is_told, opened, refused, returned};
pub use prepare::prepare;

use crate::{Position, State, settings};

/// What a person asks to pay.
#[derive(Clone, Debug)]
pub struct PrepareRequest {
    pub positions: Vec<PositionId>,
    /// Pupils for whom the person may pay, as `enrolment` says; what the person owes in its own name needs none.
    pub may_pay_for: Vec<PupilId>,
    /// Of tenants under the same agreement.
    pub elsewhere: Vec<Elsewhere>,
    /// Absolute; `/<cart>?esito=ok|annullato|errore|attesa` is added.
    pub return_base_url: String,
    /// Filled in for the payer on the payment page.
    pub email: Option<String>,
}

/// What the same person is to pay to another tenant.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Of that tenant, acting as the person it knows.
    pub ctx: Ctx,
    pub positions: Vec<PositionId>,
    /// Pupils of that tenant for whom the person may pay.
    pub may_pay_for: Vec<PupilId>,
}

#[derive(Clone, Debug)]
pub enum Prepared {
    /// Commit, then open this with the carts service of the settings.
    New { cart: CartId, request: Box<Cart>, settings: Box<settings::PagoPa> },
    /// The same set is open already: send the browser there.
    Reuse { cart: CartId, redirect_url: String },
    /// A first click is opening it right now: look again in a moment.
    Opening { cart: CartId },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CartState {
    Opening,
    Open,
    Refused,
}

/// What the browser said on its return. Anybody can say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    Ok,
    Waiting,
    Cancelled,
    Failed,
}

const STATES: [(CartState, &str); 3] =
    [(CartState::Opening, "opening"), (CartState::Open, "open"), (CartState::Refused, "refused")];
/// The word kept, and the word of the return address.
const RETURNS: [(Returned, &str, &str); 4] = [
    (Returned::Ok, "ok", "ok"),
    (Returned::Waiting, "waiting", "attesa"),
    (Returned::Cancelled, "cancelled", "annullato"),
    (Returned::Failed, "failed", "errore"),
];

/// A cart as its payer may see it.
#[derive(Clone, Debug)]
pub struct CartView {
    pub id: CartId,
    pub person: PersonId,
    pub state: CartState,
    pub total: Cents,
    pub redirect_url: Option<String>,
    pub created_at: Instant,
    pub returned: Option<Returned>,
    /// Of this tenant, by id; their own state says what is paid.
    pub positions: Vec<Position>,
    /// What the others have in it, where it was opened in this tenant's portal.
    pub elsewhere: Vec<ShareView>,
}

/// What another tenant has in a cart.
#[derive(Clone, Debug)]
pub struct ShareView {
    pub name: String,
    /// Where its receipts are found.
    pub public_url: String,
    pub positions: Vec<Position>,
}

impl CartView {
    pub fn is_all_paid(&self) -> bool {
        self.all().all(|p| p.state == State::Paid)
    }

    pub fn is_partly_paid(&self) -> bool {
        !self.is_all_paid() && self.all().any(|p| p.state == State::Paid)
    }

    fn all(&self) -> impl Iterator<Item = &Position> {
        self.positions.iter().chain(self.elsewhere.iter().flat_map(|share| &share.positions))
    }
}

impl CartState {
    pub(crate) fn code(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).expect("every state has a word").1
    }

    pub(crate) fn from_code(code: &str) -> Option<CartState> {
        STATES.iter().find(|(_, word)| *word == code).map(|(state, _)| *state)
    }
}

impl Returned {
    pub(crate) fn code(self) -> &'static str {
        RETURNS.iter().find(|(returned, ..)| *returned == self).expect("every return has a word").1
    }

    pub(crate) fn from_code(code: &str) -> Option<Returned> {
        RETURNS.iter().find(|(_, word, _)| *word == code).map(|(returned, ..)| *returned)
    }

    /// Reads the `esito` of a return address.
    pub fn from_query(word: &str) -> Option<Returned> {
        RETURNS.iter().find(|(_, _, query)| *query == word).map(|(returned, ..)| *returned)
    }
}
