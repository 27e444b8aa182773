//! The database: SQLite or PostgreSQL behind one [`Db`] and one [`Tx`], with the migrations, the job queue, the audit
//! trail and the sealing of what is encrypted at rest.
//!
//! One SQL text runs on both: parameters are `$1`, types are those of the migrations, sums are cast. Not here: any
//! table of the domain.

pub mod audit;
mod error;
pub mod jobs;
mod migrate;
mod postgres;
mod sqlite;
#[cfg(feature = "testing")]
pub mod testing;
mod tx;
mod value;
pub mod vault;

use std::path::Path;
use std::sync::Arc;

pub use error::Error;
use postgres::Postgres;
use sqlite::{Readers, Writer};
use tx::Inner;
pub use tx::Tx;
pub use value::{FromValue, Row, ToValue, Value};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

#[derive(Clone, Debug)]
pub struct Options {
    /// Reading connections of SQLite.
    pub readers: usize,
    pub postgres_pool: usize,
    /// The PostgreSQL schema, where it is not the default one.
    pub search_path: Option<String>,
}

impl Default for Options {
    fn default() -> Options {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Options { readers: (2 * cores).max(2), postgres_pool: (8 * cores).max(16), search_path: None }
    }
}

/// A database, cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Pools>);

enum Pools {
    Sqlite { writer: std::sync::Mutex<Writer>, readers: Readers },
    Postgres(Postgres),
}

impl Db {
    /// Opens `sqlite:FILE` or `postgres://…`.
    pub async fn open(url: &str) -> Result<Db, Error> {
        Db::open_with(url, &Options::default()).await
    }

    pub async fn open_with(url: &str, options: &Options) -> Result<Db, Error> {
        let pools = match url.strip_prefix("sqlite:") {
            Some(file) => open_sqlite(Path::new(file), options)?,
            None if url.starts_with("postgres") => Pools::Postgres(Postgres::open(url, options)?),
            None => return Err(Error::Other("a database is sqlite:FILE or postgres://…".to_owned())),
        };
        let db = Db(Arc::new(pools));
        db.ping().await?;
        Ok(db)
    }

    pub fn engine(&self) -> Engine {
        match *self.0 {
            Pools::Sqlite { .. } => Engine::Sqlite,
            Pools::Postgres(_) => Engine::Postgres,
        }
    }

    /// Applies the migrations that are not applied yet; gives their names.
    pub async fn migrate(&self) -> Result<Vec<String>, Error> {
        migrate::migrate(self).await
    }

    /// A transaction that writes.
    pub async fn begin(&self) -> Result<Tx, Error> {
        match &*self.0 {
            Pools::Sqlite { writer, .. } => {
                let writer = writer.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                Ok(Tx(Inner::Writer(writer.begin()?)))
            }
            Pools::Postgres(pool) => Ok(Tx(Inner::Postgres(pool.begin("begin").await?))),
        }
    }

    /// A snapshot that reads.
    pub async fn read(&self) -> Result<Tx, Error> {
        match &*self.0 {
            Pools::Sqlite { readers, .. } => Ok(Tx(Inner::Reader(readers.snapshot().await?))),
            Pools::Postgres(pool) => {
                let begin = "begin transaction isolation level repeatable read, read only";
                Ok(Tx(Inner::Postgres(pool.begin(begin).await?)))
            }
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Error> {
        let mut tx = self.read().await?;
        tx.query_one("select 1", &[]).await?;
        tx.commit().await
    }
}

fn open_sqlite(file: &Path, options: &Options) -> Result<Pools, Error> {
    let writer = std::sync::Mutex::new(Writer::open(file)?);
    Ok(Pools::Sqlite { writer, readers: Readers::open(file, options.readers)? })
}
