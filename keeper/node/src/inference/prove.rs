//! Answered → Answered with its proof, where the request asks for one.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use opg_chain::ledger::statement_of;
use opg_store::{
    StoreError,
    jobs::{self, Answer, Job},
    proofs,
};
use opg_zkml::evm;
use tokio::{sync::mpsc, time::MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{
    attempts::{Attempts, Failure, contained, report},
    config::millis,
    context::Context,
    models::Provable,
};
use crate::{
    Progress, Service, ServiceError,
    proving::{Parts, ProofTask, ProverError},
};

/// Reports of progress that may wait to be stored.
const REPORTS: usize = 16;

/// Makes proofs.
#[derive(Debug)]
pub struct Prove {
    context: Arc<Context>,
    attempts: Attempts,
}

impl From<ProverError> for Failure {
    fn from(error: ProverError) -> Self {
        Self { reason: error.to_string(), retryable: error.is_retryable() }
    }
}

/// A proof that the chain will take, and how long it took.
struct Made {
    proof: [u8; proofs::LENGTH],
    took: Duration,
}

impl Prove {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context, attempts: Attempts::default() }
    }

    /// Waits until no proof is being made.
    pub async fn idle(&self) {
        self.attempts.idle().await;
    }
}

#[async_trait]
impl Service for Prove {
    fn name(&self) -> &'static str {
        "prove"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        let Context { config, clock, store, .. } = &*self.context;
        let mut running = self.attempts.running().await;
        if running.is_empty() {
            // What no task works on was left by a process that died, or by a task that could not say how it ended.
            store.write(|tx| proofs::release_all(tx, config.proving.max_attempts, clock.now_ms()))?;
        }
        let capacity = config.proving.concurrency;
        while let Some(job) = store.write(|tx| proofs::claim(tx, capacity, clock.now_ms()))? {
            running.spawn(work(self.context.clone(), job, self.attempts.hand_back()));
        }
        Ok(Progress::Wait(Duration::from_millis(250)))
    }

    async fn woken(&self) {
        self.context.signals.prove.notified().await;
    }

    async fn drain(&self) {
        self.attempts.drain(self.context.config.drain_time).await;
    }
}

/// Sees one attempt to its end, and stops it when nobody wants its result any more.
async fn work(context: Arc<Context>, job: Job, hand_back: CancellationToken) {
    let cancel = CancellationToken::new();
    // Whatever ends this task also ends the proving process.
    let _cancel_on_exit = cancel.clone().drop_guard();
    let (sender, mut parts) = mpsc::channel(REPORTS);
    let mut disturbed = context.signals.disturbed.subscribe();
    let mut beat = tokio::time::interval(context.config.lease / 3);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let making = contained(make(&context, &job, sender, cancel));
    tokio::pin!(making);
    let result = loop {
        let part = tokio::select! {
            result = &mut making => break result,
            () = hand_back.cancelled() => {
                report("prove", &job, "handed back", context.store.write(|tx| proofs::hand_back(tx, job.id)));
                return;
            }
            Some(part) = parts.recv() => Some(part),
            _ = beat.tick() => None,
            _ = disturbed.changed() => None,
        };
        match context.store.write(|tx| proofs::progress(tx, job.id, part)) {
            Ok(true) => {}
            Ok(false) => {
                tracing::info!(job = %job.id, "the proof is no longer wanted");
                context.metrics.lost_proofs.fetch_add(1, Ordering::Relaxed);
                report("prove", &job, "handed back", context.store.write(|tx| proofs::hand_back(tx, job.id)));
                return;
            }
            Err(error) => tracing::warn!(job = %job.id, %error, "the progress of the proof was not noted"),
        }
    };
    match result {
        Ok(made) => store_proof(&context, &job, &made),
        Err(failure) => end_failed(&context, &job, &failure),
    }
    context.signals.prove.notify_one();
}

