//! What people are told of their payments.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::Scene;
use db::testing::on_both_engines;
use payments::receipt::RECORDED_JOB;

#[tokio::test]
async fn a_paid_top_up_is_told_to_who_made_it_once_however_often_the_job_runs() {
    on_both_engines(|db| async move {
        let scene = Scene::new(db).await;
        let anna = scene.town.people.anna;
        let position = scene.top_up(2500).await;
        scene.pay(&position, 2500, "r1").await;
        assert!(scene.told(anna).await.is_empty(), "the node is answered first");
        scene.work().await;
        let told = scene.told(anna).await;
        assert_eq!(told.len(), 1);
        assert!(told[0].subject.contains("Ricarica accreditata") && told[0].subject.contains("25,00"), "{}", told[0].subject);
        assert!(told[0].body.contains("Luca") && told[0].body.contains("23/11/2026"), "{}", told[0].body);
        assert_eq!(told[0].link, Some(format!("/area-personale/ricariche/{}", position.id)));
        scene.repeat(RECORDED_JOB).await;
        assert!(scene.work().await > 0, "the job ran again");
        assert_eq!(scene.told(anna).await, told);
        assert_eq!(scene.count("select count(*) from job where state <> 'done'").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_paid_instalment_names_the_child_where_there_is_one() {
    for (for_child, named) in [(true, true), (false, false)] {
        on_both_engines(move |db| async move {
            let scene = Scene::new(db).await;
            let position = scene.instalment(4500, for_child).await;
            scene.pay(&position, 4500, "r1").await;
            scene.work().await;
            let told = scene.told(scene.town.people.elena).await;
            assert_eq!(told.len(), 1);
            assert!(told[0].subject.contains("Pagamento ricevuto") && told[0].body.contains("Refezione ottobre 2026"));
            assert_eq!(told[0].body.contains("Giulia"), named, "{}", told[0].body);
            assert!(!told[0].body.contains('{') && !told[0].body.contains("Conti"), "{}", told[0].body);
        })
        .await;
    }
}

#[tokio::test]
async fn money_that_was_not_due_is_said_to_be_looked_at() {
    on_both_engines(|db| async move {
        let scene = Scene::new(db).await;
        let position = scene.instalment(4500, true).await;
        scene.pay(&position, 4500, "r1").await;
        scene.pay(&position, 4500, "r2").await;
        scene.work().await;
        let told = scene.told(scene.town.people.elena).await;
        let to_check = told.iter().filter(|m| m.subject.contains("da verificare")).count();
        assert_eq!((told.len(), to_check), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn a_paid_spontaneous_payment_leads_to_its_own_page_and_one_nobody_paid_ends_after_its_days() {
    on_both_engines(|db| async move {
        let scene = Scene::new(db).await;
        let anna = scene.town.people.anna;
        let position = scene.gift(1200).await;
        assert_eq!(worker::spontaneous::expire(&scene.parts()).await.unwrap(), 0);
        scene.pay(&position, 1200, "r1").await;
        scene.work().await;
        let told = scene.told(anna).await;
        assert!(told[0].subject.contains("Pagamento ricevuto") && told[0].body.contains("Contributo volontario"));
        assert_eq!(told[0].link, Some(format!("/area-personale/pagamento/spontaneo/avviso/{}", position.id)));
        scene.town.set_clock("2026-12-04T00:00:00Z");
        assert_eq!(worker::spontaneous::expire(&scene.parts()).await.unwrap(), 0, "what is paid stays paid");
    })
    .await;
    on_both_engines(|db| async move {
        let scene = Scene::new(db).await;
        scene.gift(1200).await;
        scene.town.set_clock("2026-12-03T22:59:59Z");
        assert_eq!(worker::spontaneous::expire(&scene.parts()).await.unwrap(), 0);
        scene.town.set_clock("2026-12-03T23:00:00Z");
        assert_eq!(worker::spontaneous::expire(&scene.parts()).await.unwrap(), 1);
        assert_eq!(scene.text("select state from debt_position").await, "cancelled");
    })
    .await;
}
