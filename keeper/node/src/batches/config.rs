//! What the operator can set about batches.

use std::time::Duration;

use alloy::primitives::Address;

/// Settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchesConfig {
    /// The chain.
    pub chain_id: u64,
    /// The contract that batches are posted to.
    pub registry: Address,
    /// Contract in whose EIP-712 domain receipts are signed.
    pub proof_registry: Address,
    /// Account of the operator.
    pub operator: Address,
    /// The account in whose name transactions are sent: the operator, or its signing key.
    pub signer: Address,
    /// Where the gateway is reached from outside, without a slash at the end.
    pub public_url: String,
    /// Receipts that fill a batch.
    pub max_count: u32,
    /// Seconds that a receipt waits for others, at most. The chain's own limit counts where it is shorter.
    pub max_age: u64,
    /// Seconds for which receipts and answers are kept in final batches, from their issue; `None`: for good.
    pub keep: Option<u64>,
    /// Blocks after which the chain no longer changes.
    pub finality: u64,
    /// Pause between looks.
    pub poll_interval: Duration,
}

impl BatchesConfig {
    /// Settings that suit Base.
    #[must_use]
    pub fn new(
        chain_id: u64,
        (registry, proof_registry): (Address, Address),
        (operator, signer): (Address, Address),
        public_url: String,
    ) -> Self {
        Self {
            chain_id,
            registry,
            proof_registry,
            operator,
            signer,
            public_url,
            max_count: 4_096,
            max_age: 600,
            keep: None,
            finality: 64,
            poll_interval: Duration::from_secs(1),
        }
    }
}
