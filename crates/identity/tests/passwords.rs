//! Passwords, second factors, throttling and sessions through the verbs, on both engines.
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

use db::testing::on_both_engines;
use identity::credentials::link::{self, Purpose};
use identity::credentials::sign_in::{self, Attempt, Outcome};
use identity::credentials::{Credential, Error, Kind, Passwords, Weakness, account, mail, second_factor};
use identity::staff::{self, Role};
use identity::{events, session};
use jiff::SignedDuration;
use kernel::{Actor, Ctx, TenantId};
use testkit::TestTown;

const GOOD: &str = "tre pecore sul tetto";
const OTHER: &str = "quattro lune di marzo";
const EMAIL: &str = "amministrazione@ilfaro.example";
const ADA: &str = "ada.neri@comune.example";

struct World {
    town: TestTown,
    passwords: Passwords,
    vat: String,
}

impl World {
    async fn build(db: db::Db) -> World {
        let town = TestTown::build(db).await;
        let mut tx = town.db.read().await.unwrap();
        let business = enrolment::person::get(&mut tx, &town.office(), town.people.business).await.unwrap();
        drop(tx);
        World { vat: business.vat_number.unwrap(), town, passwords: Passwords::default() }
    }

    /// Nobody's context, so many seconds after eight o'clock.
    fn at(&self, seconds: i64) -> Ctx {
        let ctx = self.town.ctx_as(Actor::Anonymous);
        Ctx { now: ctx.now + SignedDuration::from_secs(seconds), ..ctx }
    }

    async fn invite(&self) -> Credential {
        let mut tx = self.town.db.begin().await.unwrap();
        let credential = account::invite_business(&mut tx, &self.town.office(), &self.vat, EMAIL).await.unwrap();
        tx.commit().await.unwrap();
        credential
    }

    async fn invite_ada(&self, role: Role) -> Credential {
        let mut tx = self.town.db.begin().await.unwrap();
        let credential = account::invite_staff(&mut tx, &self.town.office(), ADA, "Ada Neri", role).await.unwrap();
        tx.commit().await.unwrap();
        credential
    }

    async fn link(&self, credential: &Credential, purpose: Purpose, ctx: &Ctx) -> String {
        let mut tx = self.town.db.begin().await.unwrap();
        let token = link::make(&mut tx, ctx, credential, purpose).await.unwrap();
        tx.commit().await.unwrap();
        token
    }

    /// A business, or Ada, with the password [`GOOD`].
    async fn ready(&self, credential: &Credential) -> Outcome {
        let token = self.link(credential, Purpose::Invitation, &self.at(0)).await;
        self.set(credential.kind, &token, GOOD, &self.at(0)).await.unwrap()
    }

    async fn set(&self, kind: Kind, token: &str, new: &str, ctx: &Ctx) -> Result<Outcome, Error> {
        sign_in::by_link(&self.town.db, ctx, &self.passwords, kind, token, new).await
    }

    async fn try_with(&self, kind: Kind, user_name: &str, password: &str, source: &str, ctx: &Ctx) -> Outcome {
        let attempt = Attempt { kind, user_name, password, source };
        sign_in::with_password(&self.town.db, ctx, &self.passwords, attempt).await.unwrap()
    }

    /// Ada with password and second factor; gives the key and the recovery codes.
    async fn ada(&self) -> (Credential, second_factor::Key, Vec<String>) {
        let credential = self.invite_ada(Role::Operator).await;
        let Outcome::CodeAwaited { pending_token, has_factor: false } = self.ready(&credential).await else { panic!("a code") };
        let mut tx = self.town.db.begin().await.unwrap();
        let key = second_factor::begin(&mut tx, &self.at(0), &self.town.vault, &credential, "Comune di Esempio").await.unwrap();
        tx.commit().await.unwrap();
        let code = second_factor::code_of(&key, &self.at(0)).unwrap();
        let (outcome, codes) =
            sign_in::with_first_code(&self.town.db, &self.at(0), &self.town.vault, &pending_token, &code).await.unwrap();
        assert!(matches!(outcome, Outcome::SignedIn { .. }), "{outcome:?}");
        (credential, key, codes)
    }

