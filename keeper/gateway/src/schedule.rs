//! Whose turn it is: a bounded number of requests inside, a smaller number running, and turns that go round the payers.
//!
//! A payer that sends many requests waits behind its own, not before those of others: the queue of each payer is first
//! come, first served, and the payers take turns.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

/// Longest wait that is suggested to a client.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Weight of the newest request in the average duration, as a share of 1.
const NEWEST: f64 = 0.2;

/// Why there is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Full {
    /// Everybody's requests together fill the queue.
    Queue {
        /// When to try again.
        retry_after: Duration,
    },
    /// The payer's own requests fill its share.
    Share {
        /// When to try again.
        retry_after: Duration,
    },
}

/// The schedule of requests by payers `K`. Clones share it.
#[derive(Debug)]
pub(crate) struct Schedule<K> {
    inner: Arc<Inner<K>>,
}

impl<K> Clone for Schedule<K> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

#[derive(Debug)]
struct Inner<K> {
    running_limit: usize,
    inside_limit: usize,
    share: usize,
    state: Mutex<State<K>>,
}

#[derive(Debug)]
struct State<K> {
    running: usize,
    inside: HashMap<K, usize>,
    total: usize,
    waiting: HashMap<K, VecDeque<oneshot::Sender<()>>>,
    /// Payers with waiting requests, the next one first. Each is here exactly once.
    order: VecDeque<K>,
    /// Average time that a request runs, in seconds.
    average: f64,
}

impl<K: Eq + Hash + Clone> Inner<K> {
    fn state(&self) -> MutexGuard<'_, State<K>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives free turns to those who wait.
    fn promote(&self, state: &mut State<K>) {
        while state.running < self.running_limit
            && let Some(key) = state.order.pop_front()
        {
            let Some(queue) = state.waiting.get_mut(&key) else { continue };
            let next = queue.pop_front();
            if queue.is_empty() {
                state.waiting.remove(&key);
            } else {
                state.order.push_back(key);
            }
            // One that gave up waiting leaves its turn to the next.
            if next.is_some_and(|waiter| waiter.send(()).is_ok()) {
                state.running += 1;
            }
        }
    }
}

