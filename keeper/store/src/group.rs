//! Group commit: changes that arrive while a commit is under way share the next one, so that many small changes cost
//! one write to the disk instead of one each. Each change still takes effect as a whole or not at all, and is reported
//! done only after it is durable.

use std::sync::Arc;

use rusqlite::Transaction;
use tokio::sync::{mpsc, oneshot};

use crate::{Store, StoreError};

/// Most changes of one commit.
const LARGEST_GROUP: usize = 512;
/// Changes that may wait; whoever comes then waits for room.
const QUEUE: usize = 4 * LARGEST_GROUP;

/// A change and what tells its owner how it ended.
trait Change: Send {
    fn apply(&mut self, tx: &Transaction<'_>);
    /// Reports; `Some` if the commit of the group failed.
    fn report(self: Box<Self>, failed: Option<&Arc<StoreError>>);
}

/// Why a change did not become durable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// The change itself failed; others of its group were not affected.
    #[error(transparent)]
    Change(StoreError),
    /// The commit of the whole group failed.
    #[error("{0}")]
    Commit(Arc<StoreError>),
    /// The writer is gone: its thread panicked or the process ends.
    #[error("the writer of the state database is gone")]
    Gone,
}

/// Hands changes to a thread that commits them in groups. Clones share the thread, which ends with the last of them.
#[derive(Clone)]
pub struct GroupWriter {
    changes: mpsc::Sender<Box<dyn Change>>,
}

impl std::fmt::Debug for GroupWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupWriter").finish_non_exhaustive()
    }
}

impl GroupWriter {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub fn start(store: Store) -> std::io::Result<Self> {
        let (changes, queue) = mpsc::channel(QUEUE);
        std::thread::Builder::new().name("group-commit".to_owned()).spawn(move || run(&store, queue))?;
        Ok(Self { changes })
    }

    /// Makes `change` durable and returns what it returned.
    ///
    /// Dropping the future does not undo it.
    ///
    /// # Errors
    /// If the change or the commit fails.
    pub async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, GroupError> {
        let (reply, answer) = oneshot::channel();
        let change = Pending { work: Some(change), outcome: None, reply };
        self.changes.send(Box::new(change)).await.map_err(|_| GroupError::Gone)?;
        answer.await.unwrap_or(Err(GroupError::Gone))
    }
}

struct Pending<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, GroupError>>,
}

impl<T, F> Change for Pending<T, F>
where
    T: Send,
    F: FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send,
{
    fn apply(&mut self, tx: &Transaction<'_>) {
        if let Some(work) = self.work.take() {
            self.outcome = Some(in_savepoint(tx, work));
        }
    }

    fn report(self: Box<Self>, failed: Option<&Arc<StoreError>>) {
        let result = match (failed, self.outcome) {
            (Some(error), _) => Err(GroupError::Commit(Arc::clone(error))),
            (None, Some(outcome)) => outcome.map_err(GroupError::Change),
            (None, None) => Err(GroupError::Gone),
        };
        // Whoever no longer waits has no use for it.
        let _ = self.reply.send(result);
    }
}

/// Runs `work` so that its failure undoes what it did and nothing else.
fn in_savepoint<T>(
    tx: &Transaction<'_>,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    tx.prepare_cached("SAVEPOINT change")?.execute([])?;
    let outcome = work(tx);
    if outcome.is_err() {
        tx.prepare_cached("ROLLBACK TO change")?.execute([])?;
    }
    tx.prepare_cached("RELEASE change")?.execute([])?;
    outcome
}

fn run(store: &Store, mut queue: mpsc::Receiver<Box<dyn Change>>) {
    let mut group = Vec::new();
    while let Some(first) = queue.blocking_recv() {
        group.push(first);
        while group.len() < LARGEST_GROUP
            && let Ok(next) = queue.try_recv()
        {
            group.push(next);
        }
        let committed = store.write(|tx| {
            for change in &mut group {
                change.apply(tx);
            }
            Ok::<_, StoreError>(())
        });
        let failed = committed.err().map(Arc::new);
        for change in group.drain(..) {
            change.report(failed.as_ref());
        }
    }
}
