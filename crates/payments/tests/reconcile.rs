//! Receipts beside settlement reports beside the cash journal, to the cent.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::*;
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{Cents, Day};
use ledger::AccountKind;
use pagopa::opi::{CashJournal, ProvisionalEntry};
use payments::receipt::{self, Recorded, Source};
use payments::reconcile::recovery::{self, Answered};
use payments::reconcile::{
    Imported, JournalError, JournalImported, ReportError, ReportRow, SettlementReport, TransferState, WorkLists, import_journal,
    import_report, read_journal, work_lists,
};
use payments::{Position, PositionKind, State};

const FLOW: &str = "2026-11-24PSP1-0001";

fn row(position: &Position, iur: &str, cents: i64, outcome: i64) -> ReportRow {
    let paid_on = date(2026, 11, 24);
    ReportRow { iuv: position.iuv.clone(), iur: iur.to_owned(), transfer_index: 1, amount: Cents(cents), outcome, paid_on }
}

fn report(rows: Vec<ReportRow>) -> SettlementReport {
    SettlementReport {
        flow_id: FLOW.to_owned(),
        revision: Some(1),
        flow_at: instant("2026-11-25T08:00:00Z"),
        psp_id: "PSP1".to_owned(),
        psp_name: "Banca di prova".to_owned(),
        receiver: Some(FISCAL_CODE.to_owned()),
        regulation_id: "TRN1".to_owned(),
        regulation_on: date(2026, 11, 25),
        count: rows.len() as u64,
        total: rows.iter().map(|r| r.amount).sum(),
        rows,
    }
}

async fn import(town: &Town, report: &SettlementReport) -> Result<Imported, ReportError> {
    let institution = town.institution().await;
    let mut tx = town.db.begin().await.unwrap();
    let imported = import_report(&mut tx, &town.ctx(), &institution, report, "file").await?;
    tx.commit().await.unwrap();
    Ok(imported)
}

async fn journal(town: &Town, lines: &[(i64, &str, &str)]) -> Result<JournalImported, JournalError> {
    let mut text = "numero;data;importo;ordinante;causale\n".to_owned();
    for (number, amount, reason) in lines {
        text.push_str(&format!("{number};26/11/2026;{amount};Banca di prova;{reason}\n"));
    }
    take_in(town, text.as_bytes()).await
}

async fn take_in(town: &Town, file: &[u8]) -> Result<JournalImported, JournalError> {
    let institution = town.institution().await;
    let mut tx = town.db.begin().await.unwrap();
    let imported = import_journal(&mut tx, &town.ctx(), &institution, &read_journal(file)?).await?;
    tx.commit().await.unwrap();
    Ok(imported)
}

/// The journal as the treasurer's XML: number, cents, reason, whether it was taken back.
fn opi(fiscal_code: &str, entries: &[(u64, i64, &str, bool)]) -> Vec<u8> {
    let entry = |(number, amount_cents, reason, is_reversal): &(u64, i64, &str, bool)| ProvisionalEntry {
        year: 2026,
        number: *number,
        amount_cents: *amount_cents,
        booked_on: date(2026, 11, 26),
        payer: "Banca di prova".to_owned(),
        reason: (*reason).to_owned(),
        is_reversal: *is_reversal,
    };
    let journal = CashJournal {
        fiscal_code: Some(fiscal_code.to_owned()),
        entries: entries.iter().map(entry).collect(),
        ..CashJournal::default()
    };
    pagopa::opi::write_file(&journal).into_bytes()
}

async fn lists(town: &Town) -> WorkLists {
    let mut tx = town.db.read().await.unwrap();
    work_lists(&mut tx, &town.ctx()).await.unwrap()
}

fn states(lists: &WorkLists) -> Vec<(TransferState, i64)> {
    lists.transfers.iter().map(|(state, _, amount)| (*state, amount.0)).collect()
}

async fn paid(town: &Town, n: u32) -> Position {
    let position = town.position(&format!("instalment:{n}"), PositionKind::Instalment, 4500).await;
    town.record(&receipt(&format!("r{n}"), position.notice_number, 4500)).await;
    position
}

