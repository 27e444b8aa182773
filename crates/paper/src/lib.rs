//! The papers a Comune hands out, as PDF, from plain values: the payment notice, the payment receipt, the statement of
//! expenses for the tax return ("730"), the statement of the virtual account and the receipt of an absence report.
//!
//! Every paper is tagged PDF/UA-1 and PDF/A-2a, with its typefaces embedded, in Italian or in English; a notice is in Italian,
//! with a second language beside it. The same values give the same bytes: no clock and no chance are read, the day of the
//! paper is one of its values.
//!
//! What lives here: the layout of the papers (`templates/*.typ`), the limits of the pagoPA notice, the drawing of the
//! two codes. The words are the catalogue's. What does not: tables, the web, and any arithmetic of money: amounts arrive
//! computed.
//! A paper whose amounts contradict each other is refused ([`Error::DoesNotAddUp`]) instead of printed.
//!
//! Values reach the typesetter as data, never as markup: a name like `#emph[x]` is printed as it is written.
//!
//! Build [`Papers`] once and share it: typefaces and parsed templates are reused between papers. [`Papers::run`] sets many on
//! several threads, for an archive ([`ZipOfPapers`]) or one file ([`BoundPdf`]).

mod absence;
mod account;
mod codes;
mod ends;
mod engine;
mod error;
mod fonts;
mod letterhead;
mod limits;
mod notice;
mod print;
mod receipt;
mod run;
mod tax;
mod words;

pub use catalogue::Locale;

pub use absence::{AbsenceDay, AbsenceReceipt};
pub use account::{AccountStatement, Movement};
pub use engine::Papers;
pub use error::{Error, Field, Sum, Unfit};
pub use letterhead::{Colour, Issuer, Person};
pub use notice::{Module, Notice, Part, PostalAccount, Recipient};
pub use receipt::{Receipt, ReceiptLine};
pub use run::{BoundPdf, ZipOfPapers};
pub use tax::{ServiceTotal, TaxPayment, TaxRefund, TaxStatement};

/// The example of the README compiles and prints.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
