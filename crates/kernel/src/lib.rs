//! The values every other room speaks in: money, days, people's codes, ids, who acts and when.
//!
//! Nothing here touches a database, a network or the wall clock, except [`Clock::System`], which the doors read
//! once per request and pass down inside a [`Ctx`].

mod cents;
mod clock;
mod ctx;
mod day;
mod fiscal_code;
mod ids;
mod page;
mod school_year;
mod vat_number;

pub use cents::{Cents, CentsError};
pub use clock::{Clock, Entropy};
pub use ctx::{Actor, Ctx};
pub use day::{Day, Instant, days_between, rome_date_time, rome_day, rome_instant, rome_offset_time};
pub use fiscal_code::{FiscalCode, FiscalCodeError};
pub use ids::*;
pub use page::{Page, Paged};
pub use school_year::SchoolYear;
pub use vat_number::{VatNumber, VatNumberError};
