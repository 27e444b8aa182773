//! SQLite: one writer thread that groups commits, and a fixed pool of readers used inline.

mod constraints;
mod readers;
mod statement;
mod statistics;
mod writer;

use std::path::Path;

use rusqlite::Connection;
use rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG;

pub(crate) use readers::{Reader, Readers};
pub(crate) use statistics::{COARSE, TELL};
pub(crate) use writer::{Kind, Reply, Session, Writer};

use crate::Error;

/// Prepared statements kept per connection: more than the house has.
const STATEMENTS: usize = 512;

fn connect(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path).map_err(error)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Without it a statement is planned again whenever another value is bound, which costs ten times its run.
    connection.set_db_config(SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(error)?;
    // full: an acknowledged receipt must survive the power cut too, not only the end of the process.
    // No memory-mapped file: there a disk error is a signal that ends the process, not an answer.
    let pragmas = "pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;
                   pragma temp_store = memory; pragma cache_size = -16000; pragma journal_size_limit = 67108864;";
    connection.execute_batch(pragmas).map_err(error)?;
    Ok(connection)
}

/// What SQLite says, in the words of the house.
pub(crate) fn error(error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode::*;
    let rusqlite::Error::SqliteFailure(failure, message) = &error else { return Error::Other(error.to_string()) };
    let message = message.clone().unwrap_or_else(|| failure.to_string());
    match failure.code {
        DatabaseBusy | DatabaseLocked | DiskFull | CannotOpen | SystemIoFailure | ReadOnly | OutOfMemory | NotADatabase => {
            Error::Unavailable(message)
        }
        ConstraintViolation => match message.strip_prefix("UNIQUE constraint failed: ") {
            Some(columns) => Error::Unique { constraint: constraints::name(columns) },
            None => Error::Constraint(message),
        },
        _ => Error::Other(message),
    }
}
