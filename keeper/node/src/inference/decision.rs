//! Whether a request is worth answering.

use std::time::Duration;

use alloy::primitives::{B256, U256};
use opg_store::jobs::Offer;

/// What is decided about a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Answer it on these terms.
    Accept(Offer),
    /// Leave it to others.
    Decline(DeclineReason),
}

/// Why a request is not answered. The text is recorded with the job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeclineReason {
    /// The version is not in the configuration.
    #[error("model version {0} is not served here; `opg model add` adds models")]
    ModelNotServed(B256),
    /// The version or this keeper's files do not serve the mode.
    #[error("verification mode {0} is not served here; for mode 2 a model needs a `proving_key`")]
    ModeNotServed(u8),
    /// The operator is not registered with this key.
    #[error("the operator is not active with this keeper's key; check its bond and key with `opg status`")]
    OperatorInactive,
    /// The input cannot be processed.
    #[error("{0}")]
    Input(String),
    /// The maximum fee does not pay for an answer of useful length.
    #[error(
        "the maximum fee of {max_fee} OPG wei pays for {affordable} output tokens, fewer than the {minimum} worth giving"
    )]
    Price {
        /// OPG wei offered.
        max_fee: u128,
        /// Output tokens that it pays for.
        affordable: u32,
        /// Fewest worth giving.
        minimum: u32,
    },
    /// The maximum fee does not even pay for the input.
    #[error("the maximum fee of {max_fee} OPG wei does not cover the {input_cost} that the input costs")]
    InputPrice {
        /// OPG wei offered.
        max_fee: u128,
        /// OPG wei that the input costs.
        input_cost: u128,
    },
    /// The fee is below the configured minimum.
    #[error("the fee is at most {fee} OPG wei, below the configured minimum of {minimum}")]
    FeeBelowMinimum {
        /// Highest possible fee in OPG wei.
        fee: u128,
        /// Configured minimum.
        minimum: u128,
    },
    /// The fee does not cover the gas of the delivery.
    #[error("the fee is at most {fee} OPG wei, but the gas of its delivery costs {cost}")]
    GasCost {
        /// Highest possible fee in OPG wei.
        fee: u128,
        /// Gas cost at the configured exchange rate, in OPG wei.
        cost: U256,
    },
    /// There is not enough time.
    #[error("{left} s are left to the deadline, but {needed} s are needed")]
    Deadline {
        /// Seconds to the deadline.
        left: u64,
        /// Seconds needed, jobs ahead included.
        needed: u64,
    },
    /// Too many jobs wait.
    #[error("{0} jobs are waiting, as many as the configuration allows")]
    QueueFull(u64),
}

/// What is weighed, all but the price.
#[derive(Debug, Clone, Copy)]
pub(super) struct Circumstances {
    /// Time now, on the chain.
    pub(super) head_time: u64,
    /// Time after which the answer is worth nothing.
    pub(super) deadline: u64,
    /// Expected time until the jobs ahead are done.
    pub(super) ahead: Duration,
    /// Expected time of the job itself.
    pub(super) expected: Duration,
    /// Time kept for the delivery.
    pub(super) delivery: Duration,
}

impl Circumstances {
    /// Checks that the answer can be on the chain in time.
    pub(super) fn check(&self) -> Result<(), DeclineReason> {
        let left = self.deadline.saturating_sub(self.head_time);
        let total = self.ahead.saturating_add(self.expected).saturating_add(self.delivery);
        let needed = total.as_secs().saturating_add(u64::from(total.subsec_nanos() > 0));
        if needed <= left { Ok(()) } else { Err(DeclineReason::Deadline { left, needed }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_second_of_the_estimate_counts() {
        let second = Duration::from_secs(1);
        let circumstances = Circumstances {
            head_time: 1_000,
            deadline: 1_003,
            ahead: second,
            expected: second,
            delivery: second,
        };
        assert_eq!(circumstances.check(), Ok(()));
        let slower = Circumstances { expected: Duration::from_millis(1_001), ..circumstances };
        assert_eq!(slower.check(), Err(DeclineReason::Deadline { left: 3, needed: 4 }));
        let late = Circumstances { head_time: 2_000, ..circumstances };
        assert_eq!(late.check(), Err(DeclineReason::Deadline { left: 0, needed: 3 }));
        let never = Circumstances { ahead: Duration::MAX, ..circumstances };
        never.check().unwrap_err();
    }
}
