//! Positions get numbers once, and are cancelled only while nothing came for them.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::HashSet;

use common::*;
use db::testing::on_both_engines;
use jiff::civil::date;
use kernel::Cents;
use ledger::AccountKind;
use pagopa::FaultCode;
use payments::notice::{self, NoticeState};
use payments::{Error, NewPosition, PositionKind, State};

#[tokio::test]
async fn an_origin_asks_once_and_gets_the_same_number_again() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let first = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        assert!(first.notice_number.has_valid_check());
        assert_eq!(first.notice_number.as_str(), "301260000000000173");
        assert_eq!(town.position("instalment:1", PositionKind::Instalment, 4500).await, first);
        let mut tx = town.db.begin().await.unwrap();
        let other = town.asked("instalment:1", PositionKind::Instalment, 4600, first.credit_account);
        assert!(matches!(payments::open(&mut tx, &town.ctx(), other).await, Err(Error::SameOriginOtherContent(_))));
    })
    .await;
}

#[tokio::test]
async fn many_are_opened_in_order_with_numbers_of_their_own() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let account = town.account(AccountKind::Wallet, "badge").await;
        let new: Vec<NewPosition> =
            (0..1200).map(|i| town.asked(&format!("top_up:{i}"), PositionKind::TopUp, i + 1, account)).collect();
        let mut tx = town.db.begin().await.unwrap();
        let opened = payments::open_all(&mut tx, &town.ctx(), new).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(opened.iter().map(|p| p.amount.0).collect::<Vec<_>>(), (1..=1200).collect::<Vec<_>>());
        assert_eq!(opened.iter().map(|p| p.notice_number).collect::<HashSet<_>>().len(), 1200);
    })
    .await;
}

#[tokio::test]
async fn debts_of_nothing_or_without_words_are_refused() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let account = town.account(AccountKind::Wallet, "badge").await;
        let asked = |cents| town.asked("top_up:1", PositionKind::TopUp, cents, account);
        let mut tx = town.db.begin().await.unwrap();
        for new in [asked(0), asked(-1), NewPosition { description: " ".to_owned(), ..asked(1) }] {
            assert!(matches!(payments::open(&mut tx, &town.ctx(), new).await, Err(Error::Malformed(_))));
        }
    })
    .await;
}

#[tokio::test]
async fn a_number_is_never_given_again_after_a_cancellation() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let first = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let mut tx = town.db.begin().await.unwrap();
        let cancelled = payments::cancel(&mut tx, &town.ctx(), first.id).await.unwrap();
        assert_eq!((cancelled.state, cancelled.due()), (State::Cancelled, Cents::ZERO));
        assert_eq!(payments::cancel(&mut tx, &town.ctx(), first.id).await.unwrap(), cancelled);
        tx.commit().await.unwrap();
        assert_ne!(town.position("instalment:2", PositionKind::Instalment, 4500).await.notice_number, first.notice_number);
    })
    .await;
}

#[tokio::test]
async fn what_money_reached_is_not_cancelled() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        for (origin, paid) in [("instalment:1", 4500), ("instalment:2", 100)] {
            let position = town.position(origin, PositionKind::Instalment, 4500).await;
            town.record(&receipt(origin, position.notice_number, paid)).await;
            let mut tx = town.db.begin().await.unwrap();
            assert!(matches!(payments::cancel(&mut tx, &town.ctx(), position.id).await, Err(Error::AlreadyPaid)));
        }
    })
    .await;
}

#[tokio::test]
async fn the_node_hears_what_stands_under_a_number() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let open = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        let paid = town.position("instalment:2", PositionKind::Instalment, 4500).await;
        let gone = town.position("instalment:3", PositionKind::Instalment, 4500).await;
        town.record(&receipt("r", paid.notice_number, 4500)).await;
        let mut tx = town.db.begin().await.unwrap();
        payments::cancel(&mut tx, &town.ctx(), gone.id).await.unwrap();
        tx.commit().await.unwrap();
        let unknown = "302000600008408304".parse().unwrap();
        let numbers = [open.notice_number, paid.notice_number, gone.notice_number, unknown];
        let mut tx = town.db.read_once().await.unwrap();
        let notices = notice::ask(&mut tx, FISCAL_CODE, &numbers).await.unwrap().unwrap();
        for (number, expected) in [
            (open.notice_number, None),
            (paid.notice_number, Some(FaultCode::PagamentoDuplicato)),
            (gone.notice_number, Some(FaultCode::PagamentoAnnullato)),
            (unknown, Some(FaultCode::PagamentoSconosciuto)),
        ] {
            assert_eq!(notices.payable(number, town.ctx().now).err(), expected);
        }
    })
    .await;
}

#[tokio::test]
async fn a_late_notice_is_payable_only_where_the_tenant_says_so() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let mut institution = town.institution().await;
        let account = town.account(AccountKind::Receivable, "late").await;
        let due_on = Some(date(2026, 11, 23));
        let late = NewPosition { due_on, ..town.asked("instalment:1", PositionKind::Instalment, 4500, account) };
        let mut tx = town.db.begin().await.unwrap();
        let late = payments::open(&mut tx, &town.ctx(), late).await.unwrap();
        for (accepts_after_due, at, is_payable) in
            [(true, "2026-11-24T09:00:00Z", true), (false, "2026-11-24T09:00:00Z", false), (false, "2026-11-23T22:59:59Z", true)]
        {
            institution.pagopa.accepts_after_due = accepts_after_due;
            payments::settings::insert(&mut tx, &institution.pagopa).await.unwrap();
            let notices = notice::ask(&mut tx, FISCAL_CODE, &[late.notice_number]).await.unwrap().unwrap();
            let state = notices.state(late.notice_number, instant(at));
            assert_eq!(matches!(state, NoticeState::Payable(_)), is_payable, "{accepts_after_due} {at}");
            assert_eq!(state == NoticeState::Expired, !is_payable);
            let listed = notice::list_for_test_node(&mut tx, State::Payable, 10, instant(at)).await.unwrap();
            assert_eq!(listed.len(), usize::from(is_payable), "what is closed is not listed to be tried");
        }
    })
    .await;
}

#[tokio::test]
async fn the_answers_to_the_node_follow_its_schema() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let mut institution = town.institution().await;
        let position = town.position("instalment:1", PositionKind::Instalment, 4500).await;
        institution.pagopa.postal_iban = Some("IT51X0760103200000001234567".to_owned());
        for transfer_type in [None, Some(pagopa::TransferType::Pagopa), Some(pagopa::TransferType::Postal)] {
            let payment = notice::payment(&institution, &position, transfer_type);
            let is_postal =
                payment.transfers[0].destination == pagopa::Destination::Iban("IT51X0760103200000001234567".to_owned());
            assert_eq!(is_postal, transfer_type == Some(pagopa::TransferType::Postal));
            assert_eq!(payment.transfers[0].metadata.is_empty(), transfer_type != Some(pagopa::TransferType::Pagopa));
            for version in [pagopa::Version::V1, pagopa::Version::V2] {
                pagopa::Response::Payment(version, Ok(Box::new(payment.clone()))).encode().unwrap();
            }
        }
        pagopa::Response::Verify(Ok(notice::summary(&institution, &position))).encode().unwrap();
    })
    .await;
}
