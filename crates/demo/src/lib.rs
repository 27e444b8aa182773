//! A town that does not exist, for whoever tries the system: the files its old management system would export, written
//! from a seed, and loaded by the road that every Comune's files take (the `import` crate).
//!
//! The same seed, people and day make the same bytes. Names are put together, codici fiscali have a place code that no
//! town has, addresses end in `.example`. Not here: pages, sign-in, or anything the system itself would do.

mod build;
mod calendar;
mod canteen;
mod causes;
mod chance;
mod comune;
mod days;
mod dishes;
mod documents;
mod family;
mod guide;
mod life;
mod names;
mod output;
mod personas;
mod prices;
mod registry;
mod town;
mod wallet;
mod write;

pub use build::{DemoTown, Error, build};
pub use personas::{Persona, Scheme};
pub use write::write_files;

use kernel::Day;

/// What the demo is made of.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// People of the main Comune; the second has always the same few.
    pub people: u32,
    pub seed: u64,
    /// The last day of which something is known: the day of the clock.
    pub today: Day,
    /// Where browsers reach the main portal, such as `http://127.0.0.1:8080`.
    pub public_url: String,
    /// Host name of the second Comune, such as `pievelieta.localhost`; its port is that of `public_url`.
    pub second_host: String,
    /// Where the test pagoPA listens, such as `http://127.0.0.1:8081`.
    pub sandbox_url: String,
}
