//! A fixed pool of reading connections.
//!
//! Their statements run inline on the calling task: a page's reads take microseconds, less than a hop to another
//! thread, and the pool bounds how many tasks do so at once. One connection per caller instead would map the file
//! once per caller.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{connect, error, statement};
use crate::Error;
use crate::value::{Row, Value};

pub struct Readers {
    idle: Arc<Mutex<Vec<Connection>>>,
    free: Arc<Semaphore>,
}

/// A connection lent out, given back when it is dropped.
pub struct Reader {
    connection: Option<Connection>,
    begun: bool,
    idle: Arc<Mutex<Vec<Connection>>>,
    _place: OwnedSemaphorePermit,
}

const WAIT: Duration = Duration::from_secs(10);

impl Readers {
    pub fn open(path: &Path, count: usize) -> Result<Readers, Error> {
        let mut connections = Vec::with_capacity(count);
        for _ in 0..count {
            let connection = connect(path)?;
            // Small: what one reader does not hold, the system's cache does, once for all of them.
            connection.execute_batch("pragma query_only = on; pragma cache_size = -4000").map_err(error)?;
            connections.push(connection);
        }
        Ok(Readers { idle: Arc::new(Mutex::new(connections)), free: Arc::new(Semaphore::new(count)) })
    }

    /// What several statements see is one moment.
    pub async fn snapshot(&self) -> Result<Reader, Error> {
        let mut reader = self.take().await?;
        reader.begun = true;
        reader.connection().prepare_cached("begin deferred").and_then(|mut s| s.execute([])).map_err(error)?;
        Ok(reader)
    }

    /// For one statement, which is a moment by itself.
    pub async fn take(&self) -> Result<Reader, Error> {
        let waited = tokio::time::timeout(WAIT, self.free.clone().acquire_owned()).await;
        let place = waited.map_err(|_| Error::Unavailable("all readers are busy".to_owned()))?.expect("the pool is never closed");
        let connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop().expect("a place is a connection");
        Ok(Reader { connection: Some(connection), begun: false, idle: self.idle.clone(), _place: place })
    }
}

impl Reader {
    fn connection(&self) -> &Connection {
        self.connection.as_ref().expect("a reader holds its connection until it is dropped")
    }

    pub fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, Error> {
        statement::query(self.connection(), sql, params)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            if self.begun {
                let _ = connection.prepare_cached("rollback").and_then(|mut s| s.execute([]));
            }
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
    }
}