impl<K: Eq + Hash + Clone> Schedule<K> {
    /// A schedule for `running` requests at once and `waiting` more, of which one payer may have `share`.
    #[must_use]
    pub(crate) fn new(running: usize, waiting: usize, share: usize) -> Self {
        let state = State {
            running: 0,
            inside: HashMap::new(),
            total: 0,
            waiting: HashMap::new(),
            order: VecDeque::new(),
            average: 1.0,
        };
        let running_limit = running.max(1);
        let inner = Inner {
            running_limit,
            inside_limit: running_limit + waiting,
            share: share.max(1),
            state: Mutex::new(state),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Takes a place for a request of `key`.
    ///
    /// # Errors
    /// If there is none; nothing waits for one.
    pub(crate) fn enter(&self, key: K) -> Result<Place<K>, Full> {
        let mut state = self.inner.state();
        let ahead = (state.total + 1).saturating_sub(self.inner.running_limit).max(1);
        let seconds = state.average * ahead as f64 / self.inner.running_limit as f64;
        let retry_after = Duration::from_secs_f64(seconds.clamp(1.0, LONGEST_WAIT.as_secs_f64()));
        if state.total >= self.inner.inside_limit {
            return Err(Full::Queue { retry_after });
        }
        let own = state.inside.entry(key.clone()).or_default();
        if *own >= self.inner.share {
            return Err(Full::Share { retry_after });
        }
        *own += 1;
        state.total += 1;
        Ok(Place { inner: Arc::clone(&self.inner), key })
    }

    /// Requests that run, and requests that have a place but not their turn.
    #[must_use]
    pub(crate) fn load(&self) -> (usize, usize) {
        let state = self.inner.state();
        (state.running, state.total.saturating_sub(state.running))
    }
}

/// A place in the schedule, given back when dropped.
#[derive(Debug)]
pub(crate) struct Place<K: Eq + Hash + Clone> {
    inner: Arc<Inner<K>>,
    key: K,
}

impl<K: Eq + Hash + Clone> Place<K> {
    /// Waits for the turn of this place.
    pub(crate) async fn turn(&self) -> Turn<K> {
        let waiter = {
            let mut state = self.inner.state();
            let (sender, waiter) = oneshot::channel();
            let queue = state.waiting.entry(self.key.clone()).or_default();
            queue.push_back(sender);
            if queue.len() == 1 {
                state.order.push_back(self.key.clone());
            }
            self.inner.promote(&mut state);
            Waiter { inner: Arc::clone(&self.inner), waiter }
        };
        waiter.wait().await
    }
}

impl<K: Eq + Hash + Clone> Drop for Place<K> {
    fn drop(&mut self) {
        let mut state = self.inner.state();
        state.total = state.total.saturating_sub(1);
        if let Some(own) = state.inside.get_mut(&self.key) {
            *own -= 1;
            if *own == 0 {
                state.inside.remove(&self.key);
            }
        }
    }
}

/// Somebody who waits. Dropped after the turn was given but before it was taken, it gives the turn on.
struct Waiter<K: Eq + Hash + Clone> {
    inner: Arc<Inner<K>>,
    waiter: oneshot::Receiver<()>,
}

impl<K: Eq + Hash + Clone> Waiter<K> {
    async fn wait(mut self) -> Turn<K> {
        // The sender is dropped only by `promote`, after it has sent.
        let _ = (&mut self.waiter).await;
        Turn { inner: Arc::clone(&self.inner), since: Instant::now() }
    }
}

impl<K: Eq + Hash + Clone> Drop for Waiter<K> {
    fn drop(&mut self) {
        let mut state = self.inner.state();
        self.waiter.close();
        // Given and never taken. After `wait` it was taken, and the channel is empty.
        if self.waiter.try_recv().is_ok() {
            state.running -= 1;
            self.inner.promote(&mut state);
        }
    }
}

/// The right to run, given back when dropped.
#[derive(Debug)]
pub(crate) struct Turn<K: Eq + Hash + Clone> {
    inner: Arc<Inner<K>>,
    since: Instant,
}

impl<K: Eq + Hash + Clone> Drop for Turn<K> {
    fn drop(&mut self) {
        let mut state = self.inner.state();
        state.running -= 1;
        state.average += NEWEST * (self.since.elapsed().as_secs_f64() - state.average);
        self.inner.promote(&mut state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn soon<T>(future: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(Duration::from_millis(20), future).await.ok()
    }

    #[tokio::test]
    async fn payers_take_turns() {
        let schedule = Schedule::new(1, 10, 10);
        let places: Vec<_> = ["a", "a", "a", "b"].map(|key| schedule.enter(key).unwrap()).into();
        let running = places[0].turn().await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiting = Vec::new();
        for (number, place) in places.into_iter().enumerate().skip(1) {
            let order = Arc::clone(&order);
            waiting.push(tokio::spawn(async move {
                let turn = place.turn().await;
                order.lock().unwrap().push(number);
                drop(turn);
            }));
            tokio::task::yield_now().await;
        }
        drop(running);
        for task in waiting {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [1, 3, 2], "b comes before a's third");
    }

    #[tokio::test]
    async fn a_share_and_the_queue_are_bounded_and_given_back() {
        let schedule = Schedule::new(1, 3, 2);
        let first = schedule.enter("a").unwrap();
        let _second = schedule.enter("a").unwrap();
        assert!(matches!(schedule.enter("a"), Err(Full::Share { .. })));
        let _others = ["b", "b"].map(|key| schedule.enter(key).unwrap());
        let Err(Full::Queue { retry_after }) = schedule.enter("c") else { panic!("the queue is full") };
        assert!(retry_after >= Duration::from_secs(1));
        drop(first);
        assert!(schedule.enter("c").is_ok());
        assert_eq!(schedule.load(), (0, 3));
    }

    #[tokio::test]
    async fn who_gives_up_waiting_does_not_keep_the_turn() {
        let schedule = Schedule::new(1, 10, 10);
        let [one, two, three] = ["a", "b", "c"].map(|key| schedule.enter(key).unwrap());
        let running = one.turn().await;
        assert!(soon(two.turn()).await.is_none(), "the wait is dropped here");
        // A turn that was given while its owner was being dropped goes on, too.
        let mut given = Box::pin(two.turn());
        assert!(soon(&mut given).await.is_none());
        drop(running);
        drop(given);
        assert!(soon(three.turn()).await.is_some());
        assert_eq!(schedule.load().0, 0);
    }
}
