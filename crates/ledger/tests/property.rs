//! Random histories against a small model of what a ledger is.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use db::testing::on_both_engines;
use db::{Db, Tx};
use jiff::civil::date;
use kernel::{AccountId, Actor, Cents, Clock, Ctx, Day, Entropy, TenantId};
use ledger::{AccountKind, Cause, Error, Posting};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

const ACCOUNTS: usize = 12;
const OPERATIONS: usize = 20_000;
/// On PostgreSQL every operation is several trips through a socket.
const OPERATIONS_ON_POSTGRES: usize = 2_000;
const TENANT: TenantId = TenantId(3);

#[derive(Clone, Debug)]
enum Operation {
    /// Moves money under a key: keys come back, sometimes with the same request and sometimes with another.
    Post {
        key: u16,
        day: i8,
        amounts: Vec<(usize, i64)>,
    },
    /// As above, and the sum is off by one cent.
    Unbalanced {
        key: u16,
        amount: i64,
    },
    Repeat {
        key: u16,
    },
    Batch {
        first_key: u16,
        amounts: Vec<(usize, i64)>,
    },
    Statement {
        account: usize,
        first: i8,
        last: i8,
    },
    Commit,
    RollBack,
}

fn operation() -> impl Strategy<Value = Operation> {
    let amounts = || prop::collection::vec((0..ACCOUNTS, -10_000i64..10_000), 1..4);
    prop_oneof![
        8 => (0u16..6_000, 1i8..28, amounts()).prop_map(|(key, day, amounts)| Operation::Post { key, day, amounts }),
        1 => (0u16..6_000, 1i64..500).prop_map(|(key, amount)| Operation::Unbalanced { key, amount }),
        2 => (0u16..6_000).prop_map(|key| Operation::Repeat { key }),
        2 => (6_000u16..60_000, amounts()).prop_map(|(first_key, amounts)| Operation::Batch { first_key, amounts }),
        2 => (0..ACCOUNTS, 1i8..28, 1i8..28).prop_map(|(account, first, last)| Operation::Statement { account, first, last }),
        1 => Just(Operation::Commit),
        1 => Just(Operation::RollBack),
    ]
}

/// What a ledger is: requests by key, and entries in the order they were accepted.
#[derive(Default)]
struct Model {
    requests: HashMap<String, (Day, Vec<(AccountId, Cents)>)>,
    keys: Vec<String>,
    entries: Vec<(Day, AccountId, Cents)>,
}

/// How much a model had accepted at a moment.
#[derive(Clone, Copy, Default)]
struct Mark {
    keys: usize,
    entries: usize,
}

#[derive(Debug, PartialEq)]
enum Answer {
    Made,
    Stood,
    Refused,
}

impl Model {
    fn post(&mut self, posting: &Posting) -> Answer {
        let mut entries = posting.entries.clone();
        entries.sort_unstable();
        let sum: i64 = entries.iter().map(|(_, amount)| amount.0).sum();
        if sum != 0 || entries.iter().all(|(_, amount)| amount.0 == 0) {
            return Answer::Refused;
        }
        let request = (posting.effective_on, entries.clone());
        match self.requests.get(&posting.source_key) {
            Some(known) if *known == request => return Answer::Stood,
            Some(_) => return Answer::Refused,
            None => self.requests.insert(posting.source_key.clone(), request),
        };
        self.keys.push(posting.source_key.clone());
        self.entries.extend(entries.into_iter().map(|(account, amount)| (posting.effective_on, account, amount)));
        Answer::Made
    }

    fn mark(&self) -> Mark {
        Mark { keys: self.keys.len(), entries: self.entries.len() }
    }

    fn return_to(&mut self, mark: Mark) {
        for key in self.keys.drain(mark.keys..) {
            self.requests.remove(&key);
        }
        self.entries.truncate(mark.entries);
    }

    fn sum(&self, account: AccountId, first: Day, last: Day) -> Cents {
        let counts = |(day, id, _): &&(Day, AccountId, Cents)| *id == account && first <= *day && *day <= last;
        self.entries.iter().filter(counts).map(|(.., amount)| *amount).sum()
    }
}

fn day(of_october: i8) -> Day {
    date(2026, 10, of_october)
}

/// The last amount makes the sum zero, on the account after the last.
fn balanced(key: u16, on: Day, amounts: &[(usize, i64)], accounts: &[AccountId]) -> Posting {
    let sum: i64 = amounts.iter().map(|(_, amount)| amount).sum();
    let rest = (amounts[amounts.len() - 1].0 + 1) % ACCOUNTS;
    let all = amounts.iter().copied().chain([(rest, -sum)]);
    Posting {
        source_key: format!("key:{key}"),
        cause: Cause::Adjustment,
        description: "Prova".to_owned(),
        effective_on: on,
        entries: all.map(|(account, amount)| (accounts[account], Cents(amount))).collect(),
    }
}

async fn post_both(tx: &mut Tx, ctx: &Ctx, model: &mut Model, posting: Posting) {
    let expected = model.post(&posting);
    let answer = match ledger::post(tx, ctx, posting).await {
        Ok(posted) if posted.new => Answer::Made,
        Ok(_) => Answer::Stood,
        Err(Error::Db(error)) => panic!("{error}"),
        Err(_) => Answer::Refused,
    };
    assert_eq!(answer, expected);
}