async fn make(
    context: &Context,
    job: &Job,
    progress: mpsc::Sender<Parts>,
    cancel: CancellationToken,
) -> Result<Made, Failure> {
    let version = job.request.modelVersion;
    let provable =
        context.models.get(&version).and_then(|model| model.provable.as_ref()).ok_or_else(|| {
            Failure::lasting(format!(
                "model version {version} has no proving key here any longer (`proving_key`)"
            ))
        })?;
    let (input, answer) = context
        .store
        .read(|tx| Ok::<_, StoreError>((jobs::input(tx, job.id)?, jobs::stored_answer(tx, job.id)?)))?;
    let answer = answer.ok_or_else(|| Failure::lasting("the job has lost its answer"))?;
    let receipt = answer.signed.receipt();
    let config = &context.config;
    let statement =
        statement_of(config.chain_id, config.proof_registry, receipt).digest(&input, &answer.output);
    let left = context.head().map_or(config.proving.time_limit, |head| {
        Duration::from_secs(job.request.deadline.saturating_sub(head.timestamp))
    });
    let time_limit = config.proving.time_limit.min(left);
    let task = ProofTask { files: provable.files.clone(), input: input.clone(), statement, time_limit };
    let begun = Instant::now();
    let bytes = context.prover.prove(&task, progress, cancel).await?;
    let took = begun.elapsed();
    let proof = checked(provable, statement, &input, &answer, &bytes).map_err(Failure::lasting)?;
    Ok(Made { proof, took })
}

/// The chain's own judgement, before anything is sent.
fn checked(
    provable: &Provable,
    statement: alloy::primitives::B256,
    input: &[u8],
    answer: &Answer,
    bytes: &[u8],
) -> Result<[u8; proofs::LENGTH], String> {
    let proof =
        evm::decode_proof(bytes).map_err(|error| format!("the prover's bytes are no proof: {error}"))?;
    if !provable.key.verify(statement, input, &answer.output, &proof) {
        return Err(
            "the proof does not verify: model file, proving key and engine do not fit together; check them with \
             `opg model verify`"
                .to_owned(),
        );
    }
    bytes.try_into().map_err(|_| "the proof has another length than 256 bytes".to_owned())
}

fn store_proof(context: &Context, job: &Job, made: &Made) {
    let Context { store, clock, metrics, signals, .. } = context;
    let took = millis(made.took);
    match store.write(|tx| proofs::complete(tx, job.id, &made.proof, took, clock.now_ms())) {
        Ok(true) => {
            tracing::info!(job = %job.id, request = %job.request_id, milliseconds = took, "proved");
            metrics.proofs.fetch_add(1, Ordering::Relaxed);
            metrics.proving_ms.fetch_add(took, Ordering::Relaxed);
            signals.submit.notify_one();
        }
        Ok(false) => drop(metrics.lost_proofs.fetch_add(1, Ordering::Relaxed)),
        Err(error) => {
            let reason = format!("the proof could not be stored: {error}");
            end_failed(context, job, &Failure::passing(reason));
        }
    }
}

fn end_failed(context: &Context, job: &Job, failure: &Failure) {
    let Context { config, store, clock, metrics, .. } = context;
    let (now, reason) = (clock.now_ms(), &failure.reason);
    tracing::warn!(job = %job.id, %reason, retryable = failure.retryable, "the proof failed");
    metrics.failed_proofs.fetch_add(1, Ordering::Relaxed);
    let ended = store.write(|tx| {
        if !failure.retryable {
            return proofs::give_up(tx, job.id, reason, now).map(|()| false);
        }
        let attempts = proofs::get(tx, job.id)?.map_or(1, |proof| proof.attempts);
        let not_before = now.saturating_add(config.pause_ms(attempts));
        proofs::put_back(tx, job.id, reason, not_before, config.proving.max_attempts, now)
    });
    if let Ok(false) = ended {
        metrics.unsuccessful.fetch_add(1, Ordering::Relaxed);
    }
    report("prove", job, "noted as failed", ended.map(drop));
}
