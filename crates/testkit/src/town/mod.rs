//! A small, complete town over a database, loaded through the crates' own verbs.
//!
//! It is Monday 23 November 2026, 08:00 in Italy; the clock moves only when a test moves it.
//!
//! | who | what they are to whom |
//! |---|---|
//! | Anna Bianchi | account holder of Luca (3A, full week; prepaid, badge 0001001); lives without an ISEE |
//! | Marco Rossi | the other guardian of Luca, with every right |
//! | Teresa Verdi | helper of Luca: sees him, reports nothing, pays nothing |
//! | Paolo Neri | guardian of Luca with every right on paper, restricted by a court since 1 October |
//! | Elena Conti | account holder of Giulia (3A), Pietro (5B, Mondays and Wednesdays) and Nina (infanzia; light diet menu "SG"); postpaid; ISEE 8,500 |
//! | Carla Fontana | nothing to anybody |
//! | Il Faro S.r.l. | a business: pays for Pietro's before-school |
//! | Sara Galli | of the other tenant: account holder of Tommaso |
//!
//! Reports for the meal are taken until 09:00 of the day; at the infanzia until 18:00 of the day before; 30 days ahead. The
//! canteen is closed on 7 and 8 December and from 23 December to 6 January.

mod canteen;
mod prices;
mod registry;

use db::Db;
use db::vault::Vault;
use jiff::civil::date;
use kernel::{Actor, BadgeId, Clock, Ctx, Day, Entropy, Instant, PersonId, PupilId, SchoolSiteId, ServiceId, TenantId};

pub struct TestTown {
    pub db: Db,
    pub clock: Clock,
    pub entropy: Entropy,
    pub vault: Vault,
    pub tenant: TenantId,
    /// `scuola.esempio.test`
    pub host: &'static str,
    pub other_tenant: TenantId,
    /// `scuola.altrove.test`
    pub other_host: &'static str,
    pub people: People,
    pub pupils: Pupils,
    pub services: Services,
    pub sites: Sites,
    pub badges: Badges,
}

pub struct People {
    pub anna: PersonId,
    pub marco: PersonId,
    pub teresa: PersonId,
    pub paolo: PersonId,
    pub elena: PersonId,
    pub carla: PersonId,
    pub business: PersonId,
    /// Of the other tenant.
    pub sara: PersonId,
}

pub struct Pupils {
    pub luca: PupilId,
    pub giulia: PupilId,
    pub pietro: PupilId,
    pub nina: PupilId,
    /// Of the other tenant.
    pub tommaso: PupilId,
}

pub struct Services {
    pub meal: ServiceId,
    pub before_school: ServiceId,
    /// Of the other tenant.
    pub other_meal: ServiceId,
}

pub struct Sites {
    /// Primaria.
    pub collodi: SchoolSiteId,
    /// Infanzia.
    pub arcobaleno: SchoolSiteId,
}

pub struct Badges {
    /// Luca's, for the meal.
    pub luca: BadgeId,
    /// Of the other tenant.
    pub tommaso: BadgeId,
}

const HOST: &str = "scuola.esempio.test";
const OTHER_HOST: &str = "scuola.altrove.test";

/// The school year the town lives in.
pub(crate) const FIRST: Day = date(2026, 9, 14);
pub(crate) const LAST: Day = date(2027, 6, 8);

impl TestTown {
    /// Builds the town in a migrated, empty database.
    ///
    /// # Panics
    /// When the database refuses: a town that cannot be built fails its test.
    pub async fn build(db: Db) -> TestTown {
        let clock = Clock::fixed("2026-11-23T07:00:00Z".parse().expect("an instant"));
        let entropy = Entropy::seeded(2026);
        let mut tx = db.begin().await.expect("a transaction");
        let office = |tenant| Ctx::new(tenant, Actor::System("test"), &clock, &entropy);
        let tenant = registry::tenant(&mut tx, clock.now(), "c_x001", "Comune di Esempio", "00000000018", HOST).await;
        let other_tenant = registry::tenant(&mut tx, clock.now(), "c_x002", "Comune di Altrove", "00000000026", OTHER_HOST).await;
        let (here, there) = (office(tenant), office(other_tenant));
        let town = registry::town(&mut tx, &here).await;
        let elsewhere = registry::elsewhere(&mut tx, &there).await;
        canteen::load(&mut tx, &here, town.services.0, &[town.sites.collodi, town.sites.arcobaleno], Some(town.sites.arcobaleno))
            .await;
        canteen::load(&mut tx, &there, elsewhere.meal, &[elsewhere.site], None).await;
        prices::load(&mut tx, &here, town.services.0).await;
        tx.commit().await.expect("the town stands");
        TestTown {
            people: People { sara: elsewhere.sara, ..town.people },
            pupils: Pupils { tommaso: elsewhere.tommaso, ..town.pupils },
            services: Services { meal: town.services.0, before_school: town.services.1, other_meal: elsewhere.meal },
            badges: Badges { luca: town.badge, tommaso: elsewhere.badge },
            sites: town.sites,
            vault: Vault::from_key([7; 32]),
            host: HOST,
            other_host: OTHER_HOST,
            db,
            clock,
            entropy,
            tenant,
            other_tenant,
        }
    }

    /// The context of a person of the town, now.
    pub fn ctx(&self, person: PersonId) -> Ctx {
        self.ctx_as(Actor::Person(person))
    }

    pub fn ctx_as(&self, actor: Actor) -> Ctx {
        Ctx::new(self.tenant, actor, &self.clock, &self.entropy)
    }

    /// The context of a person of the other tenant, now.
    pub fn other_ctx(&self, person: PersonId) -> Ctx {
        Ctx::new(self.other_tenant, Actor::Person(person), &self.clock, &self.entropy)
    }

    /// The context of a job or a command of the system.
    pub fn office(&self) -> Ctx {
        self.ctx_as(Actor::System("test"))
    }

    /// Moves the clock to an instant written as `2026-11-24T07:59:59Z`.
    ///
    /// # Panics
    /// When it is not written so.
    pub fn set_clock(&self, instant: &str) {
        self.clock.set(instant.parse::<Instant>().expect("an instant"));
    }
}
