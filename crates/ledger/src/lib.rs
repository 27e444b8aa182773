//! Where money is: accounts, and the postings that move it between them.
//!
//! Double entry: a [`Posting`] has entries on two or more accounts and they sum to zero, so the whole ledger of a tenant
//! does too. Amounts are signed from the point of view of the account's holder: a top-up credits a wallet (+), a meal
//! debits it (-), a document to pay makes a receivable negative until it is paid.
//!
//! Invariants:
//! - postings and entries are only ever added; a mistake is undone by another posting ([`Cause::Reversal`]);
//! - the balance of an account is the sum of its entries at every commit;
//! - a source key is posted once: the same key with the same money is the posting that stands, with other money a refusal;
//! - postings of a tenant are numbered without gaps and chained by hash ([`verify`] recomputes all of it).
//!
//! Not here: what an account is *of*. A subject is a text to this crate, and its owner (billing, payments) gives it.
//!
//! Locks, always in this order, so that two writers wait and never deadlock: the head of the tenant's chain first, then
//! the accounts by ascending id. The head alone would do, and makes a tenant's postings queue; the accounts are locked
//! too so that whoever will one day hold an account without posting stays right.

mod account;
mod chain;
mod error;
mod post;
mod posting;
mod statement;
mod store;
mod verify;

pub use account::{AccountKind, find_account, open_account, open_accounts};
pub use error::Error;
pub use post::{post, post_all};
pub use posting::{Cause, Entry, Posted, Posting, PostingView, get_posting};
pub use statement::{Movement, Statement, balance, statement};
pub use verify::{FirstBad, Verified, check_balanced, verify};
