//! Tenants, people and children: who is enrolled in what, and who may see it.
//!
//! Invariants: a person sees a pupil only through a guardianship in force, with the right asked for and no restriction
//! today; what is not visible and what does not exist are the same answer; the reason of a diet is sealed and never read
//! here. Not here: meals, prices, money.

pub mod arms;
mod error;
pub mod load;
pub mod person;
pub mod pupil;
pub mod rating;
pub mod record;
pub mod right;
pub mod service;
pub mod span;
pub mod tenant;
pub mod weekdays;

pub use error::Error;
pub use person::{Person, PersonKind};
pub use pupil::{PupilSummary, get_visible_pupil, has_any_relation, visible_pupils};
pub use rating::{PaymentMode, RatingFacts, rating_facts};
pub use record::{PupilRecord, pupil_record};
pub use right::{Right, visible_clause};
pub use service::{Service, ServiceKind, enrolled_services, find_service, list_services};
pub use span::{EnrolmentOnDay, EnrolmentSpan, enrolment_on, enrolment_spans, enrolments_on, spans_of_all};
pub use tenant::Tenant;
pub use weekdays::Weekdays;
