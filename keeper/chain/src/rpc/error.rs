//! What can go wrong in a call to an RPC endpoint.

use std::time::Duration;

use crate::bindings::Revert;

/// An error of the RPC layer. Endpoints are named by their redacted address: keys in URLs never reach a log.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// A setting is not usable.
    #[error("RPC setting `{field}`: {reason}")]
    Config {
        /// Name of the setting.
        field: &'static str,
        /// What is wrong and how to mend it.
        reason: String,
    },
    /// The endpoint did not answer in time.
    #[error("{endpoint} did not answer {method} within {limit:?}")]
    Timeout {
        /// The endpoint, redacted.
        endpoint: String,
        /// JSON-RPC method.
        method: String,
        /// The limit that ran out.
        limit: Duration,
    },
    /// The endpoint cannot be reached or broke off.
    #[error("{endpoint} failed on {method}: {reason}")]
    Transport {
        /// The endpoint, redacted.
        endpoint: String,
        /// JSON-RPC method.
        method: String,
        /// What the HTTP layer said.
        reason: String,
    },
    /// The endpoint answered with something that is not the answer to the call.
    #[error("{endpoint} answered {method} with {reason}")]
    BadResponse {
        /// The endpoint, redacted.
        endpoint: String,
        /// JSON-RPC method.
        method: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The endpoint serves another chain.
    #[error("{endpoint} serves chain {found}, but chain {expected} is configured; correct the RPC list")]
    WrongChain {
        /// The endpoint, redacted.
        endpoint: String,
        /// Chain of the configuration.
        expected: u64,
        /// Chain of the endpoint.
        found: u64,
    },
    /// The endpoint understood the call and refused it.
    #[error("{endpoint} refused {method}: {rejection}")]
    Rejected {
        /// The endpoint, redacted.
        endpoint: String,
        /// JSON-RPC method.
        method: String,
        /// Why. Boxed: errors travel through every call, refusals are rare.
        rejection: Box<Rejection>,
        /// JSON-RPC error code.
        code: i64,
        /// Message as given, shortened.
        message: String,
    },
    /// A return value does not decode: the contract at the address is not the one expected.
    #[error("the answer to {call} does not decode: {reason}; check the addresses in the address book")]
    Decode {
        /// Function called.
        call: String,
        /// What the decoder said.
        reason: String,
    },
    /// Every endpoint failed.
    #[error("no RPC endpoint could serve {method}: {reasons}")]
    Exhausted {
        /// JSON-RPC method.
        method: String,
        /// One reason per endpoint.
        reasons: String,
    },
}

impl RpcError {
    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Timeout { .. }
            | Self::Transport { .. }
            | Self::BadResponse { .. }
            | Self::Exhausted { .. } => true,
            Self::Rejected { rejection, .. } => rejection.is_retryable(),
            Self::Config { .. } | Self::WrongChain { .. } | Self::Decode { .. } => false,
        }
    }

    /// Whether the fault is the endpoint's, so that another endpoint may do better at once.
    #[must_use]
    pub fn is_endpoint_fault(&self) -> bool {
        match self {
            Self::Timeout { .. }
            | Self::Transport { .. }
            | Self::BadResponse { .. }
            | Self::WrongChain { .. } => true,
            Self::Rejected { rejection, .. } => rejection.is_endpoint_fault(),
            Self::Config { .. } | Self::Decode { .. } | Self::Exhausted { .. } => false,
        }
    }

    /// The refusal, where the endpoint refused.
    #[must_use]
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Self::Rejected { rejection, .. } => Some(rejection),
            _ => None,
        }
    }

    /// Whether the same call over fewer blocks may succeed: the endpoint says so, answers too much, or takes too long.
    #[must_use]
    pub fn is_too_much(&self) -> bool {
        matches!(self, Self::Timeout { .. } | Self::BadResponse { .. })
            || matches!(self.rejection(), Some(Rejection::RangeTooLarge(_)))
    }

    /// Why the contract reverted, where it did.
    #[must_use]
    pub fn revert(&self) -> Option<&Revert> {
        match self.rejection() {
            Some(Rejection::Reverted(revert)) => Some(revert),
            _ => None,
        }
    }
}

/// Why an endpoint refused a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The fee is below what the pool takes, or a replacement raises it too little.
    #[error("fee too low: {0}")]
    Underpriced(String),
    /// The sender cannot pay for gas and value.
    #[error("insufficient funds: {0}")]
    InsufficientFunds(String),
    /// A transaction with this nonce is already mined.
    #[error("nonce too low: {0}")]
    NonceTooLow(String),
    /// The pool holds this very transaction.
    #[error("already known: {0}")]
    AlreadyKnown(String),
    /// The gas limit exceeds the cap of a block or of a transaction, or is below the intrinsic cost.
    #[error("gas limit refused: {0}")]
    GasLimit(String),
    /// The contract reverted.
    #[error("execution reverted: {0}")]
    Reverted(Revert),
    /// The block range or the number of results is too large.
    #[error("range too large: {0}")]
    RangeTooLarge(String),
    /// The endpoint does not know the block, yet or any more.
    #[error("unknown block: {0}")]
    UnknownBlock(String),
    /// Too many calls.
    #[error("rate limited: {0}")]
    RateLimited(String),
    /// The endpoint does not offer the method.
    #[error("method not offered: {0}")]
    UnsupportedMethod(String),
    /// Anything else.
    #[error("error {code}: {message}")]
    Other {
        /// JSON-RPC error code.
        code: i64,
        /// Message as given, shortened.
        message: String,
    },
}

impl Rejection {
    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::RateLimited(_) | Self::UnknownBlock(_))
    }

    /// Whether another endpoint may do better.
    #[must_use]
    pub fn is_endpoint_fault(&self) -> bool {
        matches!(self, Self::RateLimited(_) | Self::UnsupportedMethod(_))
    }
}