    async fn code(&self, pending_token: &str, typed: &str, ctx: &Ctx) -> Result<Outcome, Error> {
        sign_in::with_code(&self.town.db, ctx, &self.town.vault, pending_token, typed).await
    }

    /// Ada's password is right; the cookie of who must give a code.
    async fn half_in(&self, ctx: &Ctx) -> String {
        match self.try_with(Kind::Staff, ADA, GOOD, "192.0.2.7", ctx).await {
            Outcome::CodeAwaited { pending_token, has_factor: true } => pending_token,
            other => panic!("{other:?}"),
        }
    }

    async fn count(&self, sql: &str) -> i64 {
        let mut tx = self.town.db.read().await.unwrap();
        tx.query_one(sql, &[]).await.unwrap().get(0).unwrap()
    }

    async fn citizen(&self, token: &str, ctx: &Ctx) -> Option<session::Session> {
        session::find(&mut self.town.db.read().await.unwrap(), ctx.tenant, token, ctx.now).await.unwrap()
    }

    async fn staff(&self, token: &str, ctx: &Ctx) -> Option<session::Session> {
        session::find_staff(&mut self.town.db.read().await.unwrap(), ctx.tenant, token, ctx.now).await.unwrap()
    }
}

fn token(outcome: Outcome) -> String {
    match outcome {
        Outcome::SignedIn { session_token } => session_token,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_invited_business_sets_a_password_and_signs_in_as_itself() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let credential = world.invite().await;
        assert_eq!(world.count("select count(*) from job where kind = 'credential.mail'").await, 1);
        assert_eq!(world.try_with(Kind::Business, &world.vat, GOOD, "192.0.2.1", &world.at(0)).await, Outcome::Wrong);
        let first = token(world.ready(&credential).await);
        assert!(world.citizen(&first, &world.at(1)).await.is_some());
        let typed = format!(" it{} ", world.vat);
        let second = token(world.try_with(Kind::Business, &typed, GOOD, "192.0.2.1", &world.at(2)).await);
        assert_ne!(first, second, "each sign-in has a session of its own");
        let found = world.citizen(&second, &world.at(3)).await.unwrap();
        assert_eq!((found.person, found.scheme.as_str(), found.related), (Some(world.town.people.business), "password", true));
        assert_eq!(found.full_name(), "Il Faro S.r.l.");
        assert!(world.staff(&second, &world.at(3)).await.is_none(), "a business is not staff");
        let elsewhere = Ctx { tenant: world.town.other_tenant, ..world.at(3) };
        assert!(world.citizen(&second, &elsewhere).await.is_none());
        assert_eq!(world.try_with(Kind::Business, &world.vat, GOOD, "192.0.2.1", &elsewhere).await, Outcome::Wrong);
        assert_eq!(world.try_with(Kind::Staff, &world.vat, GOOD, "192.0.2.1", &world.at(4)).await, Outcome::Wrong);
    })
    .await;
}

#[tokio::test]
async fn nobody_but_a_business_of_the_registry_is_invited() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let mut tx = world.town.db.begin().await.unwrap();
        let office = world.town.office();
        for (number, email) in [("01199250158", EMAIL), ("BNCNNA85A41H501X", EMAIL), ("", EMAIL)] {
            let refused = account::invite_business(&mut tx, &office, number, email).await;
            assert!(matches!(refused, Err(Error::UnknownBusiness)), "{number}");
        }
        assert!(matches!(
            account::invite_business(&mut tx, &office, &world.vat, "senza chiocciola").await,
            Err(Error::MailAddress)
        ));
        let there = Ctx { tenant: world.town.other_tenant, ..office };
        assert!(matches!(account::invite_business(&mut tx, &there, &world.vat, EMAIL).await, Err(Error::UnknownBusiness)));
    })
    .await;
}

