//! Whole or parts: one debt is paid one way.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use common::*;
use db::testing::on_both_engines;
use kernel::Cents;
use ledger::AccountKind;
use pagopa::FaultCode;
use payments::cart::{self, PrepareRequest};
use payments::receipt::{self, Outcome, Recorded};
use payments::{Error, Position, Revision, State, notice};

async fn pay(town: &Town, id: &str, position: &Position, cents: i64) -> Outcome {
    match town.record(&receipt(id, position.notice_number, cents)).await {
        Recorded::New { outcome, .. } => outcome,
        Recorded::Duplicate => panic!("{id} was taken for one that is here"),
    }
}

async fn fault(town: &Town, position: &Position) -> Option<FaultCode> {
    let mut tx = town.db.read_once().await.unwrap();
    let notices = notice::ask(&mut tx, FISCAL_CODE, &[position.notice_number]).await.unwrap().unwrap();
    notices.payable(position.notice_number, town.ctx().now).err()
}

#[tokio::test]
async fn a_whole_asks_what_its_parts_ask_and_is_due_with_the_first() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let (whole, one, two) = town.choice("d").await;
        assert_eq!((whole.amount, whole.due_on), (one.amount + two.amount, one.due_on));
        for position in [&whole, &one, &two] {
            assert_eq!(fault(&town, position).await, None);
        }
        let numbers = [&whole, &one, &two].map(|p| p.notice_number);
        assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2]);
    })
    .await;
}

