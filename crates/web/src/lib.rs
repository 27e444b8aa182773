//! All doors and pages: the portal of the citizen, the sign-in, the listener of pagoPA's node.
//!
//! A handler reads like its own summary: parse, call one verb, show. What stands before it is in [`guard`], what a "no" looks
//! like in [`refusal`], which doors there are in [`routes`]. Not here: rules, SQL.

mod accesses;
mod assets;
mod chrome;
pub mod cns;
mod cookies;
mod device;
mod fields;
mod guard;
mod headers;
mod logout;
mod office;
mod pages;
pub mod pagopa_node;
pub mod papers;
mod password;
mod portal;
mod public;
mod refusal;
pub mod routes;
mod second_factor;
mod sign_in;
mod source;
mod state;
mod switcher;
mod theme;
mod visit;

pub use guard::Guard;
pub use routes::router;
pub use state::{AppState, Demo, Parts};
