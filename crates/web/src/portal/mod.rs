//! The personal area: a file per service.

pub mod absences;
pub mod account;
pub mod canteen;
mod checkout;
pub mod dashboard;
pub mod documents;
mod papers;
pub mod pay;
mod period;
pub mod registry;
pub mod spontaneous;
pub mod top_up;
mod words;
