use crate::postgres;
use crate::sqlite::{Kind, Reader, Reply, Session};
use crate::value::{Row, ToValue, Value};
use crate::{Engine, Error};

/// A transaction: opened by a door, handed down, committed by the door, and rolled back when dropped.
///
/// After a statement that the engine refused, or whose future was dropped half way, the transaction can only be rolled
/// back: PostgreSQL would answer its commit as if all were well and keep nothing, SQLite would keep the half that was done.
/// So "try to insert, look it up if it is there" is one statement with `on conflict`. A wrong row count is no such refusal.
pub struct Tx {
    inner: Inner,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    /// For one statement, which is not asked yet.
    Once,
    /// Its one statement was asked.
    Asked,
    Failed,
}

/// The lengths of a list in a statement.
const LISTS: [usize; 6] = [1, 4, 16, 64, 128, 512];

pub(crate) enum Inner {
    Reader(Reader),
    Writer(Session),
    Postgres(postgres::Connection),
}

impl Tx {
    pub(crate) fn new(inner: Inner) -> Tx {
        Tx { inner, stage: Stage::Open }
    }

    pub(crate) fn once(inner: Inner) -> Tx {
        Tx { inner, stage: Stage::Once }
    }

    pub fn engine(&self) -> Engine {
        if let Inner::Postgres(_) = self.inner { Engine::Postgres } else { Engine::Sqlite }
    }

    /// All rows, in the order of the statement; may be empty.
    pub async fn query(&mut self, sql: &str, params: &[&dyn ToValue]) -> Result<Vec<Row>, Error> {
        self.ask(sql, values(params)).await
    }

    /// All rows of a statement about a list: `{list}` in its text becomes the places of the values, which follow the
    /// other parameters. A long list is asked in pieces. Each has one of a few lengths, filled up with its last value,
    /// so that an engine sees few different statements; of an empty list nothing is asked.
    pub async fn query_list<T: ToValue>(
        &mut self,
        sql: &str,
        params: &[&dyn ToValue],
        list: impl IntoIterator<Item = T>,
    ) -> Result<Vec<Row>, Error> {
        let (params, list) = (values(params), list.into_iter().map(|value| value.to_value()).collect::<Vec<_>>());
        let mut found = Vec::new();
        for piece in list.chunks(LISTS[LISTS.len() - 1]) {
            let length = LISTS.into_iter().find(|length| *length >= piece.len()).unwrap_or(piece.len());
            let places: Vec<String> = (params.len() + 1..=params.len() + length).map(|n| format!("${n}")).collect();
            let filled = (0..length).map(|i| piece[i.min(piece.len() - 1)].clone());
            let params = params.iter().cloned().chain(filled).collect();
            found.extend(self.ask(&sql.replace("{list}", &places.join(", ")), params).await?);
        }
        Ok(found)
    }

    async fn ask(&mut self, sql: &str, params: Vec<Value>) -> Result<Vec<Row>, Error> {
        let stage = self.enter()?;
        let found = match &mut self.inner {
            Inner::Reader(reader) => reader.query(sql, &params),
            Inner::Writer(session) => session.run(Kind::Query(sql.to_owned(), params)).await.and_then(rows),
            Inner::Postgres(connection) => connection.query(sql, params).await,
        };
        self.leave(stage, found)
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
        let stage = self.enter()?;
        let params = values(params);
        let changed = match &mut self.inner {
            Inner::Reader(_) => Err(only_read()),
            Inner::Writer(session) => session.run(Kind::Execute(sql.to_owned(), params)).await.and_then(changed),
            Inner::Postgres(connection) => connection.execute(sql, params).await,
        };
        self.leave(stage, changed)
    }

    /// A change of exactly one row.
    ///
    /// # Errors
    /// [`Error::WrongCount`] otherwise; the change itself stands until the transaction is dropped.
    pub async fn execute_one(&mut self, sql: &str, params: &[&dyn ToValue]) -> Result<(), Error> {
        match self.execute(sql, params).await? {
            1 => Ok(()),
            found => Err(wrong("1", found, sql)),
        }
    }

