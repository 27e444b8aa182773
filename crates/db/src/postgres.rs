//! PostgreSQL: a pool of connections, statements prepared once per connection.

mod wire;

use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime};
use futures_util::future::{join, try_join_all};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Config, NoTls, Statement};
pub(crate) use wire::Pg;

use crate::value::{Columns, Row, Value};
use crate::{Error, Options};

const WAIT: Duration = Duration::from_secs(10);
const ROWS_AT_ONCE: usize = 1_000;

pub struct Postgres {
    pool: Pool,
}

pub struct Connection {
    /// None once the transaction has ended.
    client: Option<Object>,
    /// What begins the transaction, until it is sent: together with the first statement, to save a round trip.
    begin: Option<&'static str>,
    /// Whether it was sent, and an end is owed.
    begun: bool,
}

impl Postgres {
    pub fn open(url: &str, options: &Options) -> Result<Postgres, Error> {
        let manager = Manager::from_config(config(url)?, NoTls, ManagerConfig { recycling_method: RecyclingMethod::Fast });
        let builder =
            Pool::builder(manager).max_size(options.postgres_pool).runtime(Runtime::Tokio1).post_create(settings(options));
        let pool =
            builder.wait_timeout(Some(WAIT)).create_timeout(Some(WAIT)).build().map_err(|e| Error::Other(e.to_string()))?;
        Ok(Postgres { pool })
    }

    /// Without a way to begin, each statement is a transaction of its own.
    pub async fn begin(&self, how: Option<&'static str>) -> Result<Connection, Error> {
        let client = self.pool.get().await.map_err(pool_error)?;
        Ok(Connection { client: Some(client), begin: how, begun: false })
    }
}

fn config(url: &str) -> Result<Config, Error> {
    let mut config: Config = url.parse().map_err(|e: tokio_postgres::Error| Error::Other(e.to_string()))?;
    config.application_name("campanella").keepalives_idle(WAIT);
    // A server that vanished without a word must not hold a request for minutes.
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(WAIT / 2);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(WAIT);
    }
    Ok(config)
}

/// What every connection is told once, when it is made.
fn settings(options: &Options) -> Hook {
    let mut sql = format!("set idle_in_transaction_session_timeout = {};", options.silence.as_millis());
    if let Some(path) = &options.search_path {
        sql.push_str(&format!("set search_path = {path};"));
    }
    Hook::async_fn(move |client, _| {
        let sql = sql.clone();
        Box::pin(async move { client.batch_execute(&sql).await.map_err(HookError::Backend) })
    })
}

impl Connection {
    fn client(&self) -> Result<&Object, Error> {
        self.client.as_ref().ok_or_else(|| Error::Unavailable("the transaction has ended".to_owned()))
    }

