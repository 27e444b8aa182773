//! Many papers in one run: set by several threads, taken in order, never more in memory than are being set.

mod bound;
mod objects;
mod zipped;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use crate::{Error, Papers};

pub use bound::BoundPdf;
pub use zipped::ZipOfPapers;

/// Papers under way for each thread: one being set, and what keeps the thread from waiting for the writer.
const UNDER_WAY_PER_THREAD: usize = 4;

/// A value on its way through a thread, with its place in the run.
struct Under<T> {
    at: usize,
    value: T,
}

/// What a thread made of it.
type Made<T> = (Under<T>, Result<Vec<u8>, Error>);

impl Papers {
    /// Sets one paper for each value on `threads` threads and hands them to `take` in the order of the values, each with
    /// its value; a paper that was refused is handed over as its reason, and the run goes on.
    ///
    /// Values are asked for only as papers are taken: memory does not grow with the run. Answers how many were taken.
    ///
    /// # Errors
    /// The first of `values` or of `take`, which ends the run; what was taken before stays taken.
    pub fn run<T, E>(
        &self,
        threads: usize,
        values: impl IntoIterator<Item = Result<T, E>>,
        print: impl Fn(&Papers, &T) -> Result<Vec<u8>, Error> + Sync,
        mut take: impl FnMut(T, Result<Vec<u8>, Error>) -> Result<(), E>,
    ) -> Result<usize, E>
    where
        T: Send,
    {
        let threads = threads.max(1);
        let window = threads * UNDER_WAY_PER_THREAD;
        thread::scope(|scope| {
            let (to_threads, asked) = sync_channel::<Under<T>>(window);
            let (made, from_threads) = sync_channel::<Made<T>>(window);
            let (asked, print) = (Arc::new(Mutex::new(asked)), &print);
            for _ in 0..threads {
                let (asked, made) = (Arc::clone(&asked), made.clone());
                scope.spawn(move || self.set_what_is_asked(&asked, &made, print));
            }
            drop((made, asked));
            in_order(window, values.into_iter(), &to_threads, &from_threads, &mut take)
        })
    }

    fn set_what_is_asked<T>(
        &self,
        asked: &Mutex<Receiver<Under<T>>>,
        made: &SyncSender<Made<T>>,
        print: &(impl Fn(&Papers, &T) -> Result<Vec<u8>, Error> + Sync),
    ) {
        let next = || asked.lock().ok()?.recv().ok();
        while let Some(under) = next() {
            let paper = print(self, &under.value);
            if made.send((under, paper)).is_err() {
                return;
            }
        }
    }
}

/// Keeps `window` papers under way and takes those whose turn it is. Its end closes the channels, and with them the threads.
fn in_order<T, E>(
    window: usize,
    mut values: impl Iterator<Item = Result<T, E>>,
    to_threads: &SyncSender<Under<T>>,
    from_threads: &Receiver<Made<T>>,
    take: &mut impl FnMut(T, Result<Vec<u8>, Error>) -> Result<(), E>,
) -> Result<usize, E> {
    let (mut sent, mut taken, mut exhausted) = (0, 0, false);
    let mut early = BTreeMap::new();
    loop {
        while !exhausted && sent - taken < window {
            match values.next() {
                Some(value) => {
                    let under = Under { at: sent, value: value? };
                    to_threads.send(under).expect("the threads listen until this ends");
                    sent += 1;
                }
                None => exhausted = true,
            }
        }
        if taken == sent {
            return Ok(taken);
        }
        let (under, paper) = from_threads.recv().expect("a thread answers for what it was asked");
        early.insert(under.at, (under.value, paper));
        while let Some((value, paper)) = early.remove(&taken) {
            take(value, paper)?;
            taken += 1;
        }
    }
}
