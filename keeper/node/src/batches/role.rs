//! The service.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use opg_chain::journal::Waker;
use opg_store::{
    Store,
    batches::{self, BatchId},
};
use tokio_util::sync::CancellationToken;

use super::{BatchTimes, BatchesConfig, BatchesLedger, BatchesMetrics, clocks::Standing, post::When};
use crate::{Clock, Progress, Service, ServiceError, supervisor::supervise};

/// How long what the contract says about times is believed.
const TIMES_KEPT: Duration = Duration::from_secs(60);
/// How long the chain may take to answer when the keeper ends.
const LAST_LOOK: Duration = Duration::from_secs(5);

/// What it works with.
#[derive(Debug)]
pub struct BatchesParts {
    /// Durable state. It must be the only one that works on its batches.
    pub store: Store,
    /// The chain.
    pub ledger: Arc<dyn BatchesLedger>,
    /// The keeper's time.
    pub clock: Arc<dyn Clock>,
    /// Wakes the journal after an intent was enqueued. Without it, the journal finds the intent at its next look.
    pub journal: Option<Waker>,
}

/// Posts receipts in batches and answers for them. One service: its steps depend on each other.
#[derive(Debug)]
pub struct BatchesRole {
    pub(super) config: BatchesConfig,
    pub(super) parts: BatchesParts,
    pub(super) metrics: Arc<BatchesMetrics>,
    times: Mutex<Option<(Instant, BatchTimes)>>,
    /// From when to when, in milliseconds of the keeper's time, nothing is put together, after a batch did not reach the
    /// chain.
    rest: Mutex<(u64, u64)>,
    /// Posted batches that were found to count.
    pub(super) sound: Mutex<BTreeSet<BatchId>>,
    /// How the keeper's clock stood to the chain's time at the last look.
    pub(super) clocks: Mutex<Standing>,
}

impl BatchesRole {
    /// Makes it.
    #[must_use]
    pub fn new(config: BatchesConfig, parts: BatchesParts) -> Self {
        let metrics = Arc::default();
        Self {
            config,
            parts,
            metrics,
            times: Mutex::default(),
            rest: Mutex::default(),
            sound: Mutex::default(),
            clocks: Mutex::default(),
        }
    }

    /// What it has done since its start.
    #[must_use]
    pub fn metrics(&self) -> Arc<BatchesMetrics> {
        Arc::clone(&self.metrics)
    }

    /// Runs until `shutdown` or a fatal error; at the end, what waits is handed to the journal.
    ///
    /// # Errors
    /// The first fatal error.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), ServiceError> {
        supervise(self, &self.metrics.service, shutdown).await
    }

    pub(super) fn wake(&self) {
        if let Some(journal) = &self.parts.journal {
            journal.wake();
        }
    }

    pub(super) fn rest(&self, seconds: u64) {
        let now = self.parts.clock.now_ms();
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner) = (now, now + 1_000 * seconds);
    }

    /// A clock that was set back ends the rest: it must not last for as long as the clock was wrong.
    pub(super) fn rests(&self) -> bool {
        let (from, to) = *self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        (from..to).contains(&self.parts.clock.now_ms())
    }

    async fn times(&self) -> Result<BatchTimes, ServiceError> {
        let known = *self.times.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, times)) = known.filter(|(since, _)| since.elapsed() < TIMES_KEPT) {
            return Ok(times);
        }
        let times = self.parts.ledger.times().await?;
        *self.times.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), times));
        Ok(times)
    }

    async fn hand_over_the_rest(&self) -> Result<(), ServiceError> {
        let (head, times) = (self.parts.ledger.head().await?, self.times().await?);
        while self.seal(When::Now, head, times).await? {}
        Ok(())
    }
}

#[async_trait]
impl Service for BatchesRole {
    fn name(&self) -> &'static str {
        "batches"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        if self.follow().await? {
            return Ok(Progress::More);
        }
        let (head, times) = (self.parts.ledger.head().await?, self.times().await?);
        self.compare_clocks(head);
        self.dissolve(times)?;
        let deep = head.number.saturating_sub(self.config.finality);
        self.revive(deep).await?;
        self.parts.store.write(|tx| batches::finalise(tx, deep, head.timestamp))?;
        self.answer(head)?;
        self.give_up_late(head, times)?;
        let sealed = self.seal(When::Due, head, times).await?;
        let more = self.prune(head, times).await? || sealed;
        Ok(if more { Progress::More } else { Progress::Wait(self.config.poll_interval) })
    }

    /// Receipts that cannot be handed over now wait in the store for the next start.
    async fn drain(&self) {
        match tokio::time::timeout(LAST_LOOK, self.hand_over_the_rest()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "what waits for a batch is posted after the next start"),
            Err(_) => tracing::warn!(
                "the chain does not answer; what waits for a batch is posted after the next start"
            ),
        }
    }
}
