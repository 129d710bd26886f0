//! Accepted → Running → Answered.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use opg_engine::{EngineError, Input};
use opg_store::{
    StoreError,
    jobs::{self, Answer, Claim, Job, JobState, Offer},
};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{
    attempts::{Attempts, Failure, contained, report},
    config::millis,
    context::Context,
    receipt::sign_answer,
};
use crate::{Progress, Service, ServiceError};

/// How often an answer is stored again before it is given up to another run: the disk may be full for a moment.
const STORE_ATTEMPTS: u32 = 5;

/// Runs accepted jobs.
#[derive(Debug)]
pub struct Run {
    context: Arc<Context>,
    attempts: Attempts,
}

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        Self { reason: error.to_string(), retryable: error.is_retryable() }
    }
}

impl Run {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context, attempts: Attempts::default() }
    }

    /// Waits until no job is running.
    pub async fn idle(&self) {
        self.attempts.idle().await;
    }

    /// Whether a job that is begun now may be answered: the hub takes no receipt of an operator that is not active. Where
    /// the chain cannot be asked, that is for the delivery to find out.
    async fn may_begin(&self) -> Result<bool, StoreError> {
        let Some(head) = self.context.head() else { return Ok(true) };
        let now = self.context.clock.now_ms();
        if self.context.store.read(|tx| jobs::ready(tx, JobState::Accepted, now, 1))?.is_empty() {
            return Ok(true);
        }
        Ok(self.context.is_active(head).await.unwrap_or(true))
    }

    fn claim(&self, capacity: u32) -> Result<Option<Job>, StoreError> {
        let Context { config, clock, store, worker, .. } = &*self.context;
        let now = clock.now_ms();
        let claim = Claim {
            owner: worker,
            now,
            until: now.saturating_add(millis(config.lease)),
            capacity,
            max_attempts: config.max_attempts,
        };
        store.write(|tx| jobs::claim(tx, &claim))
    }
}

#[async_trait]
impl Service for Run {
    fn name(&self) -> &'static str {
        "run"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        let mut running = self.attempts.running().await;
        let ours = u32::try_from(running.len()).unwrap_or(u32::MAX);
        let free = u32::try_from(self.context.engine.capacity().free()).unwrap_or(u32::MAX);
        let capacity = self.context.config.concurrency.min(ours.saturating_add(free));
        if ours < capacity && !self.may_begin().await? {
            return Ok(Progress::Wait(self.context.config.poll_interval));
        }
        while let Some(job) = self.claim(capacity)? {
            running.spawn(work(self.context.clone(), job, self.attempts.hand_back()));
        }
        Ok(Progress::Wait(Duration::from_millis(250)))
    }

    async fn woken(&self) {
        self.context.signals.run.notified().await;
    }

    async fn drain(&self) {
        self.attempts.drain(self.context.config.drain_time).await;
    }
}

/// Runs one job to its end, keeping its lease alive.
async fn work(context: Arc<Context>, job: Job, hand_back: CancellationToken) {
    let cancel = CancellationToken::new();
    // Whatever ends this task also ends the model's work for it.
    let _cancel_on_exit = cancel.clone().drop_guard();
    let mut disturbed = context.signals.disturbed.subscribe();
    let period = context.config.lease / 3;
    let mut beat = tokio::time::interval_at(Instant::now() + period, period);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let computing = contained(compute(&context, &job, cancel));
    tokio::pin!(computing);
    let result = loop {
        tokio::select! {
            result = &mut computing => break result,
            () = hand_back.cancelled() => {
                let now = context.clock.now_ms();
                report("run", &job, "handed back", context.store.write(|tx| jobs::hand_back(tx, job.id, &context.worker, now)));
                return;
            }
            _ = beat.tick() => {}
            _ = disturbed.changed() => {}
        }
        let until = context.clock.now_ms().saturating_add(millis(context.config.lease));
        match context.store.write(|tx| jobs::heartbeat(tx, job.id, &context.worker, until)) {
            Err(error @ StoreError::LeaseLost { .. }) => {
                tracing::info!(job = %job.id, %error, "the run is stopped");
                context.metrics.lost_runs.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Err(error) => tracing::warn!(job = %job.id, %error, "the lease was not prolonged"),
            Ok(()) => {}
        }
    };
    match result {
        Ok(answer) => store_answer(&context, &job, &answer).await,
        Err(failure) => end_failed_run(&context, &job, &failure),
    }
    context.signals.run.notify_one();
}

async fn compute(context: &Context, job: &Job, cancel: CancellationToken) -> Result<Answer, Failure> {
    let version = job.request.modelVersion;
    let model = context
        .models
        .get(&version)
        .ok_or_else(|| Failure::lasting(format!("model version {version} is no longer served here")))?;
    let offer = job.offer.ok_or_else(|| Failure::lasting("the job has no price".to_owned()))?;
    let input = context.store.read(|tx| jobs::input(tx, job.id))?;
    let decoded = model.task.decode_input(&input).map_err(|error| Failure::lasting(error.to_string()))?;
    let limited = limit_output(decoded, &offer, model.default_output_tokens);
    let completion = context.engine.run(&model.engine_model, limited, None, cancel).await?;
    model.pace.learn(completion.usage, &completion.timings);
    let chain_time = context.head().map_or(job.request.requestedAt, |head| head.timestamp);
    sign_answer(context, job, &offer, model, &completion, chain_time).await.map_err(Failure::passing)
}

/// Caps the output at what the fee pays for.
fn limit_output(input: Input, offer: &Offer, default: u32) -> Input {
    match (input, offer.output_limit) {
        (Input::Chat(mut chat), Some(limit)) => {
            chat.max_tokens = Some(chat.max_tokens.unwrap_or(default).min(limit));
            Input::Chat(chat)
        }
        (input, _) => input,
    }
}

async fn store_answer(context: &Context, job: &Job, answer: &Answer) {
    for attempt in 1..=STORE_ATTEMPTS {
        let now = context.clock.now_ms();
        let stored = context.store.write(|tx| jobs::answer(tx, job.id, &context.worker, answer, now));
        match stored {
            Ok(_) => {
                let receipt = answer.signed.receipt();
                tracing::info!(job = %job.id, request = %job.request_id, fee = receipt.fee, "answered");
                context.metrics.answered.fetch_add(1, Ordering::Relaxed);
                context.signals.prove.notify_one();
                context.signals.submit.notify_one();
                return;
            }
            Err(StoreError::Database(error)) => {
                tracing::warn!(job = %job.id, %error, attempt, "the answer was not stored");
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => {
                tracing::warn!(job = %job.id, %error, "the answer comes too late");
                context.metrics.lost_runs.fetch_add(1, Ordering::Relaxed);
                return;
            }
        }
    }
    let failure = Failure::passing("the answer could not be stored");
    end_failed_run(context, job, &failure);
}

fn end_failed_run(context: &Context, job: &Job, failure: &Failure) {
    let Context { config, store, worker, .. } = context;
    let now = context.clock.now_ms();
    let reason = &failure.reason;
    tracing::warn!(job = %job.id, %reason, retryable = failure.retryable, "the run failed");
    context.metrics.failed_runs.fetch_add(1, Ordering::Relaxed);
    let ended = store.write(|tx| {
        if failure.retryable {
            let not_before = now.saturating_add(config.pause_ms(job.attempts));
            jobs::put_back(tx, job.id, worker, reason, not_before, config.max_attempts, now).map(|_| ())
        } else {
            jobs::give_up(tx, job.id, worker, reason, now)
        }
    });
    report("run", job, "noted as failed", ended);
}
