//! Tools of the tests and benchmarks: a browser without JavaScript, and a small town to walk it through.

#[cfg(feature = "browser")]
pub mod browser;
mod town;

pub use town::{Badges, People, Pupils, Services, Sites, TestTown};
