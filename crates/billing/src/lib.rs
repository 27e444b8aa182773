//! What families owe and have paid: documents with their instalments, wallets with their top-ups, what they pay for without
//! a document, the charge of each meal, and the certificate for the tax return.
//!
//! Invariants:
//! - a meal is charged at most once per pupil, service and day, with how its price came about;
//! - a document is in the ledger when it exists: receivable and revenue in the same commit;
//! - what a document's page says is paid is what positions and earlier payments say, never a flag of its own;
//! - a document sent to enforcement has no payable notice.
//!
//! Who sees what: a document is for its holder and for guardians who may pay; a wallet for guardians who may view; the
//! derivation of a price, which tells the band of a household's ISEE, only for those who may pay.
//!
//! Not here: the wire and the state of a payment (payments), what happened at the canteen (meals), the paper (paper).

pub mod account;
mod cancel;
mod charges;
pub mod day;
pub mod document;
pub mod due;
pub mod elsewhere;
mod error;
mod issue;
pub mod load;
mod papers;
mod price;
pub mod print_run;
mod revise;
pub mod spontaneous;
mod store;
pub mod tax;
pub mod top_up;
mod trace;

pub use cancel::cancel;
pub use charges::{Charge, ChargedTo, charges_for};
pub use error::Error;
pub use issue::{NewDocument, NewInstalment, NewLine, PaidElsewhere, enforce, issue, issue_all};
pub use papers::{NoticeData, PaperDocument, ReceiptData, notice_paper, receipt_paper};
pub use price::{Price, price_on};
pub use revise::{InstalmentRevision, revise};
