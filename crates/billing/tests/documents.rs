//! Documents, what is due of them, and who sees them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use billing::document::{self, DocumentFilter, DocumentSort, DocumentState, InstalmentState};
use billing::due::{self, DueState};
use billing::{Error, NewDocument};
use common::{Town, paid};
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::{Cents, Ctx, Day, DocumentId, Page};

/// STORICO DOCUMENTI CONTABILI, as the guide shows it: number, issued, amount, due.
const HISTORY: [(&str, Day, i64, Day); 9] = [
    ("120274", date(2021, 10, 21), 300, date(2021, 10, 21)),
    ("120273", date(2021, 10, 14), 5000, date(2021, 10, 14)),
    ("120272", date(2020, 9, 1), 1300, date(2020, 9, 30)),
    ("120234", date(2020, 5, 6), 4500, date(2020, 5, 31)),
    ("120196", date(2020, 4, 30), 4500, date(2020, 5, 30)),
    ("120039", date(2020, 4, 30), 4500, date(2020, 6, 30)),
    ("120158", date(2020, 4, 28), 4500, date(2020, 5, 29)),
    ("120001", date(2020, 4, 24), 5500, date(2020, 5, 31)),
    ("120077", date(2020, 2, 11), 4500, date(2020, 2, 28)),
];

/// The nine documents; those whose number is listed are unpaid, the others were paid with pagoPA when they were due.
fn history(town: &Town, unpaid: &[&str]) -> Vec<NewDocument> {
    let document = |(number, issued_on, amount, due_on): &(&str, Day, i64, Day)| {
        let mut new = town.document(number, *issued_on, &[(*due_on, *amount)]);
        if !unpaid.contains(number) {
            new.instalments[0].paid_elsewhere = paid(*amount, *due_on, "pagoPA");
        }
        new
    };
    HISTORY.iter().map(document).collect()
}

async fn issue_history(town: &Town, unpaid: &[&str]) {
    let mut tx = town.db.begin().await.unwrap();
    billing::issue_all(&mut tx, &town.system(), history(town, unpaid)).await.unwrap();
    tx.commit().await.unwrap();
}

async fn list(town: &Town, ctx: &Ctx, filter: DocumentFilter) -> document::DocumentList {
    let mut tx = town.db.read().await.unwrap();
    document::list_for(&mut tx, ctx, &filter).await.unwrap()
}

async fn detail(town: &Town, ctx: &Ctx, id: DocumentId) -> Result<document::DocumentDetail, Error> {
    let mut tx = town.db.read().await.unwrap();
    document::get(&mut tx, ctx, id).await
}

async fn dues(town: &Town, ctx: &Ctx) -> Vec<due::DueRow> {
    let mut tx = town.db.read().await.unwrap();
    due::list_for(&mut tx, ctx).await.unwrap()
}