#[tokio::test]
async fn a_link_serves_once_and_not_for_ever() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let credential = world.invite().await;
        let (one, two) = (
            world.link(&credential, Purpose::Invitation, &world.at(0)).await,
            world.link(&credential, Purpose::Invitation, &world.at(0)).await,
        );
        let week = 7 * 24 * 3600;
        assert!(matches!(world.set(Kind::Business, &one, GOOD, &world.at(week)).await, Err(Error::LinkNotValid)));
        assert!(matches!(world.set(Kind::Staff, &one, GOOD, &world.at(0)).await, Err(Error::LinkNotValid)));
        let there = Ctx { tenant: world.town.other_tenant, ..world.at(0) };
        assert!(matches!(world.set(Kind::Business, &one, GOOD, &there).await, Err(Error::LinkNotValid)));
        for (weak, why) in [
            ("corta", Weakness::TooShort),
            (&*format!("x{}x", world.vat), Weakness::Personal),
            ("il-faro-s.r.l.-2026", Weakness::Personal),
        ] {
            let refused = world.set(Kind::Business, &one, weak, &world.at(0)).await;
            assert!(matches!(refused, Err(Error::Weak(found)) if found == why), "{weak}: {refused:?}");
        }
        world.set(Kind::Business, &one, GOOD, &world.at(week - 1)).await.unwrap();
        for spent in [&one, &two] {
            assert!(matches!(world.set(Kind::Business, spent, OTHER, &world.at(1)).await, Err(Error::LinkNotValid)));
        }
        assert_eq!(world.count("select count(*) from credential_link where used_at is null").await, 0);
    })
    .await;
}

#[tokio::test]
async fn of_two_uses_of_a_link_at_once_one_succeeds() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let credential = world.invite().await;
        let link = world.link(&credential, Purpose::Invitation, &world.at(0)).await;
        let (ctx_one, ctx_two) = (world.at(1), world.at(1));
        let (one, two) =
            tokio::join!(world.set(Kind::Business, &link, GOOD, &ctx_one), world.set(Kind::Business, &link, OTHER, &ctx_two));
        assert_eq!([one.is_ok(), two.is_ok()].iter().filter(|ok| **ok).count(), 1, "{one:?} {two:?}");
    })
    .await;
}

