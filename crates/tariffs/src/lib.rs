//! What a service costs whom: the price plans of council resolutions as dated data, and the rating of one pupil's day.
//!
//! A [`Plan`] is in force between two days and holds [`Rule`]s in an order. Rating is pure: [`rate`] takes the plan and the
//! [`Facts`] of a pupil on a day and gives a price with every step that led to it, so that a page can explain a bill.
//!
//! Rules this version reads (numbers of the kinds of rule seen in Italian Comuni, as in the project's domain notes): flat
//! prices with another for non-residents (1), bands by ISEE (2), bands by school level (3), a share of the full cost (4),
//! linear between two ISEE values (5), reductions for brothers and sisters (6), exemptions (12). Other kinds join as new
//! [`Effect`]s: fixed fees and monthly caps need the facts of a month, and will come with a rating of months.
//!
//! Not here: who the pupil is and how the facts are found (enrolment, billing), and charging (billing).

mod error;
mod plan;
mod rate;
mod rule;
mod step;
mod store;

pub use error::Error;
pub use plan::{NewPlan, Plan, list_plans, load, plan_in_force};
pub use rate::{Facts, Rating, rate};
pub use rule::{Band, CostBand, Effect, Rule, RuleKind, When};
pub use step::{Step, euros_it};
