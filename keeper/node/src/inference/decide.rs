//! Seen → Accepted or Declined.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use alloy::primitives::U256;
use async_trait::async_trait;
use opg_chain::ledger::PROOF_LENGTH;
use opg_engine::{EngineError, Input};
use opg_receipts::MODE_ZERO_KNOWLEDGE;
use opg_store::{
    StoreError,
    jobs::{self, Job, JobState, Offer},
    proofs,
};
use opg_zkml::CHUNK;

use super::{Affordable, Decision, DeclineReason, context::Context, decision::Circumstances, models::Model};
use crate::{LedgerError, Progress, Service, ServiceError};

/// Jobs decided in one pass, so that other services are not kept waiting.
const BATCH: u32 = 16;

/// Gas of a delivery without output and callback, as measured, with some room.
const FULFIL_GAS: u64 = 130_000;

/// Gas per byte of output: calldata, hashing, the event.
const GAS_PER_OUTPUT_BYTE: u64 = 48;

/// Gas of checking a proof without its public inputs, as measured, with some room.
const PROOF_GAS: u64 = 190_000;

/// Gas per public input of a proof: its calldata, its packing and a multiplication on the curve.
const GAS_PER_PUBLIC_INPUT: u64 = 7_100;

/// Bytes of calldata of a delivery without the output.
const FULFIL_CALLDATA: usize = 1_000;

/// Bytes per output token in the estimate of the gas cost.
const BYTES_PER_TOKEN: u64 = 5;

/// Decides about requests.
#[derive(Debug)]
pub struct Decide {
    context: Arc<Context>,
}

/// What a proof adds to a job.
#[derive(Default)]
struct ProofCost {
    /// Until it is there, the proofs ahead of it included.
    time: Duration,
    /// Of the delivery.
    gas: u64,
    /// Bytes of the delivery.
    calldata: usize,
}

/// Why there is no decision yet.
enum Undecided {
    Engine(EngineError),
    Ledger(LedgerError),
    Store(StoreError),
}

impl Decide {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    /// Decides about one request, given whether the operator is active and what waits ahead.
    async fn decide(
        &self,
        job: &Job,
        input: &[u8],
        head_time: u64,
        waiting: u64,
        active: bool,
    ) -> Result<Decision, Undecided> {
        let declined = |reason| Ok(Decision::Decline(reason));
        let config = &self.context.config;
        let Some(model) = self.context.models.get(&job.request.modelVersion) else {
            return declined(DeclineReason::ModelNotServed(job.request.modelVersion));
        };
        if !model.serves_mode(job.request.mode) {
            return declined(DeclineReason::ModeNotServed(job.request.mode));
        }
        if !active {
            return declined(DeclineReason::OperatorInactive);
        }
        if waiting >= config.max_waiting {
            return declined(DeclineReason::QueueFull(waiting));
        }
        let decoded = match model.task.decode_input(input) {
            Ok(decoded) => decoded,
            Err(error) => return declined(DeclineReason::Input(error.to_string())),
        };
        let wanted = wanted_tokens(model, &decoded);
        let input_tokens = match self.context.engine.input_tokens(&model.engine_model, decoded).await {
            Ok(tokens) => tokens,
            Err(error) if error.is_retryable() => return Err(Undecided::Engine(error)),
            Err(error) => return declined(DeclineReason::Input(error.to_string())),
        };
        let proof = match self.proof(model, job)? {
            Ok(proof) => proof,
            Err(reason) => return declined(reason),
        };
        let offer = match self.price(model, job, input_tokens, wanted) {
            Ok(offer) => offer,
            Err(reason) => return declined(reason),
        };
        let tokens = offer.output_limit.unwrap_or(wanted);
        let expected = model.pace.expected(input_tokens, tokens);
        let rounds = u32::try_from(waiting / u64::from(config.concurrency.max(1))).unwrap_or(u32::MAX);
        let circumstances = Circumstances {
            head_time,
            deadline: job.request.deadline,
            ahead: expected.saturating_mul(rounds),
            expected: expected.saturating_add(proof.time),
            delivery: config.delivery_time,
        };
        if let Err(reason) = circumstances.check() {
            return declined(reason);
        }
        let fee = model.coefficients.fee(input_tokens, tokens, offer.unit_price, job.request.maxFee);
        match self.gas_refusal(job, fee, tokens, &proof).await.map_err(Undecided::Ledger)? {
            Some(reason) => declined(reason),
            None => Ok(Decision::Accept(offer)),
        }
    }

    /// What the proof costs that the request asks for, if it asks for one and the queue has room for it.
    fn proof(&self, model: &Model, job: &Job) -> Result<Result<ProofCost, DeclineReason>, Undecided> {
        let (Some(provable), MODE_ZERO_KNOWLEDGE) = (&model.provable, job.request.mode) else {
            return Ok(Ok(ProofCost::default()));
        };
        let config = &self.context.config;
        let (open, recent) = self
            .context
            .store
            .read(|tx| {
                let recent = proofs::recent_ms(tx, job.request.modelVersion.0)?;
                Ok::<_, StoreError>((proofs::open(tx)?, recent))
            })
            .map_err(Undecided::Store)?;
        if open >= config.max_waiting {
            return Ok(Err(DeclineReason::QueueFull(open)));
        }
        let each = recent.map_or(config.proving.assumed_time, Duration::from_millis);
        // Those ahead may be for other models; their time is taken to be the same.
        let rounds = u32::try_from(open / u64::from(config.proving.concurrency.max(1))).unwrap_or(u32::MAX);
        let inputs = provable.key.input_count() as u64;
        Ok(Ok(ProofCost {
            time: each.saturating_mul(rounds.saturating_add(1)),
            gas: PROOF_GAS.saturating_add(inputs.saturating_mul(GAS_PER_PUBLIC_INPUT)),
            calldata: usize::try_from(inputs).unwrap_or(usize::MAX).saturating_mul(CHUNK) + PROOF_LENGTH,
        }))
    }