#[tokio::test]
async fn a_new_password_ends_every_session_and_is_told_by_mail() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let credential = world.invite().await;
        let old = token(world.ready(&credential).await);
        let link = world.link(&credential, Purpose::Reset, &world.at(10)).await;
        let new = token(world.set(Kind::Business, &link, OTHER, &world.at(20)).await.unwrap());
        assert!(world.citizen(&old, &world.at(21)).await.is_none());
        assert!(world.citizen(&new, &world.at(21)).await.is_some());
        assert_eq!(world.try_with(Kind::Business, &world.vat, GOOD, "192.0.2.1", &world.at(22)).await, Outcome::Wrong);
        assert_eq!(world.count("select count(*) from job where kind = 'credential.mail' and body like '%changed%'").await, 1);
        let ctx = world.at(30).acting_as(Actor::Person(world.town.people.business));
        let change = sign_in::change_password(&world.town.db, &ctx, &world.passwords, GOOD, GOOD).await.unwrap();
        assert_eq!(change, Outcome::Wrong, "the present password is asked for");
        let changed = sign_in::change_password(&world.town.db, &ctx, &world.passwords, OTHER, GOOD).await.unwrap();
        assert!(world.citizen(&new, &world.at(31)).await.is_none());
        assert!(world.citizen(&token(changed), &world.at(31)).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_reset_is_asked_for_alike_whether_there_is_an_account() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let credential = world.invite().await;
        world.ready(&credential).await;
        let jobs = "select count(*) from job where kind = 'credential.mail' and body like '%reset%'";
        for (place, number) in [world.vat.as_str(), "01199250158"].into_iter().enumerate() {
            let mut tx = world.town.db.begin().await.unwrap();
            assert_eq!(mail::request_reset(&mut tx, &world.at(0), Kind::Business, number, "192.0.2.1").await.unwrap(), None);
            tx.commit().await.unwrap();
            assert_eq!(world.count(jobs).await, place as i64 + 1);
        }
        let request = |user_name: &str| mail::Request {
            kind: Kind::Business,
            user_name: user_name.to_owned(),
            purpose: mail::Purpose::Reset,
        };
        let mut tx = world.town.db.begin().await.unwrap();
        assert!(mail::letter(&mut tx, &world.at(1), &request("01199250158")).await.unwrap().is_none());
        let letter = mail::letter(&mut tx, &world.at(1), &request(&world.vat)).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        assert_eq!((letter.to.as_str(), letter.name.as_str()), (EMAIL, "Il Faro S.r.l."));
        let token = letter.link.strip_prefix("/accedi/imprese/password/").unwrap();
        assert_eq!(token.len(), 64);
        assert_eq!(world.count(&format!("select count(*) from job where body like '%{token}%'")).await, 0);
        world.set(Kind::Business, token, OTHER, &world.at(2)).await.unwrap();
        let mut tx = world.town.db.begin().await.unwrap();
        let mut waits = Vec::new();
        for n in 0..12 {
            waits.push(mail::request_reset(&mut tx, &world.at(3), Kind::Business, &format!("{n}"), "192.0.2.9").await.unwrap());
        }
        assert_eq!(waits.iter().filter(|w| w.is_none()).count(), 10, "one address asks for ten mails, then waits");
    })
    .await;
}

#[tokio::test]
async fn of_a_hundred_wrong_tries_at_once_five_are_looked_at() {
    on_both_engines(|db| async move {
        let world = std::sync::Arc::new(World::build(db).await);
        let credential = world.invite().await;
        world.ready(&credential).await;
        let mut tries = tokio::task::JoinSet::new();
        for n in 0..100 {
            let world = world.clone();
            tries.spawn(async move {
                let source = format!("198.51.100.{n}");
                world.try_with(Kind::Business, &world.vat, "tentativo sbagliato", &source, &world.at(60)).await
            });
        }
        let outcomes = tries.join_all().await;
        assert_eq!(outcomes.iter().filter(|o| **o == Outcome::Wrong).count(), 5);
        assert_eq!(outcomes.iter().filter(|o| matches!(o, Outcome::Wait { .. })).count(), 95);
        assert_eq!(world.count("select count(*) from sign_in_event where kind = 'failed'").await, 5);
        let vat = world.vat.clone();
        let wait = world.try_with(Kind::Business, &vat, GOOD, "203.0.113.1", &world.at(60)).await;
        assert_eq!(wait, Outcome::Wait { seconds: 720 }, "even the right password waits");
        let link = world.link(&credential, Purpose::Reset, &world.at(61)).await;
        token(world.set(Kind::Business, &link, OTHER, &world.at(62)).await.unwrap());
        token(world.try_with(Kind::Business, &vat, OTHER, "203.0.113.1", &world.at(63)).await);
    })
    .await;
}

#[tokio::test]
async fn in_any_hour_an_account_is_tried_ten_times_and_a_source_is_slowed() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        world.ready(&world.invite().await).await;
        let mut looked_at = Vec::new();
        for minute in 0..=120 {
            for source in ["192.0.2.1", "192.0.2.2"] {
                let outcome = world.try_with(Kind::Business, &world.vat, "sbagliata", source, &world.at(minute * 60)).await;
                looked_at.extend((outcome == Outcome::Wrong).then_some(minute));
            }
        }
        let most = (0..=60).map(|from| looked_at.iter().filter(|m| (from..=from + 60).contains(*m)).count()).max();
        assert_eq!(most, Some(10), "{looked_at:?}");
        let mut one_source = 0;
        for n in 0..60 {
            let outcome = world.try_with(Kind::Business, &format!("{n:011}"), "sbagliata", "192.0.2.3", &world.at(0)).await;
            one_source += u32::from(outcome == Outcome::Wrong);
        }
        assert_eq!(one_source, 30);
    })
    .await;
}