#[tokio::test]
async fn money_goes_from_paid_to_reported_to_settled_and_to_the_treasury() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let (one, two) = (paid(&town, 1).await, paid(&town, 2).await);
        assert_eq!(states(&lists(&town).await), [(TransferState::Paid, 9000)]);
        town.clock.set(instant("2026-11-26T09:00:00Z"));
        let both = report(vec![row(&one, "r1", 4500, 0), row(&two, "r2", 4500, 0)]);
        assert_eq!(import(&town, &both).await.unwrap(), Imported::New { revision: 1, matched: 2, without_receipt: 0 });
        assert_eq!(import(&town, &both).await.unwrap(), Imported::Known { revision: 1 });
        let reported = lists(&town).await;
        assert_eq!(states(&reported), [(TransferState::Reported, 9000)]);
        assert_eq!(reported.not_arrived.iter().map(|l| l.amount.0).sum::<i64>(), 9000);
        let text = format!("/PUR/LGPE-RIVERSAMENTO/URI/{FLOW}");
        let lines = [(1, "90,00", text.as_str()), (2, "12,00", "affitto palestra")];
        let first = JournalImported { new: 2, settled: 1, without_flow: 1, ..JournalImported::default() };
        assert_eq!(journal(&town, &lines).await.unwrap(), first);
        let again = JournalImported { known: 2, without_flow: 1, ..JournalImported::default() };
        assert_eq!(journal(&town, &lines).await.unwrap(), again);
        let settled = lists(&town).await;
        assert!(settled.is_empty(), "{settled:?}");
        assert_eq!(states(&settled), [(TransferState::Settled, 9000)]);
        assert_eq!((settled.clearing, settled.treasury), (Cents::ZERO, Cents(9000)));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_report_whose_totals_or_receiver_are_wrong_is_refused_whole() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let one = paid(&town, 1).await;
        let good = report(vec![row(&one, "r1", 4500, 0)]);
        let bad = [
            SettlementReport { total: Cents(4501), ..good.clone() },
            SettlementReport { count: 2, ..good.clone() },
            SettlementReport { receiver: Some(OTHER_FISCAL_CODE.to_owned()), ..good.clone() },
        ];
        for report in bad {
            assert!(import(&town, &report).await.is_err());
        }
        assert_eq!(town.count("select count(*) from settlement_report").await, 0);
        assert_eq!(states(&lists(&town).await), [(TransferState::Paid, 4500)]);
        import(&town, &good).await.unwrap();
        let other = SettlementReport { total: Cents(4400), rows: vec![row(&one, "r1", 4400, 0)], ..good };
        assert!(matches!(import(&town, &other).await, Err(ReportError::OtherContent { .. })));
    })
    .await;
}

