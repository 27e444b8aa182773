//! What a small transaction costs: `cargo run --release -p campanella-db --features testing --example cost`.
//!
//! For each engine: a snapshot with one query, and a write of one row, by 1, 16 and 64 tasks at once. CPU is this
//! program's; PostgreSQL's own comes on top.

use std::time::Instant;

use db::{Db, Engine};

const ROUNDS: u64 = 4_000;

#[tokio::main]
async fn main() {
    db::testing::on_both_engines(|db| async move { measure(&db).await.expect("the measured statements are right") }).await;
}

async fn measure(db: &Db) -> Result<(), db::Error> {
    let mut tx = db.begin().await?;
    tx.execute("create table counter (id bigint not null, n bigint not null, constraint counter_pk primary key (id))", &[])
        .await?;
    tx.insert_many("insert into counter (id, n)", (0..100).map(|i| db::row![i, 0]).collect(), "").await?;
    tx.commit().await?;
    let engine = if db.engine() == Engine::Sqlite { "SQLite" } else { "PostgreSQL" };
    for tasks in [1, 16, 64] {
        for writes in [false, true] {
            let (began, cpu) = (Instant::now(), cpu_micros());
            let all: Vec<_> = (0..tasks).map(|task| tokio::spawn(repeat(db.clone(), task, ROUNDS / tasks, writes))).collect();
            for task in all {
                task.await.expect("no task panics")?;
            }
            let what = if writes { "write" } else { "read" };
            let (took, cpu) = (began.elapsed().as_micros() as u64, cpu_micros() - cpu);
            let per_second = ROUNDS * 1_000_000 / took.max(1);
            println!("{engine:10} {what:5} {tasks:2} tasks: {per_second:6}/s, {:4} us of CPU each", cpu / ROUNDS);
        }
    }
    Ok(())
}

async fn repeat(db: Db, task: u64, rounds: u64, writes: bool) -> Result<(), db::Error> {
    let id = i64::try_from(task).unwrap_or(0);
    for _ in 0..rounds {
        if writes {
            let mut tx = db.begin().await?;
            tx.execute_one("update counter set n = n + 1 where id = $1", &[&id]).await?;
            tx.commit().await?;
        } else {
            let mut tx = db.read().await?;
            tx.query_one("select n from counter where id = $1", &[&id]).await?.get::<i64>(0)?;
            tx.commit().await?;
        }
    }
    Ok(())
}

/// User and system time of this process, from the kernel's own count; 0 where there is none.
fn cpu_micros() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = |n: usize| after_name.split_whitespace().nth(n).and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
    (ticks(11) + ticks(12)) * 10_000
}
