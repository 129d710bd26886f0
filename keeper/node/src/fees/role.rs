//! The service.

use std::sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed};

use alloy::primitives::B256;
use async_trait::async_trait;
use opg_chain::journal::Waker;
use opg_store::{Store, StoreError, fees};
use tokio_util::sync::CancellationToken;

use super::{
    Books, FeesConfig, FeesLedger, FeesMetrics,
    books::Stored,
    plan::{Waiting, plan},
};
use crate::{Clock, Progress, Service, ServiceError, supervisor::supervise};

/// What it works with.
#[derive(Debug)]
pub struct FeesParts {
    /// Durable state. It must be the only one that moves fees by it.
    pub store: Store,
    /// The chain.
    pub ledger: Arc<dyn FeesLedger>,
    /// The keeper's time.
    pub clock: Arc<dyn Clock>,
    /// Wakes the journal after an intent was enqueued. Without it, the journal finds the intent at its next look.
    pub journal: Option<Waker>,
}

/// Has fees divided and collected, and keeps the books. One service: what is moved follows from what was read.
#[derive(Debug)]
pub struct FeesRole {
    pub(super) config: FeesConfig,
    pub(super) parts: FeesParts,
    pub(super) metrics: Arc<FeesMetrics>,
    /// Wei by which books and chain differed last, missing and surplus: told once, not in each pass.
    differed: Mutex<(u128, u128)>,
}

impl FeesRole {
    /// Makes it. The model versions `served` are looked after from now on, as are all that ever were.
    ///
    /// # Errors
    /// If the database fails.
    pub fn open(config: FeesConfig, parts: FeesParts, served: &[B256]) -> Result<Self, StoreError> {
        parts.store.write(|tx| served.iter().try_for_each(|version| fees::add_version(tx, *version)))?;
        Ok(Self { config, parts, metrics: Arc::default(), differed: Mutex::default() })
    }

    /// What it has done since its start.
    #[must_use]
    pub fn metrics(&self) -> Arc<FeesMetrics> {
        Arc::clone(&self.metrics)
    }

    /// Runs until `shutdown` or a fatal error. What is not moved then is moved after the next start.
    ///
    /// # Errors
    /// The first fatal error.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), ServiceError> {
        supervise(self, &self.metrics.service, shutdown).await
    }

    pub(super) fn now(&self) -> u64 {
        self.parts.clock.now_ms() / 1_000
    }

    /// Compares what is stored with what the chain says at the block up to which its events were followed.
    async fn compare(&self, (block, hash): (u64, B256)) -> Result<Books, ServiceError> {
        let (operator, ledger) = (self.config.operator, &self.parts.ledger);
        let stored = self
            .parts
            .store
            .read(|tx| Stored::read(tx, operator, |version| ledger.vault(operator, version)))?;
        let state = ledger.state(hash, &stored.question(operator)).await?;
        Ok(stored.books(block, operator, &state))
    }

    /// Keeps what a comparison found for whoever wants to know.
    fn report(&self, books: &Books) -> Result<(), ServiceError> {
        let document = serde_json::to_string(books)
            .map_err(|error| ServiceError::Fatal(format!("the books of fees cannot be written: {error}")))?;
        let (operator, now) = (self.config.operator, self.now());
        self.parts.store.write(|tx| fees::set_report(tx, operator, &document, now))?;
        let found = (books.missing(), books.surplus());
        let mut differed = self.differed.lock().unwrap_or_else(PoisonError::into_inner);
        if found != *differed {
            let (block, (missing, surplus)) = (books.block, found);
            match found {
                (0, 0) => tracing::info!(block, "the books of fees agree with the chain again"),
                (0, _) => {
                    tracing::warn!(block, surplus, "there is more on the chain than the books of fees know")
                }
                _ => {
                    tracing::error!(block, missing, surplus, "fees are missing on the chain; `opg fees show`")
                }
            }
            *differed = found;
        }
        Ok(())
    }

    /// Since when what waits has waited.
    fn waiting(&self, books: &Books) -> Result<(Vec<Waiting>, (u128, u64)), StoreError> {
        let now = self.now();
        self.parts.store.write(|tx| {
            let mut waiting = Vec::new();
            for version in &books.versions {
                let (hub, vault) = (version.hub, version.in_vault);
                let what = version.vault.to_string();
                let since = fees::waiting_since(tx, &what, hub > 0 || vault > 0, now)?;
                waiting.push(Waiting { version: version.version, hub, vault, since });
            }
            let owed = books.account.owed;
            let since = fees::waiting_since(tx, &self.config.operator.to_string(), owed > 0, now)?;
            Ok((waiting, (owed, since)))
        })
    }
}

#[async_trait]
impl Service for FeesRole {
    fn name(&self) -> &'static str {
        "fees"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        if self.follow().await? {
            return Ok(Progress::More);
        }
        let wait = Ok(Progress::Wait(self.config.poll_interval));
        let Some(tip) = self.followed_to()? else { return wait };
        let books = self.compare(tip).await?;
        let head = self.parts.ledger.head().await?;
        // A payment counts as settled here so many blocks after the chain has taken it. Later, what is stored may know more than
        // the block that it was compared with.
        if head.number < tip.0.saturating_add(self.config.confirmations) {
            self.report(&books)?;
        }
        let (waiting, owed) = self.waiting(&books)?;
        if self.is_moving()? {
            return wait;
        }
        let plan = plan(&self.config, self.now(), &waiting, owed, books.room());
        if plan.capped {
            self.metrics.capped.fetch_add(1, Relaxed);
            tracing::debug!(room = books.room(), "fees wait: the operator is at its cap of unsettled fees");
        }
        self.act(&plan, &head).await?;
        self.declare(&books, &head).await?;
        wait
    }
}