#[tokio::test]
async fn the_history_of_the_guide_has_nine_documents_and_one_to_pay() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        issue_history(&town, &["120077"]).await;
        let all = list(&town, &town.as_person(town.mother), DocumentFilter::default()).await;
        assert_eq!((all.found.total, all.found.pages()), (9, 1));
        assert_eq!((all.totals.total, all.totals.to_pay, all.totals.paid), (Cents(34_600), Cents(4500), Cents(30_100)));
        let (first, last) = (&all.found.items[0], &all.found.items[8]);
        assert_eq!(
            (first.number.as_str(), first.pupil_name.as_str(), first.state),
            ("120274", "Belloni Elettra", DocumentState::Paid)
        );
        assert!(first.paid_with_pagopa && first.notice.is_none());
        assert_eq!((last.number.as_str(), last.to_pay, last.paid), ("120077", Cents(4500), Cents::ZERO));
        assert!(last.notice.is_some() && !last.paid_with_pagopa && last.is_overdue(date(2026, 11, 24)));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn the_payment_list_of_the_guide_has_five_rows_by_due_day() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        issue_history(&town, &["120272", "120039", "120234", "120196", "120158"]).await;
        let rows = dues(&town, &town.as_person(town.mother)).await;
        let numbers: Vec<_> = rows.iter().map(|row| (row.number.as_str(), row.instalment, row.amount.0)).collect();
        let expected = [("120158", 1, 4500), ("120196", 1, 4500), ("120234", 1, 4500), ("120039", 1, 4500), ("120272", 1, 1300)];
        assert_eq!(numbers, expected);
        assert_eq!(rows.iter().map(|row| row.amount).sum::<Cents>(), Cents(19_300));
        assert!(
            rows.iter()
                .all(|row| row.state == DueState::Payable && row.overdue_days > 2000 && row.pupil_name == "Belloni Elettra")
        );
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn documents_are_found_filtered_sorted_and_paged() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        issue_history(&town, &["120077", "120001"]).await;
        let parent = town.as_person(town.mother);
        let numbers = |l: document::DocumentList| l.found.items.into_iter().map(|r| r.number).collect::<Vec<_>>();
        let search = |text: &str| DocumentFilter { search: text.to_owned(), ..DocumentFilter::default() };
        assert_eq!(numbers(list(&town, &parent, search("20077")).await), ["120077"]);
        assert_eq!(list(&town, &parent, search("belloni ELETTRA")).await.found.total, 9);
        assert_eq!(list(&town, &parent, search("rossi")).await.found.total, 0);
        let to_pay = DocumentFilter { state: Some(DocumentState::ToPay), ..DocumentFilter::default() };
        assert_eq!(numbers(list(&town, &parent, to_pay).await), ["120001", "120077"]);
        let page = Page { number: 2, size: 4 };
        let by_total = DocumentFilter { sort: DocumentSort::Total, ascending: true, page, ..DocumentFilter::default() };
        let second = list(&town, &parent, by_total).await;
        assert_eq!((second.found.items.len(), second.found.total, second.totals.to_pay), (4, 9, Cents(10_000)));
        let school_year = Some(kernel::SchoolYear(2021));
        let year = list(&town, &parent, DocumentFilter { school_year, ..DocumentFilter::default() }).await;
        assert_eq!((year.found.total, year.school_years.len()), (2, 3));
        let pupil = Some(town.livio);
        assert_eq!(list(&town, &parent, DocumentFilter { pupil, ..DocumentFilter::default() }).await.found.total, 0);
    })
    .await;
}

#[tokio::test]
async fn a_document_is_for_its_holder_and_those_who_may_pay_and_for_nobody_else() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let id = town.issue(town.document("1", date(2026, 11, 2), &[(date(2026, 11, 30), 4500)])).await;
        for person in [town.mother, town.father] {
            assert_eq!(list(&town, &town.as_person(person), DocumentFilter::default()).await.found.total, 1);
            assert!(detail(&town, &town.as_person(person), id).await.is_ok());
        }
        let position = dues(&town, &town.as_person(town.mother)).await[0].position_id.unwrap();
        let mut outsiders = town.outsiders();
        outsiders.extend([town.as_person(town.aunt), town.as_person(town.uncle)]);
        for ctx in outsiders {
            assert!(matches!(detail(&town, &ctx, id).await, Err(Error::NotVisible)), "{:?}", ctx.actor);
            let mut tx = town.db.read().await.unwrap();
            assert!(matches!(billing::notice_paper(&mut tx, &ctx, position).await, Err(Error::NotVisible)));
            assert!(matches!(billing::receipt_paper(&mut tx, &ctx, position).await, Err(Error::NotVisible)));
            assert!(matches!(due::get_payable(&mut tx, &ctx, &[position]).await, Err(Error::NotVisible)));
            if ctx.actor.person().is_some() {
                assert!(document::list_for(&mut tx, &ctx, &DocumentFilter::default()).await.unwrap().found.items.is_empty());
            }
        }
        assert!(matches!(detail(&town, &town.as_person(town.mother), town.system().new_id()).await, Err(Error::NotVisible)));
    })
    .await;
}

