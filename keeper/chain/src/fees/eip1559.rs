//! Fee per gas from the recent history.

use alloy::primitives::{U64, U256};
use serde::Deserialize;
use serde_json::json;

use crate::rpc::{Rpc, RpcError};

/// Least that is offered, whatever the history says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeFloor {
    /// Lowest base fee of the chain, in wei per gas. Base: 0.005 gwei.
    pub base_fee: u128,
    /// Lowest priority fee offered, in wei per gas.
    pub priority_fee: u128,
}

impl Default for FeeFloor {
    fn default() -> Self {
        Self { base_fee: 5_000_000, priority_fee: 1_000_000 }
    }
}

/// A fee per gas to offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeeEstimate {
    /// Base fee of the next block, in wei per gas.
    pub base_fee: u128,
    /// Priority fee that recent blocks took, in wei per gas.
    pub max_priority_fee_per_gas: u128,
    /// Twice the base fee and the priority fee: stays valid for six full blocks in a row.
    pub max_fee_per_gas: u128,
}

/// Blocks of history and percentile of their priority fees that are looked at.
const BLOCKS: u64 = 10;
const PERCENTILE: f64 = 50.0;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct History {
    base_fee_per_gas: Vec<U256>,
    #[serde(default)]
    reward: Option<Vec<Vec<U256>>>,
    #[serde(default)]
    gas_used_ratio: Vec<f64>,
}

/// Estimates the fee per gas from `eth_feeHistory`.
///
/// # Errors
/// If no endpoint can serve the history.
pub async fn estimate_fees(rpc: &Rpc, floor: FeeFloor) -> Result<FeeEstimate, RpcError> {
    let parameters = json!([U64::from(BLOCKS), "latest", [PERCENTILE]]);
    Ok(estimate(&rpc.read("eth_feeHistory", parameters).await?, floor))
}

fn estimate(history: &History, floor: FeeFloor) -> FeeEstimate {
    // The last entry is the base fee of the block to come.
    let base_fee = history.base_fee_per_gas.last().map_or(0, U256::saturating_to::<u128>).max(floor.base_fee);
    // Empty blocks report a reward of zero, which says nothing about what a transaction has to offer.
    let mut rewards: Vec<u128> = history
        .reward
        .iter()
        .flatten()
        .enumerate()
        .filter(|(block, _)| history.gas_used_ratio.get(*block).is_none_or(|used| *used > 0.0))
        .filter_map(|(_, rewards)| rewards.first().map(U256::saturating_to))
        .collect();
    rewards.sort_unstable();
    let median = rewards.get(rewards.len() / 2).copied().unwrap_or(0);
    let priority = median.max(floor.priority_fee);
    FeeEstimate {
        base_fee,
        max_priority_fee_per_gas: priority,
        max_fee_per_gas: base_fee.saturating_mul(2).saturating_add(priority),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(base: &[u64], reward: &[u64], used: &[f64]) -> History {
        History {
            base_fee_per_gas: base.iter().map(|fee| U256::from(*fee)).collect(),
            reward: Some(reward.iter().map(|fee| vec![U256::from(*fee)]).collect()),
            gas_used_ratio: used.to_vec(),
        }
    }

    const FLOOR: FeeFloor = FeeFloor { base_fee: 100, priority_fee: 10 };

    #[test]
    fn takes_the_next_base_fee_and_the_median_reward_of_used_blocks() {
        let fees = estimate(&history(&[1000, 1100, 1200], &[0, 50], &[0.0, 0.5]), FLOOR);
        assert_eq!(fees, FeeEstimate { base_fee: 1200, max_priority_fee_per_gas: 50, max_fee_per_gas: 2450 });
    }

    #[test]
    fn never_offers_less_than_the_floor() {
        let fees = estimate(&history(&[1, 1], &[1], &[0.5]), FLOOR);
        assert_eq!(fees, FeeEstimate { base_fee: 100, max_priority_fee_per_gas: 10, max_fee_per_gas: 210 });
    }

    #[test]
    fn an_empty_history_gives_the_floor() {
        let empty = History { base_fee_per_gas: vec![], reward: None, gas_used_ratio: vec![] };
        assert_eq!(estimate(&empty, FLOOR).max_fee_per_gas, 210);
    }
}
