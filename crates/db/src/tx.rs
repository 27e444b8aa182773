use crate::postgres;
use crate::sqlite::{Kind, Reader, Reply, Session};
use crate::value::{Row, ToValue, Value};
use crate::{Engine, Error};

/// A transaction: opened by a door, handed down, committed by the door, and rolled back when dropped.
pub struct Tx(pub(crate) Inner);

pub(crate) enum Inner {
    Reader(Reader),
    Writer(Session),
    Postgres(postgres::Connection),
}

impl Tx {
    pub fn engine(&self) -> Engine {
        if let Inner::Postgres(_) = self.0 { Engine::Postgres } else { Engine::Sqlite }
    }

    /// All rows, in the order of the statement.
    pub async fn query(&mut self, sql: &str, params: &[&dyn ToValue]) -> Result<Vec<Row>, Error> {
        let params = values(params);
        match &self.0 {
            Inner::Reader(reader) => reader.query(sql, &params),
            Inner::Writer(session) => rows(session.run(Kind::Query(sql.to_owned(), params)).await?),
            Inner::Postgres(connection) => connection.query(sql, params).await,
        }
    }

    /// The row, if there is one.
    ///
    /// # Errors
    /// [`Error::WrongCount`] when there are several.
    pub async fn query_opt(&mut self, sql: &str, params: &[&dyn ToValue]) -> Result<Option<Row>, Error> {
        let mut rows = self.query(sql, params).await?;
        if rows.len() > 1 {
            return Err(wrong("at most 1", rows.len() as u64, sql));
        }
        Ok(rows.pop())
    }

    /// The one row.
    ///
    /// # Errors
    /// [`Error::WrongCount`] when there is none, or several.
    pub async fn query_one(&mut self, sql: &str, params: &[&dyn ToValue]) -> Result<Row, Error> {
        self.query_opt(sql, params).await?.ok_or_else(|| wrong("1", 0, sql))
    }

    /// How many rows changed.
    pub async fn execute(&mut self, sql: &str, params: &[&dyn ToValue]) -> Result<u64, Error> {
        let params = values(params);
        match &self.0 {
            Inner::Reader(_) => Err(Error::Other("a snapshot is only read".to_owned())),
            Inner::Writer(session) => changed(session.run(Kind::Execute(sql.to_owned(), params)).await?),
            Inner::Postgres(connection) => connection.execute(sql, params).await,
        }
    }

    /// A change of exactly one row.
    ///
    /// # Errors
    /// [`Error::WrongCount`] otherwise.
    pub async fn execute_one(&mut self, sql: &str, params: &[&dyn ToValue]) -> Result<(), Error> {
        match self.execute(sql, params).await? {
            1 => Ok(()),
            found => Err(wrong("1", found, sql)),
        }
    }

    /// The same statement for many rows of parameters, in one hop; how many rows changed in all.
    pub async fn execute_many(&mut self, sql: &str, rows: Vec<Vec<Value>>) -> Result<u64, Error> {
        match &self.0 {
            Inner::Reader(_) => Err(Error::Other("a snapshot is only read".to_owned())),
            Inner::Writer(session) => changed(session.run(Kind::ExecuteMany(sql.to_owned(), rows)).await?),
            Inner::Postgres(connection) => connection.execute_many(sql, rows).await,
        }
    }

    /// Inserts many rows in one hop: `insert` is `insert into t (a, b)`, `tail` an `on conflict …` or nothing.
    pub async fn insert_many(&mut self, insert: &str, rows: Vec<Vec<Value>>, tail: &str) -> Result<u64, Error> {
        let columns = rows.first().map_or(0, Vec::len);
        if columns == 0 {
            return Ok(0);
        }
        if let Inner::Postgres(connection) = &self.0 {
            return connection.insert_many(insert, tail, rows).await;
        }
        let places: Vec<String> = (1..=columns).map(|n| format!("${n}")).collect();
        self.execute_many(&format!("{insert} values ({}) {tail}", places.join(", ")), rows).await
    }

    /// What makes a select lock its rows until the transaction ends; SQLite has one writer and needs nothing.
    pub fn for_update(&self) -> &'static str {
        match self.engine() {
            Engine::Sqlite => "",
            Engine::Postgres => " for update",
        }
    }

    pub async fn commit(self) -> Result<(), Error> {
        match self.0 {
            Inner::Reader(_) => Ok(()),
            Inner::Writer(session) => session.commit().await,
            Inner::Postgres(connection) => connection.end("commit").await,
        }
    }

    pub async fn rollback(self) -> Result<(), Error> {
        match self.0 {
            Inner::Postgres(connection) => connection.end("rollback").await,
            Inner::Reader(_) | Inner::Writer(_) => Ok(()),
        }
    }

    /// Several statements without parameters: for migrations.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), Error> {
        match &self.0 {
            Inner::Reader(_) => Err(Error::Other("a snapshot is only read".to_owned())),
            Inner::Writer(session) => session.run(Kind::Batch(sql.to_owned())).await.map(|_| ()),
            Inner::Postgres(connection) => connection.batch(sql).await,
        }
    }
}

fn values(params: &[&dyn ToValue]) -> Vec<Value> {
    params.iter().map(|p| p.to_value()).collect()
}

fn wrong(expected: &'static str, found: u64, sql: &str) -> Error {
    Error::WrongCount { expected, found, sql: sql.to_owned() }
}

fn rows(reply: Reply) -> Result<Vec<Row>, Error> {
    if let Reply::Rows(rows) = reply { Ok(rows) } else { Err(Error::Other("the writer answered another question".to_owned())) }
}

fn changed(reply: Reply) -> Result<u64, Error> {
    if let Reply::Changed(count) = reply {
        Ok(count)
    } else {
        Err(Error::Other("the writer answered another question".to_owned()))
    }
}
