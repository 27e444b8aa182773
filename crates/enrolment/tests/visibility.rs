//! Who may see which pupil, on both engines.
#![allow(clippy::unwrap_used, reason = "a scenario that meets an error has failed")]

use db::testing::on_both_engines;
use enrolment::load::{self, NewAttachment, NewGuardian};
use enrolment::record::get_attachment;
use enrolment::{Error, Right, get_visible_pupil, has_any_relation, pupil_record, visible_pupils};
use jiff::civil::date;
use kernel::{Actor, AttachmentId, Ctx, PersonId, PupilId};
use testkit::TestTown;
use uuid::Uuid;

const RIGHTS: [Right; 4] = [Right::View, Right::ReportAbsences, Right::Pay, Right::TaxPapers];

async fn sees(town: &TestTown, ctx: &Ctx, pupil: PupilId, right: Right) -> bool {
    let mut tx = town.db.read().await.unwrap();
    match get_visible_pupil(&mut tx, ctx, pupil, right).await {
        Ok(found) => found.id == pupil,
        Err(Error::NotVisible) => false,
        Err(other) => panic!("{other}"),
    }
}

async fn names(town: &TestTown, ctx: &Ctx, right: Right) -> Vec<String> {
    let mut tx = town.db.read().await.unwrap();
    visible_pupils(&mut tx, ctx, right).await.unwrap().into_iter().map(|p| p.name).collect()
}

#[tokio::test]
async fn each_person_sees_their_own_pupils_and_nobody_elses() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let (people, none) = (&town.people, Vec::<String>::new());
        for right in RIGHTS {
            assert_eq!(names(&town, &town.ctx(people.anna), right).await, ["Luca"]);
            assert_eq!(names(&town, &town.ctx(people.marco), right).await, ["Luca"]);
            assert_eq!(names(&town, &town.ctx(people.elena), right).await, ["Pietro", "Giulia", "Nina"], "eldest first");
            for stranger in [people.paolo, people.carla, people.business, people.sara] {
                assert_eq!(names(&town, &town.ctx(stranger), right).await, none);
            }
            assert_eq!(names(&town, &town.ctx_as(Actor::Anonymous), right).await, none);
            assert_eq!(names(&town, &town.office(), right).await, none, "the office has doors of its own");
        }
    })
    .await;
}

#[tokio::test]
async fn a_helper_has_the_rights_that_were_given_and_no_other() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let teresa = town.ctx(town.people.teresa);
        assert!(sees(&town, &teresa, town.pupils.luca, Right::View).await);
        for right in [Right::ReportAbsences, Right::Pay, Right::TaxPapers] {
            assert!(!sees(&town, &teresa, town.pupils.luca, right).await, "{right:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn another_familys_pupil_another_tenants_and_none_are_one_answer() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let anna = town.ctx(town.people.anna);
        let nobody: PupilId = anna.new_id();
        let mut tx = town.db.read().await.unwrap();
        for pupil in [town.pupils.giulia, town.pupils.tommaso, nobody] {
            for right in RIGHTS {
                let answer = get_visible_pupil(&mut tx, &anna, pupil, right).await;
                assert!(matches!(answer, Err(Error::NotVisible)), "{answer:?}");
            }
            assert!(matches!(pupil_record(&mut tx, &anna, pupil).await, Err(Error::NotVisible)));
        }
        // the same person's id under the other tenant's host is nobody
        let abroad = town.other_ctx(town.people.anna);
        for pupil in [town.pupils.luca, town.pupils.tommaso] {
            assert!(matches!(get_visible_pupil(&mut tx, &abroad, pupil, Right::View).await, Err(Error::NotVisible)));
        }
        let sara = town.other_ctx(town.people.sara);
        assert_eq!(get_visible_pupil(&mut tx, &sara, town.pupils.tommaso, Right::View).await.unwrap().name, "Tommaso");
    })
    .await;
}

/// First and last day of 2026, act, whether it keeps Paolo out on 23 November.
type Restriction = (Option<(i8, i8)>, Option<(i8, i8)>, Option<&'static str>, bool);

const RESTRICTIONS: [Restriction; 9] = [
    (None, None, None, false),
    (Some((11, 23)), None, None, true),
    (Some((11, 24)), None, None, false),
    (Some((10, 1)), Some((11, 23)), None, true),
    (Some((10, 1)), Some((11, 22)), None, false),
    (None, Some((11, 23)), None, true),
    (None, Some((11, 22)), None, false),
    (None, None, Some("decreto 5/2026"), true),
    (Some((11, 24)), None, Some("decreto 5/2026"), false),
];

#[tokio::test]
async fn a_restriction_in_force_wins_over_every_right_and_one_that_is_not_changes_nothing() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let paolo = town.ctx(town.people.paolo);
        for (from, to, act, kept_out) in RESTRICTIONS {
            let day = |(month, day)| date(2026, month, day);
            restrict(&town, from.map(day), to.map(day), act).await;
            for right in RIGHTS {
                assert_eq!(sees(&town, &paolo, town.pupils.luca, right).await, !kept_out, "{from:?} {to:?} {act:?}");
            }
            let mut tx = town.db.read().await.unwrap();
            assert_eq!(has_any_relation(&mut tx, &paolo).await.unwrap(), !kept_out, "{from:?} {to:?} {act:?}");
        }
    })
    .await;
}

