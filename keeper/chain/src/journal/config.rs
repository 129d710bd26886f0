//! What the operator can set.

use std::time::Duration;

use alloy::primitives::U256;

use super::{JournalError, fees::FeePolicy};

/// Largest gas limit of one transaction under Osaka rules (EIP-7825).
pub const TRANSACTION_GAS_CAP: u64 = 16_777_216;

/// What to do with an intent whose deadline passes after it was broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatePolicy {
    /// Replace it by a transaction without effect; whichever is mined decides.
    Cancel,
    /// Let it be mined, as long as its fee limits suffice: the contract judges whether it is late.
    Accept,
}

/// Settings of one signer's journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalConfig {
    /// The chain; another one behind the RPC is refused.
    pub chain_id: u64,
    /// Blocks, the including one counted, after which a transaction is reported as confirmed.
    pub confirmations: u64,
    /// Blocks after which nothing about a nonce can change. Until then confirmed transactions are watched and reopened by
    /// a reorg, cancelled ones are not yet reported as failed, and an intent whose nonce somebody else used gets no
    /// other nonce. A reorg deeper than this can double an intent.
    pub finality: u64,
    /// Nonces in flight at once.
    pub max_in_flight: usize,
    /// Fees offered.
    pub fees: FeePolicy,
    /// Added to the gas estimate, in percent.
    pub gas_margin_percent: u64,
    /// Added to the gas estimate besides. The estimate is made in the second of the latest block, and histories of votes and
    /// stakes overwrite what they wrote in the same second: a block later they write anew, some 20,000 gas for each. Not
    /// counted where a cost is limited, since it is hardly ever used.
    pub gas_headroom: u64,
    /// Largest gas limit of one transaction.
    pub gas_cap: u64,
    /// Blocks without inclusion after which the next transaction in line is replaced; doubles with each replacement, up
    /// to sixteenfold.
    pub bump_after_blocks: u64,
    /// Blocks after which a call that is stuck at its fee limits is cancelled, so that those behind it go on.
    pub give_up_after_blocks: u64,
    /// Seconds after which a send that failed is repeated with the same bytes.
    pub resend_after: u64,
    /// Seconds after which the pool is asked whether it still holds an accepted transaction.
    pub recheck_after: u64,
    /// Seconds a nonce below ours may stay unused before it is filled.
    pub gap_patience: u64,
    /// Seconds a chain shorter than a block we know is taken for a lagging node rather than a reorg.
    pub behind_patience: u64,
    /// Blocks over which a simulation must keep reverting before the intent fails.
    pub revert_blocks: u64,
    /// Selectors of custom errors that time alone cures ("too early"): retried until the deadline.
    pub transient_errors: Vec<[u8; 4]>,
    /// What to do when a deadline passes after the broadcast.
    pub late: LatePolicy,
    /// Wei that must remain after paying for everything in flight; below it nothing new is sent.
    pub min_balance: U256,
    /// Pause between passes when nothing wakes the journal.
    pub poll_interval: Duration,
}

impl JournalConfig {
    /// Settings that suit Base: 2 s blocks, reorgs hardly ever.
    #[must_use]
    pub fn new(chain_id: u64) -> Self {
        Self {
            chain_id,
            confirmations: 3,
            finality: 64,
            max_in_flight: 16,
            fees: FeePolicy::default(),
            gas_margin_percent: 20,
            gas_headroom: 150_000,
            gas_cap: TRANSACTION_GAS_CAP,
            bump_after_blocks: 3,
            give_up_after_blocks: 150,
            resend_after: 2,
            recheck_after: 6,
            gap_patience: 4,
            behind_patience: 60,
            revert_blocks: 5,
            transient_errors: Vec::new(),
            late: LatePolicy::Cancel,
            min_balance: U256::ZERO,
            poll_interval: Duration::from_millis(500),
        }
    }

    /// Checks the settings as a whole.
    ///
    /// # Errors
    /// If two of them contradict each other or one is out of range.
    pub fn validate(&self) -> Result<(), JournalError> {
        let wrong = |setting: &'static str, reason: &'static str| {
            Err(JournalError::Config { setting, reason: reason.to_owned() })
        };
        if self.confirmations == 0 {
            return wrong("confirmations", "must be at least 1");
        }
        if self.finality < self.confirmations {
            return wrong("finality", "must not be less than confirmations");
        }
        if self.max_in_flight == 0 {
            return wrong("max_in_flight", "must be at least 1");
        }
        if self.gas_cap < 21_000 {
            return wrong("gas_cap", "must be at least 21000, the gas of a plain transfer");
        }
        if self.bump_after_blocks == 0 {
            return wrong("bump_after_blocks", "must be at least 1");
        }
        self.fees.validate().or_else(|reason| wrong("fees", reason))
    }
}
