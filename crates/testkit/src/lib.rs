//! Tools of the tests and benchmarks: a browser without JavaScript, and a small town to walk it through.

#[cfg(feature = "browser")]
pub mod browser;
#[cfg(feature = "town")]
mod town;

#[cfg(feature = "town")]
pub use town::{Badges, People, Pupils, Services, Sites, TestTown};
