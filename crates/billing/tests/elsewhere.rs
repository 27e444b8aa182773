//! What is owed to tenants under the same agreement: read as each of them reads it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use billing::elsewhere::{self, Chosen, DuesElsewhere};
use billing::{Error, NewDocument};
use common::*;
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{Actor, Cents, Ctx, FiscalCode, GuardianshipId, PersonId, PositionId, PupilId};
use payments::agreement;

/// The mother's child in the other tenant, with a document of two instalments: one late, one to come.
struct Neighbour {
    town: Town,
    late: PositionId,
    to_come: PositionId,
}

fn code() -> FiscalCode {
    FiscalCode::parse(&valid("VRDNNA80A41Z999F")).unwrap()
}

impl Neighbour {
    async fn new(db: db::Db, agreed: bool) -> Neighbour {
        let town = Town::new(db).await;
        let there = town.there().acting_as(Actor::System("test"));
        let mut tx = town.db.begin().await.unwrap();
        let child: PupilId = there.new_id();
        tx.execute_one(
            "insert into pupil (tenant_id, id, name, family_name, birth_on, resident, state)
             values ($1, $2, 'Arturo', 'Verdi', $3, true, 'open')",
            &[&THERE, &child, &date(2018, 1, 1)],
        )
        .await
        .unwrap();
        tx.execute_one(
            "insert into guardianship (tenant_id, id, pupil_id, person_id, role, may_view, may_report_absences, may_pay,
                 may_have_tax_papers, from_on) values ($1, $2, $3, $4, 'account_holder', true, true, true, true, $5)",
            &[&THERE, &there.new_id::<GuardianshipId>(), &child, &town.mother_there, &date(2020, 1, 1)],
        )
        .await
        .unwrap();
        let asked = town.document("1", date(2026, 10, 1), &[(date(2026, 10, 31), 2000), (date(2026, 12, 31), 2500)]);
        let new = NewDocument { holder: town.mother_there, pupil: Some(child), ..asked };
        billing::issue(&mut tx, &there, new).await.unwrap();
        if agreed {
            for ctx in [&town.system(), &there] {
                agreement::join(&mut tx, ctx, "Unione").await.unwrap();
            }
        }
        let dues = billing::due::list_for(&mut tx, &town.there()).await.unwrap();
        let positions: Vec<PositionId> = dues.iter().filter_map(|due| due.position_id).collect();
        tx.commit().await.unwrap();
        Neighbour { town, late: positions[0], to_come: positions[1] }
    }

    fn mother(&self) -> Ctx {
        self.town.as_person(self.town.mother)
    }

    async fn seen(&self) -> Vec<DuesElsewhere> {
        elsewhere::list_for(&mut self.town.db.read().await.unwrap(), &self.mother(), &code()).await.unwrap()
    }

    async fn choose(&self, ipa_code: &str, position: PositionId) -> Result<Vec<payments::cart::Elsewhere>, Error> {
        let chosen = [Chosen { ipa_code: ipa_code.to_owned(), position }];
        elsewhere::choose(&mut self.town.db.read().await.unwrap(), &self.mother(), &code(), &chosen).await
    }

    async fn run(&self, sql: &str) {
        let mut tx = self.town.db.begin().await.unwrap();
        tx.execute_one(sql, &[&THERE]).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn sees_nothing(&self, why: &str) {
        assert!(self.seen().await.is_empty(), "{why}");
        assert!(matches!(self.choose(OTHER_IPA, self.to_come).await, Err(Error::NotVisible)), "{why}");
    }
}

/// The tenants of these tests have their fiscal code as their code.
const OTHER_IPA: &str = "01199250158";

#[tokio::test]
async fn what_is_owed_there_is_seen_as_that_tenant_sees_it_and_can_be_put_in_a_cart() {
    on_both_engines(|db| async move {
        let n = Neighbour::new(db, true).await;
        let seen = n.seen().await;
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].ctx.tenant, seen[0].ctx.actor.person()), (THERE, Some(n.town.mother_there)));
        let amounts: Vec<Cents> = seen[0].dues.iter().map(|due| due.amount).collect();
        assert_eq!(amounts, [Cents(2000), Cents(2500)]);
        let chosen = n.choose(OTHER_IPA, n.late).await.unwrap();
        assert_eq!((chosen[0].ctx.tenant, &chosen[0].positions), (THERE, &vec![n.late]));
        assert!(matches!(n.choose("99999999999", n.late).await, Err(Error::NotVisible)), "of a tenant without the agreement");
        let nothing: PositionId = n.mother().new_id();
        assert!(matches!(n.choose(OTHER_IPA, nothing).await, Err(Error::NotVisible)));
    })
    .await;
}

#[tokio::test]
async fn without_an_agreement_nothing_is_seen() {
    on_both_engines(|db| async move { Neighbour::new(db, false).await.sees_nothing("off by default").await }).await;
}

#[tokio::test]
async fn a_restriction_there_wins_there() {
    on_both_engines(|db| async move {
        let n = Neighbour::new(db, true).await;
        n.run("update guardianship set restriction_act = 'Decreto 1/2026' where tenant_id = $1").await;
        n.sees_nothing("kept from the child by a court").await;
    })
    .await;
}

#[tokio::test]
async fn by_the_settings_there_what_is_late_is_not_paid_any_more() {
    on_both_engines(|db| async move {
        let n = Neighbour::new(db, true).await;
        n.run("update tenant_pagopa set accepts_after_due = false where tenant_id = $1").await;
        let seen = n.seen().await;
        assert_eq!(seen[0].dues.iter().filter_map(|due| due.position_id).collect::<Vec<_>>(), [n.to_come]);
        assert!(matches!(n.choose(OTHER_IPA, n.late).await, Err(Error::NotVisible)));
    })
    .await;
}

#[tokio::test]
async fn another_person_sees_nothing_whatever_their_id_says() {
    on_both_engines(|db| async move {
        let n = Neighbour::new(db, true).await;
        let mut tx = n.town.db.read().await.unwrap();
        let stranger = FiscalCode::parse(&valid("NREDAA80A41Z999K")).unwrap();
        let unknown_there = elsewhere::list_for(&mut tx, &n.town.as_person(n.town.stranger), &stranger).await.unwrap();
        assert!(unknown_there.is_empty());
        let chosen = [Chosen { ipa_code: OTHER_IPA.to_owned(), position: n.to_come }];
        let asked = elsewhere::choose(&mut tx, &n.town.as_person(n.town.stranger), &stranger, &chosen).await;
        assert!(matches!(asked, Err(Error::NotVisible)));
        let theirs: PersonId = n.town.mother_there;
        assert!(
            billing::due::list_for(&mut tx, &n.town.as_person(theirs)).await.unwrap().is_empty(),
            "an id of there is nobody here"
        );
    })
    .await;
}
