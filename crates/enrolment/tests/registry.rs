//! Enrolments by day, the facts of tariffs, tenants and contacts, on both engines.
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

use db::testing::on_both_engines;
use enrolment::load::{self, NewCircumstance, NewPlacement};
use enrolment::{
    Error, PaymentMode, enrolled_services, enrolment_on, enrolment_spans, enrolments_on, find_service, person, rating_facts,
    tenant,
};
use jiff::civil::date;
use kernel::{Cents, ClassGroupId, Ctx, ServiceId};
use testkit::TestTown;

#[tokio::test]
async fn a_pupil_is_enrolled_between_the_days_of_enrolment_and_class() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (ctx, luca, meal) = (town.ctx(town.people.anna), town.pupils.luca, town.services.meal);
        let mut tx = town.db.read().await.unwrap();
        for (day, enrolled) in
            [(date(2026, 9, 13), false), (date(2026, 9, 14), true), (date(2027, 6, 8), true), (date(2027, 6, 9), false)]
        {
            assert_eq!(enrolment_on(&mut tx, &ctx, luca, meal, day).await.unwrap().is_some(), enrolled, "{day}");
        }
        let today = enrolment_on(&mut tx, &ctx, luca, meal, ctx.today()).await.unwrap().unwrap();
        assert_eq!(
            (today.class_label.as_str(), today.level.as_str(), today.payment_mode),
            ("3A", "primaria", PaymentMode::Prepaid)
        );
        assert_eq!((today.site, today.holder), (town.sites.collodi, town.people.anna));
        assert_eq!(enrolments_on(&mut tx, &ctx, meal, ctx.today()).await.unwrap().len(), 4);
        assert!(enrolment_on(&mut tx, &ctx, luca, town.services.before_school, ctx.today()).await.unwrap().is_none());
        assert!(enrolment_on(&mut tx, &ctx, town.pupils.tommaso, town.services.other_meal, ctx.today()).await.unwrap().is_none());
        let services = enrolled_services(&mut tx, &ctx, town.pupils.pietro, ctx.today()).await.unwrap();
        assert_eq!(services.iter().map(|s| s.code.as_str()).collect::<Vec<_>>(), ["PRE", "MENSA"]);
        assert!(find_service(&mut tx, &ctx, town.services.other_meal).await.unwrap().is_none());
        let service = find_service(&mut tx, &ctx, meal).await.unwrap().unwrap();
        assert_eq!(service.top_up_suggested, [Cents(2_500), Cents(5_000), Cents(10_000)]);
    })
    .await;
}

#[tokio::test]
async fn a_move_in_mid_year_parts_the_enrolment_in_two_spans() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (ctx, luca, meal) = (town.office(), town.pupils.luca, town.services.meal);
        let mut tx = town.db.begin().await.unwrap();
        let classes = load::ids::<ClassGroupId>(&mut tx, &ctx, load::Keyed::ClassGroup).await.unwrap();
        let moves = |class: &str, from_on, to_on| NewPlacement { pupil: luca, class: classes[class], from_on, to_on };
        let placements =
            vec![moves("3A", date(2026, 9, 14), date(2026, 11, 15)), moves("5B", date(2026, 11, 16), date(2027, 6, 8))];
        load::placements(&mut tx, &ctx, placements).await.unwrap();
        let spans = enrolment_spans(&mut tx, &ctx, luca, meal, (date(2026, 11, 1), date(2026, 11, 30))).await.unwrap();
        let classes: Vec<_> = spans.iter().map(|s| (s.on_day.class_label.as_str(), s.from_on, s.to_on)).collect();
        assert_eq!(classes, [("3A", date(2026, 9, 14), date(2026, 11, 15)), ("5B", date(2026, 11, 16), date(2027, 6, 8))]);
    })
    .await;
}

#[tokio::test]
async fn a_closed_enrolment_keeps_its_days_and_a_suspended_one_has_none() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (ctx, luca, meal) = (town.office(), town.pupils.luca, town.services.meal);
        let mut tx = town.db.begin().await.unwrap();
        for (state, enrolled) in
            [("closed", true), ("withdrawn", true), ("active", true), ("suspended", false), ("submitted", false)]
        {
            let sql = "update enrolment set state = $3 where tenant_id = $1 and pupil_id = $2";
            tx.execute_one(sql, &[&town.tenant, &luca, &state]).await.unwrap();
            assert_eq!(enrolment_on(&mut tx, &ctx, luca, meal, ctx.today()).await.unwrap().is_some(), enrolled, "{state}");
            let facts = rating_facts(&mut tx, &ctx, meal, ctx.today(), Some(luca)).await.unwrap();
            assert_eq!(facts.len(), usize::from(enrolled), "{state}");
        }
    })
    .await;
}

