//! What the operator can set about its fees.

use std::time::Duration;

use alloy::primitives::Address;

/// Settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeesConfig {
    /// Whose fees.
    pub operator: Address,
    /// The account in whose name transactions are sent.
    pub signer: Address,
    /// Divides fees.
    pub router: Address,
    /// Holds those of requests on the chain.
    pub hub: Address,
    /// What a compute unit costs, and who declared what; none where the deployment has no market.
    pub market: Option<Address>,
    /// OPG wei that are moved at once.
    pub amount: u128,
    /// Seconds after which what waits is moved, however little it is.
    pub age: u64,
    /// OPG wei below which nothing is moved.
    pub min_amount: u128,
    /// How many times the gas of moving them fees must be worth. Weighed where `opg_per_eth` says what gas costs.
    pub gas_factor: u32,
    /// OPG wei that one ETH is worth.
    pub opg_per_eth: Option<u128>,
    /// Compute units per second that the operator declares, where it is the signer itself: only its own account may.
    pub capacity: Option<u128>,
    /// Seconds for which a step rests that failed.
    pub retry: u64,
    /// Blocks after which the journal takes a transaction for done.
    pub confirmations: u64,
    /// Blocks after which the chain no longer changes.
    pub finality: u64,
    /// Pause between looks at the chain.
    pub poll_interval: Duration,
}

impl FeesConfig {
    /// Settings that suit Base.
    #[must_use]
    pub fn new(operator: Address, signer: Address, router: Address, hub: Address) -> Self {
        Self {
            operator,
            signer,
            router,
            hub,
            market: None,
            amount: 100_000_000_000_000_000_000,
            age: 86_400,
            min_amount: 1_000_000_000_000_000_000,
            gas_factor: 10,
            opg_per_eth: None,
            capacity: None,
            retry: 600,
            confirmations: 3,
            finality: 64,
            poll_interval: Duration::from_secs(60),
        }
    }
}