#[tokio::test]
async fn a_right_over_one_child_is_none_over_the_other() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        town.issue(town.document("1", date(2026, 11, 2), &[(date(2026, 11, 30), 4500)])).await;
        let livios = town.document("2", date(2026, 11, 2), &[(date(2026, 11, 30), 4600)]);
        town.issue(NewDocument { pupil: Some(town.livio), ..livios }).await;
        let uncle = town.as_person(town.uncle);
        let numbers: Vec<_> = dues(&town, &uncle).await.into_iter().map(|row| row.number).collect();
        assert_eq!(numbers, ["2"]);
        assert_eq!(dues(&town, &town.as_person(town.father)).await.len(), 2);
        let mut tx = town.db.read().await.unwrap();
        assert_eq!(billing::account::wallets(&mut tx, &uncle).await.unwrap().len(), 1);
        assert!(billing::top_up::options(&mut tx, &uncle).await.unwrap().is_empty());
        assert_eq!(billing::top_up::options(&mut tx, &town.as_person(town.father)).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_business_has_its_own_documents_and_a_notice_in_its_vat_number() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let new = town.document("7", date(2026, 11, 2), &[(date(2026, 11, 30), 9900)]);
        town.issue(NewDocument { holder: town.business, pupil: None, ..new }).await;
        let business = town.as_person(town.business);
        let row = list(&town, &business, DocumentFilter::default()).await.found.items.remove(0);
        assert_eq!((row.pupil_name.as_str(), row.state), ("", DocumentState::ToPay));
        let mut tx = town.db.read().await.unwrap();
        let notice = billing::notice_paper(&mut tx, &business, row.notice.unwrap()).await.unwrap();
        assert_eq!((notice.position.debtor_code.as_str(), notice.amount), ("15376371009", Cents(9900)));
        assert_eq!(notice.document.unwrap().number, "7");
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_receipt_pays_an_instalment_and_a_short_one_leaves_the_rest() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let parent = town.as_person(town.mother);
        let parts = [(date(2026, 11, 10), 3000), (date(2026, 12, 10), 3001)];
        let id = town.issue(town.document("5", date(2026, 11, 2), &parts)).await;
        let rows = dues(&town, &parent).await;
        assert_eq!(rows.iter().map(|r| (r.instalment, r.of, r.overdue_days)).collect::<Vec<_>>(), [(1, 2, 14), (2, 2, 0)]);
        let (first, second) = (rows[0].position_id.unwrap(), rows[1].position_id.unwrap());
        town.pay(first, 1000, None).await;
        let partly = detail(&town, &parent, id).await.unwrap();
        assert_eq!((partly.row.state, partly.row.to_pay, partly.row.paid), (DocumentState::PartlyPaid, Cents(5001), Cents(1000)));
        assert_eq!((partly.row.notice, partly.row.due_on), (Some(first), date(2026, 11, 10)));
        town.pay(first, 2000, None).await;
        town.pay(second, 3001, None).await;
        let done = detail(&town, &parent, id).await.unwrap();
        assert_eq!((done.row.state, done.row.to_pay, done.row.receipt), (DocumentState::Paid, Cents::ZERO, Some(second)));
        assert!(done.instalments.iter().all(|i| i.state == InstalmentState::Paid && i.has_receipt));
        assert!(dues(&town, &parent).await.is_empty());
        let mut tx = town.db.read().await.unwrap();
        let paper = billing::receipt_paper(&mut tx, &parent, second).await.unwrap();
        assert_eq!((paper.receipt.amount, paper.document.unwrap().instalment), (Cents(3001), 2));
        let refused = billing::notice_paper(&mut tx, &parent, second).await;
        assert!(matches!(refused, Err(Error::Payments(payments::Error::AlreadyPaid))));
        drop(tx);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_document_taken_back_asks_nothing_and_leaves_the_ledger_as_before_it() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let parent = town.as_person(town.mother);
        let due = |month: i8| (date(2026, month, 10), 4500);
        let id = town.issue(town.document("8", date(2026, 9, 10), &[due(10), due(11)])).await;
        let before = detail(&town, &parent, id).await.unwrap();
        let notices: Vec<_> = before.instalments.iter().filter_map(|i| i.position_id).collect();
        let whole = before.whole.unwrap().id;
        for _ in 0..2 {
            let mut tx = town.db.begin().await.unwrap();
            billing::cancel(&mut tx, &town.system(), id, "doppio").await.unwrap();
            tx.commit().await.unwrap();
        }
        let after = detail(&town, &parent, id).await.unwrap();
        assert_eq!((after.row.state, after.row.to_pay, after.whole), (DocumentState::Cancelled, Cents::ZERO, None));
        assert!(dues(&town, &parent).await.is_empty());
        let mut tx = town.db.read().await.unwrap();
        for position in notices.into_iter().chain([whole]) {
            assert_eq!(payments::get(&mut tx, &town.system(), position).await.unwrap().state, payments::State::Cancelled);
        }
        let moved = "select count(*) from ledger_account where tenant_id = 1 and balance_cents <> 0";
        assert_eq!(tx.query_one(moved, &[]).await.unwrap().get::<i64>(0).unwrap(), 0);
        drop(tx);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_document_with_money_in_it_or_sent_to_enforcement_is_not_taken_back() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let parent = town.as_person(town.mother);
        let due = |month: i8| (date(2026, month, 10), 4500);
        let paid = town.issue(town.document("8", date(2026, 9, 10), &[due(10), due(11)])).await;
        let position = detail(&town, &parent, paid).await.unwrap().row.notice.unwrap();
        town.pay(position, 4500, None).await;
        let enforced = town.document("9", date(2026, 1, 10), &[(date(2026, 2, 10), 4500)]);
        let enforced = town.issue(NewDocument { enforced_on: Some(date(2026, 6, 1)), ..enforced }).await;
        let mut tx = town.db.begin().await.unwrap();
        let refused = billing::cancel(&mut tx, &town.system(), paid, "doppio").await;
        assert!(matches!(refused, Err(Error::Payments(payments::Error::AlreadyPaid))), "{refused:?}");
        let refused = billing::cancel(&mut tx, &town.system(), enforced, "doppio").await;
        assert!(matches!(refused, Err(Error::Enforced)), "{refused:?}");
        let missing = billing::cancel(&mut tx, &town.system(), town.system().new_id(), "doppio").await;
        assert!(matches!(missing, Err(Error::NotVisible)), "{missing:?}");
        tx.commit().await.unwrap();
        assert_eq!(detail(&town, &parent, paid).await.unwrap().row.state, DocumentState::PartlyPaid);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn what_is_sent_to_enforcement_is_shown_and_cannot_be_paid_here() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let parent = town.as_person(town.mother);
        let new = town.document("8", date(2026, 1, 10), &[(date(2026, 2, 10), 4500)]);
        town.issue(NewDocument { enforced_on: Some(date(2026, 6, 1)), ..new }).await;
        let later = town.issue(town.document("9", date(2026, 1, 11), &[(date(2026, 2, 11), 4600)])).await;
        let position = detail(&town, &parent, later).await.unwrap().row.notice.unwrap();
        let mut tx = town.db.begin().await.unwrap();
        billing::enforce(&mut tx, &town.system(), later, date(2026, 11, 20)).await.unwrap();
        assert!(matches!(billing::enforce(&mut tx, &town.system(), later, date(2026, 11, 21)).await, Err(Error::NotVisible)));
        tx.commit().await.unwrap();
        let rows = dues(&town, &parent).await;
        assert!(rows.len() == 2 && rows.iter().all(|row| row.state == DueState::Enforced && row.position_id.is_none()));
        let found =
            list(&town, &parent, DocumentFilter { state: Some(DocumentState::Enforced), ..DocumentFilter::default() }).await;
        assert!(found.found.total == 2 && found.found.items.iter().all(|row| row.is_enforced() && row.notice.is_none()));
        let mut tx = town.db.read().await.unwrap();
        assert!(matches!(due::get_payable(&mut tx, &parent, &[position]).await, Err(Error::Enforced)));
        assert!(matches!(billing::notice_paper(&mut tx, &parent, position).await, Err(Error::Enforced)));
        drop(tx);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn the_same_documents_again_change_nothing_and_bad_ones_are_refused() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        issue_history(&town, &["120077"]).await;
        issue_history(&town, &["120077"]).await;
        let parent = town.as_person(town.mother);
        assert_eq!(list(&town, &parent, DocumentFilter::default()).await.found.total, 9);
        let good = town.document("120077", date(2020, 2, 11), &[(date(2020, 2, 28), 4500)]);
        let other = town.document("120077", date(2020, 2, 11), &[(date(2020, 2, 28), 4501)]);
        let mut tx = town.db.begin().await.unwrap();
        assert!(matches!(billing::issue(&mut tx, &town.system(), other).await, Err(Error::SameKeyOtherContent(_))));
        let mut short = good.clone();
        short.instalments[0].amount = Cents(4499);
        let mut over = good.clone();
        over.instalments[0].paid_elsewhere = paid(4501, date(2020, 3, 1), "bonifico");
        let none = NewDocument { instalments: vec![], lines: vec![], ..good };
        for bad in [short, over, none] {
            assert!(matches!(billing::issue(&mut tx, &town.system(), bad).await, Err(Error::BadDocument { .. })));
        }
        drop(tx);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_document_in_instalments_may_be_paid_at_once_and_then_is_paid_in_each_of_them() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let parent = town.as_person(town.mother);
        let parts = [(date(2026, 11, 30), 3000), (date(2026, 12, 31), 3001)];
        let id = town.issue(town.document("5", date(2026, 11, 2), &parts)).await;
        let whole = detail(&town, &parent, id).await.unwrap().whole.unwrap();
        assert_eq!((whole.due(), whole.due_on), (Cents(6001), Some(date(2026, 11, 30))));
        let mut tx = town.db.read().await.unwrap();
        assert_eq!(due::get_payable(&mut tx, &parent, &[whole.id]).await.unwrap().len(), 1);
        let notice = billing::notice_paper(&mut tx, &parent, whole.id).await.unwrap();
        assert_eq!((notice.amount, notice.document.unwrap().number.as_str()), (Cents(6001), "5"));
        for outsider in town.outsiders() {
            assert!(matches!(due::get_payable(&mut tx, &outsider, &[whole.id]).await, Err(Error::NotVisible)));
            assert!(matches!(billing::notice_paper(&mut tx, &outsider, whole.id).await, Err(Error::NotVisible)));
        }
        drop(tx);
        assert_eq!(dues(&town, &parent).await.len(), 2, "what is due is listed by instalment, once");
        town.pay(whole.id, 6001, None).await;
        let done = detail(&town, &parent, id).await.unwrap();
        assert_eq!((done.row.state, done.row.to_pay, done.row.paid), (DocumentState::Paid, Cents::ZERO, Cents(6001)));
        assert!(done.whole.is_none() && done.row.notice.is_none());
        assert!(done.instalments.iter().all(|i| i.state == InstalmentState::Paid && i.has_receipt));
        let mut tx = town.db.read().await.unwrap();
        for part in &done.instalments {
            let paper = billing::receipt_paper(&mut tx, &parent, part.position_id.unwrap()).await.unwrap();
            assert_eq!(paper.receipt.amount, Cents(6001), "the receipt is the whole's");
        }
        town.clock.set(common::instant("2027-02-01T09:00:00Z"));
        let parent = town.as_person(town.mother);
        let certificate = billing::tax::certificate(&mut tx, &parent, town.elettra, 2026).await.unwrap();
        assert_eq!(certificate.traceable, Cents(6001));
        drop(tx);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_changed_instalment_keeps_its_notice_and_the_document_its_sum() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let parent = town.as_person(town.mother);
        let parts = [(date(2026, 11, 30), 3000), (date(2026, 12, 31), 3001)];
        let id = town.issue(town.document("5", date(2026, 11, 2), &parts)).await;
        let position = dues(&town, &parent).await[0].position_id.unwrap();
        for _ in 0..2 {
            let mut tx = town.db.begin().await.unwrap();
            let reason = "Tre pasti in meno".to_owned();
            let to = billing::InstalmentRevision { position, amount: Cents(1500), due_on: date(2026, 12, 10), reason };
            billing::revise(&mut tx, &town.system(), &to).await.unwrap();
            tx.commit().await.unwrap();
        }
        let changed = detail(&town, &parent, id).await.unwrap();
        assert_eq!((changed.row.total, changed.row.to_pay), (Cents(4501), Cents(4501)));
        assert_eq!(changed.lines.iter().map(|line| line.amount).sum::<Cents>(), changed.row.total);
        assert_eq!(changed.lines.last().unwrap().description, "Tre pasti in meno");
        assert_eq!(changed.whole.unwrap().due(), Cents(4501));
        let part = &changed.instalments[0];
        assert_eq!((part.position_id, part.amount, part.due_on), (Some(position), Cents(1500), date(2026, 12, 10)));
        town.check_ledger().await;
    })
    .await;
}
