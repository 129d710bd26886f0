//! What the operator can set about the inference role.

use std::time::Duration;

use alloy::primitives::{Address, B256};

use crate::proving::ProvingFiles;

/// A model that the operator serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedModel {
    /// The version that requests name.
    pub version: B256,
    /// The engine's name for the files of that version.
    pub engine_model: String,
    /// What its answers are proved with, where requests may ask for a proof.
    pub proving: Option<ProvingFiles>,
}

/// Settings for requests that ask for a proof of execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvingConfig {
    /// Least OPG wei asked per compute unit; that of other requests without it.
    pub unit_price: Option<u128>,
    /// Least fee in OPG wei for which a proof is worth making, beside the least for any request.
    pub min_fee: u128,
    /// Proofs made at once.
    pub concurrency: u32,
    /// Attempts after which a proof is given up.
    pub max_attempts: u32,
    /// Longest time for one proof.
    pub time_limit: Duration,
    /// Time that a proof is assumed to take until one was measured.
    pub assumed_time: Duration,
}

impl Default for ProvingConfig {
    fn default() -> Self {
        Self {
            unit_price: None,
            min_fee: 0,
            concurrency: 1,
            max_attempts: 3,
            time_limit: Duration::from_secs(600),
            assumed_time: Duration::from_secs(20),
        }
    }
}

/// Settings of the inference role.
#[derive(Debug, Clone, PartialEq)]
pub struct RoleConfig {
    /// Account of the operator: holds bond and credits. The signer's key is registered for it.
    pub operator: Address,
    /// The chain.
    pub chain_id: u64,
    /// Contract that takes requests and answers.
    pub hub: Address,
    /// Contract in whose EIP-712 domain receipts are signed.
    pub proof_registry: Address,
    /// What is served.
    pub models: Vec<ServedModel>,
    /// Least OPG wei asked per compute unit.
    pub unit_price: u128,
    /// Whose price is asked where it is more; none: the least is the price.
    pub fee_market: Option<Address>,
    /// Least fee in OPG wei for which a request is worth answering.
    pub min_fee: u128,
    /// OPG wei that one ETH is worth. With it, a request is declined whose fee does not cover the gas of its delivery.
    /// Without it, gas is not weighed and `min_fee` has to cover it.
    pub opg_per_eth: Option<u128>,
    /// Fewest output tokens for which a capped answer is worth giving.
    pub min_output_tokens: u32,
    /// Requests that ask for a proof.
    pub proving: ProvingConfig,
    /// Most jobs that wait for the model, and most that wait for a proof.
    pub max_waiting: u64,
    /// Jobs run at once, engine permitting.
    pub concurrency: u32,
    /// Time kept free between the end of a run and the deadline, for the delivery.
    pub delivery_time: Duration,
    /// Tokens per second assumed until they are measured: read, and written.
    pub assumed_rates: (f64, f64),
    /// Runs after which a job is given up.
    pub max_attempts: u32,
    /// Deliveries after which a job is given up.
    pub max_submissions: u32,
    /// Pause before the first repetition of a failed run or delivery; it doubles with each.
    pub retry_pause: Duration,
    /// Time for which a claimed job is held without a sign of life.
    pub lease: Duration,
    /// Age from which a receipt is renewed before delivery. The hub takes receipts up to an hour old.
    pub receipt_age: Duration,
    /// Blocks, the containing one included, after which an event is final for a job.
    pub confirmations: u64,
    /// Seconds after the deadline for which a submitted job still waits for the chain's word.
    pub expiry_grace: u64,
    /// Pause between looks at the chain when nothing is new.
    pub poll_interval: Duration,
    /// Longest time that running jobs get to finish on shutdown before they are handed back.
    pub drain_time: Duration,
}

impl RoleConfig {
    /// Settings that suit Base and a CPU, for an operator with these accounts and models.
    #[must_use]
    pub fn new(
        operator: Address,
        chain_id: u64,
        hub: Address,
        proof_registry: Address,
        models: Vec<ServedModel>,
    ) -> Self {
        Self {
            operator,
            chain_id,
            hub,
            proof_registry,
            models,
            unit_price: 1,
            fee_market: None,
            min_fee: 0,
            opg_per_eth: None,
            min_output_tokens: 16,
            proving: ProvingConfig::default(),
            max_waiting: 64,
            concurrency: 1,
            delivery_time: Duration::from_secs(10),
            assumed_rates: (50.0, 10.0),
            max_attempts: 5,
            max_submissions: 5,
            retry_pause: Duration::from_secs(1),
            lease: Duration::from_secs(15),
            receipt_age: Duration::from_secs(50 * 60),
            confirmations: 3,
            expiry_grace: 60,
            poll_interval: Duration::from_millis(500),
            drain_time: Duration::from_secs(30),
        }
    }

    /// The pause before repetition number `done` + 1.
    pub(super) fn pause_ms(&self, done: u32) -> u64 {
        let factor = 1_u32 << done.saturating_sub(1).min(10);
        millis(self.retry_pause.saturating_mul(factor))
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
