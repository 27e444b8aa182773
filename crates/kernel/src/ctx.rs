use uuid::Uuid;

use crate::{Clock, Day, Entropy, Instant, OperatorId, PersonId, TenantId, rome_day};

/// Who does what is being done; written beside every change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A parent, a helper or a business, signed in.
    Person(PersonId),
    /// One of the Comune's staff, signed in.
    Operator(OperatorId),
    /// The pagoPA node, by its own listener.
    PagopaNode,
    /// A job or a command of the system, by its name.
    System(&'static str),
    /// Nobody yet: a page that needs no sign-in.
    Anonymous,
}

impl Actor {
    /// The form kept in audit rows and ledger postings: `person:…`, `operator:…`, `pagopa`, `system:import`, `anonymous`.
    pub fn label(&self) -> String {
        match self {
            Actor::Person(id) => format!("person:{}", id.0),
            Actor::Operator(id) => format!("operator:{}", id.0),
            Actor::PagopaNode => "pagopa".to_owned(),
            Actor::System(name) => format!("system:{name}"),
            Actor::Anonymous => "anonymous".to_owned(),
        }
    }

    pub fn person(&self) -> Option<PersonId> {
        if let Actor::Person(id) = self { Some(*id) } else { None }
    }

    pub fn operator(&self) -> Option<OperatorId> {
        if let Actor::Operator(id) = self { Some(*id) } else { None }
    }
}

/// Everything a verb may know of its surroundings, made once at the door: which tenant, who, when, and chance.
#[derive(Clone, Debug)]
pub struct Ctx {
    pub tenant: TenantId,
    pub actor: Actor,
    pub now: Instant,
    pub entropy: Entropy,
    pub request_id: Uuid,
}

impl Ctx {
    pub fn new(tenant: TenantId, actor: Actor, clock: &Clock, entropy: &Entropy) -> Ctx {
        let now = clock.now();
        Ctx { tenant, actor, now, entropy: entropy.clone(), request_id: new_uuid(now, entropy) }
    }

    /// A new id, ordered by the time of this context.
    pub fn new_id<I: From<Uuid>>(&self) -> I {
        new_uuid(self.now, &self.entropy).into()
    }

    /// The civil day in Italy.
    pub fn today(&self) -> Day {
        rome_day(self.now)
    }

    pub fn acting_as(&self, actor: Actor) -> Ctx {
        Ctx { actor, ..self.clone() }
    }

    pub fn at(&self, now: Instant) -> Ctx {
        Ctx { now, ..self.clone() }
    }
}

fn new_uuid(now: Instant, entropy: &Entropy) -> Uuid {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &entropy.bytes::<10>()).into_uuid()
}
