//! The database: SQLite or PostgreSQL behind one [`Db`] and one [`Tx`], with the migrations, the job queue, the audit
//! trail and the sealing of what is encrypted at rest.
//!
//! One SQL text runs on both: parameters are `$1`, types are those of the migrations, sums are cast. Not here: any
//! table of the domain.

pub mod audit;
mod disk;
mod error;
pub mod jobs;
mod migrate;
mod postgres;
mod sqlite;
pub mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod tx;
mod value;
pub mod vault;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub use disk::DiskAlarm;
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
    /// A transaction that says nothing for this long is rolled back: a stuck task must not hold the writer, or row locks.
    pub silence: Duration,
    /// Free bytes on the disk of a SQLite database below which [`Db::disk_alarm`] speaks.
    pub disk_alarm_bytes: u64,
}

impl Default for Options {
    fn default() -> Options {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Options {
            readers: (2 * cores).max(2),
            postgres_pool: (8 * cores).max(16),
            search_path: None,
            silence: Duration::from_secs(30),
            disk_alarm_bytes: 512 * 1024 * 1024,
        }
    }
}

/// A database, cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Pools>);

enum Pools {
    Sqlite { writer: Writer, readers: Readers, file: PathBuf, disk_alarm_bytes: u64, _temporary: Option<Temporary> },
    Postgres(Postgres),
}

impl Db {
    /// Opens `sqlite:FILE` or `postgres://…`; `sqlite::memory:` is a private file that goes with the last clone.
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
        db.refuse_forgetful_server().await?;
        Ok(db)
    }

    /// A commit that is acknowledged must be on the server's disk.
    async fn refuse_forgetful_server(&self) -> Result<(), Error> {
        if self.engine() == Engine::Sqlite {
            return Ok(());
        }
        let row = self.read().await?.query_one("select current_setting('synchronous_commit')", &[]).await?;
        match row.get::<String>(0)?.as_str() {
            "off" => {
                Err(Error::Other("this PostgreSQL has synchronous_commit off: it may forget what it acknowledged".to_owned()))
            }
            _ => Ok(()),
        }
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

    /// Drops all tables of ours from a PostgreSQL schema; a SQLite file is simply removed. Only a demo begins anew.
    ///
    /// # Errors
    /// [`Error::Other`] where the schema holds tables that are not ours.
    pub async fn drop_everything(&self) -> Result<(), Error> {
        migrate::drop_everything(self).await
    }

    /// Has PostgreSQL count its rows, so that plans know of a large load at once and not a minute later. The figures of
    /// SQLite do not change.
    pub async fn count_rows(&self) -> Result<(), Error> {
        if self.engine() == Engine::Sqlite {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        let tables = migrate::tables(&mut tx).await?;
        tx.batch(&format!("analyze {}", tables.join(", "))).await?;
        tx.commit().await
    }

    /// A transaction that writes. It takes its place among the writers with its first statement, not before.
    pub async fn begin(&self) -> Result<Tx, Error> {
        match &*self.0 {
            Pools::Sqlite { writer, .. } => Ok(Tx::new(Inner::Writer(writer.begin()))),
            Pools::Postgres(pool) => Ok(Tx::new(Inner::Postgres(pool.begin(Some("begin")).await?))),
        }
    }

    /// As [`Db::read`], for one statement only: a snapshot needs no transaction then, and PostgreSQL one round trip.
    pub async fn read_once(&self) -> Result<Tx, Error> {
        match &*self.0 {
            Pools::Sqlite { readers, .. } => Ok(Tx::once(Inner::Reader(readers.take().await?))),
            Pools::Postgres(pool) => Ok(Tx::once(Inner::Postgres(pool.begin(None).await?))),
        }
    }

    /// A snapshot that reads: what it sees is fixed by its first statement.
    pub async fn read(&self) -> Result<Tx, Error> {
        match &*self.0 {
            Pools::Sqlite { readers, .. } => Ok(Tx::new(Inner::Reader(readers.snapshot().await?))),
            Pools::Postgres(pool) => {
                let begin = "begin transaction isolation level repeatable read, read only";
                Ok(Tx::new(Inner::Postgres(pool.begin(Some(begin)).await?)))
            }
        }
    }

    /// Whether the disk of a SQLite database is nearly full; a write that finds it full changes nothing and is answered
    /// with [`Error::Unavailable`].
    pub fn disk_alarm(&self) -> Option<DiskAlarm> {
        match &*self.0 {
            Pools::Sqlite { file, disk_alarm_bytes, .. } => disk::alarm(file, *disk_alarm_bytes),
            Pools::Postgres(_) => None,
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
    let temporary = (file == Path::new(":memory:")).then(Temporary::new);
    let file = temporary.as_ref().map_or(file, |t| &t.0).to_path_buf();
    Ok(Pools::Sqlite {
        writer: Writer::open(&file, options.silence)?,
        readers: Readers::open(&file, options.readers)?,
        file,
        disk_alarm_bytes: options.disk_alarm_bytes,
        _temporary: temporary,
    })
}

/// A file that goes when nobody needs it: several connections cannot share a database that is only in memory.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Temporary {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("campanella-{}-{}.sqlite", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Temporary(std::env::temp_dir().join(name))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        for tail in ["", "-wal", "-shm"] {
            let mut name = self.0.clone().into_os_string();
            name.push(tail);
            let _ = std::fs::remove_file(name);
        }
    }
}
