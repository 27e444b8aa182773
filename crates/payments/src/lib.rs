//! Debt positions, the carts they are paid in, and the receipts that say they were.
//!
//! A [`Position`] is what one payment notice asks of a debtor. It carries the ledger account to credit, so that a
//! receipt never asks whether it paid a document or topped up a wallet. It is paid by a receipt and by nothing else:
//! what a browser says on its return from the Checkout is kept and believed by nobody.
//!
//! Invariants:
//! - a notice number is given once and never again, not even after a cancellation;
//! - the same origin (an instalment, a top-up form) is the same position;
//! - a receipt is kept as it came, once, and its money is in the ledger in the same commit: in the account of its
//!   position, or in the refund or suspense account where [`state::RULES`] sends it;
//! - a paid position stays paid;
//! - of a whole and its parts one side only takes money: paying it closes the other, and what comes for that goes to
//!   the refund account;
//! - a cart may hold notices of several tenants where they have an [`agreement`]: each tenant keeps its own share of it, and
//!   sees no other.
//!
//! Locks: positions in ascending order of tenant and id, a whole and its parts together, then the ledger's own. Whoever posts and cancels in one transaction
//! cancels first.
//!
//! Not here: what a position is for. Who may see it is asked of `enrolment` by the caller.

pub mod agreement;
pub mod cart;
mod choice;
mod error;
pub mod gateway;
pub mod io;
pub mod notice;
mod office;
mod position;
pub mod receipt;
pub mod reconcile;
pub mod resolve;
pub mod settings;
pub mod state;
mod store;
pub mod verify;

pub use choice::{WholeOffer, offer_wholes};
pub use error::Error;
pub use office::{Revision, cancel, give_up, publish, revise};
pub use position::{
    NewPosition, Position, PositionKind, find_by_notice, get, get_by_origin, list_by_ids, list_payable_for, open, open_all,
};
pub use state::{State, state_table};
