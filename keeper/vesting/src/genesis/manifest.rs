//! `manifest.json`: what a genesis consists of.

use std::{collections::BTreeSet, fs, path::Path};

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use super::GenesisError;
use crate::{allocation::is_name, decimal, schedule::Curve};

/// Version of the format that this crate writes and reads.
pub const VERSION: u32 = 1;
/// Name of the manifest in its folder.
pub const MANIFEST: &str = "manifest.json";

/// What a genesis consists of: everything that the deployment needs, and the roots that commit to the rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Version of the format.
    pub version: u32,
    /// Total supply in OPG wei: the sum of the categories.
    #[serde(with = "decimal")]
    pub supply: u128,
    /// Unix time of the token generation event, at which all categories start.
    pub tge: u64,
    /// The categories by their number in the vault.
    pub categories: Vec<CategoryEntry>,
    /// The airdrop's tree.
    pub airdrop: AirdropEntry,
}

/// A category of the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CategoryEntry {
    /// Number in the vault.
    pub id: u32,
    /// Name, which is also that of its files.
    pub name: String,
    /// Root of the tree over its schedules. `None` where the only beneficiary is a contract: its address, and with it
    /// the root, is known at deployment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<B256>,
    /// How many schedules it has.
    pub count: u32,
    /// Sum of their amounts in OPG wei.
    #[serde(with = "decimal")]
    pub total: u128,
    /// Sum of what they release at the start, in OPG wei.
    #[serde(with = "decimal")]
    pub tge_total: u128,
    /// When they vest.
    #[serde(flatten)]
    pub curve: Curve,
    /// Who they are for.
    pub beneficiaries: Beneficiaries,
}

/// Who the schedules of a category are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Beneficiaries {
    /// The accounts in the file of schedules.
    Schedules,
    /// The contract of the airdrop.
    Airdrop,
    /// The contract that pays staking rewards.
    Rewards,
}

/// The airdrop's tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AirdropEntry {
    /// Root of the tree over its claims.
    pub root: B256,
    /// How many claims there are.
    pub count: u32,
    /// Sum of the claims in OPG wei.
    #[serde(with = "decimal")]
    pub total: u128,
}

impl Manifest {
    /// Reads and checks the manifest of a genesis folder.
    pub fn read(folder: &Path) -> Result<Self, GenesisError> {
        let path = folder.join(MANIFEST);
        let text = fs::read(&path).map_err(|error| GenesisError::io(&path, error))?;
        let mut json = serde_json::Deserializer::from_slice(&text);
        let manifest: Self = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            GenesisError::manifest(&path, error.path().to_string(), error.inner().to_string())
        })?;
        json.end().map_err(|error| GenesisError::manifest(&path, ".", error.to_string()))?;
        manifest.check().map_err(|(field, reason)| GenesisError::manifest(&path, field, reason))?;
        Ok(manifest)
    }

    /// The text of the file.
    #[must_use]
    pub fn render(&self) -> String {
        // A structure of strings and integers always serialises.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// A category by its number.
    pub fn category(&self, id: u32) -> Result<&CategoryEntry, GenesisError> {
        self.categories
            .get(id as usize)
            .ok_or(GenesisError::UnknownCategory { category: id, count: self.categories.len() })
    }

    /// OPG wei that have vested at `timestamp` over all categories, by their curves.
    #[must_use]
    pub fn unlocked_at(&self, timestamp: u64) -> u128 {
        self.categories.iter().map(|category| category.vested_at(timestamp)).sum()
    }

    /// Unix time at which the last category has vested.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.categories.iter().map(|category| category.curve.end()).max().unwrap_or(self.tge)
    }

    /// Field and reason of the first thing that cannot be.
    fn check(&self) -> Result<(), (String, String)> {
        let fault = |field: &str, reason: String| Err((field.to_owned(), reason));
        if self.version != VERSION {
            return fault("version", format!("is {}, this program reads {VERSION}", self.version));
        }
        let mut names = BTreeSet::new();
        let mut supply = 0_u128;
        let mut airdrops = Vec::new();
        for (position, category) in self.categories.iter().enumerate() {
            let at = |field: &str| format!("categories[{position}].{field}");
            if category.id as usize != position {
                return fault(&at("id"), format!("is {}, but it is number {position}", category.id));
            }
            if !is_name(&category.name) || !names.insert(&category.name) {
                return fault(&at("name"), format!("{:?} is no name, or not the only one", category.name));
            }
            if category.tge_total > category.total {
                return fault(&at("tgeTotal"), "is more than the total".to_owned());
            }
            if category.curve.start != self.tge {
                return fault(&at("start"), format!("is {}, the TGE is {}", category.curve.start, self.tge));
            }
            let listed = category.beneficiaries == Beneficiaries::Schedules;
            if listed != category.root.is_some() {
                return fault(
                    &at("root"),
                    "must be there exactly where the beneficiaries are listed".to_owned(),
                );
            }
            if category.count == 0 || (!listed && category.count != 1) {
                return fault(&at("count"), format!("cannot be {}", category.count));
            }
            if category.beneficiaries == Beneficiaries::Airdrop {
                airdrops.push(category.total);
            }
            supply =
                supply.checked_add(category.total).ok_or_else(|| (at("total"), "is absurd".to_owned()))?;
        }
        if supply != self.supply {
            return fault("supply", format!("is {}, the categories sum to {supply}", self.supply));
        }
        if airdrops != [self.airdrop.total] {
            return fault(
                "airdrop.total",
                "is not that of the one category with beneficiaries \"airdrop\"".to_owned(),
            );
        }
        if self.airdrop.count == 0 {
            return fault("airdrop.count", "is zero".to_owned());
        }
        Ok(())
    }
}

impl CategoryEntry {
    /// OPG wei of the category that have vested at `timestamp`, by its curve: as `VestingVault.categoryVestedAt`, it
    /// exceeds the sum over the schedules by less than one wei each.
    #[must_use]
    pub fn vested_at(&self, timestamp: u64) -> u128 {
        self.curve.vested_at(self.total, self.tge_total, timestamp)
    }
}
