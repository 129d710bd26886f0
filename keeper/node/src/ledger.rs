//! What a role needs from the chain.

mod chain;

use alloy::primitives::{Address, B256, Bytes, U256};
use async_trait::async_trait;
use opg_chain::{
    bindings::{Fulfilment, ModelSpec},
    events::{Cursor, Segment},
    rpc_trait::Head,
};
use opg_receipts::Request;

pub use chain::ChainLedger;
pub use opg_chain::ledger::Refusal;

/// The chain, as far as the inference role looks at it.
#[async_trait]
pub trait Ledger: Send + Sync + std::fmt::Debug {
    /// The next step of events from `cursor`; `None` if there is nothing new.
    async fn poll(&self, cursor: &Cursor) -> Result<Option<Segment>, LedgerError>;

    /// The latest block.
    async fn head(&self) -> Result<Head, LedgerError>;

    /// The published specification of a model version.
    async fn model_spec(&self, version: B256) -> Result<ModelSpec, LedgerError>;

    /// The key that proofs for a model version are checked with, as the chain keeps it; `None` where none is registered.
    async fn zk_key(&self, spec: &ModelSpec) -> Result<Option<Bytes>, LedgerError>;

    /// The key that signs for `operator` at unix time `at`, zero if the operator is not active then.
    async fn signer_of(&self, operator: Address, at: u64) -> Result<Address, LedgerError>;

    /// Unix time from which `operator` may fulfil `request`; `None` while that is not decided.
    async fn turn_of(&self, request: &Request, operator: Address) -> Result<Option<u64>, LedgerError>;

    /// Why the hub would refuse the fulfilment now; `None` if it would accept it.
    async fn check(&self, request: &Request, fulfilment: &Fulfilment)
    -> Result<Option<Refusal>, LedgerError>;

    /// OPG wei that a compute unit costs now, by a fee market.
    async fn unit_price(&self, fee_market: Address) -> Result<u128, LedgerError>;

    /// Wei that a transaction with `gas` and `calldata_length` costs at present, the fee for its data on L1 included.
    async fn cost(&self, gas: u64, calldata_length: usize) -> Result<U256, LedgerError>;
}

/// The chain gave no useful answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct LedgerError {
    reason: String,
    retryable: bool,
}

impl LedgerError {
    /// An error with its reason, and whether asking again may help.
    #[must_use]
    pub fn new(reason: impl Into<String>, retryable: bool) -> Self {
        Self { reason: reason.into(), retryable }
    }

    /// Whether asking again may help without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}