#[tokio::test]
async fn the_highest_revision_counts_in_whatever_order_they_come() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let (one, two) = (paid(&town, 1).await, paid(&town, 2).await);
        let first = report(vec![row(&one, "r1", 4500, 0)]);
        let second = SettlementReport { revision: Some(2), ..report(vec![row(&one, "r1", 4500, 0), row(&two, "r2", 4500, 0)]) };
        import(&town, &second).await.unwrap();
        assert_eq!(import(&town, &first).await.unwrap(), Imported::Outdated { revision: 1 });
        assert_eq!(states(&lists(&town).await), [(TransferState::Reported, 9000)]);
        // as files, which carry no revision: the later moment is the later one
        let third = SettlementReport {
            revision: None,
            flow_at: instant("2026-11-25T12:00:00Z"),
            ..report(vec![row(&two, "r2", 4500, 0)])
        };
        assert_eq!(import(&town, &third).await.unwrap(), Imported::New { revision: 3, matched: 1, without_receipt: 0 });
        assert_eq!(import(&town, &third).await.unwrap(), Imported::Known { revision: 3 });
        assert_eq!(states(&lists(&town).await), [(TransferState::Reported, 9000)], "what was reported stays so");
        assert_eq!(lists(&town).await.not_arrived.len(), 1, "a flow is one transfer of money, whatever its revisions");
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn govpay_751_paid_seen_only_in_the_report_is_paid_for_the_citizen() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        town.clock.set(instant("2026-11-26T09:00:00Z"));
        for (n, outcome) in [(1_u32, 0), (2, 4), (3, 8), (4, 9)] {
            let position = town.position(&format!("instalment:{n}"), PositionKind::Instalment, 4500).await;
            let flow_id = format!("2026-11-24PSP1-{n}");
            let rows = vec![row(&position, &format!("iur{n}"), 4500, outcome)];
            let imported = import(&town, &SettlementReport { flow_id, ..report(rows) }).await.unwrap();
            assert_eq!(imported, Imported::New { revision: 1, matched: 0, without_receipt: 1 });
            let after = town.again(&position).await;
            assert_eq!((after.state, after.paid_at), (State::Paid, Some(instant("2026-11-24T11:00:00Z"))));
        }
        let waiting = lists(&town).await;
        assert_eq!((waiting.no_receipt.len(), states(&waiting)), (4, vec![(TransferState::Reported, 18000)]));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn govpay_750_a_receipt_after_its_report_brings_the_paper_and_moves_nothing_back() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        town.clock.set(instant("2026-11-26T09:00:00Z"));
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        import(&town, &report(vec![row(&position, "late", 4500, 0)])).await.unwrap();
        let paid = town.again(&position).await;
        let late = receipt("late", position.notice_number, 4500);
        assert!(matches!(town.record(&late).await, Recorded::New { .. }));
        assert_eq!(town.record(&late).await, Recorded::Duplicate);
        assert_eq!(town.again(&position).await, paid);
        assert_eq!(town.balance(AccountKind::Receivable, "instalment:1").await, Cents(4500));
        assert_eq!(town.count("select count(*) from payment_receipt").await, 1);
        let mut tx = town.db.read().await.unwrap();
        let kept = receipt::get_for_position(&mut tx, &town.ctx(), position.id).await.unwrap().unwrap();
        assert_eq!((kept.source, kept.fee, kept.psp_name.as_str()), (Source::Node, Some(Cents(100)), "Banca di prova"));
        assert_eq!(receipt::raw_xml(&mut tx, &town.ctx(), kept.id).await.unwrap().as_deref(), Some("<raw/>"));
        let after = lists(&town).await;
        assert_eq!((after.no_receipt.len(), states(&after)), (0, vec![(TransferState::Reported, 4500)]));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn what_does_not_agree_stands_on_its_list_with_its_cents() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let (one, two, three) = (paid(&town, 1).await, paid(&town, 2).await, paid(&town, 3).await);
        town.clock.set(instant("2026-11-26T09:00:00Z"));
        let stranger = ReportRow { iuv: "RF18539007547034".to_owned(), ..row(&one, "stranger", 700, 0) };
        let rows = vec![row(&one, "r1", 4400, 0), row(&two, "r2", 4500, 3), stranger];
        import(&town, &report(rows)).await.unwrap();
        let text = format!("/URI/{FLOW}");
        journal(&town, &[(1, "95,00", &text), (2, "10,00", "/URI/2026-11-24ALTRO-1")]).await.unwrap();
        let now = lists(&town).await;
        assert_eq!(now.amount_differs.iter().map(|l| (l.what.as_str(), l.amount.0)).collect::<Vec<_>>(), [("r1", -100)]);
        let not_booked: Vec<_> = now.not_booked.iter().map(|l| (l.what.as_str(), l.amount.0)).collect();
        assert_eq!(not_booked, [("r2", 4500), ("stranger", 700)]);
        assert_eq!(now.not_arrived.iter().map(|l| (l.what.as_str(), l.amount.0)).collect::<Vec<_>>(), [(FLOW, 100)]);
        assert_eq!(now.no_report.iter().map(|l| (l.what.as_str(), l.amount.0)).collect::<Vec<_>>(), [("2026/2", 1000)]);
        assert!(now.not_reported.is_empty(), "two days are no delay");
        town.clock.set(instant("2026-12-01T09:00:00Z"));
        let later = lists(&town).await;
        let ages: Vec<(&str, i64)> = later.not_reported.iter().map(|l| (l.what.as_str(), l.age)).collect();
        assert_eq!(ages, [("r2", 7), ("r3", 7)]);
        assert_eq!(town.again(&three).await.state, State::Paid);
        journal(&town, &[(3, "1,00", &text)]).await.unwrap();
        assert!(lists(&town).await.not_arrived.is_empty(), "two sums of one flow are added up");
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_journal_line_under_a_known_number_with_other_content_refuses_the_file() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        journal(&town, &[(1, "10,00", "affitto")]).await.unwrap();
        let refused = journal(&town, &[(2, "20,00", "altro"), (1, "10,01", "affitto")]).await.unwrap_err();
        assert!(matches!(refused, JournalError::Row { row: 3, .. }), "{refused}");
        assert_eq!(town.count("select count(*) from treasury_entry").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_xml_of_siope_settles_like_the_csv_and_both_know_each_others_lines() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let one = paid(&town, 1).await;
        town.clock.set(instant("2026-11-26T09:00:00Z"));
        import(&town, &report(vec![row(&one, "r1", 4500, 0)])).await.unwrap();
        let text = format!("/PUR/LGPE-RIVERSAMENTO/URI/{FLOW}");
        let lines = [(1, 4500, text.as_str(), false), (2, 1200, "affitto palestra", false)];
        let done = JournalImported { new: 2, settled: 1, without_flow: 1, ..JournalImported::default() };
        assert_eq!(take_in(&town, &opi(FISCAL_CODE, &lines)).await.unwrap(), done);
        let again = JournalImported { known: 2, without_flow: 1, ..JournalImported::default() };
        assert_eq!(take_in(&town, &opi(FISCAL_CODE, &lines)).await.unwrap(), again);
        assert_eq!(journal(&town, &[(1, "45,00", &text), (2, "12,00", "affitto palestra")]).await.unwrap(), again);
        assert!(lists(&town).await.is_empty());
        let other = take_in(&town, &opi(OTHER_FISCAL_CODE, &[(9, 100, "x", false)])).await;
        assert!(matches!(other, Err(JournalError::OtherBody(_))));
        let changed = take_in(&town, &opi(FISCAL_CODE, &[(9, 100, "x", false), (1, 4501, &text, false)])).await;
        assert!(matches!(changed, Err(JournalError::Entry { entry: 2, .. })), "{changed:?}");
        assert_eq!(town.count("select count(*) from treasury_entry").await, 2, "a refused file leaves nothing");
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn money_the_treasurer_takes_back_is_missing_again_until_it_comes_again() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let one = paid(&town, 1).await;
        town.clock.set(instant("2026-11-26T09:00:00Z"));
        import(&town, &report(vec![row(&one, "r1", 4500, 0)])).await.unwrap();
        let text = format!("/URI/{FLOW}");
        take_in(&town, &opi(FISCAL_CODE, &[(1, 4500, &text, false)])).await.unwrap();
        let back = opi(FISCAL_CODE, &[(1, 4500, "storno per errore", true)]);
        let done = JournalImported { new: 1, taken_back: 1, ..JournalImported::default() };
        assert_eq!(take_in(&town, &back).await.unwrap(), done);
        assert_eq!(take_in(&town, &back).await.unwrap().known, 1);
        let missing: Vec<_> = lists(&town).await.not_arrived.iter().map(|l| (l.what.clone(), l.amount.0)).collect();
        assert_eq!(missing, [(FLOW.to_owned(), 4500)]);
        take_in(&town, &opi(FISCAL_CODE, &[(7, 4500, &text, false)])).await.unwrap();
        let settled = lists(&town).await;
        assert!(settled.is_empty(), "{settled:?}");
        assert_eq!((states(&settled), settled.treasury), (vec![(TransferState::Settled, 4500)], Cents(4500)));
        let more = take_in(&town, &opi(FISCAL_CODE, &[(7, 4501, "storno", true)])).await;
        assert!(matches!(more, Err(JournalError::Entry { entry: 1, .. })), "{more:?}");
        let unknown = take_in(&town, &opi(FISCAL_CODE, &[(99, 100, "storno", true)])).await.unwrap();
        assert_eq!((unknown.new, unknown.without_flow), (1, 1), "an entry of before the first journal");
        town.check_ledger().await;
    })
    .await;
}

