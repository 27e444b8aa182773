//! PostgreSQL: a pool of connections, statements prepared once per connection.

use bytes::{BufMut, BytesMut};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use futures_util::future::try_join_all;
use jiff::{SignedDuration, civil::date};
use kernel::{Day, Instant};
use std::time::Duration;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{NoTls, Statement};
use uuid::Uuid;

use crate::value::{Columns, Row, Value};
use crate::{Error, Options};

const WAIT: Duration = Duration::from_secs(10);
/// PostgreSQL takes at most 65,535 parameters in a statement.
const PARAMETERS: usize = 60_000;
const ROWS_AT_ONCE: usize = 1_000;

type Failure = Box<dyn std::error::Error + Sync + Send>;

pub struct Postgres {
    pool: Pool,
}

pub struct Connection {
    /// None once the transaction has ended.
    client: Option<Object>,
}

impl Postgres {
    pub fn open(url: &str, options: &Options) -> Result<Postgres, Error> {
        let mut config: tokio_postgres::Config = url.parse().map_err(|e: tokio_postgres::Error| Error::Other(e.to_string()))?;
        config.application_name("campanella");
        if let Some(path) = &options.search_path {
            config.options(format!("-c search_path={path}"));
        }
        let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let builder = Pool::builder(manager).max_size(options.postgres_pool).runtime(Runtime::Tokio1);
        let pool =
            builder.wait_timeout(Some(WAIT)).create_timeout(Some(WAIT)).build().map_err(|e| Error::Other(e.to_string()))?;
        Ok(Postgres { pool })
    }

    pub async fn begin(&self, how: &str) -> Result<Connection, Error> {
        let client = self.pool.get().await.map_err(pool_error)?;
        client.batch_execute(how).await.map_err(error)?;
        Ok(Connection { client: Some(client) })
    }
}

impl Connection {
    fn client(&self) -> Result<&Object, Error> {
        self.client.as_ref().ok_or_else(|| Error::Unavailable("the transaction has ended".to_owned()))
    }

    async fn prepare(&self, sql: &str) -> Result<Statement, Error> {
        self.client()?.prepare_cached(sql).await.map_err(error)
    }

    pub async fn query(&self, sql: &str, params: Vec<Value>) -> Result<Vec<Row>, Error> {
        let statement = self.prepare(sql).await?;
        let params: Vec<Pg> = params.into_iter().map(Pg).collect();
        let rows = self.client()?.query(&statement, &borrowed(&params)).await.map_err(error)?;
        Ok(rows.into_iter().map(|row| Row(Columns::Postgres(row))).collect())
    }

    pub async fn execute(&self, sql: &str, params: Vec<Value>) -> Result<u64, Error> {
        let statement = self.prepare(sql).await?;
        let params: Vec<Pg> = params.into_iter().map(Pg).collect();
        self.client()?.execute(&statement, &borrowed(&params)).await.map_err(error)
    }

    /// The same statement for many rows of parameters, sent without waiting for each answer.
    pub async fn execute_many(&self, sql: &str, rows: Vec<Vec<Value>>) -> Result<u64, Error> {
        let (statement, client) = (self.prepare(sql).await?, self.client()?);
        let mut changed = 0;
        for chunk in rows.chunks(ROWS_AT_ONCE) {
            let rows: Vec<Vec<Pg>> = chunk.iter().map(|row| row.iter().cloned().map(Pg).collect()).collect();
            let params: Vec<_> = rows.iter().map(|row| borrowed(row)).collect();
            let answers = try_join_all(params.iter().map(|row| client.execute(&statement, row))).await.map_err(error)?;
            changed += answers.into_iter().sum::<u64>();
        }
        Ok(changed)
    }

    pub async fn insert_many(&self, insert: &str, tail: &str, rows: Vec<Vec<Value>>) -> Result<u64, Error> {
        let columns = rows.first().map_or(1, Vec::len);
        let mut changed = 0;
        for chunk in rows.chunks(ROWS_AT_ONCE.min(PARAMETERS / columns)) {
            let sql = format!("{insert} values {} {tail}", placeholders(chunk.len(), columns));
            changed += self.execute(&sql, chunk.concat()).await?;
        }
        Ok(changed)
    }

    pub async fn batch(&self, sql: &str) -> Result<(), Error> {
        self.client()?.batch_execute(sql).await.map_err(error)
    }

    pub async fn end(mut self, how: &str) -> Result<(), Error> {
        let client = self.client.take().ok_or_else(|| Error::Unavailable("the transaction has ended".to_owned()))?;
        client.batch_execute(how).await.map_err(error)
    }
}