async fn apply(tx: &mut Tx, ctx: &Ctx, model: &mut Model, accounts: &[AccountId], operation: &Operation) {
    match operation {
        Operation::Post { key, day: on, amounts } => post_both(tx, ctx, model, balanced(*key, day(*on), amounts, accounts)).await,
        Operation::Unbalanced { key, amount } => {
            let mut posting = balanced(*key, day(1), &[(0, *amount)], accounts);
            posting.entries[0].1 += Cents(1);
            post_both(tx, ctx, model, posting).await;
        }
        Operation::Repeat { key } => repeat(tx, ctx, model, *key).await,
        Operation::Batch { first_key, amounts } => batch(tx, ctx, model, accounts, *first_key, amounts).await,
        Operation::Statement { account, first, last } => {
            compare(tx, ctx, model, accounts[*account], day(*first.min(last)), day(*first.max(last))).await;
        }
        Operation::Commit | Operation::RollBack => unreachable!("the loop ends the transaction itself"),
    }
}

async fn repeat(tx: &mut Tx, ctx: &Ctx, model: &mut Model, key: u16) {
    let source_key = format!("key:{key}");
    let Some((effective_on, entries)) = model.requests.get(&source_key).cloned() else { return };
    let posting = Posting { source_key, cause: Cause::Adjustment, description: "Di nuovo".to_owned(), effective_on, entries };
    post_both(tx, ctx, model, posting).await;
}

/// Ten postings at once; keys may meet those of earlier batches, which refuses or repeats the whole batch.
async fn batch(tx: &mut Tx, ctx: &Ctx, model: &mut Model, accounts: &[AccountId], first_key: u16, amounts: &[(usize, i64)]) {
    let postings: Vec<Posting> = (0..10).map(|n| balanced(first_key + n, day(5), amounts, accounts)).collect();
    let before = model.mark();
    let answers: Vec<Answer> = postings.iter().map(|p| model.post(p)).collect();
    match ledger::post_all(tx, ctx, postings).await {
        Ok(posted) => {
            let new: Vec<bool> = posted.iter().map(|p| p.new).collect();
            assert_eq!(new, answers.iter().map(|a| *a == Answer::Made).collect::<Vec<_>>());
        }
        Err(Error::Db(error)) => panic!("{error}"),
        Err(_) => {
            assert!(answers.contains(&Answer::Refused));
            model.return_to(before);
        }
    }
}

async fn compare(tx: &mut Tx, ctx: &Ctx, model: &Model, account: AccountId, first: Day, last: Day) {
    let told = ledger::statement(tx, ctx, account, first, last).await.unwrap();
    let long_ago = date(1900, 1, 1);
    assert_eq!(told.opening, model.sum(account, long_ago, first.yesterday().unwrap()));
    assert_eq!(told.closing, model.sum(account, long_ago, last));
    assert_eq!(told.movements.last().map_or(told.opening, |m| m.balance_after), told.closing);
    let total: Cents = told.totals.values().copied().sum();
    assert_eq!(total, told.closing - told.opening);
}

#[tokio::test]
async fn twenty_thousand_random_operations_leave_what_the_model_says() {
    let operations = Rc::new(sampled());
    on_both_engines(|db: Db| play(db, operations.clone())).await;
}

/// The same operations at every run.
fn sampled() -> Vec<Operation> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[42; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let all = prop::collection::vec(operation(), OPERATIONS);
    all.new_tree(&mut runner).expect("operations can be made").current()
}

async fn play(db: Db, operations: Rc<Vec<Operation>>) {
    let clock = Clock::fixed("2026-10-31T10:00:00Z".parse().unwrap());
    let ctx = Ctx::new(TENANT, Actor::System("test"), &clock, &Entropy::seeded(3));
    let mut tx = db.begin().await.unwrap();
    let wanted: Vec<_> = (0..ACCOUNTS).map(|n| (AccountKind::Wallet, format!("badge-{n}"))).collect();
    let accounts = ledger::open_accounts(&mut tx, &ctx, &wanted).await.unwrap();
    tx.commit().await.unwrap();
    let (mut committed, mut model, mut tx) = (Mark::default(), Model::default(), db.begin().await.unwrap());
    let played = if db.engine() == db::Engine::Sqlite { OPERATIONS } else { OPERATIONS_ON_POSTGRES };
    for (n, operation) in operations.iter().take(played).enumerate() {
        match operation {
            Operation::Commit => {
                if n % 8 == 0 {
                    ledger::check_balanced(&mut tx, TENANT).await.unwrap();
                }
                tx.commit().await.unwrap();
                committed = model.mark();
                tx = db.begin().await.unwrap();
            }
            Operation::RollBack => {
                tx.rollback().await.unwrap();
                model.return_to(committed);
                tx = db.begin().await.unwrap();
            }
            other => apply(&mut tx, &ctx, &mut model, &accounts, other).await,
        }
    }
    finish(tx, &ctx, &model, &accounts).await;
}

async fn finish(mut tx: Tx, ctx: &Ctx, model: &Model, accounts: &[AccountId]) {
    let balances: BTreeMap<AccountId, Cents> =
        accounts.iter().map(|id| (*id, model.sum(*id, date(1900, 1, 1), date(2100, 1, 1)))).collect();
    for (id, expected) in balances {
        assert_eq!(ledger::balance(&mut tx, ctx, id).await.unwrap(), expected);
    }
    let proof = ledger::verify(&mut tx, TENANT).await.unwrap();
    assert_eq!(usize::try_from(proof.postings).unwrap(), model.requests.len());
    assert!(proof.postings > 1_000, "the operations should make a history worth checking: {}", proof.postings);
    tx.commit().await.unwrap();
}