#[tokio::test]
async fn paying_the_whole_closes_its_parts_and_reaches_their_accounts() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let (whole, one, two) = town.choice("d").await;
        assert_eq!(pay(&town, "w", &whole, 4500).await, Outcome::Applied);
        for (part, origin) in [(&one, "d:1"), (&two, "d:2")] {
            let closed = town.again(part).await;
            assert_eq!((closed.state, closed.paid, closed.due()), (State::Closed, part.amount, Cents::ZERO));
            assert_eq!(closed.closed_by, Some(whole.id));
            assert_eq!(fault(&town, part).await, Some(FaultCode::PagamentoDuplicato));
            assert_eq!(town.balance(AccountKind::Receivable, origin).await, part.amount);
            let mut tx = town.db.read().await.unwrap();
            let paper = receipt::get_for_position(&mut tx, &town.ctx(), part.id).await.unwrap().unwrap();
            assert_eq!(paper.receipt_id, "w", "an instalment paid with its whole shows the receipt of the whole");
        }
        assert_eq!(pay(&town, "late", &one, 2000).await, Outcome::DoublePayment);
        assert_eq!(town.refund().await, Cents(2000));
        assert_eq!(town.balance(AccountKind::Receivable, "d:1").await, Cents(2000));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn paying_a_part_closes_the_whole_and_leaves_the_other_part_payable() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let (whole, one, two) = town.choice("d").await;
        assert_eq!(pay(&town, "p", &one, 2000).await, Outcome::Applied);
        let closed = town.again(&whole).await;
        assert_eq!((closed.state, closed.paid, closed.closed_by), (State::Closed, Cents::ZERO, Some(one.id)));
        assert_eq!(fault(&town, &whole).await, Some(FaultCode::PagamentoDuplicato));
        assert_eq!(fault(&town, &two).await, None);
        assert_eq!(pay(&town, "loser", &whole, 4500).await, Outcome::DoublePayment);
        assert_eq!(town.refund().await, Cents(4500));
        assert_eq!(pay(&town, "p2", &two, 2500).await, Outcome::Applied);
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_whole_paid_short_stays_due_for_the_rest_and_its_parts_take_nothing() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let (whole, one, two) = town.choice("d").await;
        assert_eq!(pay(&town, "short", &whole, 3000).await, Outcome::AmountDiffers);
        assert_eq!((town.again(&one).await.paid, town.again(&two).await.paid), (Cents(2000), Cents(1000)));
        assert_eq!(town.again(&whole).await.due(), Cents(1500));
        assert_eq!(fault(&town, &two).await, Some(FaultCode::PagamentoDuplicato));
        assert_eq!(pay(&town, "rest", &whole, 2000).await, Outcome::AmountDiffers);
        assert_eq!((town.again(&two).await.paid, town.refund().await), (Cents(2500), Cents(500)));
        assert_eq!(town.balance(AccountKind::Receivable, "d:2").await, Cents(2500));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whole_and_parts_paid_at_once_are_one_payment_and_refunds() {
    on_both_engines(|db| async move {
        let town = std::sync::Arc::new(Town::new(db).await);
        let (whole, one, two) = town.choice("d").await;
        let deliveries = [(&whole, 4500), (&one, 2000), (&two, 2500)].map(|(p, cents)| {
            let (town, sent) = (town.clone(), receipt(p.notice_number.as_str(), p.notice_number, cents));
            tokio::spawn(async move {
                let institution = town.institution().await;
                for _ in 0..20 {
                    let mut tx = town.db.begin().await.unwrap();
                    match receipt::record(&mut tx, &town.node(), &institution, &sent, "<raw/>").await {
                        Ok(_) => return tx.commit().await.unwrap(),
                        Err(error) => assert!(error.is_retryable(), "{error}"),
                    }
                }
                panic!("the transactions never stopped meeting");
            })
        });
        for delivery in deliveries {
            delivery.await.unwrap();
        }
        let booked = town.balance(AccountKind::Receivable, "d:1").await + town.balance(AccountKind::Receivable, "d:2").await;
        assert_eq!(booked, Cents(4500));
        assert_eq!(town.refund().await, Cents(4500));
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn a_cart_never_holds_a_whole_and_one_of_its_parts() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let (whole, one, two) = town.choice("d").await;
        let request = |positions: &[&Position]| PrepareRequest {
            positions: positions.iter().map(|p| p.id).collect(),
            may_pay_for: vec![],
            elsewhere: Vec::new(),
            return_base_url: "https://portale.example".to_owned(),
            email: None,
        };
        let mut tx = town.db.begin().await.unwrap();
        let both = cart::prepare(&mut tx, &town.ctx(), &request(&[&whole, &one])).await;
        assert!(matches!(both, Err(Error::WholeAndPart)));
        assert!(cart::prepare(&mut tx, &town.ctx(), &request(&[&one, &two])).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn a_notice_changed_after_printing_keeps_its_number_and_everybody_sees_the_new_amount() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let (whole, one, two) = town.choice("d").await;
        let mut tx = town.db.begin().await.unwrap();
        let to = Revision { amount: Cents(1500), due_on: one.due_on, reason: "due pasti non fruiti".to_owned() };
        let revised = payments::revise(&mut tx, &town.ctx(), one.id, &to).await.unwrap();
        assert_eq!(payments::revise(&mut tx, &town.ctx(), one.id, &to).await.unwrap(), revised, "twice is once");
        tx.commit().await.unwrap();
        assert_eq!((revised.notice_number, revised.due()), (one.notice_number, Cents(1500)));
        assert_eq!(town.again(&whole).await.due(), Cents(4000));
        let institution = town.institution().await;
        assert_eq!(notice::summary(&institution, &revised).amount_cents, 1500);
        assert_eq!(pay(&town, "old amount", &one, 2000).await, Outcome::AmountDiffers);
        assert_eq!(town.refund().await, Cents(500));
        for (position, amount) in [(&one, 100), (&two, 0), (&two, -1), (&whole, 100)] {
            let mut tx = town.db.begin().await.unwrap();
            let to = Revision { amount: Cents(amount), due_on: None, reason: "prova".to_owned() };
            assert!(payments::revise(&mut tx, &town.ctx(), position.id, &to).await.is_err());
        }
        town.check_ledger().await;
    })
    .await;
}

#[tokio::test]
async fn cancelling_a_part_takes_it_out_of_the_whole_and_the_last_takes_the_whole_along() {
    on_both_engines(|db| async move {
        let town = Town::new(db).await;
        let (whole, one, two) = town.choice("d").await;
        for (part, state, due) in [(&one, State::Payable, 2500), (&two, State::Cancelled, 0)] {
            let mut tx = town.db.begin().await.unwrap();
            payments::cancel(&mut tx, &town.ctx(), part.id).await.unwrap();
            tx.commit().await.unwrap();
            let whole = town.again(&whole).await;
            assert_eq!((whole.state, whole.due()), (state, Cents(due)));
        }
    })
    .await;
}