/// A connection whose transaction was not ended goes back to the pool only after a rollback.
impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(client) = self.client.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move { client.batch_execute("rollback").await });
        }
    }
}

fn placeholders(rows: usize, columns: usize) -> String {
    let mut out = String::with_capacity(rows * columns * 7);
    for row in 0..rows {
        out.push_str(if row == 0 { "(" } else { ", (" });
        for column in 0..columns {
            if column > 0 {
                out.push_str(", ");
            }
            out.push('$');
            out.push_str(&(row * columns + column + 1).to_string());
        }
        out.push(')');
    }
    out
}

fn borrowed(params: &[Pg]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|p| p as &(dyn ToSql + Sync)).collect()
}

fn pool_error(failure: PoolError) -> Error {
    Error::Unavailable(failure.to_string())
}

fn error(failure: tokio_postgres::Error) -> Error {
    let Some(said) = failure.as_db_error() else {
        let lost = failure.is_closed() || std::error::Error::source(&failure).is_some_and(|s| s.is::<std::io::Error>());
        return if lost { Error::Unavailable(failure.to_string()) } else { Error::Other(chain(&failure)) };
    };
    let constraint = || said.constraint().unwrap_or_default().to_owned();
    match said.code() {
        &SqlState::UNIQUE_VIOLATION => Error::Unique { constraint: constraint() },
        &SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED => Error::Retry(said.message().to_owned()),
        code if code.code().starts_with("23") => Error::Constraint(format!("{}: {}", constraint(), said.message())),
        // 53 too few resources, 57 ended by an operator, 58 the system, 08 the connection, 25006 a standby
        code if ["53", "57", "58", "08"].contains(&&code.code()[..2]) || code.code() == "25006" => {
            Error::Unavailable(said.message().to_owned())
        }
        _ => Error::Other(said.to_string()),
    }
}

fn chain(failure: &tokio_postgres::Error) -> String {
    std::error::Error::source(failure).map_or_else(|| failure.to_string(), |source| format!("{failure}: {source}"))
}

/// A value on the wire, written as the type the statement was prepared with.
#[derive(Debug)]
pub struct Pg(pub Value);

fn epoch() -> Day {
    date(2000, 1, 1)
}

fn epoch_instant() -> Instant {
    Instant::new(946_684_800, 0).expect("the year 2000 is within the calendar")
}

impl ToSql for Pg {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match (&self.0, kind) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Int(number), &Type::INT2) => out.put_i16(i16::try_from(*number)?),
            (Value::Int(number), &Type::INT4) => out.put_i32(i32::try_from(*number)?),
            (Value::Int(number), &Type::INT8) => out.put_i64(*number),
            (Value::Bool(truth), &Type::BOOL) => out.put_u8(u8::from(*truth)),
            (Value::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::NAME | &Type::UNKNOWN) => out.put_slice(text.as_bytes()),
            (Value::Bytes(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (Value::Uuid(id), &Type::UUID) => out.put_slice(id.as_bytes()),
            (Value::Day(day), &Type::DATE) => out.put_i32(day.since(epoch())?.get_days()),
            (Value::Instant(instant), &Type::TIMESTAMPTZ) => {
                out.put_i64(i64::try_from(instant.duration_since(epoch_instant()).as_micros())?);
            }
            (value, kind) => return Err(format!("{value:?} is no {kind}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Pg {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Pg, Failure> {
        Ok(Pg(match *kind {
            Type::INT2 => Value::Int(i16::from_be_bytes(raw.try_into()?).into()),
            Type::INT4 => Value::Int(i32::from_be_bytes(raw.try_into()?).into()),
            Type::INT8 => Value::Int(i64::from_be_bytes(raw.try_into()?)),
            Type::BOOL => Value::Bool(raw.first() == Some(&1)),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN => Value::Text(std::str::from_utf8(raw)?.to_owned()),
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            Type::UUID => Value::Uuid(Uuid::from_slice(raw)?),
            Type::DATE => Value::Day(epoch().checked_add(jiff::Span::new().try_days(i32::from_be_bytes(raw.try_into()?))?)?),
            Type::TIMESTAMPTZ => {
                let since = SignedDuration::from_micros(i64::from_be_bytes(raw.try_into()?));
                Value::Instant(epoch_instant().checked_add(since)?)
            }
            _ => return Err(format!("columns of type {kind} are not read here").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Pg, Failure> {
        Ok(Pg(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