#[tokio::test]
async fn right_passwords_are_not_counted() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        world.ready(&world.invite().await).await;
        for n in 0..12 {
            token(world.try_with(Kind::Business, &world.vat, GOOD, "192.0.2.1", &world.at(n)).await);
        }
    })
    .await;
}

#[tokio::test]
async fn staff_need_a_code_and_each_serves_once() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let (_, key, codes) = world.ada().await;
        assert_eq!(codes.len(), 10);
        let ctx = world.at(300);
        let pending = world.half_in(&ctx).await;
        assert!(world.staff(&pending, &ctx).await.is_none(), "half in is not in");
        let code = second_factor::code_of(&key, &ctx).unwrap();
        let session_token = token(world.code(&pending, &code, &ctx).await.unwrap());
        let found = world.staff(&session_token, &ctx).await.unwrap();
        assert!(matches!(found.actor(), Actor::Operator(_)) && found.level == 2);
        assert!(world.citizen(&session_token, &ctx).await.is_none(), "staff are not citizens");
        assert!(matches!(world.code(&pending, &code, &ctx).await, Err(Error::NotPending)), "the question is answered");
        let again = world.half_in(&world.at(310)).await;
        assert_eq!(world.code(&again, &code, &world.at(310)).await.unwrap(), Outcome::Wrong, "the code was used");
        let early = second_factor::code_of(&key, &world.at(300)).unwrap();
        assert_eq!(world.code(&again, &early, &world.at(400)).await.unwrap(), Outcome::Wrong, "two steps late");
        let late = second_factor::code_of(&key, &world.at(480)).unwrap();
        token(world.code(&again, &late, &world.at(509)).await.unwrap());
        let too_late = world.half_in(&world.at(1000)).await;
        let code = second_factor::code_of(&key, &world.at(1601)).unwrap();
        assert!(matches!(world.code(&too_late, &code, &world.at(1601)).await, Err(Error::NotPending)));
    })
    .await;
}

#[tokio::test]
async fn one_code_sent_many_times_at_once_opens_one_session() {
    on_both_engines(|db| async move {
        let world = std::sync::Arc::new(World::build(db).await);
        let (_, key, _) = world.ada().await;
        let ctx = world.at(600);
        let code = second_factor::code_of(&key, &ctx).unwrap();
        let pendings = [world.half_in(&ctx).await, world.half_in(&ctx).await, world.half_in(&ctx).await];
        let mut tries = tokio::task::JoinSet::new();
        for pending in pendings {
            let (world, code, ctx) = (world.clone(), code.clone(), ctx.clone());
            tries.spawn(async move { world.code(&pending, &code, &ctx).await });
        }
        let outcomes = tries.join_all().await;
        assert_eq!(outcomes.iter().filter(|o| matches!(o, Ok(Outcome::SignedIn { .. }))).count(), 1, "{outcomes:?}");
    })
    .await;
}

