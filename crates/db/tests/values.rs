//! What is written comes back the same from both engines, by the type that is asked for.

#![allow(clippy::unwrap_used, reason = "the helpers of a test may stop it")]

use db::testing::on_both_engines;
use db::{Db, Error, Row, Tx, Value, row};
use kernel::{Cents, Day, FiscalCode, Instant, PersonId, SchoolYear, TenantId};
use uuid::Uuid;

const TABLE: &str = "create table sample (tenant_id bigint not null, id uuid not null, amount_cents bigint, year integer,
    name text, known boolean, due_on date, paid_at timestamptz, content bytea, constraint sample_pk primary key (tenant_id, id))";
const INSERT: &str = "insert into sample (tenant_id, id, amount_cents, year, name, known, due_on, paid_at, content)";
const SELECT: &str = "select tenant_id, id, amount_cents, year, name, known, due_on, paid_at, content from sample order by id";

const ID: PersonId = PersonId(Uuid::from_u128(0x0192_5f00_0000_7000_8000_0000_0000_0001));

async fn sample(db: &Db) -> Tx {
    let mut tx = db.begin().await.unwrap();
    tx.execute(TABLE, &[]).await.unwrap();
    tx
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn instant(text: &str) -> Instant {
    text.parse().unwrap()
}

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_went_in() {
    on_both_engines(|db| async move {
        let mut tx = sample(&db).await;
        let code = FiscalCode::parse("RSSMRA80A01H501U").unwrap();
        let values = row![
            TenantId(i64::MIN),
            ID,
            Cents(-1_250),
            SchoolYear(2026),
            code,
            true,
            day("2026-09-14"),
            instant("2026-10-25T00:30:00.123456789Z"),
            vec![0_u8, 255]
        ];
        tx.insert_many(INSERT, vec![values], "").await.unwrap();
        let row = tx.query_one(SELECT, &[]).await.unwrap();
        assert_eq!(row.get::<TenantId>(0).unwrap(), TenantId(i64::MIN));
        assert_eq!(row.get::<PersonId>(1).unwrap(), ID);
        assert_eq!(row.get::<Cents>(2).unwrap(), Cents(-1_250));
        assert_eq!(row.get::<SchoolYear>(3).unwrap(), SchoolYear(2026));
        assert_eq!(row.get::<FiscalCode>(4).unwrap(), code);
        assert!(row.get::<bool>(5).unwrap());
        assert_eq!(row.get::<Day>(6).unwrap(), day("2026-09-14"));
        assert_eq!(row.get::<Instant>(7).unwrap(), instant("2026-10-25T00:30:00.123456Z"), "cut to microseconds");
        assert_eq!(row.get::<Vec<u8>>(8).unwrap(), [0, 255]);
    })
    .await;
}

#[tokio::test]
async fn nulls_come_back_as_none_and_refuse_a_type_without_one() {
    on_both_engines(|db| async move {
        let mut tx = sample(&db).await;
        let nothing: Option<Cents> = None;
        tx.execute(
            "insert into sample (tenant_id, id, amount_cents, due_on) values ($1, $2, $3, $4)",
            &[&1_i64, &ID, &nothing, &None::<Day>],
        )
        .await
        .unwrap();
        let row = tx.query_one(SELECT, &[]).await.unwrap();
        assert_eq!(row.get::<Option<Cents>>(2).unwrap(), None);
        assert_eq!(row.get::<Option<String>>(4).unwrap(), None);
        assert_eq!(row.get::<Option<Instant>>(7).unwrap(), None);
        assert!(matches!(row.get::<Cents>(2), Err(Error::Row { column: 2, .. })));
        assert!(matches!(row.get::<Day>(6), Err(Error::Row { column: 6, .. })));
    })
    .await;
}

#[tokio::test]
async fn a_column_read_as_another_kind_is_refused() {
    on_both_engines(|db| async move {
        let mut tx = sample(&db).await;
        let values =
            row![1_i64, ID, 70_000_i64, 2026_i16, "x", false, day("2026-01-01"), instant("2026-01-01T00:00:00Z"), vec![1_u8]];
        tx.insert_many(INSERT, vec![values], "").await.unwrap();
        let row = tx.query_one(SELECT, &[]).await.unwrap();
        let refused = |result: Result<(), Error>, column: usize| {
            assert!(matches!(result, Err(Error::Row { column: at, .. }) if at == column), "column {column}: {result:?}");
        };
        refused(row.get::<String>(0).map(drop), 0);
        refused(row.get::<i16>(2).map(drop), 2);
        refused(row.get::<FiscalCode>(4).map(drop), 4);
        refused(row.get::<Instant>(4).map(drop), 4);
        refused(row.get::<i64>(6).map(drop), 6);
        refused(row.get::<Uuid>(8).map(drop), 8);
        refused(row.get::<i64>(9).map(drop), 9);
    })
    .await;
}

#[tokio::test]
async fn days_and_instants_compare_and_sort_by_time() {
    on_both_engines(|db| async move {
        let mut tx = sample(&db).await;
        let instants =
            ["1999-12-31T23:59:59.9999999Z", "2026-03-29T00:59:59Z", "2026-03-29T00:59:59.000001Z", "2026-10-25T01:00:00.5Z"];
        let rows = instants.iter().enumerate().map(|(i, at)| {
            row![
                1_i64,
                Uuid::from_u128(i as u128),
                Value::Null,
                Value::Null,
                Value::Null,
                Value::Null,
                day("2026-03-29"),
                instant(at),
                Value::Null
            ]
        });
        tx.insert_many(INSERT, rows.collect(), "").await.unwrap();
        let sql = "select paid_at from sample where paid_at > $1 and due_on >= $2 order by paid_at desc";
        let found = tx.query(sql, &[&instant("2026-03-29T00:59:59Z"), &day("2026-03-29")]).await.unwrap();
        let found: Vec<Instant> = found.iter().map(|r| r.get(0).unwrap()).collect();
        assert_eq!(found, [instant("2026-10-25T01:00:00.5Z"), instant("2026-03-29T00:59:59.000001Z")]);
        let oldest: Instant = tx.query_one("select min(paid_at) from sample", &[]).await.unwrap().get(0).unwrap();
        assert_eq!(oldest, instant("1999-12-31T23:59:59.999999Z"));
        let none = tx.query("select id from sample where due_on < $1", &[&day("2026-03-29")]).await.unwrap();
        assert!(none.is_empty());
    })
    .await;
}

#[tokio::test]
async fn bare_parameters_keep_their_kind_under_a_cast() {
    on_both_engines(|db| async move {
        let mut tx = db.begin().await.unwrap();
        let sql = "select cast($1 as date), cast($2 as timestamptz), cast($3 as uuid), cast($4 as bytea), cast($5 as text), cast($6 as bigint),
                   cast($1 as date) > $7";
        let (on, at) = (day("2026-09-14"), instant("2026-09-14T07:00:00Z"));
        let row: Row = tx.query_one(sql, &[&on, &at, &ID, &b"x".to_vec(), &"Nicolò D'Amìco $1 🍝", &42_i64, &day("2026-09-13")]).await.unwrap();
        assert_eq!(row.get::<Day>(0).unwrap(), on);
        assert_eq!(row.get::<Instant>(1).unwrap(), at);
        assert_eq!(row.get::<PersonId>(2).unwrap(), ID);
        assert_eq!(row.get::<Vec<u8>>(3).unwrap(), b"x");
        assert_eq!(row.get::<String>(4).unwrap(), "Nicolò D'Amìco $1 🍝");
        assert_eq!(row.get::<i64>(5).unwrap(), 42);
        assert!(row.get::<bool>(6).unwrap());
    })
    .await;
}

#[tokio::test]
async fn optional_filters_work_with_and_without_a_value() {
    on_both_engines(|db| async move {
        let mut tx = sample(&db).await;
        let line = |id: u128, name: &str| {
            row![1_i64, Uuid::from_u128(id), Value::Null, Value::Null, name, Value::Null, day("2026-09-14"), Value::Null, Value::Null]
        };
        tx.insert_many(INSERT, vec![line(1, "a"), line(2, "b")], "").await.unwrap();
        let sql = "select id from sample where (cast($1 as text) is null or name = $1) and (cast($2 as date) is null or due_on = $2) order by id";
        let mut count = async |name: Option<&str>, on: Option<Day>| tx.query(sql, &[&name, &on]).await.unwrap().len();
        assert_eq!(count(None, None).await, 2);
        assert_eq!(count(Some("b"), None).await, 1);
        assert_eq!(count(Some("b"), Some(day("2026-09-14"))).await, 1);
        assert_eq!(count(None, Some(day("2026-09-15"))).await, 0);
    })
    .await;
}
