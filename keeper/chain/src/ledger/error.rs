//! What can go wrong when reading the ledger.

use alloy::primitives::{Address, B256};

use super::RequestStatus;
use crate::rpc::RpcError;

/// An error of a read of the ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The RPC layer failed.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// The address book is for another chain than the RPC endpoints.
    #[error(
        "the address book is for chain {book}, but the RPC endpoints serve chain {rpc}; use deployments/{rpc}.json"
    )]
    WrongChain {
        /// Chain of the address book.
        book: u64,
        /// Chain of the endpoints.
        rpc: u64,
    },
    /// No code at an address of the book.
    #[error(
        "there is no contract at {address} (`{field}` of the address book); deploy anew or take the current address book"
    )]
    NoContract {
        /// Field of the address book.
        field: &'static str,
        /// The address.
        address: Address,
    },
    /// The deployment is older than a contract that is asked for.
    #[error(
        "the address book has no `{field}`; take the book of a newer deployment, or do without what needs it"
    )]
    NotDeployed {
        /// Field of the address book.
        field: &'static str,
    },
    /// A contract answered with a value that this keeper does not know.
    #[error("{what} has the unknown value {value}; update the keeper")]
    UnknownValue {
        /// What was read.
        what: &'static str,
        /// The value.
        value: u8,
    },
    /// The chain knows no such request.
    #[error("no request {request_id} on chain {chain_id}; check the identifier and the chain")]
    UnknownRequest {
        /// Identifier asked for.
        request_id: B256,
        /// The chain.
        chain_id: u64,
    },
    /// There is no result yet, or none any more to come.
    #[error("request {request_id} has no result: its status is {status}")]
    NoResult {
        /// Identifier asked for.
        request_id: B256,
        /// Its status.
        status: RequestStatus,
    },
    /// The deployment takes no batches.
    #[error(
        "the deployment on chain {chain_id} has no contract for batches of receipts; take a newer address book"
    )]
    NoBatches {
        /// The chain.
        chain_id: u64,
    },
    /// The chain knows no such batch.
    #[error("no batch {batch} on chain {chain_id}; check the identifier and the chain")]
    UnknownBatch {
        /// Identifier asked for.
        batch: B256,
        /// The chain.
        chain_id: u64,
    },
    /// Logs of a batch contradict themselves.
    #[error("the logs of batch {batch} do not fit together: {reason}; ask another RPC endpoint")]
    InconsistentBatch {
        /// Identifier asked for.
        batch: B256,
        /// What does not fit.
        reason: String,
    },
    /// Logs of the contracts contradict themselves.
    #[error("the logs of request {request_id} do not fit together: {reason}; ask another RPC endpoint")]
    Inconsistent {
        /// Identifier asked for.
        request_id: B256,
        /// What does not fit.
        reason: String,
    },
}

impl LedgerError {
    /// Whether the same read may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Rpc(error) => error.is_retryable(),
            Self::NoResult { status, .. } => *status == RequestStatus::Open,
            Self::Inconsistent { .. } | Self::InconsistentBatch { .. } => true,
            Self::WrongChain { .. }
            | Self::NoContract { .. }
            | Self::NotDeployed { .. }
            | Self::UnknownValue { .. }
            | Self::UnknownRequest { .. }
            | Self::NoBatches { .. }
            | Self::UnknownBatch { .. } => false,
        }
    }
}
