//! What the journal tells the outside about itself.

use std::fmt;

use alloy::primitives::U256;
use serde::Serialize;

use super::JournalError;

/// Something that keeps the journal from sending. Each pass decides anew, so an alert that is gone has resolved itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "alert", rename_all = "snake_case")]
pub enum Alert {
    /// The chain cannot be asked.
    RpcUnreachable {
        /// What went wrong.
        reason: String,
    },
    /// The account cannot pay; sending resumes by itself when it can.
    InsufficientFunds {
        /// Wei the account holds.
        balance: U256,
        /// Wei it needs, everything in flight and the minimum balance included.
        needed: U256,
    },
    /// A stuck nonce would need a fee above the limits.
    FeeLimit {
        /// The nonce.
        nonce: u64,
    },
    /// The chain asks more than the limits allow for new transactions.
    FeesTooHigh {
        /// Wei per gas.
        base_fee: u128,
    },
    /// A node refuses a transaction.
    Refused {
        /// The nonce.
        nonce: u64,
        /// In the node's words.
        message: String,
    },
    /// A nonce was used by a transaction that cannot be identified: the RPC lacks state of old blocks.
    Unidentified {
        /// The nonce.
        nonce: u64,
        /// In the node's words.
        message: String,
    },
    /// The chain asks for a nonce that we saw mined for good: a node far behind, another chain, or a very deep reorg.
    ChainBehind {
        /// The nonce it asks for.
        nonce: u64,
    },
    /// A pass ended with an error that is not about the chain.
    Stopped {
        /// What went wrong.
        reason: String,
    },
    /// The key cannot sign at present.
    SignerUnavailable {
        /// What the signer said.
        reason: String,
    },
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RpcUnreachable { reason } => write!(f, "the chain cannot be asked: {reason}"),
            Self::InsufficientFunds { balance, needed } => {
                write!(
                    f,
                    "insufficient funds: the signer holds {balance} wei and needs {needed}; send it ETH"
                )
            }
            Self::FeeLimit { nonce } => {
                write!(
                    f,
                    "nonce {nonce} is stuck and a replacement would exceed the fee limits; raise the ceiling"
                )
            }
            Self::FeesTooHigh { base_fee } => {
                write!(
                    f,
                    "the base fee of {base_fee} wei leaves no offer within the limits; waiting for it to fall"
                )
            }
            Self::Refused { nonce, message } => {
                write!(f, "nodes refuse the transaction at nonce {nonce}: {message}")
            }
            Self::Unidentified { nonce, message } => write!(
                f,
                "nonce {nonce} is used by an unknown transaction and the RPC cannot say which ({message}); \
                 configure one that keeps older state"
            ),
            Self::ChainBehind { nonce } => write!(
                f,
                "the chain asks for nonce {nonce}, which was mined for good; the RPC is far behind or another chain"
            ),
            Self::Stopped { reason } => write!(f, "the journal stopped: {reason}"),
            Self::SignerUnavailable { reason } => write!(f, "the key cannot sign: {reason}"),
        }
    }
}

impl From<&JournalError> for Alert {
    fn from(error: &JournalError) -> Self {
        match error {
            JournalError::Rpc(error) => Self::RpcUnreachable { reason: error.to_string() },
            JournalError::Signer { reason, .. } => Self::SignerUnavailable { reason: reason.clone() },
            other => Self::Stopped { reason: other.to_string() },
        }
    }
}

/// State of the journal after a pass.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Unix time of the pass; 0 before the first.
    pub at: u64,
    /// Whether the journal has compared itself with the chain since it started. Nothing is sent before.
    pub reconciled: bool,
    /// Height of the chain as last seen.
    pub head: u64,
    /// Wei the signer holds.
    pub balance: U256,
    /// Next nonce by the chain's count.
    pub next_nonce: u64,
    /// Nonces taken and not mined.
    pub in_flight: usize,
    /// Nonces mined and still watched.
    pub watched: usize,
    /// Intents without a nonce.
    pub queued: usize,
    /// What keeps it from sending; empty if nothing does.
    pub alerts: Vec<Alert>,
}
