//! The role as a whole.

use std::{fmt, sync::Arc};

use alloy::signers::Signer;
use opg_chain::journal::Waker;
use opg_engine::Engine;
use opg_store::{Store, StoreError, jobs, proofs};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::{Decide, Ingest, Prove, RoleConfig, RoleMetrics, Run, Settle, Submit, context::Context, models};
use crate::{
    Clock, Ledger, Service, ServiceError,
    proving::Prover,
    supervisor::{joined, supervise},
};

/// What a role works with.
pub struct Parts {
    /// Durable state. The role must be the only one that works on its jobs.
    pub store: Store,
    /// The chain.
    pub ledger: Arc<dyn Ledger>,
    /// The models.
    pub engine: Arc<dyn Engine>,
    /// Makes proofs.
    pub prover: Arc<dyn Prover>,
    /// The key that signs receipts and in whose name transactions are sent.
    pub signer: Arc<dyn Signer + Send + Sync>,
    /// The keeper's time.
    pub clock: Arc<dyn Clock>,
    /// Wakes the journal after an intent was enqueued. Without it, the journal finds the intent at its next look.
    pub journal: Option<Waker>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Parts").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

/// The services of the role. Each works by itself, so a test can take their passes one by one.
#[derive(Debug)]
pub struct Services {
    /// Chain → `Seen`.
    pub ingest: Ingest,
    /// `Seen` → `Accepted` or `Declined`.
    pub decide: Decide,
    /// `Accepted` → `Answered`.
    pub run: Run,
    /// The proof of an answer.
    pub prove: Prove,
    /// `Answered` → `Submitted`.
    pub submit: Submit,
    /// `Submitted` → an end.
    pub settle: Settle,
}

/// Answers requests on the chain.
#[derive(Debug)]
pub struct InferenceRole {
    context: Arc<Context>,
    services: Arc<Services>,
}

impl InferenceRole {
    /// Checks the served models against the registry and takes up what an earlier run left.
    ///
    /// # Errors
    /// [`ServiceError::Recoverable`] if the chain cannot be asked now; [`ServiceError::Fatal`] if a model is not the
    /// registered one or the store is unusable.
    pub async fn open(config: RoleConfig, parts: Parts) -> Result<Self, ServiceError> {
        let models = models::prepare(&config, &*parts.ledger, &*parts.engine).await?;
        let now = parts.clock.now_ms();
        let (runs, unproved) = parts.store.write(|tx| {
            let runs = jobs::release_all(tx, config.max_attempts, now)?;
            Ok::<_, StoreError>((runs, proofs::release_all(tx, config.proving.max_attempts, now)?))
        })?;
        if runs + unproved > 0 {
            tracing::info!(runs, proofs = unproved, "what the last shutdown cut off is repeated");
        }
        let context = Arc::new(Context::new(config, parts, models));
        let services = Arc::new(Services {
            ingest: Ingest::new(context.clone()),
            decide: Decide::new(context.clone()),
            run: Run::new(context.clone()),
            prove: Prove::new(context.clone()),
            submit: Submit::new(context.clone()),
            settle: Settle::new(context.clone()),
        });
        Ok(Self { context, services })
    }

    /// The services, for whoever wants to drive them by hand.
    #[must_use]
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// What the role has done since its start.
    #[must_use]
    pub fn metrics(&self) -> &RoleMetrics {
        &self.context.metrics
    }

    /// Whether every event up to the head of the chain has been applied.
    #[must_use]
    pub fn caught_up(&self) -> bool {
        self.context.head().is_some()
    }

    /// Runs the role until `shutdown` or a fatal error, then drains it: no more intake, running jobs and proofs finish
    /// or are handed back, ready answers go to the journal.
    ///
    /// # Errors
    /// The first fatal error of a service.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), ServiceError> {
        let failed = CancellationToken::new();
        let [intake, running, proving, delivery] = [(); 4].map(|()| CancellationToken::new());
        let start =
            |number: usize, stop: &CancellationToken| self.spawn(number, stop.clone(), failed.clone());
        let intake_services = [start(0, &intake), start(1, &intake)];
        let runner = start(2, &running);
        let prover = start(3, &proving);
        let delivery_services = [start(4, &delivery), start(5, &delivery)];

        tokio::select! {
            () = shutdown.cancelled() => tracing::info!("the inference role drains"),
            () = failed.cancelled() => tracing::error!("the inference role drains after a fatal error"),
        }
        let mut ended = Ok(());
        intake.cancel();
        for service in intake_services {
            ended = ended.and(joined(service).await);
        }
        running.cancel();
        ended = ended.and(joined(runner).await);
        proving.cancel();
        ended = ended.and(joined(prover).await);
        // Answers that the last runs left are handed to the journal, if the chain can be asked.
        if let Err(error) = self.services.submit.pass().await {
            tracing::warn!(%error, "answers wait for the next start");
        }
        delivery.cancel();
        for service in delivery_services {
            ended = ended.and(joined(service).await);
        }
        ended
    }

    fn spawn(
        &self,
        number: usize,
        stop: CancellationToken,
        failed: CancellationToken,
    ) -> JoinHandle<Result<(), ServiceError>> {
        let (context, services) = (self.context.clone(), self.services.clone());
        tokio::spawn(async move {
            let all: [&dyn Service; 6] = [
                &services.ingest,
                &services.decide,
                &services.run,
                &services.prove,
                &services.submit,
                &services.settle,
            ];
            let ended = supervise(all[number], &context.metrics.services[number], stop).await;
            if ended.is_err() {
                failed.cancel();
            }
            ended
        })
    }
}
