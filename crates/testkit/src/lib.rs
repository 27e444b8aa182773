//! Tools of the tests and benchmarks: a browser without JavaScript, and a small town to walk it through.

pub mod browser;
