//! What the operator can set about claims.

use std::time::Duration;

use alloy::primitives::Address;

/// Settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelsConfig {
    /// The account that claims: the channels' authorizer on the receiver's side.
    pub signer: Address,
    /// OPG wei that are claimed at once.
    pub claim_amount: u128,
    /// Seconds after which what was charged is claimed, however little it is.
    pub claim_age: u64,
    /// Least that a channel's claim has to bring, in OPG wei; less is not worth its gas.
    pub min_claim: u128,
    /// OPG wei that may be unclaimed in a channel whose vouchers an account's code judges. Half of it is claimed.
    pub wallet_limit: u128,
    /// Channels of one claim, at most.
    pub max_rows: usize,
    /// Seconds for which a channel rests of which the chain would not take a claim.
    pub retry: u64,
    /// Pause between looks at the chain.
    pub poll_interval: Duration,
}

impl ChannelsConfig {
    /// Settings that suit Base.
    #[must_use]
    pub fn new(signer: Address) -> Self {
        Self {
            signer,
            claim_amount: 10_000_000_000_000_000_000,
            claim_age: 3_600,
            min_claim: 1_000_000_000_000_000,
            wallet_limit: 0,
            max_rows: 100,
            retry: 600,
            poll_interval: Duration::from_secs(10),
        }
    }
}
