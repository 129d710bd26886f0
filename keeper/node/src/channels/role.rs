//! The service.

use std::sync::Arc;

use async_trait::async_trait;
use opg_chain::journal::Waker;
use opg_store::Store;
use tokio_util::sync::CancellationToken;

use super::{ChannelsConfig, ChannelsLedger, ChannelsMetrics};
use crate::{Clock, Progress, Service, ServiceError, supervisor::supervise};

/// What it works with.
#[derive(Debug)]
pub struct ChannelsParts {
    /// Durable state. It must be the only one that claims from it.
    pub store: Store,
    /// The chain.
    pub ledger: Arc<dyn ChannelsLedger>,
    /// The keeper's time.
    pub clock: Arc<dyn Clock>,
    /// Wakes the journal after an intent was enqueued. Without it, the journal finds the intent at its next look.
    pub journal: Option<Waker>,
}

/// Claims what payers owe, and watches what they withdraw.
#[derive(Debug)]
pub struct ChannelsRole {
    pub(super) config: ChannelsConfig,
    pub(super) parts: ChannelsParts,
    pub(super) metrics: Arc<ChannelsMetrics>,
}

impl ChannelsRole {
    /// Makes it.
    #[must_use]
    pub fn new(config: ChannelsConfig, parts: ChannelsParts) -> Self {
        Self { config, parts, metrics: Arc::default() }
    }

    /// What it has done since its start.
    #[must_use]
    pub fn metrics(&self) -> Arc<ChannelsMetrics> {
        Arc::clone(&self.metrics)
    }

    /// Runs until `shutdown` or a fatal error. What is not claimed then is claimed after the next start.
    ///
    /// # Errors
    /// The first fatal error.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), ServiceError> {
        supervise(self, &self.metrics.service, shutdown).await
    }

    pub(super) fn now(&self) -> u64 {
        self.parts.clock.now_ms() / 1_000
    }
}

#[async_trait]
impl Service for ChannelsRole {
    fn name(&self) -> &'static str {
        "channels"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        // What ended before the look is in what the chain says: not the other way round.
        let ended = self.ended()?;
        self.look().await?;
        self.close(&ended)?;
        self.claim().await?;
        Ok(Progress::Wait(self.config.poll_interval))
    }
}