    /// The same statement for many rows of parameters, in their order and in one hop; how many rows changed in all.
    pub async fn execute_many(&mut self, sql: &str, rows: Vec<Vec<Value>>) -> Result<u64, Error> {
        if rows.is_empty() {
            return Ok(0);
        }
        let stage = self.enter()?;
        let changed = match &mut self.inner {
            Inner::Reader(_) => Err(only_read()),
            Inner::Writer(session) => session.run(Kind::ExecuteMany(sql.to_owned(), rows)).await.and_then(changed),
            Inner::Postgres(connection) => connection.execute_many(sql, rows).await,
        };
        self.leave(stage, changed)
    }

    /// Inserts many rows in one hop: `insert` is `insert into t (a, b)`, `tail` an `on conflict …` or nothing.
    pub async fn insert_many(&mut self, insert: &str, rows: Vec<Vec<Value>>, tail: &str) -> Result<u64, Error> {
        let Some(columns) = rows.first().map(Vec::len) else { return Ok(0) };
        let stage = self.enter()?;
        let changed = match &mut self.inner {
            Inner::Reader(_) => Err(only_read()),
            Inner::Writer(session) => {
                let places: Vec<String> = (1..=columns).map(|n| format!("${n}")).collect();
                let sql = format!("{insert} values ({}) {tail}", places.join(", "));
                session.run(Kind::ExecuteMany(sql, rows)).await.and_then(changed)
            }
            Inner::Postgres(connection) => connection.insert_many(insert, tail, columns, rows).await,
        };
        self.leave(stage, changed)
    }

    /// What makes a select lock its rows until the transaction ends; SQLite has one writer and needs nothing.
    pub fn for_update(&self) -> &'static str {
        match self.engine() {
            Engine::Sqlite => "",
            Engine::Postgres => " for update",
        }
    }

    /// Returns when what was written is on the disk.
    ///
    /// # Errors
    /// [`Error::Other`] after a failed statement; [`Error::Unavailable`] when the engine could not keep it.
    pub async fn commit(self) -> Result<(), Error> {
        if self.stage == Stage::Failed {
            self.rollback().await?;
            return Err(after_failure());
        }
        match self.inner {
            Inner::Reader(_) => Ok(()),
            Inner::Writer(session) => session.commit().await,
            Inner::Postgres(connection) => connection.end("commit").await,
        }
    }

    pub async fn rollback(self) -> Result<(), Error> {
        match self.inner {
            Inner::Postgres(connection) => connection.end("rollback").await,
            Inner::Reader(_) | Inner::Writer(_) => Ok(()),
        }
    }

    /// Several statements without parameters: for migrations.
    pub(crate) async fn batch(&mut self, sql: &str) -> Result<(), Error> {
        let stage = self.enter()?;
        let done = match &mut self.inner {
            Inner::Reader(_) => Err(only_read()),
            Inner::Writer(session) => session.run(Kind::Batch(sql.to_owned())).await.map(|_| ()),
            Inner::Postgres(connection) => connection.batch(sql).await,
        };
        self.leave(stage, done)
    }

    /// Every statement starts as failed, so that one dropped half way leaves the transaction so.
    fn enter(&mut self) -> Result<Stage, Error> {
        match std::mem::replace(&mut self.stage, Stage::Failed) {
            Stage::Open => Ok(Stage::Open),
            Stage::Once => Ok(Stage::Asked),
            Stage::Asked => Err(Error::Other("one statement only was announced".to_owned())),
            Stage::Failed => Err(after_failure()),
        }
    }

    fn leave<T>(&mut self, then: Stage, result: Result<T, Error>) -> Result<T, Error> {
        self.stage = if result.is_err() { Stage::Failed } else { then };
        result
    }
}

fn after_failure() -> Error {
    Error::Other("a statement of this transaction failed: it can only be rolled back".to_owned())
}

fn only_read() -> Error {
    Error::Other("a snapshot is only read".to_owned())
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