async fn ask(town: &Town) -> Vec<recovery::Missing> {
    let mut tx = town.db.begin().await.unwrap();
    let missing = recovery::next(&mut tx, &town.ctx()).await.unwrap();
    tx.commit().await.unwrap();
    missing
}

#[tokio::test]
async fn govpay_844_missing_receipts_are_asked_for_ten_an_hour_and_once_a_day_each() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        town.clock.set(instant("2026-11-26T09:00:00Z"));
        let day: Day = date(2026, 11, 24);
        let mut rows = Vec::new();
        for n in 0..12 {
            let position = town.position(&format!("instalment:{n}"), PositionKind::Instalment, 100).await;
            rows.push(ReportRow { paid_on: day, ..row(&position, &format!("iur{n:02}"), 100, 0) });
        }
        assert!(ask(&town).await.is_empty(), "nothing is asked before a report shows it");
        import(&town, &report(rows)).await.unwrap();
        let first = ask(&town).await;
        assert_eq!(first.len(), 10);
        assert!(ask(&town).await.is_empty(), "the hour's calls are spent");
        let mut tx = town.db.begin().await.unwrap();
        recovery::answered(&mut tx, &town.ctx(), &first[0], Answered::Missing).await.unwrap();
        tx.commit().await.unwrap();
        town.clock.set(instant("2026-11-26T10:00:01Z"));
        let rest = ask(&town).await;
        assert_eq!(rest.len(), 2);
        assert!(rest.iter().all(|m| first.iter().all(|f| f.iur != m.iur)), "one that was asked for waits a day");
        town.clock.set(instant("2026-11-27T10:00:02Z"));
        assert_eq!(ask(&town).await.len(), 10, "a day later they may be asked for again");
    })
    .await;
}
