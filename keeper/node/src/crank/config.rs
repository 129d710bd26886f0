//! What the operator can set about the crank role.

use std::{collections::BTreeSet, time::Duration};

use alloy::primitives::Address;

/// Settings of the crank role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrankConfig {
    /// The chain.
    pub chain_id: u64,
    /// The vault.
    pub vault: Address,
    /// The account in whose name transactions are sent.
    pub signer: Address,
    /// The operator that the keeper works for: operators take turns.
    pub operator: Address,
    /// Length of a period in seconds of the chain: a schedule is released at most once in each.
    pub interval: u64,
    /// Names of the categories to release; empty: all.
    pub categories: Vec<String>,
    /// OPG wei below which a release is not worth its gas, except the last one of a schedule.
    pub min_amount: u128,
    /// Wei per gas above which releases wait.
    pub max_gas_price: u128,
    /// Gas that one transaction should not exceed.
    pub batch_gas: u64,
    /// Only these beneficiaries; empty: all.
    pub only: BTreeSet<Address>,
    /// Not these beneficiaries.
    pub except: BTreeSet<Address>,
    /// Blocks after which the chain no longer changes.
    pub finality: u64,
    /// Transactions that may wait to be mined at once.
    pub max_pending: usize,
    /// Pause between looks at the chain.
    pub poll_interval: Duration,
}

impl CrankConfig {
    /// Settings that suit Base: once an hour, for everybody.
    #[must_use]
    pub fn new(chain_id: u64, vault: Address, signer: Address, operator: Address) -> Self {
        Self {
            chain_id,
            vault,
            signer,
            operator,
            interval: 3_600,
            categories: Vec::new(),
            min_amount: 1_000_000_000_000_000_000,
            max_gas_price: 1_000_000_000,
            batch_gas: 8_000_000,
            only: BTreeSet::new(),
            except: BTreeSet::new(),
            finality: 64,
            max_pending: 4,
            poll_interval: Duration::from_secs(60),
        }
    }
}
