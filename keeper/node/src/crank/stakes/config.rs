//! What the operator can set about this part of the crank.

use std::time::Duration;

use alloy::primitives::Address;

/// Settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StakesConfig {
    /// The staking contract.
    pub staking: Address,
    /// The account in whose name transactions are sent.
    pub signer: Address,
    /// The operator that the keeper works for: operators take turns.
    pub operator: Address,
    /// The rewards contract, if there is one.
    pub rewards: Option<Address>,
    /// Whether to stake what the operator earned, where the signer may decide about it.
    pub compound: bool,
    /// Length of a period in seconds of the chain: each thing is tried at most once in it.
    pub interval: u64,
    /// OPG wei below which what slashes took is not worth the gas of burning it.
    pub min_amount: u128,
    /// Wei per gas above which everything waits.
    pub max_gas_price: u128,
    /// Accounts whose votes one transaction adjusts, at most.
    pub batch: usize,
    /// Blocks after which the chain no longer changes.
    pub finality: u64,
    /// Pause between looks at the chain.
    pub poll_interval: Duration,
}

impl StakesConfig {
    /// Settings that suit Base.
    #[must_use]
    pub fn new(staking: Address, signer: Address, operator: Address) -> Self {
        Self {
            staking,
            signer,
            operator,
            rewards: None,
            compound: false,
            interval: 3_600,
            min_amount: 1_000_000_000_000_000_000,
            max_gas_price: 1_000_000_000,
            batch: 40,
            finality: 64,
            poll_interval: Duration::from_secs(60),
        }
    }
}
