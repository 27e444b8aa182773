//! The one writing connection, on a thread of its own.
//!
//! Transactions are served one after another. While others wait, each runs inside a savepoint of one outer
//! transaction, and the acknowledgement of every one of them is sent only after the outer commit is on the disk:
//! many writers, one fsync. If the outer commit fails, all of the group fail.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::oneshot;

use super::{connect, error, statement};
use crate::Error;
use crate::value::{Row, Value};

/// A group ends when it has this many transactions, or has lasted this long.
const GROUP: usize = 64;
const GROUP_LASTS: Duration = Duration::from_millis(5);
/// A transaction that says nothing for this long is rolled back, so that a stuck task cannot hold the writer.
const SILENCE: Duration = Duration::from_secs(30);

/// What a transaction asks of the writer.
pub enum Kind {
    Query(String, Vec<Value>),
    Execute(String, Vec<Value>),
    ExecuteMany(String, Vec<Vec<Value>>),
    Batch(String),
}

pub enum Reply {
    Rows(Vec<Row>),
    Changed(u64),
}

enum Command {
    Run(Kind, oneshot::Sender<Result<Reply, Error>>),
    Commit(oneshot::Sender<Result<(), Error>>),
}

/// One transaction's line to the writer; hanging up rolls back.
pub struct Session(Sender<Command>);

#[derive(Clone)]
pub struct Writer(Sender<Receiver<Command>>);

impl Writer {
    pub fn open(path: &Path) -> Result<Writer, Error> {
        let connection = connect(path)?;
        let (sender, waiting) = channel();
        let serve = move || serve_groups(&connection, &waiting);
        std::thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(serve)
            .map_err(|e| Error::Unavailable(e.to_string()))?;
        Ok(Writer(sender))
    }

    /// Takes a place in the line; the first statement waits for its turn.
    pub fn begin(&self) -> Result<Session, Error> {
        let (session, commands) = channel();
        self.0.send(commands).map_err(|_| gone())?;
        Ok(Session(session))
    }
}

impl Session {
    pub async fn run(&self, kind: Kind) -> Result<Reply, Error> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Command::Run(kind, reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    pub async fn commit(self) -> Result<(), Error> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Command::Commit(reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

fn gone() -> Error {
    Error::Unavailable("the transaction has ended".to_owned())
}

fn serve_groups(connection: &Connection, waiting: &Receiver<Receiver<Command>>) {
    while let Ok(first) = waiting.recv() {
        if let Err(failure) = run(connection, "begin immediate") {
            refuse(&first, &failure);
            continue;
        }
        let acknowledgements = serve_group(connection, first, waiting);
        let committed = if connection.is_autocommit() { Err(lost()) } else { run(connection, "commit") };
        if committed.is_err() && !connection.is_autocommit() {
            let _ = run(connection, "rollback");
        }
        for acknowledgement in acknowledgements {
            let _ = acknowledgement.send(committed.as_ref().map(|_| ()).map_err(|e| Error::Unavailable(e.to_string())));
        }
    }
}

/// Serves transactions until nobody waits or the group is full; gives whom to tell of the commit.
fn serve_group(
    connection: &Connection,
    first: Receiver<Command>,
    waiting: &Receiver<Receiver<Command>>,
) -> Vec<oneshot::Sender<Result<(), Error>>> {
    let (mut acknowledgements, began, mut next) = (Vec::new(), Instant::now(), Some(first));
    while let Some(commands) = next {
        acknowledgements.extend(serve(connection, &commands));
        let full = acknowledgements.len() >= GROUP || began.elapsed() >= GROUP_LASTS || connection.is_autocommit();
        next = if full { None } else { waiting.try_recv().ok() };
    }
    acknowledgements
}

/// Serves one transaction inside its savepoint; gives whom to tell when it asked to be committed.
fn serve(connection: &Connection, commands: &Receiver<Command>) -> Option<oneshot::Sender<Result<(), Error>>> {
    if let Err(failure) = run(connection, "savepoint one") {
        refuse(commands, &failure);
        return None;
    }
    loop {
        match commands.recv_timeout(SILENCE) {
            Ok(Command::Run(kind, reply)) => {
                let result = perform(connection, kind);
                if connection.is_autocommit() {
                    // The engine gave the whole transaction up (a full disk): so does everybody in the group.
                    let _ = reply.send(Err(lost()));
                    return None;
                }
                let _ = reply.send(result);
            }
            Ok(Command::Commit(reply)) => match run(connection, "release one") {
                Ok(()) => return Some(reply),
                Err(failure) => {
                    let _ = reply.send(Err(failure));
                    break;
                }
            },
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    let _ = run(connection, "rollback to one").and_then(|()| run(connection, "release one"));
    None
}

fn perform(connection: &Connection, kind: Kind) -> Result<Reply, Error> {
    match kind {
        Kind::Query(sql, params) => statement::query(connection, &sql, &params).map(Reply::Rows),
        Kind::Execute(sql, params) => statement::execute(connection, &sql, &params).map(Reply::Changed),
        Kind::ExecuteMany(sql, rows) => statement::execute_many(connection, &sql, &rows).map(Reply::Changed),
        Kind::Batch(sql) => connection.execute_batch(&sql).map(|()| Reply::Changed(0)).map_err(error),
    }
}

fn run(connection: &Connection, sql: &str) -> Result<(), Error> {
    connection.prepare_cached(sql).and_then(|mut s| s.execute([])).map(|_| ()).map_err(error)
}

fn refuse(commands: &Receiver<Command>, failure: &Error) {
    let refused = || Error::Unavailable(failure.to_string());
    match commands.recv_timeout(SILENCE) {
        Ok(Command::Run(_, reply)) => drop(reply.send(Err(refused()))),
        Ok(Command::Commit(reply)) => drop(reply.send(Err(refused()))),
        Err(_) => {}
    }
}

fn lost() -> Error {
    Error::Unavailable("the engine gave the transaction up".to_owned())
}
