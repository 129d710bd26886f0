//! What a beneficiary gets, and how much of it has vested at a time: the same arithmetic as the vault's.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue as _;

/// When the schedules of a category vest. All of them share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Curve {
    /// Unix time at which vesting starts.
    pub start: u64,
    /// Seconds after `start` during which nothing beyond the TGE amount vests.
    pub cliff: u32,
    /// Seconds after the cliff over which the rest vests, linearly; zero: all at the end of the cliff.
    pub duration: u32,
}

impl Curve {
    /// Unix time after which the rest begins to vest.
    #[must_use]
    pub fn cliff_end(&self) -> u64 {
        self.start.saturating_add(self.cliff.into())
    }

    /// Unix time from which on everything has vested.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.cliff_end().saturating_add(self.duration.into())
    }

    /// Of `amount`, of which `tge_amount` vests at the start, what has vested at `timestamp`. Rounds down.
    #[must_use]
    pub fn vested_at(&self, amount: u128, tge_amount: u128, timestamp: u64) -> u128 {
        if timestamp < self.start {
            return 0;
        }
        if timestamp >= self.end() {
            return amount;
        }
        let elapsed = timestamp.saturating_sub(self.cliff_end());
        let linear = amount.saturating_sub(tge_amount);
        tge_amount.saturating_add(share(linear, elapsed.into(), self.duration.into()))
    }
}

/// `amount * numerator / denominator`, rounded down; zero where the denominator is. The numerator must not exceed the
/// denominator, so that the result fits.
pub(crate) fn share(amount: u128, numerator: u128, denominator: u128) -> u128 {
    let Some(quotient) = (U256::from(amount) * U256::from(numerator)).checked_div(U256::from(denominator))
    else {
        return 0;
    };
    quotient.saturating_to()
}

/// A schedule: a leaf of its category's tree. Mirrors `Schedule` of `IVestingVault.sol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Schedule {
    /// Number of the category in the vault.
    pub category: u32,
    /// Number of the schedule in its category.
    pub index: u32,
    /// Who gets the tokens, unless the schedule was handed on.
    pub beneficiary: Address,
    /// All that the schedule will have released in the end, in OPG wei.
    pub amount: u128,
    /// The part of `amount` that vests at the start of the category.
    pub tge_amount: u128,
    /// Whether governance may end the schedule and take back what has not vested.
    pub revocable: bool,
    /// Whether the beneficiary may hand the schedule on.
    pub transferable: bool,
}

impl Schedule {
    /// The leaf of the schedule, which identifies it: as `VestingVault.scheduleId`.
    #[must_use]
    pub fn id(&self) -> B256 {
        leaf(
            &(
                self.category,
                self.index,
                self.beneficiary,
                self.amount,
                self.tge_amount,
                self.revocable,
                self.transferable,
            )
                .abi_encode_params(),
        )
    }

    /// OPG wei that have vested at `timestamp`: as `VestingVault.vestedAt` of a schedule that was not revoked.
    #[must_use]
    pub fn vested_at(&self, curve: &Curve, timestamp: u64) -> u128 {
        curve.vested_at(self.amount, self.tge_amount, timestamp)
    }
}

/// A claim: a leaf of the airdrop's tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Claim {
    /// Number of the claim.
    pub index: u32,
    /// Who may claim.
    pub account: Address,
    /// What it may claim, in OPG wei.
    pub amount: u128,
}

impl Claim {
    /// The leaf of the claim, as `Airdrop` computes it.
    #[must_use]
    pub fn id(&self) -> B256 {
        leaf(&(U256::from(self.index), self.account, U256::from(self.amount)).abi_encode_params())
    }
}

/// Leaves are hashed twice, so that no inner node can pass for one.
fn leaf(encoded: &[u8]) -> B256 {
    keccak256(keccak256(encoded))
}
