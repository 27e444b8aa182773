//! The one writing connection, on a thread of its own.
//!
//! Transactions are served one after another. While others wait, each runs inside a savepoint of one outer
//! transaction, and the acknowledgement of every one of them is sent only after the outer commit is on the disk:
//! many writers, one fsync. If the outer commit fails, all of the group fail (so the migrations defer no foreign key: it
//! would be checked there, at the neighbours' cost).

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
    Commit(Acknowledgement),
}

type Acknowledgement = oneshot::Sender<Result<(), Error>>;

/// One transaction's line to the writer; hanging up rolls back.
pub struct Session {
    writer: Writer,
    /// None until the first statement: a transaction that has nothing to say yet keeps nobody waiting.
    commands: Option<Sender<Command>>,
}

#[derive(Clone)]
pub struct Writer(Sender<Receiver<Command>>);

impl Writer {
    pub fn open(path: &Path, silence: Duration) -> Result<Writer, Error> {
        let connection = connect(path)?;
        let (sender, waiting) = channel();
        let thread = Thread { connection, waiting, silence };
        let builder = std::thread::Builder::new().name("sqlite-writer".to_owned());
        builder.spawn(move || thread.serve_groups()).map_err(|e| Error::Unavailable(e.to_string()))?;
        Ok(Writer(sender))
    }

    pub fn begin(&self) -> Session {
        Session { writer: self.clone(), commands: None }
    }
}

impl Session {
    /// Waits for its turn, the first time, and for the answer.
    pub async fn run(&mut self, kind: Kind) -> Result<Reply, Error> {
        let (reply, answer) = oneshot::channel();
        self.commands()?.send(Command::Run(kind, reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    pub async fn commit(self) -> Result<(), Error> {
        let Some(commands) = self.commands else { return Ok(()) };
        let (reply, answer) = oneshot::channel();
        commands.send(Command::Commit(reply)).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    fn commands(&mut self) -> Result<&Sender<Command>, Error> {
        if self.commands.is_none() {
            let (sender, commands) = channel();
            self.writer.0.send(commands).map_err(|_| gone())?;
            self.commands = Some(sender);
        }
        self.commands.as_ref().ok_or_else(gone)
    }
}

fn gone() -> Error {
    Error::Unavailable("the transaction has ended".to_owned())
}

struct Thread {
    connection: Connection,
    waiting: Receiver<Receiver<Command>>,
    silence: Duration,
}

impl Thread {
    /// Until the last clone of the writer is gone.
    fn serve_groups(&self) {
        while let Ok(first) = self.waiting.recv() {
            if let Err(failure) = self.run("begin immediate") {
                self.refuse(&first, &failure);
                continue;
            }
            let acknowledgements = self.serve_group(first);
            let committed = self.end_group();
            for acknowledgement in acknowledgements {
                let _ = acknowledgement.send(committed.as_ref().copied().map_err(Error::for_another));
            }
        }
    }

    /// Serves transactions until nobody waits or the group is full; gives whom to tell of the commit.
    fn serve_group(&self, first: Receiver<Command>) -> Vec<Acknowledgement> {
        let (mut acknowledgements, began, mut next) = (Vec::new(), Instant::now(), Some(first));
        while let Some(commands) = next {
            acknowledgements.extend(self.serve(&commands));
            let full = acknowledgements.len() >= GROUP || began.elapsed() >= GROUP_LASTS || self.connection.is_autocommit();
            next = if full { None } else { self.waiting.try_recv().ok() };
        }
        acknowledgements
    }

    fn end_group(&self) -> Result<(), Error> {
        if self.connection.is_autocommit() {
            return Err(lost());
        }
        self.run("commit").inspect_err(|failure| {
            tracing::error!(%failure, "a group of transactions could not be committed");
            if !self.connection.is_autocommit() {
                let _ = self.run("rollback");
            }
        })
    }

    /// Serves one transaction inside its savepoint; gives whom to tell when it asked to be committed.
    fn serve(&self, commands: &Receiver<Command>) -> Option<Acknowledgement> {
        if let Err(failure) = self.run("savepoint one") {
            self.refuse(commands, &failure);
            return None;
        }
        match self.converse(commands) {
            Some(acknowledgement) => match self.run("release one") {
                Ok(()) => return Some(acknowledgement),
                Err(failure) => drop(acknowledgement.send(Err(failure))),
            },
            // The engine gave the whole transaction up (a full disk): so does everybody in the group.
            None if self.connection.is_autocommit() => return None,
            None => {}
        }
        let _ = self.run("rollback to one").and_then(|()| self.run("release one"));
        None
    }

    /// Answers statements until the transaction commits (gives whom to tell), hangs up or falls silent.
    fn converse(&self, commands: &Receiver<Command>) -> Option<Acknowledgement> {
        loop {
            match commands.recv_timeout(self.silence) {
                // Nobody waits for the answer any more: the request was given up in the line.
                Ok(Command::Run(_, reply)) if reply.is_closed() => return None,
                Ok(Command::Run(kind, reply)) => {
                    let result = perform(&self.connection, kind);
                    let lost_all = self.connection.is_autocommit();
                    let _ = reply.send(if lost_all { result.and(Err(lost())) } else { result });
                    if lost_all {
                        return None;
                    }
                }
                Ok(Command::Commit(acknowledgement)) => return Some(acknowledgement),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    tracing::warn!("a silent transaction was rolled back");
                    return None;
                }
            }
        }
    }

    /// Answers the first question of a transaction that could not begin.
    fn refuse(&self, commands: &Receiver<Command>, failure: &Error) {
        match commands.recv_timeout(self.silence) {
            Ok(Command::Run(_, reply)) => drop(reply.send(Err(failure.for_another()))),
            Ok(Command::Commit(reply)) => drop(reply.send(Err(failure.for_another()))),
            Err(_) => {}
        }
    }

    fn run(&self, sql: &str) -> Result<(), Error> {
        self.connection.prepare_cached(sql).and_then(|mut s| s.execute([])).map(|_| ()).map_err(error)
    }
}

fn perform(connection: &Connection, kind: Kind) -> Result<Reply, Error> {
    match kind {
        Kind::Query(sql, params) => statement::query(connection, &sql, &params).map(Reply::Rows),
        Kind::Execute(sql, params) => statement::execute(connection, &sql, &params).map(Reply::Changed),
        Kind::ExecuteMany(sql, rows) => statement::execute_many(connection, &sql, &rows).map(Reply::Changed),
        Kind::Batch(sql) => connection.execute_batch(&sql).map(|()| Reply::Changed(0)).map_err(error),
    }
}

fn lost() -> Error {
    Error::Unavailable("the engine gave the transaction up".to_owned())
}
