//! GPD, pagoPA's own management of debt positions, for an institution that does not answer the node itself: positions
//! are pushed ahead, pagoPA answers for them, receipts are read back (see [`crate::receipts`]).
//!
//! [`v1`] and [`v3`] are the messages of the two generations of the service, both directions of each; [`lifecycle`]
//! says which step a position may take; [`Client`] makes the calls. Source: `gpd.json` 1.0.0 and `gpd_v3.json` 1.1.2
//! of 2026, and what the service's own checks refuse.

mod client;
pub mod lifecycle;
mod notice;
mod rules;
mod transfer;
pub mod v1;
pub mod v3;

pub use client::{Client, Deleted, Error, ListQuery};
pub use notice::{Debtor, Notice, NoticeAnswer, Page};
pub use rules::Broken;
pub use transfer::{KeyValue, PageInfo, Stamp, Transfer, TransferAnswer, TransferStatus};

/// How many positions one page of a list holds at most.
pub const MAX_PAGE: u32 = 50;
