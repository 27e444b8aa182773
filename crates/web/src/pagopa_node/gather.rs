//! Questions that wait are answered together.
//!
//! A question that finds its lane free is answered at once. What comes to the lane meanwhile waits, and is answered in
//! one go when that is done: nobody ever waits for company, and the busier the lane, the more share one answer's cost.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Answers the questions of a lane, in their order.
type Work<Q, A> = dyn Fn(Arc<str>, Vec<Q>) -> Pin<Box<dyn Future<Output = Vec<A>> + Send>> + Send + Sync;

/// Cheap to clone.
pub struct Gatherer<Q, A>(Arc<Lanes<Q, A>>);

struct Lanes<Q, A> {
    /// A lane is here while somebody serves it.
    waiting: Mutex<HashMap<Arc<str>, VecDeque<Waiting<Q, A>>>>,
    most: usize,
    work: Box<Work<Q, A>>,
}

struct Waiting<Q, A> {
    question: Q,
    reply: oneshot::Sender<A>,
}

impl<Q: Send + 'static, A: Send + 'static> Gatherer<Q, A> {
    /// At most `most` questions are put to `work` at once, all of one lane; lanes do not wait for each other.
    pub fn new<F>(most: usize, work: impl Fn(Arc<str>, Vec<Q>) -> F + Send + Sync + 'static) -> Gatherer<Q, A>
    where
        F: Future<Output = Vec<A>> + Send + 'static,
    {
        let work = Box::new(move |lane, questions| Box::pin(work(lane, questions)) as Pin<Box<dyn Future<Output = _> + Send>>);
        Gatherer(Arc::new(Lanes { waiting: Mutex::default(), most, work }))
    }

    /// The answer; none when the work panicked. Who stops waiting before the question is taken up takes it back.
    pub async fn ask(&self, lane: &str, question: Q) -> Option<A> {
        let (reply, answer) = oneshot::channel();
        if let Some(lane) = self.0.queue(lane, Waiting { question, reply }) {
            tokio::spawn(serve(self.0.clone(), lane));
        }
        answer.await.ok()
    }
}

impl<Q, A> Lanes<Q, A> {
    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, VecDeque<Waiting<Q, A>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the lane when nobody serves it yet.
    fn queue(&self, lane: &str, asked: Waiting<Q, A>) -> Option<Arc<str>> {
        let mut waiting = self.lock();
        if let Some(queue) = waiting.get_mut(lane) {
            queue.push_back(asked);
            return None;
        }
        let lane: Arc<str> = lane.into();
        waiting.insert(lane.clone(), VecDeque::from([asked]));
        Some(lane)
    }

    /// The next questions of a lane; none, and the lane is free again, when nobody waits.
    fn next(&self, lane: &str) -> Option<Vec<Waiting<Q, A>>> {
        let mut waiting = self.lock();
        let queue = waiting.get_mut(lane)?;
        queue.retain(|asked| !asked.reply.is_closed());
        if queue.is_empty() {
            waiting.remove(lane);
            return None;
        }
        Some(queue.drain(..self.most.min(queue.len())).collect())
    }
}

async fn serve<Q: Send + 'static, A: Send + 'static>(lanes: Arc<Lanes<Q, A>>, lane: Arc<str>) {
    let served = Served { lanes: &lanes, lane: &lane };
    while let Some(group) = lanes.next(&lane) {
        let (questions, replies): (Vec<Q>, Vec<_>) = group.into_iter().map(|asked| (asked.question, asked.reply)).unzip();
        let answers = (lanes.work)(lane.clone(), questions).await;
        replies.into_iter().zip(answers).for_each(|(reply, answer)| drop(reply.send(answer)));
    }
    std::mem::forget(served);
}

/// A lane that is served. Work that panics, or a runtime that ends, must not leave it taken for ever.
struct Served<'a, Q, A> {
    lanes: &'a Lanes<Q, A>,
    lane: &'a str,
}

impl<Q, A> Drop for Served<'_, Q, A> {
    fn drop(&mut self) {
        self.lanes.lock().remove(self.lane);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]

    use std::time::Duration;

    use tokio::sync::{Notify, mpsc};

    use super::*;

    /// Answers with the size of the group, group by group as it is let.
    fn sizes(most: usize) -> (Gatherer<u32, usize>, Arc<Notify>, mpsc::UnboundedReceiver<Vec<u32>>) {
        let (go, (told, groups)) = (Arc::new(Notify::new()), mpsc::unbounded_channel());
        let gate = go.clone();
        let gatherer = Gatherer::new(most, move |_, questions: Vec<u32>| {
            let (gate, told) = (gate.clone(), told.clone());
            async move {
                told.send(questions.clone()).unwrap();
                gate.notified().await;
                assert!(!questions.contains(&13), "an unlucky number");
                vec![questions.len(); questions.len()]
            }
        });
        (gatherer, go, groups)
    }

    fn ask(gatherer: &Gatherer<u32, usize>, lane: &'static str, question: u32) -> tokio::task::JoinHandle<Option<usize>> {
        let gatherer = Gatherer(gatherer.0.clone());
        tokio::spawn(async move { gatherer.ask(lane, question).await })
    }

    #[tokio::test]
    async fn what_comes_meanwhile_is_answered_together_up_to_the_limit() {
        let (gatherer, go, mut groups) = sizes(3);
        let first = ask(&gatherer, "a", 0);
        assert_eq!(groups.recv().await.unwrap(), [0], "nobody waits for company");
        let later: Vec<_> = (1..=4).map(|n| ask(&gatherer, "a", n)).collect();
        tokio::task::yield_now().await;
        go.notify_one();
        assert_eq!(first.await.unwrap(), Some(1));
        assert_eq!(groups.recv().await.unwrap(), [1, 2, 3]);
        go.notify_one();
        assert_eq!(groups.recv().await.unwrap(), [4]);
        go.notify_one();
        let mut answers = Vec::new();
        for one in later {
            answers.push(one.await.unwrap().unwrap());
        }
        assert_eq!(answers, [3, 3, 3, 1]);
        assert!(gatherer.0.lock().is_empty(), "a lane without questions is gone");
    }

    #[tokio::test]
    async fn lanes_do_not_wait_for_each_other() {
        let (gatherer, go, mut groups) = sizes(3);
        let (one, two) = (ask(&gatherer, "a", 1), ask(&gatherer, "b", 2));
        assert_eq!((groups.recv().await.unwrap().len(), groups.recv().await.unwrap().len()), (1, 1));
        go.notify_one();
        go.notify_one();
        assert_eq!((one.await.unwrap(), two.await.unwrap()), (Some(1), Some(1)));
    }

    #[tokio::test]
    async fn who_stops_waiting_in_the_queue_is_not_served() {
        let (gatherer, go, mut groups) = sizes(3);
        let first = ask(&gatherer, "a", 0);
        groups.recv().await.unwrap();
        let given_up = tokio::time::timeout(Duration::from_millis(1), gatherer.ask("a", 1)).await;
        assert!(given_up.is_err());
        go.notify_one();
        first.await.unwrap();
        assert!(groups.try_recv().is_err());
    }

    #[tokio::test]
    async fn a_group_that_panics_is_answered_with_nothing_and_frees_its_lane() {
        let (gatherer, go, mut groups) = sizes(3);
        let unlucky = ask(&gatherer, "a", 13);
        groups.recv().await.unwrap();
        go.notify_one();
        assert_eq!(unlucky.await.unwrap(), None);
        let next = ask(&gatherer, "a", 1);
        groups.recv().await.unwrap();
        go.notify_one();
        assert_eq!(next.await.unwrap(), Some(1));
    }
}
