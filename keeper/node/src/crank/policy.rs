//! Which schedules the operator releases.

use std::collections::BTreeSet;

use alloy::primitives::{Address, B256, Keccak256};
use opg_vesting::{Manifest, Schedule};

use super::{CrankConfig, CrankError};

/// The operator's choice, with names resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Numbers of the categories.
    pub categories: BTreeSet<u32>,
    /// OPG wei below which a release is not worth its gas, except the last one of a schedule.
    pub min_amount: u128,
    /// Only these beneficiaries; empty: all.
    pub only: BTreeSet<Address>,
    /// Not these beneficiaries.
    pub except: BTreeSet<Address>,
}

impl Policy {
    /// Looks the categories of `config` up in `manifest`.
    ///
    /// # Errors
    /// If there is no category of a name.
    pub fn new(config: &CrankConfig, manifest: &Manifest) -> Result<Self, CrankError> {
        let number = |name: &String| {
            let entry = manifest.categories.iter().find(|entry| entry.name == *name);
            entry.map(|entry| entry.id).ok_or_else(|| CrankError::UnknownCategory {
                name: name.clone(),
                known: manifest.categories.iter().map(|entry| entry.name.clone()).collect(),
            })
        };
        let categories = if config.categories.is_empty() {
            manifest.categories.iter().map(|entry| entry.id).collect()
        } else {
            config.categories.iter().map(number).collect::<Result<_, _>>()?
        };
        let (only, except) = (config.only.clone(), config.except.clone());
        Ok(Self { categories, min_amount: config.min_amount, only, except })
    }

    /// Whether to release `schedule` at all. The beneficiary is that of the genesis: a schedule that was handed on follows
    /// the choice that was made for it before.
    #[must_use]
    pub fn wants(&self, schedule: &Schedule) -> bool {
        self.categories.contains(&schedule.category)
            && (self.only.is_empty() || self.only.contains(&schedule.beneficiary))
            && !self.except.contains(&schedule.beneficiary)
    }

    /// Tells one policy from another.
    #[must_use]
    pub fn digest(&self) -> B256 {
        let mut hasher = Keccak256::new();
        hasher.update(self.min_amount.to_be_bytes());
        for category in &self.categories {
            hasher.update(category.to_be_bytes());
        }
        for list in [&self.only, &self.except] {
            hasher.update((list.len() as u64).to_be_bytes());
            for address in list {
                hasher.update(address);
            }
        }
        hasher.finalize()
    }
}
