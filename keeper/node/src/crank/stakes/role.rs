//! The services of this part of the crank.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use async_trait::async_trait;
use opg_chain::journal::Waker;
use opg_store::Store;
use tokio_util::sync::CancellationToken;

use super::{StakesConfig, StakingLedger, follow, work::Work};
use crate::{
    Clock, Progress, Service, ServiceError,
    supervisor::{ServiceMetrics, supervise},
};

/// What it works with.
#[derive(Debug)]
pub struct StakesParts {
    /// Durable state. It must be the only one that works on its slashes.
    pub store: Store,
    /// The chain.
    pub ledger: Arc<dyn StakingLedger>,
    /// The keeper's time.
    pub clock: Arc<dyn Clock>,
    /// Wakes the journal after an intent was enqueued. Without it, the journal finds the intent at its next look.
    pub journal: Option<Waker>,
}

/// Counters. Each only grows.
#[derive(Debug, Default)]
pub struct StakesMetrics {
    /// Executions of slashes handed to the journal.
    pub executions: AtomicU64,
    /// Accounts whose votes were to be adjusted.
    pub syncs: AtomicU64,
    /// Burns handed to the journal.
    pub burns: AtomicU64,
    /// Ends of epochs handed to the journal.
    pub epochs: AtomicU64,
    /// Stakings of the operator's rewards handed to the journal.
    pub compounds: AtomicU64,
    /// Calls that would have reverted, mostly because another keeper was faster.
    pub refused: AtomicU64,
    /// Passes that waited because gas was too dear.
    pub dear: AtomicU64,
    /// Passes and restarts.
    pub service: ServiceMetrics,
}

/// Carries out slashes, and what follows from them. One service: its steps depend on each other.
#[derive(Debug)]
pub struct StakesRole {
    pub(super) config: StakesConfig,
    pub(super) parts: StakesParts,
    pub(super) metrics: StakesMetrics,
    /// How far the look at the members of each slashed pool has come; begun anew after a restart.
    pub(super) looks: super::work::Looks,
}

impl StakesRole {
    /// Makes it.
    #[must_use]
    pub fn new(config: StakesConfig, parts: StakesParts) -> Self {
        Self { config, parts, metrics: StakesMetrics::default(), looks: Default::default() }
    }

    /// What it has done since its start.
    #[must_use]
    pub fn metrics(&self) -> &StakesMetrics {
        &self.metrics
    }

    /// Runs until `shutdown` or a fatal error. Nothing has to be drained: what a pass has not enqueued is found again at
    /// the next start.
    ///
    /// # Errors
    /// The first fatal error.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), ServiceError> {
        supervise(self, &self.metrics.service, shutdown).await
    }
}

#[async_trait]
impl Service for StakesRole {
    fn name(&self) -> &'static str {
        "stakes"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        let ledger = &*self.parts.ledger;
        if follow::step(&self.parts.store, ledger).await? {
            return Ok(Progress::More);
        }
        let head = ledger.head().await?;
        if head.base_fee > self.config.max_gas_price {
            self.metrics.dear.fetch_add(1, Ordering::Relaxed);
            return Ok(Progress::Wait(self.config.poll_interval));
        }
        let more = Work { role: self, head }.all().await?;
        Ok(if more { Progress::More } else { Progress::Wait(self.config.poll_interval) })
    }
}
