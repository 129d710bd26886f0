//! The role as a whole.

use std::sync::{Arc, atomic::AtomicU64};

use opg_chain::journal::Waker;
use opg_store::Store;
use tokio_util::sync::CancellationToken;

use super::{
    CrankConfig, CrankError, CrankMetrics, Genesis, Policy, Release, Settle, VestingLedger,
    batch::FIRST_GAS_PER_ROW,
    context::Context,
    genesis::{check, identity},
    index,
};
use crate::{
    Clock, Service, ServiceError,
    supervisor::{joined, supervise},
};

/// What the role works with.
#[derive(Debug)]
pub struct CrankParts {
    /// Durable state. The role must be the only one that works on its index.
    pub store: Store,
    /// The chain.
    pub ledger: Arc<dyn VestingLedger>,
    /// The genesis of the vault.
    pub genesis: Arc<dyn Genesis>,
    /// The keeper's time.
    pub clock: Arc<dyn Clock>,
    /// Wakes the journal after an intent was enqueued. Without it, the journal finds the intent at its next look.
    pub journal: Option<Waker>,
}

/// The services of the role. Each works by itself, so a test can take their passes one by one.
#[derive(Debug)]
pub struct CrankServices {
    /// Due → in flight.
    pub release: Release,
    /// In flight → an end.
    pub settle: Settle,
}

/// Releases what has vested.
#[derive(Debug)]
pub struct CrankRole {
    context: Arc<Context>,
    services: Arc<CrankServices>,
}

impl CrankRole {
    /// Checks the genesis against the vault and brings the index up to date, which takes a while the first time.
    ///
    /// # Errors
    /// If folder, vault or policy do not fit together, the chain cannot be asked, the store is unusable, or `stop` came
    /// before the index was complete.
    pub async fn open(
        config: CrankConfig,
        parts: CrankParts,
        stop: &CancellationToken,
    ) -> Result<Self, CrankError> {
        let policy = Policy::new(&config, parts.genesis.manifest())?;
        check(&config, &*parts.genesis, &*parts.ledger, Some(&parts.store)).await?;
        let (store, genesis) = (parts.store.clone(), Arc::clone(&parts.genesis));
        let (id, wanted, stop) = (identity(&config, &*genesis)?, policy.clone(), stop.clone());
        tokio::task::spawn_blocking(move || index::prepare(&store, &*genesis, &id, &wanted, &stop))
            .await
            .map_err(|error| CrankError::Abnormal(format!("the index was not prepared: {error}")))??;
        let CrankParts { store, ledger, genesis, clock, journal } = parts;
        let curves = genesis.manifest().categories.iter().map(|entry| (entry.id, entry.curve)).collect();
        let context = Arc::new(Context {
            config,
            policy,
            curves,
            store,
            genesis,
            ledger,
            clock,
            journal,
            metrics: CrankMetrics::default(),
            ended: tokio::sync::Notify::new(),
            begun: tokio::sync::Notify::new(),
            gas_per_row: AtomicU64::new(FIRST_GAS_PER_ROW),
        });
        let services = Arc::new(CrankServices {
            release: Release::new(context.clone()),
            settle: Settle::new(context.clone()),
        });
        Ok(Self { context, services })
    }

    /// The services, for whoever wants to drive them by hand.
    #[must_use]
    pub fn services(&self) -> &CrankServices {
        &self.services
    }

    /// What the role has done since its start.
    #[must_use]
    pub fn metrics(&self) -> &CrankMetrics {
        &self.context.metrics
    }

    /// Runs the role until `shutdown` or a fatal error. Nothing has to be drained: what a pass has not enqueued is found
    /// again at the next start.
    ///
    /// # Errors
    /// The first fatal error of a service.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), ServiceError> {
        let stop = shutdown.child_token();
        let [release, settle] = [0, 1].map(|number| {
            let (context, services, stop) = (self.context.clone(), self.services.clone(), stop.clone());
            tokio::spawn(async move {
                let all: [&dyn Service; 2] = [&services.release, &services.settle];
                let ended = supervise(all[number], &context.metrics.services[number], stop.clone()).await;
                stop.cancel();
                ended
            })
        });
        let ended = joined(release).await;
        ended.and(joined(settle).await)
    }
}
