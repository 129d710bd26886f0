//! What the chain says about a batch.

use alloy::{
    primitives::{Address, B256},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use opg_receipts::batch::Batch;
use serde::Serialize;

use crate::{
    bindings::IReceiptBatches,
    events::{ChainEvent, decode},
    ledger::{Contracts, LedgerError},
    rpc::LogPages,
};

/// Where a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchStatus {
    /// It is not on the chain.
    Unknown,
    /// It counts for nothing.
    Void,
    /// It can be challenged.
    Pending,
    /// It can no longer be challenged.
    Final,
}

impl TryFrom<u8> for BatchStatus {
    type Error = LedgerError;

    fn try_from(value: u8) -> Result<Self, LedgerError> {
        Ok(match value {
            0 => Self::Unknown,
            1 => Self::Void,
            2 => Self::Pending,
            3 => Self::Final,
            _ => return Err(LedgerError::UnknownValue { what: "the status of a batch", value }),
        })
    }
}

impl std::fmt::Display for BatchStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Unknown => "unknown",
            Self::Void => "void",
            Self::Pending => "pending",
            Self::Final => "final",
        })
    }
}

/// A batch as it was posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostedBatch {
    /// Its identifier.
    pub id: B256,
    /// What was committed to.
    pub batch: Batch,
    /// Who posted it.
    pub poster: Address,
    /// Where its data is said to be.
    pub uri: String,
    /// Height of its block.
    pub block: u64,
    /// The transaction.
    pub transaction: B256,
    /// Where it stands now.
    pub status: BatchStatus,
    /// Unix time from which it is final.
    pub final_at: u64,
}

impl Contracts {
    /// The batch with the identifier `id`, found by its event.
    ///
    /// # Errors
    /// If there is no such batch or no such contract, the chain cannot be read, or its logs contradict each other.
    pub async fn fetch_batch(&self, id: B256) -> Result<PostedBatch, LedgerError> {
        let book = self.addresses();
        let registry = self.receipt_batches()?;
        let filter = Filter::new()
            .address(registry)
            .event_signature(IReceiptBatches::BatchPosted::SIGNATURE_HASH)
            .topic1(id);
        let head = self.rpc().head().await?.number;
        let mut pages = LogPages::new(self.rpc(), filter, book.deployment_block, head);
        while let Some(page) = pages.next().await? {
            for log in page {
                let broken = |reason: String| LedgerError::InconsistentBatch { batch: id, reason };
                let (Some(block), Some(transaction)) = (log.block_number, log.transaction_hash) else {
                    return Err(broken("a log without its place on the chain".to_owned()));
                };
                let event = decode(&log.inner, book).map_err(broken)?;
                if let Some(ChainEvent::BatchPosted { batch_id, batch, poster, uri, .. }) = event
                    && batch_id == id
                {
                    let status = self.batch_status(&batch).await?;
                    let final_at = self.view(registry, &IReceiptBatches::finalAtCall { batchId: id }).await?;
                    return Ok(PostedBatch { id, batch, poster, uri, block, transaction, status, final_at });
                }
            }
        }
        Err(LedgerError::UnknownBatch { batch: id, chain_id: book.chain_id })
    }

    /// Where a batch stands now.
    ///
    /// # Errors
    /// If there is no such contract, or the chain cannot be read.
    pub async fn batch_status(&self, batch: &Batch) -> Result<BatchStatus, LedgerError> {
        let call = IReceiptBatches::statusOfCall { batch: batch.clone().into() };
        self.view(self.receipt_batches()?, &call).await?.try_into()
    }

    /// Seconds within which a receipt must be posted, and for which a batch can be challenged, as batches are posted now.
    ///
    /// # Errors
    /// If there is no such contract, or the chain cannot be read.
    pub async fn batch_times(&self) -> Result<(u64, u64), LedgerError> {
        let times = self.view(self.receipt_batches()?, &IReceiptBatches::timesCall {}).await?;
        Ok((times.receiptAge.into(), times.challengeWindow.into()))
    }

    /// The contract that batches are posted to.
    ///
    /// # Errors
    /// If the deployment has none.
    pub fn receipt_batches(&self) -> Result<Address, LedgerError> {
        self.addresses().receipt_batches.ok_or(LedgerError::NoBatches { chain_id: self.addresses().chain_id })
    }
}