#[tokio::test]
async fn tariffs_are_told_of_isee_brothers_and_sisters_and_circumstances() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (ctx, meal) = (town.office(), town.services.meal);
        let mut tx = town.db.begin().await.unwrap();
        let circumstance = NewCircumstance {
            pupil: town.pupils.nina,
            from_on: date(2026, 11, 1),
            to_on: Some(date(2026, 11, 23)),
            code: "legge_104".to_owned(),
            act: None,
        };
        load::circumstances(&mut tx, &ctx, vec![circumstance]).await.unwrap();
        let all = rating_facts(&mut tx, &ctx, meal, ctx.today(), None).await.unwrap();
        let of = |pupil| all.iter().find(|f| f.pupil == pupil).unwrap();
        let (luca, pietro, nina) = (of(town.pupils.luca), of(town.pupils.pietro), of(town.pupils.nina));
        assert_eq!((luca.isee, luca.enrolled_in_household, luca.child_order, luca.minors_in_household), (None, 1, 1, 1));
        assert_eq!((pietro.isee, pietro.enrolled_in_household, pietro.child_order), (Some(Cents(850_000)), 3, 1));
        assert_eq!((nina.child_order, nina.minors_in_household, nina.level.as_str()), (3, 3, "infanzia"));
        assert_eq!((nina.circumstance.as_deref(), pietro.circumstance.as_deref()), (Some("legge_104"), None));
        // the ISEE runs out with the year, the circumstance the day after
        let january = rating_facts(&mut tx, &ctx, meal, date(2027, 1, 7), Some(town.pupils.nina)).await.unwrap();
        assert_eq!((january[0].isee, january[0].circumstance.as_deref()), (None, None));
    })
    .await;
}

#[tokio::test]
async fn a_host_belongs_to_one_tenant_and_a_disabled_tenant_to_nobody() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let mut tx = town.db.begin().await.unwrap();
        assert_eq!(tenant::find_by_host(&mut tx, town.host).await.unwrap().unwrap().id, town.tenant);
        assert_eq!(tenant::find_by_host(&mut tx, town.other_host).await.unwrap().unwrap().id, town.other_tenant);
        assert!(tenant::find_by_host(&mut tx, "scuola.ignoto.test").await.unwrap().is_none());
        tx.execute_one("update tenant set enabled = $2 where id = $1", &[&town.tenant, &false]).await.unwrap();
        assert!(tenant::find_by_host(&mut tx, town.host).await.unwrap().is_none());
        assert_eq!(tenant::list_all(&mut tx).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn contacts_are_changed_by_their_person_alone() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let anna = town.ctx(town.people.anna);
        let mut tx = town.db.begin().await.unwrap();
        person::update_contact(&mut tx, &anna, Some("anna.nuova@famiglie.test"), None).await.unwrap();
        let found = person::get(&mut tx, &anna, town.people.anna).await.unwrap();
        assert_eq!((found.email.as_deref(), found.phone), (Some("anna.nuova@famiglie.test"), None));
        let refused = person::update_contact(&mut tx, &anna, Some("non una mail"), None).await;
        assert!(matches!(refused, Err(Error::MailAddress)));
        let refused = person::update_contact(&mut tx, &town.office(), None, None).await;
        assert!(matches!(refused, Err(Error::NotVisible)));
        // the same codice fiscale in another tenant would be another person; Sara's code is nobody's here
        let sara = person::get(&mut tx, &town.other_ctx(town.people.sara), town.people.sara).await.unwrap();
        let code = sara.fiscal_code.unwrap();
        assert!(person::find_by_fiscal_code(&mut tx, &anna, &code).await.unwrap().is_none());
        assert!(matches!(person::get(&mut tx, &anna, town.people.sara).await, Err(Error::NotVisible)));
    })
    .await;
}

#[tokio::test]
async fn loading_the_same_file_twice_changes_nothing() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let ctx: Ctx = town.office();
        let mut tx = town.db.begin().await.unwrap();
        let before = load::ids::<ServiceId>(&mut tx, &ctx, load::Keyed::Service).await.unwrap();
        let meal = find_service(&mut tx, &ctx, town.services.meal).await.unwrap().unwrap();
        let again = load::NewService {
            code: meal.code,
            name: meal.name,
            kind: "meal",
            taxonomy_code: meal.taxonomy_code,
            vat_basis_points: Some(400),
            top_up_min: meal.top_up_min,
            top_up_max: meal.top_up_max,
            top_up_suggested: meal.top_up_suggested,
        };
        let counts = load::services(&mut tx, &ctx, vec![again]).await.unwrap();
        assert_eq!((counts.inserted, counts.updated, counts.unchanged), (0, 0, 1));
        assert_eq!(load::ids::<ServiceId>(&mut tx, &ctx, load::Keyed::Service).await.unwrap(), before);
    })
    .await;
}
