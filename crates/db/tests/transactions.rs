//! What a transaction promises on both engines: all or nothing, alone, once, and never a false "done".

#![allow(clippy::unwrap_used, reason = "the helpers of a test may stop it")]

use std::time::Duration;

use db::testing::{on_both_engines, on_both_engines_with};
use db::{Db, Engine, Error, Options, Tx, row};

async fn with_counters(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    tx.execute("create table counter (id bigint not null, n bigint not null, constraint counter_pk primary key (id))", &[])
        .await
        .unwrap();
    tx.execute("create table child (id bigint not null, constraint child_counter foreign key (id) references counter (id))", &[])
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn add(tx: &mut Tx, id: i64) -> Result<(), Error> {
    tx.execute_one("insert into counter (id, n) values ($1, 0)", &[&id]).await
}

async fn count(db: &Db) -> i64 {
    db.read().await.unwrap().query_one("select count(*) from counter", &[]).await.unwrap().get(0).unwrap()
}

#[tokio::test]
async fn what_is_not_committed_is_rolled_back() {
    on_both_engines(|db| async move {
        with_counters(&db).await;
        let mut dropped = db.begin().await.unwrap();
        add(&mut dropped, 1).await.unwrap();
        drop(dropped);
        let mut given_up = db.begin().await.unwrap();
        add(&mut given_up, 2).await.unwrap();
        given_up.rollback().await.unwrap();
        let mut kept = db.begin().await.unwrap();
        add(&mut kept, 3).await.unwrap();
        kept.commit().await.unwrap();
        assert_eq!(count(&db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_broken_unique_constraint_is_named() {
    on_both_engines(|db| async move {
        let insert = "insert into job (tenant_id, id, kind, key, body, state, attempts, run_after, created_at)
                      values (1, $1, 'mail', $2, '{}', 'waiting', 0, $3, $3)";
        let at: kernel::Instant = "2026-09-14T07:00:00Z".parse().unwrap();
        for (id, key, name) in [(1, "other", "job_pk"), (2, "same", "job_waits_once")] {
            let mut tx = db.begin().await.unwrap();
            tx.execute(insert, &[&uuid::Uuid::from_u128(1), &"same", &at]).await.unwrap();
            let refused = tx.execute(insert, &[&uuid::Uuid::from_u128(id), &key, &at]).await.unwrap_err();
            assert!(matches!(&refused, Error::Unique { constraint } if constraint == name), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_foreign_key_refuses_and_nothing_else_is_written() {
    on_both_engines(|db| async move {
        with_counters(&db).await;
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, 1).await.unwrap();
        assert!(matches!(tx.execute("insert into child (id) values (9)", &[]).await, Err(Error::Constraint(_))));
        drop(tx);
        assert_eq!(count(&db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn after_a_failed_statement_nothing_can_be_committed() {
    on_both_engines(|db| async move {
        with_counters(&db).await;
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, 1).await.unwrap();
        assert!(matches!(add(&mut tx, 1).await, Err(Error::Unique { .. })));
        assert!(add(&mut tx, 2).await.is_err(), "the second engine would refuse, so both do");
        assert!(tx.commit().await.is_err(), "PostgreSQL alone would say that all is well");
        assert_eq!(count(&db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_statement_dropped_half_way_spoils_its_transaction() {
    on_both_engines(|db| async move {
        with_counters(&db).await;
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, 1).await.unwrap();
        let slow = tx
            .query("with recursive n (i) as (select 1 union all select i + 1 from n where i < 300000) select max(i) from n", &[]);
        assert!(tokio::time::timeout(Duration::from_micros(1), slow).await.is_err());
        assert!(tx.commit().await.is_err());
        assert_eq!(count(&db).await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_wrong_row_count_is_told_and_the_transaction_lives() {
    on_both_engines(|db| async move {
        with_counters(&db).await;
        let mut tx = db.begin().await.unwrap();
        let missing = tx.execute_one("update counter set n = 1 where id = 7", &[]).await;
        assert!(matches!(missing, Err(Error::WrongCount { found: 0, .. })));
        add(&mut tx, 1).await.unwrap();
        add(&mut tx, 2).await.unwrap();
        assert!(matches!(tx.query_one("select id from counter", &[]).await, Err(Error::WrongCount { found: 2, .. })));
        assert!(matches!(
            tx.query_one("select id from counter where id = 9", &[]).await,
            Err(Error::WrongCount { found: 0, .. })
        ));
        assert!(tx.query_opt("select id from counter where id = 9", &[]).await.unwrap().is_none());
        tx.commit().await.unwrap();
        assert_eq!(count(&db).await, 2);
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_rows_go_in_one_call_and_conflicts_are_left_out() {
    on_both_engines(|db| async move {
        with_counters(&db).await;
        let rows = |first: i64, last: i64| (first..last).map(|i| row![i, i * 2]).collect::<Vec<_>>();
        let insert = "insert into counter (id, n)";
        let mut tx = db.begin().await.unwrap();
        assert_eq!(tx.insert_many(insert, rows(0, 10_003), "").await.unwrap(), 10_003);
        assert_eq!(tx.insert_many(insert, rows(10_000, 10_010), "on conflict do nothing").await.unwrap(), 7);
        assert_eq!(tx.insert_many(insert, Vec::new(), "").await.unwrap(), 0);
        assert_eq!(tx.execute_many("no statement at all", Vec::new()).await.unwrap(), 0);
        let sum: i64 = tx.query_one("select cast(sum(n) as bigint) from counter", &[]).await.unwrap().get(0).unwrap();
        assert_eq!(sum, (0..10_010).map(|i| i * 2).sum::<i64>());
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn many_changes_by_one_statement_happen_in_their_order() {
    on_both_engines(|db| async move {
        with_counters(&db).await;
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, 1).await.unwrap();
        let steps = (1..=2_500_i64).map(|n| row![n, n - 1]).collect();
        assert_eq!(tx.execute_many("update counter set n = $1 where n = $2", steps).await.unwrap(), 2_500);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_snapshot_sees_one_moment_and_writes_nothing() {
    on_both_engines(|db| async move {
        with_counters(&db).await;
        let mut snapshot = db.read().await.unwrap();
        let mut seen = async || -> i64 { snapshot.query_one("select count(*) from counter", &[]).await.unwrap().get(0).unwrap() };
        assert_eq!(seen().await, 0);
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, 1).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(seen().await, 0);
        assert_eq!(count(&db).await, 1);
        assert!(add(&mut snapshot, 2).await.is_err());
        assert!(db.read().await.unwrap().query("insert into counter (id, n) values (3, 0) returning id", &[]).await.is_err());
        assert_eq!(count(&db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_locked_row_is_changed_by_one_at_a_time() {
    on_both_engines(|db| async move {
        with_counters(&db).await;
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, 1).await.unwrap();
        tx.commit().await.unwrap();
        let turns = (0..40).map(|_| tokio::spawn(increment(db.clone()))).collect::<Vec<_>>();
        for turn in turns {
            turn.await.unwrap();
        }
        let n: i64 = db.read().await.unwrap().query_one("select n from counter", &[]).await.unwrap().get(0).unwrap();
        assert_eq!(n, 40);
    })
    .await;
}

async fn increment(db: Db) {
    let mut tx = db.begin().await.unwrap();
    let sql = format!("select n from counter where id = 1{}", tx.for_update());
    let n: i64 = tx.query_one(&sql, &[]).await.unwrap().get(0).unwrap();
    tokio::task::yield_now().await;
    tx.execute_one("update counter set n = $1 where id = 1", &[&(n + 1)]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_writers_at_once_leave_what_they_were_told() {
    on_both_engines(|db| async move {
        with_counters(&db).await;
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, 0).await.unwrap();
        tx.commit().await.unwrap();
        let writers = (0..200).map(|i| tokio::spawn(write_one(db.clone(), i))).collect::<Vec<_>>();
        let mut kept = 1;
        for writer in writers {
            kept += i64::from(writer.await.unwrap());
        }
        assert_eq!(kept, 101, "every other one meets a row that is there, and spoils no neighbour");
        assert_eq!(count(&db).await, kept);
    })
    .await;
}

/// Writes two rows; the even ones break on the second.
async fn write_one(db: Db, i: i64) -> bool {
    let mut tx = db.begin().await.unwrap();
    add(&mut tx, i + 1_000).await.unwrap();
    if i % 2 == 0 && add(&mut tx, 0).await.is_err() {
        return false;
    }
    tx.commit().await.is_ok()
}

#[tokio::test]
async fn a_silent_transaction_loses_its_turn() {
    let options = Options { silence: Duration::from_millis(200), ..Options::default() };
    on_both_engines_with(&options, |db| async move {
        with_counters(&db).await;
        let mut stuck = db.begin().await.unwrap();
        add(&mut stuck, 1).await.unwrap();
        let mut next = db.begin().await.unwrap();
        add(&mut next, 1).await.expect("the stuck one was rolled back");
        next.commit().await.unwrap();
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert!(stuck.commit().await.unwrap_err().is_unavailable());
        assert_eq!(count(&db).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_without_a_statement_keeps_nobody_waiting() {
    on_both_engines(|db| async move {
        with_counters(&db).await;
        let idle = db.begin().await.unwrap();
        let mut tx = db.begin().await.unwrap();
        add(&mut tx, 1).await.unwrap();
        tx.commit().await.unwrap();
        idle.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn when_the_group_cannot_be_committed_none_of_it_is_acknowledged() {
    on_both_engines(|db| async move {
        if db.engine() != Engine::Sqlite {
            return;
        }
        with_counters(&db).await;
        let mut tx = db.begin().await.unwrap();
        let late = "create table late (id bigint references counter (id) deferrable initially deferred)";
        tx.execute(late, &[]).await.unwrap();
        tx.commit().await.unwrap();
        let mut holder = db.begin().await.unwrap();
        add(&mut holder, 1).await.unwrap();
        let (bad, good) = (tokio::spawn(write_late(db.clone(), Some(99))), tokio::spawn(write_late(db.clone(), None)));
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(holder);
        assert!(bad.await.unwrap().unwrap_err().is_unavailable());
        assert!(good.await.unwrap().unwrap_err().is_unavailable(), "its neighbour took the group down");
        assert_eq!(count(&db).await, 0);
        write_late(db.clone(), None).await.expect("the writer goes on");
        assert_eq!(count(&db).await, 1);
    })
    .await;
}

async fn write_late(db: Db, refers_to: Option<i64>) -> Result<(), Error> {
    let mut tx = db.begin().await?;
    match refers_to {
        Some(id) => tx.execute_one("insert into late (id) values ($1)", &[&id]).await?,
        None => add(&mut tx, 5).await?,
    }
    tx.commit().await
}

#[tokio::test]
async fn transactions_can_be_handed_between_threads() {
    fn sent<F: Future + Send>(future: F) -> F {
        future
    }
    on_both_engines(|db| async move {
        let mut tx = sent(db.read()).await.unwrap();
        sent(tx.query("select 1", &[])).await.unwrap();
        sent(tx.commit()).await.unwrap();
    })
    .await;
}

/// SQLite's file may have no page more than it has: what a full disk is to it.
async fn fill(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    let pages: i64 = tx.query_one("pragma page_count", &[]).await.unwrap().get(0).unwrap();
    tx.query(&format!("pragma max_page_count = {pages}"), &[]).await.unwrap();
    tx.commit().await.unwrap();
}

async fn make_room(db: &Db) {
    let mut tx = db.begin().await.unwrap();
    tx.query("pragma max_page_count = 1000000", &[]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_full_disk_refuses_what_is_written_whole_reads_on_and_lets_write_again_when_there_is_room() {
    let db = Db::open("sqlite::memory:").await.unwrap();
    with_counters(&db).await;
    fill(&db).await;
    let (mut done, mut refused) = (0_i64, 0);
    for start in (0..200_000).step_by(1_000) {
        let mut tx = db.begin().await.unwrap();
        let rows = (start..start + 1_000).map(|id: i64| row![id, 0_i64]).collect();
        let written = match tx.insert_many("insert into counter (id, n)", rows, "").await {
            Ok(_) => tx.commit().await,
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => done += 1_000,
            Err(error) => {
                assert!(error.is_unavailable(), "{error}");
                refused += 1;
            }
        }
        if refused == 3 {
            break;
        }
    }
    assert_eq!(refused, 3, "the disk is full");
    assert_eq!(count(&db).await, done, "every transaction is there whole or not at all, and reading goes on");
    db.ping().await.unwrap();
    make_room(&db).await;
    let mut tx = db.begin().await.unwrap();
    add(&mut tx, 999_999).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&db).await, done + 1);
}

#[tokio::test]
async fn writers_that_share_a_commit_with_one_that_fills_the_disk_are_never_told_that_all_is_well() {
    let db = Db::open("sqlite::memory:").await.unwrap();
    with_counters(&db).await;
    fill(&db).await;
    let writers = (0..40_i64).map(|n| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = db.begin().await.unwrap();
            let many = if n % 4 == 0 { 20_000 } else { 1 };
            let rows = (0..many).map(|at| row![n * 100_000 + at, 0_i64]).collect();
            match tx.insert_many("insert into counter (id, n)", rows, "").await {
                Ok(_) => tx.commit().await.map(|()| many),
                Err(error) => Err(error),
            }
        })
    });
    let (mut done, mut refused) = (0, 0);
    for writer in writers.collect::<Vec<_>>() {
        match writer.await.unwrap() {
            Ok(rows) => done += rows,
            Err(error) => {
                assert!(error.is_unavailable(), "{error}");
                refused += 1;
            }
        }
    }
    assert!(refused > 0);
    assert_eq!(count(&db).await, done, "what was acknowledged is there, and nothing else");
}

#[tokio::test]
async fn a_reader_for_one_statement_answers_one() {
    on_both_engines(|db| async move {
        with_counters(&db).await;
        let mut once = db.read_once().await.unwrap();
        assert_eq!(once.query_one("select count(*) from counter", &[]).await.unwrap().get::<i64>(0).unwrap(), 0);
        assert!(once.query_one("select count(*) from counter", &[]).await.is_err(), "the second would see another moment");
        let mut once = db.read_once().await.unwrap();
        assert!(once.query("select nothing from nowhere", &[]).await.is_err());
        drop(once);
        assert_eq!(count(&db).await, 0, "its connection is as good as new");
    })
    .await;
}

#[tokio::test]
async fn a_list_of_any_length_is_asked_for_and_each_value_found_once() {
    on_both_engines(|db| async move {
        with_counters(&db).await;
        let mut tx = db.begin().await.unwrap();
        let rows = (0..1_500_i64).map(|i| row![i, i % 3]).collect();
        tx.insert_many("insert into counter (id, n)", rows, "").await.unwrap();
        for length in [0_i64, 1, 2, 64, 65, 512, 513, 1_300] {
            let sql = "select id from counter where n < $1 and id in ({list}) order by id";
            let found = tx.query_list(sql, &[&2_i64], 0..length).await.unwrap();
            let ids: Vec<i64> = found.iter().map(|row| row.get(0).unwrap()).collect();
            assert_eq!(ids, (0..length).filter(|id| id % 3 < 2).collect::<Vec<_>>());
        }
    })
    .await;
}
