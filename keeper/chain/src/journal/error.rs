//! What can stop a pass of the journal.

use alloy::primitives::Address;
use opg_store::StoreError;

use crate::rpc_trait::RpcError;

/// An error of the journal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The chain cannot be asked. The next pass tries again.
    #[error("the journal waits for the chain: {0}")]
    Rpc(#[from] RpcError),
    /// Durable state cannot be read or written; nothing is sent.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The RPC or the database belongs to another chain.
    #[error(
        "the {source_of} is of chain {found}, the configuration says {expected}; correct whichever is wrong"
    )]
    WrongChain {
        /// "RPC" or "state database".
        source_of: &'static str,
        /// What it says.
        found: u64,
        /// What the configuration says.
        expected: u64,
    },
    /// The key cannot sign at present.
    #[error("{signer} cannot sign: {reason}; check the keystore or the key service")]
    Signer {
        /// The account.
        signer: Address,
        /// What the signer said.
        reason: String,
    },
    /// A setting is unusable.
    #[error("journal setting {setting}: {reason}")]
    Config {
        /// Which one.
        setting: &'static str,
        /// Why.
        reason: String,
    },
}

impl JournalError {
    /// Whether the next pass may succeed without anybody's doing.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Rpc(_) | Self::Signer { .. })
    }
}
