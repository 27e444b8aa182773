//! All SQL of payments: nobody else writes these tables.

mod agreements;
mod carts;
mod io;
mod positions;
mod proofs;
mod pushes;
mod receipts;
mod resolutions;
mod tenants;

pub(crate) use agreements::*;
pub(crate) use carts::*;
pub(crate) use io::*;
pub(crate) use positions::*;
pub(crate) use proofs::*;
pub(crate) use pushes::*;
pub(crate) use receipts::*;
pub(crate) use resolutions::*;
pub(crate) use tenants::*;

use db::Error;

/// A word of a table that the code does not know.
pub(crate) fn unknown_word(kind: &str, word: &str) -> Error {
    Error::Other(format!("{word} is no {kind}"))
}
