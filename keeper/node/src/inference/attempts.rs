//! Attempts at jobs that run beside each other as tasks: what `run` and `prove` have in common.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt;
use opg_store::{StoreError, jobs::Job};
use tokio::{
    sync::{Mutex, MutexGuard},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// The attempts that are under way.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    running: Mutex<JoinSet<()>>,
    /// Ends the attempts that shutdown does not wait for.
    hand_back: CancellationToken,
}

impl Attempts {
    /// Those that have not ended yet. While the caller holds them, none is added.
    pub(super) async fn running(&self) -> MutexGuard<'_, JoinSet<()>> {
        let mut running = self.running.lock().await;
        while running.try_join_next().is_some() {}
        running
    }

    /// Tells an attempt to hand its job back.
    pub(super) fn hand_back(&self) -> CancellationToken {
        self.hand_back.clone()
    }

    /// Waits until none is under way.
    pub(super) async fn idle(&self) {
        let mut running = self.running.lock().await;
        while running.join_next().await.is_some() {}
    }

    /// Waits for `limit` until none is under way, and has the rest hand their jobs back.
    pub(super) async fn drain(&self, limit: Duration) {
        if tokio::time::timeout(limit, self.idle()).await.is_err() {
            self.hand_back.cancel();
            self.idle().await;
        }
    }
}

/// Why an attempt yielded nothing.
pub(super) struct Failure {
    pub(super) reason: String,
    pub(super) retryable: bool,
}

impl Failure {
    pub(super) fn lasting(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retryable: false }
    }

    pub(super) fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retryable: true }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::passing(error.to_string())
    }
}

/// The result of `attempt`; a panic in it is its own failure and nobody else's.
pub(super) async fn contained<T>(attempt: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let panicked = |_| Err(Failure::passing("the attempt panicked; the log has the place"));
    AssertUnwindSafe(attempt).catch_unwind().await.unwrap_or_else(panicked)
}

/// Says so where a step at the end of an attempt could not be taken: the lease then runs out, or the next start settles it.
pub(super) fn report(service: &str, job: &Job, step: &str, result: Result<(), StoreError>) {
    match result {
        Ok(()) => tracing::debug!(service, job = %job.id, "the job was {step}"),
        Err(error) => tracing::warn!(service, job = %job.id, %error, "the job was not {step}"),
    }
}
