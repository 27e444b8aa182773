//! All SQL of this crate.

pub(crate) mod charges;
pub(crate) mod days;
pub(crate) mod documents;
pub(crate) mod issue;
pub(crate) mod print_run;
pub(crate) mod revise;
pub(crate) mod spontaneous;
pub(crate) mod tax;
pub(crate) mod wallets;

use db::ToValue;
use enrolment::Right;
use kernel::{Actor, Ctx, PersonId};

use crate::Error;

/// Whose eyes a statement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Eyes {
    Person(PersonId),
    /// A job or a command of the system sees the whole tenant.
    System,
}

impl Eyes {
    /// # Errors
    /// [`Error::NotVisible`] for nobody in particular.
    pub(crate) fn of(ctx: &Ctx) -> Result<Eyes, Error> {
        match &ctx.actor {
            Actor::Person(id) => Ok(Eyes::Person(*id)),
            Actor::System(_) => Ok(Eyes::System),
            Actor::Operator(_) | Actor::PagopaNode | Actor::Anonymous => Err(Error::NotVisible),
        }
    }

    /// A condition on a pupil's column; `$1` is the tenant, `$2` the person and `$3` today.
    pub(crate) fn sees(self, pupil: &str, right: Right) -> String {
        match self {
            Eyes::Person(_) => enrolment::visible_clause("$1", pupil, "$2", "$3", right),
            // the parameters stand in every statement, so that they are numbered alike
            Eyes::System => "(cast($2 as uuid) is null and cast($3 as date) is not null)".to_owned(),
        }
    }

    pub(crate) fn person(self) -> Option<PersonId> {
        if let Eyes::Person(id) = self { Some(id) } else { None }
    }
}

/// `$2, $3, ...`
pub(crate) fn places(from: usize, count: usize) -> String {
    let places: Vec<String> = (from..from + count).map(|n| format!("${n}")).collect();
    places.join(", ")
}

/// Lists in `in (...)` are asked in pieces of at most this many.
pub(crate) const PIECE: usize = 500;

pub(crate) fn as_params<T: ToValue>(values: &[T]) -> impl Iterator<Item = &dyn ToValue> {
    values.iter().map(|value| value as &dyn ToValue)
}