    fn take_begin(&mut self) -> Option<&'static str> {
        self.begun |= self.begin.is_some();
        self.begin.take()
    }

    /// Begins, where the first statement is not one that takes the beginning along.
    async fn start(&mut self) -> Result<&Object, Error> {
        if let Some(begin) = self.take_begin() {
            self.client()?.batch_execute(begin).await.map_err(error)?;
        }
        self.client()
    }

    async fn prepare(&self, sql: &str) -> Result<Statement, Error> {
        self.client()?.prepare_cached(sql).await.map_err(error)
    }

    pub async fn query(&mut self, sql: &str, params: Vec<Value>) -> Result<Vec<Row>, Error> {
        let statement = self.prepare(sql).await?;
        let params: Vec<Pg> = params.into_iter().map(Pg).collect();
        let (begin, params) = (self.take_begin(), borrowed(&params));
        let client = self.client()?;
        let asked = client.query(&statement, &params);
        let rows = match begin {
            // Both are sent at once, in this order.
            Some(begin) => {
                let (begun, rows) = join(client.batch_execute(begin), asked).await;
                begun.and(rows)
            }
            None => asked.await,
        };
        Ok(rows.map_err(error)?.into_iter().map(|row| Row(Columns::Postgres(row))).collect())
    }

    pub async fn execute(&mut self, sql: &str, params: Vec<Value>) -> Result<u64, Error> {
        let statement = self.prepare(sql).await?;
        let params: Vec<Pg> = params.into_iter().map(Pg).collect();
        self.run(&statement, &borrowed(&params)).await
    }

    async fn run(&mut self, statement: &Statement, params: &[&(dyn ToSql + Sync)]) -> Result<u64, Error> {
        let begin = self.take_begin();
        let client = self.client()?;
        let asked = client.execute(statement, params);
        let Some(begin) = begin else { return asked.await.map_err(error) };
        let (begun, changed) = join(client.batch_execute(begin), asked).await;
        begun.and(changed).map_err(error)
    }

    /// The same statement for many rows of parameters, sent without waiting for each answer.
    pub async fn execute_many(&mut self, sql: &str, rows: Vec<Vec<Value>>) -> Result<u64, Error> {
        let statement = self.prepare(sql).await?;
        let client = self.start().await?;
        let mut changed = 0;
        for chunk in rows.chunks(ROWS_AT_ONCE) {
            let rows: Vec<Vec<Pg>> = chunk.iter().map(|row| row.iter().cloned().map(Pg).collect()).collect();
            let params: Vec<_> = rows.iter().map(|row| borrowed(row)).collect();
            let answers = try_join_all(params.iter().map(|row| client.execute(&statement, row))).await.map_err(error)?;
            changed += answers.into_iter().sum::<u64>();
        }
        Ok(changed)
    }

    /// One row as its values; several as one array for each column, so that one statement does for any number of rows.
    pub async fn insert_many(&mut self, insert: &str, tail: &str, columns: usize, rows: Vec<Vec<Value>>) -> Result<u64, Error> {
        let places: Vec<String> = (1..=columns).map(|n| format!("${n}")).collect();
        let one = self.prepare(&format!("{insert} values ({}) {tail}", places.join(", "))).await?;
        if let [row] = rows.as_slice() {
            let row: Vec<Pg> = row.iter().cloned().map(Pg).collect();
            return self.run(&one, &borrowed(&row)).await;
        }
        // The server has told the types of the columns with the first statement.
        let array = |(n, kind): (usize, &Type)| format!("${}::{}[]", n + 1, kind.name());
        let arrays: Vec<String> = one.params().iter().enumerate().map(array).collect();
        let many = self.prepare(&format!("{insert} select * from unnest({}) {tail}", arrays.join(", "))).await?;
        let (mut rows, mut changed) = (rows.into_iter(), 0);
        while rows.len() > 0 {
            let columns = transposed(columns, rows.by_ref().take(ROWS_AT_ONCE));
            changed += self.run(&many, &borrowed(&columns)).await?;
        }
        Ok(changed)
    }

    pub async fn batch(&mut self, sql: &str) -> Result<(), Error> {
        self.start().await?.batch_execute(sql).await.map_err(error)
    }

    pub async fn end(mut self, how: &str) -> Result<(), Error> {
        let Some(client) = self.client.take() else { return Ok(()) };
        if self.begun { client.batch_execute(how).await.map_err(error) } else { Ok(()) }
    }
}

/// A connection whose transaction was not ended goes back to the pool only after a rollback.
impl Drop for Connection {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        if !self.begun {
            return;
        }
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn(roll_back(client))),
            Err(_) => drop(Object::take(client)),
        }
    }
}

async fn roll_back(client: Object) {
    if client.batch_execute("rollback").await.is_err() {
        drop(Object::take(client));
    }
}

fn transposed(columns: usize, rows: impl Iterator<Item = Vec<Value>>) -> Vec<Vec<Pg>> {
    let mut out: Vec<Vec<Pg>> = (0..columns).map(|_| Vec::with_capacity(rows.size_hint().0)).collect();
    for row in rows {
        out.iter_mut().zip(row).for_each(|(column, value)| column.push(Pg(value)));
    }
    out
}

fn borrowed<T: ToSql + Sync>(params: &[T]) -> Vec<&(dyn ToSql + Sync)> {
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

/// The driver's words and their cause.
pub(crate) fn chain(failure: &tokio_postgres::Error) -> String {
    std::error::Error::source(failure).map_or_else(|| failure.to_string(), |source| format!("{failure}: {source}"))
}
