mod common;

use common::{change, ctx, load, rows, town};
use db::testing::on_both_engines;
use import::Mode;
use kernel::{Cents, Ctx};

#[tokio::test]
async fn a_good_folder_is_loaded_once_and_changes_nothing_again() {
    on_both_engines(|db| async move {
        let folder = town();
        let report = load(&db, folder.path(), Mode::Apply).await;
        assert_eq!((report.bad.len(), report.written, report.files.len()), (0, true, 26), "{report}");
        let before = rows(&db).await;
        let again = load(&db, folder.path(), Mode::Apply).await;
        assert!(again.nothing_new() && again.written, "{again}");
        assert_eq!(again.rows(), report.rows());
        let after = rows(&db).await;
        assert_eq!(before[..8], after[..8]);
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_says_the_same_and_writes_nothing() {
    on_both_engines(|db| async move {
        let folder = town();
        let dry = load(&db, folder.path(), Mode::DryRun).await;
        assert!(dry.bad.is_empty() && !dry.written, "{dry}");
        assert_eq!(rows(&db).await, [0; 9]);
        assert_eq!(load(&db, folder.path(), Mode::Apply).await.files, dry.files);
    })
    .await;
}

#[tokio::test]
async fn the_money_of_a_folder_is_in_the_ledger_to_the_cent() {
    on_both_engines(|db| async move {
        let tenant = load(&db, town().path(), Mode::Apply).await.tenant.unwrap();
        let ctx = Ctx { tenant, ..ctx() };
        let mut tx = db.read().await.unwrap();
        ledger::verify(&mut tx, tenant).await.unwrap();
        ledger::check_balanced(&mut tx, tenant).await.unwrap();
        let sql = "select kind, cast(sum(balance_cents) as bigint) from ledger_account where tenant_id = $1 group by kind order by kind";
        let sums: Vec<(String, i64)> =
            tx.query(sql, &[&tenant]).await.unwrap().iter().map(|r| (r.get(0).unwrap(), r.get(1).unwrap())).collect();
        let of = |kind: &str| sums.iter().find(|(k, _)| k == kind).map(|(_, sum)| *sum);
        // -2,00 + 50,00 - 2,30 + 1,00; and of 9,20 asked 5,00 was paid
        assert_eq!((of("wallet"), of("receivable")), (Some(4670), Some(-420)));
        let sql = "select day, amount_cents, badge_id is null, document_id is null from meal_charge where tenant_id = $1 order by amount_cents, day";
        let charges = tx.query(sql, &[&tenant]).await.unwrap();
        let amounts: Vec<Cents> = charges.iter().map(|row| row.get(1).unwrap()).collect();
        assert_eq!(amounts, [Cents(230), Cents(460), Cents(460)]);
        let positions = tx.query("select amount_cents from debt_position where tenant_id = $1", &[&ctx.tenant]).await.unwrap();
        assert_eq!(positions.iter().map(|row| row.get::<i64>(0).unwrap()).collect::<Vec<_>>(), [420]);
    })
    .await;
}

#[tokio::test]
async fn the_registry_may_change_and_the_report_says_so() {
    on_both_engines(|db| async move {
        let folder = town();
        load(&db, folder.path(), Mode::Apply).await;
        change(folder.path(), "persone.csv", "mario@posta.example", "m.rossi@posta.example");
        change(folder.path(), "regole_tariffa.csv", "4,60", "4,70");
        change(folder.path(), "causali.csv", "25,00;;;alunno", "27,50;;;alunno");
        let report = load(&db, folder.path(), Mode::Apply).await;
        let updated: Vec<_> =
            report.files.iter().filter(|(_, c)| c.updated > 0).map(|(file, c)| (*file, c.updated, c.inserted)).collect();
        assert_eq!(
            updated,
            [("persone.csv", 1, 0), ("tariffe.csv", 1, 0), ("regole_tariffa.csv", 3, 0), ("causali.csv", 1, 0)],
            "{report}"
        );
    })
    .await;
}

#[tokio::test]
async fn history_may_not_change() {
    on_both_engines(|db| async move {
        let folder = town();
        load(&db, folder.path(), Mode::Apply).await;
        let before = rows(&db).await;
        for (file, from, to, row, word) in [
            ("documenti.csv", "Refezione ottobre", "Refezione novembre", 2, "storna"),
            ("rate.csv", "31/12/2026", "31/01/2027", 2, "storna"),
            ("rate.csv", "4,20;;;", "4,20;1,00;20/11/2026;Contanti", 2, "storna"),
            ("movimenti.csv", "ricarica;50,00", "ricarica;60,00", 3, "rettifica"),
            ("movimenti.csv", "05/10/2026;pasto;-2,30", "05/10/2026;pasto;-2,40", 4, "rettifica"),
            ("presenze.csv", "A2;MENSA;05/10/2026;presente;4,60;F1", "A2;MENSA;05/10/2026;presente;4,70;F1", 4, "altro importo"),
            ("presenze.csv", "A1;MENSA;05/10/2026;presente", "A1;MENSA;05/10/2026;assente", 2, "non può diventare"),
            ("comune.csv", "Comune di Prova", "Comune Provato", 2, "altri dati"),
        ] {
            let folder = town();
            change(folder.path(), file, from, to);
            let report = load(&db, folder.path(), Mode::Apply).await;
            let bad: Vec<_> = report.bad.iter().map(|b| (b.row, b.reason.contains(word))).collect();
            assert!(!report.written && bad == [(row, true)], "{file} {from}: {report}");
        }
        assert_eq!(rows(&db).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_document_may_go_to_enforcement_later() {
    on_both_engines(|db| async move {
        let folder = town();
        load(&db, folder.path(), Mode::Apply).await;
        change(folder.path(), "documenti.csv", "G2;A2;MENSA;", "G2;A2;MENSA;24/11/2026");
        let report = load(&db, folder.path(), Mode::Apply).await;
        assert!(report.written && report.files.iter().any(|(f, c)| *f == "documenti.csv" && c.updated == 1), "{report}");
        let mut tx = db.read().await.unwrap();
        let state: String = tx.query_one("select state from debt_position", &[]).await.unwrap().get(0).unwrap();
        assert_eq!(state, "cancelled");
    })
    .await;
}

#[tokio::test]
async fn windows_1252_and_commas_are_the_same_folder() {
    on_both_engines(|db| async move {
        load(&db, town().path(), Mode::Apply).await;
        let folder = town();
        let path = folder.path().join("persone.csv");
        let text = std::fs::read_to_string(&path).unwrap().replace(';', ",");
        let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        assert!(std::str::from_utf8(&bytes).is_err(), "the file has letters that are not UTF-8 now");
        std::fs::write(&path, bytes).unwrap();
        let utf8 = folder.path().join("alunni.csv");
        let text = format!("\u{feff}{}", std::fs::read_to_string(&utf8).unwrap().replace('\n', "\r\n"));
        std::fs::write(&utf8, text).unwrap();
        let report = load(&db, folder.path(), Mode::Apply).await;
        assert!(report.nothing_new(), "{report}");
    })
    .await;
}

#[tokio::test]
async fn a_folder_without_its_comune_needs_one_named() {
    on_both_engines(|db| async move {
        let folder = town();
        std::fs::remove_file(folder.path().join("comune.csv")).unwrap();
        let vault = db::vault::Vault::from_key([3; 32]);
        let refused = import::run(&db, &ctx(), &vault, folder.path(), Mode::Apply).await;
        assert!(matches!(refused, Err(import::Error::NoTenant)));
        let tenant = load(&db, town().path(), Mode::Apply).await.tenant.unwrap();
        let ctx = Ctx { tenant, ..ctx() };
        let report = import::run(&db, &ctx, &vault, folder.path(), Mode::Apply).await.unwrap();
        assert!(report.nothing_new() && report.tenant == Some(tenant));
    })
    .await;
}

#[tokio::test]
async fn a_coat_of_arms_comes_with_the_folder_and_a_bad_one_keeps_all_of_it_out() {
    on_both_engines(|db| async move {
        let folder = town();
        let arms = |inside: &str| {
            let svg = format!("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'>{inside}</svg>");
            std::fs::write(folder.path().join("stemma.svg"), svg).unwrap();
        };
        arms("<script>alert(1)</script>");
        let refused = load(&db, folder.path(), Mode::Apply).await;
        let said: Vec<String> = refused.bad.iter().map(ToString::to_string).collect();
        assert_eq!(said, ["stemma.svg, riga 1: l'elemento <script> non è ammesso: solo forme e sfumature"]);
        assert_eq!(rows(&db).await, [0; 9]);
        arms("<path d='M0 0h9v9z'/>");
        let loaded = load(&db, folder.path(), Mode::Apply).await;
        assert!(loaded.written, "{loaded}");
        assert!(load(&db, folder.path(), Mode::Apply).await.nothing_new());
        let tenant = enrolment::tenant::find(&mut db.read().await.unwrap(), loaded.tenant.unwrap()).await.unwrap().unwrap();
        assert!(tenant.arms.is_some());
    })
    .await;
}