async fn restrict(town: &TestTown, from: Option<kernel::Day>, to: Option<kernel::Day>, act: Option<&str>) {
    let guardian = NewGuardian {
        pupil: town.pupils.luca,
        person: town.people.paolo,
        role: "guardian",
        may_view: true,
        may_report_absences: true,
        may_pay: true,
        may_have_tax_papers: true,
        from_on: date(2024, 9, 1),
        to_on: None,
        restricted_from_on: from,
        restricted_to_on: to,
        restriction_act: act.map(str::to_owned),
    };
    let mut tx = town.db.begin().await.unwrap();
    load::guardians(&mut tx, &town.office(), vec![guardian]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_guardianship_counts_from_its_first_to_its_last_day() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let anna = town.ctx(town.people.anna);
        let mut tx = town.db.begin().await.unwrap();
        let ends = "update guardianship set from_on = $3, to_on = $3 where tenant_id = $1 and person_id = $2";
        tx.execute_one(ends, &[&town.tenant, &town.people.anna, &date(2026, 11, 23)]).await.unwrap();
        for (now, visible) in [
            ("2026-11-22T22:59:59Z", false),
            ("2026-11-22T23:00:00Z", true),
            ("2026-11-23T22:59:59Z", true),
            ("2026-11-23T23:00:00Z", false),
        ] {
            let then = anna.at(now.parse().unwrap());
            let found = get_visible_pupil(&mut tx, &then, town.pupils.luca, Right::View).await;
            assert_eq!(found.is_ok(), visible, "{now}");
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_is_nothing_to_anybody_is_told_so() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let mut tx = town.db.read().await.unwrap();
        let people = &town.people;
        for (person, related) in [
            (people.anna, true),
            (people.marco, true),
            (people.teresa, true),
            (people.elena, true),
            (people.business, true),
            (people.carla, false),
            (people.paolo, false),
            (people.sara, false),
            (PersonId(Uuid::nil()), false),
        ] {
            assert_eq!(has_any_relation(&mut tx, &town.ctx(person)).await.unwrap(), related);
        }
        assert!(!has_any_relation(&mut tx, &town.ctx_as(Actor::Anonymous)).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn the_record_tells_each_guardian_what_is_theirs_to_know() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let mut tx = town.db.read().await.unwrap();
        let record = pupil_record(&mut tx, &town.ctx(town.people.anna), town.pupils.luca).await.unwrap();
        assert_eq!((record.summary.class_label.as_deref(), record.summary.holder), (Some("3A"), true));
        assert_eq!(record.summary.site_name.as_deref(), Some("Primaria Collodi"));
        assert_eq!(record.enrolments.len(), 1);
        assert_eq!(record.badges[0].code, "0001001");
        assert!(record.holder.unwrap().fiscal_code.is_some());
        let record = pupil_record(&mut tx, &town.ctx(town.people.marco), town.pupils.luca).await.unwrap();
        let holder = record.holder.unwrap();
        assert_eq!(holder.full_name(), "Anna Bianchi");
        assert_eq!((holder.fiscal_code, holder.email, holder.address), (None, None, None), "a name and no more");
        let record = pupil_record(&mut tx, &town.ctx(town.people.teresa), town.pupils.luca).await.unwrap();
        let names: Vec<&str> = record.guardians.iter().map(|g| g.full_name.as_str()).collect();
        assert_eq!(names, ["Anna Bianchi", "Teresa Verdi"], "a helper is told of the holder only");
        let record = pupil_record(&mut tx, &town.ctx(town.people.elena), town.pupils.pietro).await.unwrap();
        let services: Vec<&str> = record.enrolments.iter().map(|e| e.service_name.as_str()).collect();
        assert_eq!(services, ["Pre-scuola", "Refezione scolastica"]);
        assert_eq!(record.enrolments[0].addressee_name, "Il Faro S.r.l.");
    })
    .await;
}

#[tokio::test]
async fn a_paper_is_for_whom_it_is_for() {
    on_both_engines(|db| async move {
        let town = TestTown::build(db).await;
        let people = &town.people;
        let mut tx = town.db.begin().await.unwrap();
        let paper = |key: &str, kind, person| NewAttachment {
            key: key.to_owned(),
            pupil: town.pupils.luca,
            person,
            kind,
            title: key.to_owned(),
            file_name: format!("{key}.pdf"),
            content_type: "application/pdf".to_owned(),
            content: key.as_bytes().to_vec(),
            issued_on: date(2026, 3, 1),
        };
        let papers = vec![
            paper("lettera", "letter", None),
            paper("anna", "tax_certificate", Some(people.anna)),
            paper("teresa", "tax_certificate", Some(people.teresa)),
            paper("nessuno", "tax_certificate", None),
        ];
        load::attachments(&mut tx, &town.office(), papers).await.unwrap();
        let ids = load::ids::<AttachmentId>(&mut tx, &town.office(), load::Keyed::Attachment).await.unwrap();
        // Teresa has a certificate in her name and no right to tax papers
        for (person, readable) in [
            (people.anna, vec!["anna", "lettera"]),
            (people.marco, vec!["lettera"]),
            (people.teresa, vec!["lettera"]),
            (people.paolo, vec![]),
            (people.elena, vec![]),
        ] {
            let ctx = town.ctx(person);
            for (key, id) in &ids {
                match get_attachment(&mut tx, &ctx, *id).await {
                    Ok(found) => assert!(readable.contains(&key.as_str()) && found.content == key.as_bytes(), "{key}"),
                    Err(Error::NotVisible) => assert!(!readable.contains(&key.as_str()), "{key}"),
                    Err(other) => panic!("{other}"),
                }
            }
            if let Ok(record) = pupil_record(&mut tx, &ctx, town.pupils.luca).await {
                let listed: Vec<&str> = record.attachments.iter().map(|a| a.title.as_str()).collect();
                assert_eq!(listed, readable, "tax certificates first");
            }
        }
    })
    .await;
}