#[tokio::test]
async fn recovery_codes_serve_once_each_and_guessing_is_slowed() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let (credential, key, codes) = world.ada().await;
        let ctx = world.at(60);
        let typed = codes[3].to_uppercase().replace('-', " ");
        token(world.code(&world.half_in(&ctx).await, &typed, &ctx).await.unwrap());
        let pending = world.half_in(&ctx).await;
        assert_eq!(world.code(&pending, &codes[3], &ctx).await.unwrap(), Outcome::Wrong);
        let left =
            second_factor::recovery_codes_left(&mut world.town.db.read().await.unwrap(), &ctx, credential.id).await.unwrap();
        assert_eq!(left, 9);
        let renewing = ctx.acting_as(credential.actor());
        let code = second_factor::code_of(&key, &ctx).unwrap();
        let refused = sign_in::renew_recovery_codes(&world.town.db, &renewing, &world.town.vault, &codes[0]).await.unwrap();
        assert_eq!(refused, Err(Outcome::Wrong), "a recovery code does not make others");
        let renewed = sign_in::renew_recovery_codes(&world.town.db, &renewing, &world.town.vault, &code).await.unwrap().unwrap();
        assert_eq!(world.code(&pending, &codes[5], &ctx).await.unwrap(), Outcome::Wrong, "the old ones are gone");
        for _ in 0..2 {
            assert_eq!(world.code(&pending, "000000", &ctx).await.unwrap(), Outcome::Wrong);
        }
        let slowed = world.code(&pending, &renewed[0], &ctx).await.unwrap();
        assert!(matches!(slowed, Outcome::Wait { .. }), "{slowed:?}");
        assert_eq!(
            world
                .count(&format!("select count(*) from sign_in_event where kind = '{}'", events::Kind::RecoveryCodeUsed.code()))
                .await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn roles_are_those_of_the_moment() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let credential = world.invite_ada(Role::Kitchen).await;
        world.invite_ada(Role::Administrator).await;
        world.invite_ada(Role::Administrator).await;
        let (ctx, operator) = (world.at(0), credential.operator.unwrap());
        let mut tx = world.town.db.begin().await.unwrap();
        assert_eq!(staff::roles(&mut tx, &ctx, operator).await.unwrap(), [Role::Administrator, Role::Kitchen]);
        assert_eq!(staff::revoke(&mut tx, &ctx, operator, Some(Role::Kitchen)).await.unwrap(), 1);
        assert_eq!(staff::roles(&mut tx, &ctx, operator).await.unwrap(), [Role::Administrator]);
        assert_eq!(staff::revoke(&mut tx, &ctx, operator, None).await.unwrap(), 1);
        assert_eq!(staff::roles(&mut tx, &ctx, operator).await.unwrap(), []);
        staff::grant(&mut tx, &ctx, operator, Role::School).await.unwrap();
        assert_eq!(staff::roles(&mut tx, &ctx, operator).await.unwrap(), [Role::School]);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_lost_second_factor_is_taken_off_by_the_office_alone() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let (credential, _, _) = world.ada().await;
        let mut tx = world.town.db.begin().await.unwrap();
        let set = account::get(&mut tx, &world.at(1), credential.id).await.unwrap();
        let shown = second_factor::begin(&mut tx, &world.at(1), &world.town.vault, &set, "x").await;
        assert!(matches!(shown, Err(Error::UnknownAccount)), "a key in force is shown to nobody");
        second_factor::take_off(&mut tx, &world.town.office(), &set).await.unwrap();
        tx.commit().await.unwrap();
        let outcome = world.try_with(Kind::Staff, ADA, GOOD, "192.0.2.7", &world.at(5)).await;
        assert!(matches!(outcome, Outcome::CodeAwaited { has_factor: false, .. }), "{outcome:?}");
        assert_eq!(world.count("select count(*) from recovery_code").await, 0);
    })
    .await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_only() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let first = token(world.ready(&world.invite().await).await);
        let second = token(world.try_with(Kind::Business, &world.vat, GOOD, "192.0.2.1", &world.at(10)).await);
        let (_, key, _) = world.ada().await;
        let ctx = world.at(120);
        let ada = world.half_in(&ctx).await;
        let ada = token(world.code(&ada, &second_factor::code_of(&key, &ctx).unwrap(), &ctx).await.unwrap());
        let (mine, hers) = (world.citizen(&second, &ctx).await.unwrap(), world.staff(&ada, &ctx).await.unwrap());
        let other = world.citizen(&first, &ctx).await.unwrap();
        let mut tx = world.town.db.begin().await.unwrap();
        session::touch(&mut tx, &ctx, mine.id, "Firefox · Linux").await.unwrap();
        let list = session::list_own(&mut tx, &ctx, &mine).await.unwrap();
        assert_eq!(list.iter().map(|s| s.id).collect::<Vec<_>>(), [mine.id, other.id], "the one used last comes first");
        assert_eq!(list[0].device.as_deref(), Some("Firefox · Linux"));
        assert!(!session::end_own(&mut tx, &ctx, &mine, hers.id).await.unwrap());
        assert!(!session::end_own(&mut tx, &ctx, &hers, mine.id).await.unwrap());
        assert!(session::end_own(&mut tx, &ctx, &mine, other.id).await.unwrap());
        tx.commit().await.unwrap();
        assert!(world.citizen(&first, &ctx).await.is_none());
        let third = token(world.try_with(Kind::Business, &world.vat, GOOD, "192.0.2.1", &ctx).await);
        let mut tx = world.town.db.begin().await.unwrap();
        assert_eq!(session::end_everywhere(&mut tx, &ctx, &mine).await.unwrap(), 2);
        tx.commit().await.unwrap();
        for ended in [&second, &third] {
            assert!(world.citizen(ended, &ctx).await.is_none());
        }
        assert!(world.staff(&ada, &ctx).await.is_some(), "others stay");
    })
    .await;
}

