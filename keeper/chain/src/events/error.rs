//! What can go wrong while following the chain.

use crate::rpc::{Rejection, RpcError};

/// An error of the follower. The cursor did not move: polling again from it is always right.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum FollowError {
    /// The RPC layer failed.
    #[error(transparent)]
    Rpc(#[from] RpcError),
    /// An endpoint contradicted itself, for instance because the chain changed between two answers.
    #[error("answers of {endpoint} do not fit together: {reason}; they are asked for again")]
    Inconsistent {
        /// The endpoint, redacted.
        endpoint: String,
        /// What does not fit.
        reason: String,
    },
}

impl FollowError {
    /// Whether polling again may succeed without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Rpc(error) => error.is_retryable(),
            Self::Inconsistent { .. } => true,
        }
    }

    /// Whether another endpoint may do better at once.
    pub(super) fn is_endpoint_fault(&self) -> bool {
        match self {
            Self::Rpc(error) => {
                error.is_endpoint_fault()
                    || matches!(
                        error.rejection(),
                        Some(Rejection::UnknownBlock(_) | Rejection::RangeTooLarge(_))
                    )
            }
            Self::Inconsistent { .. } => true,
        }
    }
}
