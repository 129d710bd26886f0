//! Answered → Submitted.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use alloy::{
    primitives::{Bytes, U256},
    sol_types::SolCall,
};
use async_trait::async_trait;
use opg_chain::{
    bindings::{Fulfilment, IInferenceHub},
    journal::{self, Intent},
};
use opg_receipts::MODE_ZERO_KNOWLEDGE;
use opg_store::{
    StoreError,
    jobs::{self, Answer, Job, JobState},
    proofs,
};

use super::{
    config::millis,
    context::Context,
    receipt::{fulfilment, renew},
};
use crate::{Progress, Service, ServiceError, ledger::Refusal};

/// Answers looked at in one pass.
const BATCH: u32 = 16;

/// Pause before the hub is asked again about an answer that it does not take yet.
const ASK_AGAIN: Duration = Duration::from_millis(500);

/// Hands answers to the journal.
#[derive(Debug)]
pub struct Submit {
    context: Arc<Context>,
}

/// What to do with an answer now.
enum Step {
    Enqueue(Fulfilment),
    Postpone { reason: String, until_ms: u64 },
    Fail(Refusal),
}

impl Submit {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    async fn step(&self, job: &Job, chain_time: u64) -> Result<Step, ServiceError> {
        let context = &self.context;
        let answer = self.fresh_answer(job, chain_time).await?;
        let fulfilment = self.fulfilment(job, &answer)?;
        let Some(refusal) = context.ledger.check(&job.request, &fulfilment).await? else {
            return Ok(Step::Enqueue(fulfilment));
        };
        if !may_pass(refusal) {
            return Ok(Step::Fail(refusal));
        }
        let mut wait = millis(ASK_AGAIN);
        if refusal == Refusal::NotYourTurn
            && let Some(turn) = context.ledger.turn_of(&job.request, context.config.operator).await?
        {
            // A turn far off needs no asking before it is near.
            wait = wait.max(turn.saturating_sub(chain_time).saturating_mul(1_000));
        }
        let until_ms = context.clock.now_ms().saturating_add(wait);
        Ok(Step::Postpone { reason: format!("waits: {refusal}"), until_ms })
    }

    /// The answer with its evidence.
    fn fulfilment(&self, job: &Job, answer: &Answer) -> Result<Fulfilment, ServiceError> {
        if job.request.mode != MODE_ZERO_KNOWLEDGE {
            return Ok(fulfilment(answer, None));
        }
        let (proof, input) = self
            .context
            .store
            .read(|tx| Ok::<_, StoreError>((proofs::bytes(tx, job.id)?, jobs::input(tx, job.id)?)))?;
        let proof = proof.ok_or_else(|| ServiceError::Fatal(format!("job {} has lost its proof", job.id)))?;
        Ok(fulfilment(answer, Some((&proof, &input))))
    }

    /// The stored answer, its receipt renewed if it is too old to reach the chain in time.
    async fn fresh_answer(&self, job: &Job, chain_time: u64) -> Result<Answer, ServiceError> {
        let context = &self.context;
        let stored = context.store.read(|tx| jobs::stored_answer(tx, job.id))?;
        let answer =
            stored.ok_or_else(|| ServiceError::Fatal(format!("job {} has lost its answer", job.id)))?;
        let age = chain_time.saturating_sub(answer.signed.receipt().issuedAt);
        if age < context.config.receipt_age.as_secs() {
            return Ok(answer);
        }
        let renewed = renew(context, &answer, chain_time).await.map_err(ServiceError::Recoverable)?;
        context.store.write(|tx| jobs::renew(tx, job.id, &renewed.signed))?;
        context.metrics.renewed.fetch_add(1, Ordering::Relaxed);
        tracing::info!(job = %job.id, age, "the receipt was renewed");
        Ok(renewed)
    }

    fn enqueue(&self, job: &Job, fulfilment: Fulfilment) -> Result<(), StoreError> {
        let context = &self.context;
        let now = context.clock.now_ms();
        let intent = self.intent(job, fulfilment);
        context.store.write(|tx| {
            let id = journal::enqueue(tx, context.signer_address(), &intent, now / 1_000)?;
            jobs::submit(tx, job.id, id, now)
        })?;
        tracing::info!(job = %job.id, request = %job.request_id, "submitted");
        context.metrics.submitted.fetch_add(1, Ordering::Relaxed);
        if let Some(journal) = &context.journal {
            journal.wake();
        }
        context.signals.settle.notify_one();
        Ok(())
    }

    fn intent(&self, job: &Job, fulfilment: Fulfilment) -> Intent {
        let config = &self.context.config;
        // Another delivery after one that failed is another intent; the first keeps the plain key.
        let repetition =
            if job.submissions == 0 { String::new() } else { format!("#{}", job.submissions + 1) };
        // What the fee is worth in wei is the most that its delivery may cost.
        let max_cost = config.opg_per_eth.filter(|rate| *rate > 0).map(|rate| {
            U256::from(fulfilment.fee).saturating_mul(U256::from(10_u64.pow(18))) / U256::from(rate)
        });
        let call = IInferenceHub::fulfilCall { req: job.request.clone().into(), fulfilment };
        Intent {
            key: format!("fulfil:{}{repetition}", job.request_id),
            purpose: format!("deliver the answer of job {}", job.id),
            to: config.hub,
            calldata: Bytes::from(call.abi_encode()),
            value: U256::ZERO,
            deadline: Some(job.request.deadline),
            max_cost,
        }
    }

    fn take(&self, job: &Job, step: Step) -> Result<(), StoreError> {
        let Context { store, clock, metrics, .. } = &*self.context;
        match step {
            Step::Enqueue(fulfilment) => self.enqueue(job, fulfilment),
            Step::Postpone { reason, until_ms } => {
                tracing::debug!(job = %job.id, %reason, "the answer is not delivered yet");
                store.write(|tx| jobs::postpone(tx, job.id, &reason, until_ms))
            }
            Step::Fail(refusal) => {
                tracing::warn!(job = %job.id, %refusal, "the hub does not take the answer");
                metrics.unsuccessful.fetch_add(1, Ordering::Relaxed);
                let reason = format!("the hub does not take the answer: {refusal}");
                store.write(|tx| jobs::fail(tx, job.id, &reason, clock.now_ms()))
            }
        }
    }
}

/// Whether the same answer, or the same answer with a newer receipt, may be accepted later.
fn may_pass(refusal: Refusal) -> bool {
    // A lagging endpoint or a reorganisation explains each of these; if neither does, the chain's closing event or the
    // deadline ends the job.
    matches!(
        refusal,
        Refusal::NotOpen
            | Refusal::PastDeadline
            | Refusal::NotYourTurn
            | Refusal::ReceiptTimeOutOfRange
            | Refusal::OperatorInactive
    )
}

#[async_trait]
impl Service for Submit {
    fn name(&self) -> &'static str {
        "submit"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        let context = &self.context;
        let Some(head) = context.head() else { return Ok(Progress::Wait(ASK_AGAIN)) };
        let now = context.clock.now_ms();
        let answered = context.store.read(|tx| jobs::ready(tx, JobState::Answered, now, BATCH))?;
        for job in &answered {
            let step = self.step(job, head.timestamp).await?;
            match self.take(job, step) {
                // Closed, withdrawn or cancelled while the hub was asked.
                Err(StoreError::WrongState { .. }) | Ok(()) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Progress::Wait(ASK_AGAIN))
    }

    async fn woken(&self) {
        self.context.signals.submit.notified().await;
    }
}