    fn price(
        &self,
        model: &Model,
        job: &Job,
        input_tokens: u32,
        wanted: u32,
    ) -> Result<Offer, DeclineReason> {
        let config = &self.context.config;
        let proved = job.request.mode == MODE_ZERO_KNOWLEDGE;
        let least = config.proving.unit_price.filter(|_| proved).unwrap_or(config.unit_price);
        let unit_price = self.context.unit_price.asked(least);
        let min_fee = if proved { config.min_fee.max(config.proving.min_fee) } else { config.min_fee };
        let max_fee = job.request.maxFee;
        let output_limit = match model.coefficients.affordable(input_tokens, wanted, unit_price, max_fee) {
            Affordable::All => None,
            Affordable::Tokens(tokens) if tokens >= config.min_output_tokens => Some(tokens),
            Affordable::Tokens(affordable) => {
                return Err(DeclineReason::Price { max_fee, affordable, minimum: config.min_output_tokens });
            }
            Affordable::Nothing { input_cost } => {
                return Err(DeclineReason::InputPrice { max_fee, input_cost });
            }
        };
        let fee = model.coefficients.fee(input_tokens, output_limit.unwrap_or(wanted), unit_price, max_fee);
        if fee < min_fee {
            return Err(DeclineReason::FeeBelowMinimum { fee, minimum: min_fee });
        }
        Ok(Offer { unit_price, output_limit })
    }

    /// Compares the highest possible fee with the gas of the delivery, where an exchange rate is configured.
    async fn gas_refusal(
        &self,
        job: &Job,
        fee: u128,
        tokens: u32,
        proof: &ProofCost,
    ) -> Result<Option<DeclineReason>, LedgerError> {
        let Some(opg_per_eth) = self.context.config.opg_per_eth else { return Ok(None) };
        let bytes = u64::from(tokens).saturating_mul(BYTES_PER_TOKEN);
        let gas = FULFIL_GAS
            .saturating_add(proof.gas)
            .saturating_add(bytes.saturating_mul(GAS_PER_OUTPUT_BYTE))
            .saturating_add(u64::from(job.request.callbackGas) * 64 / 63);
        let length = FULFIL_CALLDATA
            .saturating_add(usize::try_from(bytes).unwrap_or(usize::MAX))
            .saturating_add(proof.calldata);
        let wei = self.context.ledger.cost(gas, length).await?;
        let cost = wei.saturating_mul(U256::from(opg_per_eth)) / U256::from(10_u64.pow(18));
        Ok((U256::from(fee) < cost).then_some(DeclineReason::GasCost { fee, cost }))
    }

    fn record(&self, job: &Job, decision: &Decision) -> Result<(), StoreError> {
        let now = self.context.clock.now_ms();
        let Context { metrics, signals, .. } = &*self.context;
        match decision {
            Decision::Accept(offer) => {
                self.context.store.write(|tx| jobs::accept(tx, job.id, offer, now))?;
                tracing::info!(job = %job.id, request = %job.request_id, limit = ?offer.output_limit, "accepted");
                metrics.accepted.fetch_add(1, Ordering::Relaxed);
                signals.run.notify_one();
            }
            Decision::Decline(reason) => {
                self.context.store.write(|tx| jobs::decline(tx, job.id, &reason.to_string(), now))?;
                tracing::info!(job = %job.id, request = %job.request_id, %reason, "declined");
                metrics.declined.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn waiting(&self) -> Result<u64, StoreError> {
        let counts = self.context.store.read(jobs::count_by_state)?;
        Ok([JobState::Accepted, JobState::Running].iter().filter_map(|state| counts.get(state)).sum())
    }
}

/// Output tokens that the payer allows.
fn wanted_tokens(model: &Model, input: &Input) -> u32 {
    match input {
        Input::Chat(chat) => {
            chat.max_tokens.unwrap_or(model.default_output_tokens).min(model.max_output_tokens)
        }
        Input::Embedding(_) | Input::Tensor(_) => 0,
    }
}

#[async_trait]
impl Service for Decide {
    fn name(&self) -> &'static str {
        "decide"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        let context = &self.context;
        let idle = Ok(Progress::Wait(Duration::from_secs(1)));
        let Some(head) = context.head() else { return idle };
        let now = context.clock.now_ms();
        let seen = context.store.read(|tx| jobs::ready(tx, JobState::Seen, now, BATCH))?;
        if seen.is_empty() {
            return idle;
        }
        let active = context.is_active(head).await?;
        context.unit_price.refresh(async |market| context.ledger.unit_price(market).await).await?;
        let mut undecided = None;
        for job in &seen {
            let input = context.store.read(|tx| jobs::input(tx, job.id))?;
            match self.decide(job, &input, head.timestamp, self.waiting()?, active).await {
                Ok(decision) => match self.record(job, &decision) {
                    // Closed, withdrawn or cancelled while it was thought about.
                    Err(StoreError::WrongState { .. }) | Ok(()) => {}
                    Err(error) => return Err(error.into()),
                },
                Err(Undecided::Engine(error)) => undecided = Some(error.to_string()),
                Err(Undecided::Ledger(error)) => undecided = Some(error.to_string()),
                Err(Undecided::Store(error)) => return Err(error.into()),
            }
        }
        match undecided {
            Some(reason) => Err(ServiceError::Recoverable(format!("a request is not decided yet: {reason}"))),
            None => Ok(Progress::More),
        }
    }

    async fn woken(&self) {
        self.context.signals.decide.notified().await;
    }
}
