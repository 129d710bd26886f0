//! What the batch service needs from the chain.

use alloy::primitives::Address;
use async_trait::async_trait;
use opg_chain::{
    batches::BatchStatus,
    events::{Cursor, Follower, FollowerConfig, Segment},
    ledger::{Contracts, LedgerError as ReadError},
    rpc_trait::Head,
};
use opg_receipts::batch::Batch;

use crate::LedgerError;

/// The times with which batches are posted now, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchTimes {
    /// How old a receipt may be when it is posted.
    pub receipt_age: u64,
    /// For how long a batch can be challenged.
    pub window: u64,
}

/// Seconds beyond the end of all challenges for which receipts are kept at least: a demand of the last moment has to be seen.
const SPARE: u64 = 86_400;

impl BatchTimes {
    /// Seconds from its issue for which a receipt may be needed: until it is posted, and until nobody can challenge it.
    #[must_use]
    pub fn least_keep(&self) -> u64 {
        self.receipt_age.saturating_add(self.window).saturating_add(SPARE)
    }
}

/// The contract of batches.
#[async_trait]
pub trait BatchesLedger: Send + Sync + std::fmt::Debug {
    /// The next step of the contract's events from `cursor`; `None` if there is nothing new.
    async fn poll(&self, cursor: &Cursor) -> Result<Option<Segment>, LedgerError>;

    /// The latest block.
    async fn head(&self) -> Result<Head, LedgerError>;

    /// The times with which batches are posted now.
    async fn times(&self) -> Result<BatchTimes, LedgerError>;

    /// Where `batch` stands now.
    async fn status(&self, batch: &Batch) -> Result<BatchStatus, LedgerError>;

    /// The key that signs for `operator` at unix time `at`, if the operator is active then.
    async fn signer_of(&self, operator: Address, at: u64) -> Result<Option<Address>, LedgerError>;
}

/// The real contract.
#[derive(Debug)]
pub struct ChainBatches {
    contracts: Contracts,
    follower: Follower,
}

impl ChainBatches {
    /// The contract of `contracts`. `follower` is where and how its events are read.
    ///
    /// # Errors
    /// If the deployment has none.
    pub fn new(contracts: Contracts, follower: FollowerConfig) -> Result<Self, ReadError> {
        let registry = contracts.receipt_batches()?;
        let follower = Follower::of(contracts.rpc().clone(), follower, vec![registry]);
        Ok(Self { contracts, follower })
    }
}

#[async_trait]
impl BatchesLedger for ChainBatches {
    async fn poll(&self, cursor: &Cursor) -> Result<Option<Segment>, LedgerError> {
        Ok(self.follower.poll(cursor).await?)
    }

    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(self.contracts.rpc().head().await?)
    }

    async fn times(&self) -> Result<BatchTimes, LedgerError> {
        let (receipt_age, window) = self.contracts.batch_times().await?;
        Ok(BatchTimes { receipt_age, window })
    }

    async fn status(&self, batch: &Batch) -> Result<BatchStatus, LedgerError> {
        Ok(self.contracts.batch_status(batch).await?)
    }

    async fn signer_of(&self, operator: Address, at: u64) -> Result<Option<Address>, LedgerError> {
        Ok(self.contracts.signer_at(operator, at).await?)
    }
}
