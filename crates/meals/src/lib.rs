//! What happens on a day at the canteen: which days a service runs, what is served, who is away, who ate.
//!
//! Invariants:
//! - whether a report is in time is decided by `ctx.now` and a rule that is data ([`cutoff`]), never by when it is written;
//! - one standing report per pupil, service and day, however many arrive at once;
//! - an accepted report beats what a roll or an import says later, unless an operator sets it aside with a reason;
//! - every accepted report has a receipt number, a signature and an audit row, written with it.
//!
//! Not here: prices and money.

pub mod absence;
pub mod attendance;
pub mod calendar;
pub mod cutoff;
mod deadline;
mod error;
mod kinds;
pub mod load;
mod load_absences;
mod lunch;
pub mod menu;
pub mod receipt;
mod report;
mod standing;
mod store;
mod undo;

pub use error::Error;