#[tokio::test]
async fn sessions_end_at_the_limits_of_their_kind() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        let business = token(world.ready(&world.invite().await).await);
        let (_, key, _) = world.ada().await;
        let ctx = world.at(60);
        let ada =
            token(world.code(&world.half_in(&ctx).await, &second_factor::code_of(&key, &ctx).unwrap(), &ctx).await.unwrap());
        let (minute, hour) = (60, 3600);
        assert!(world.citizen(&business, &world.at(30 * minute - 1)).await.is_some());
        assert!(world.citizen(&business, &world.at(30 * minute)).await.is_none());
        assert!(world.staff(&ada, &world.at(60 + 20 * minute - 1)).await.is_some());
        assert!(world.staff(&ada, &world.at(60 + 20 * minute)).await.is_none());
        let (mine, hers) = (world.citizen(&business, &world.at(0)).await.unwrap(), world.staff(&ada, &ctx).await.unwrap());
        let mut tx = world.town.db.begin().await.unwrap();
        for (id, last) in [(mine.id, 8 * hour - 60), (hers.id, 10 * hour)] {
            session::touch(&mut tx, &world.at(last), id, "").await.unwrap();
        }
        tx.commit().await.unwrap();
        let last = world.citizen(&business, &world.at(8 * hour - 1)).await.unwrap();
        assert!(last.is_last_stretch() && last.ends_at() == world.at(8 * hour).now);
        assert!(world.citizen(&business, &world.at(8 * hour)).await.is_none());
        assert!(world.staff(&ada, &world.at(10 * hour + 59)).await.is_some());
        assert!(world.staff(&ada, &world.at(10 * hour + 60)).await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_person_reads_their_own_events_and_nobody_elses() {
    on_both_engines(|db| async move {
        let world = World::build(db).await;
        world.ready(&world.invite().await).await;
        world.try_with(Kind::Business, &world.vat, "sbagliata", "192.0.2.1", &world.at(10)).await;
        world.ada().await;
        let mut tx = world.town.db.read().await.unwrap();
        let business = world.at(20).acting_as(Actor::Person(world.town.people.business));
        let mut kinds: Vec<String> =
            events::list_for(&mut tx, &business, 10).await.unwrap().into_iter().map(|e| e.kind).collect();
        assert_eq!(kinds[0], "failed", "the newest comes first");
        kinds[1..].sort();
        assert_eq!(kinds[1..], ["password_set", "signed_in"]);
        let there = Ctx { tenant: TenantId(world.town.other_tenant.0), ..business };
        assert!(events::list_for(&mut tx, &there, 10).await.unwrap().is_empty());
        assert!(events::list_for(&mut tx, &world.at(20), 10).await.unwrap().is_empty());
    })
    .await;
}
