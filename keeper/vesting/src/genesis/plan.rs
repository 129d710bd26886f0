//! What is to be derived: terms of the categories, and where their beneficiaries come from.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Beneficiaries, CategoryEntry, GenesisError, Manifest};
use crate::{
    allocation::{Allocation, Fraction, SUPPLY},
    schedule::Curve,
};

/// What is to be derived.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) supply: u128,
    pub(super) tge: u64,
    pub(super) categories: Vec<Terms>,
    pub(super) source: Source,
}

/// Terms of a category.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) name: String,
    pub(super) total: u128,
    pub(super) curve: Curve,
    pub(super) beneficiaries: Beneficiaries,
    /// Which part vests at the start, or what a published genesis says that is in all.
    pub(super) tge: TgePart,
}

/// What vests at the start.
#[derive(Clone, Copy, Debug)]
pub(super) enum TgePart {
    Fraction(Fraction),
    Published(u128),
}

/// Where beneficiaries come from.
#[derive(Debug)]
pub(super) enum Source {
    /// A folder with a table for each category.
    Beneficiaries(PathBuf),
    /// The tables of a published genesis.
    Published(PathBuf),
}

impl Plan {
    /// The genesis that follows from an allocation.
    pub(super) fn new(allocation: &Allocation, beneficiaries: &Path, tge: u64) -> Self {
        let categories = allocation
            .categories
            .iter()
            .map(|category| Terms {
                name: category.name.clone(),
                total: category.total,
                curve: category.curve(tge),
                beneficiaries: category.beneficiaries(),
                tge: TgePart::Fraction(category.tge),
            })
            .collect();
        let source = Source::Beneficiaries(beneficiaries.to_owned());
        Self { supply: SUPPLY, tge, categories, source }
    }

    /// The genesis that a published one claims to be.
    pub(super) fn published(manifest: &Manifest, folder: &Path) -> Self {
        let terms = |category: &CategoryEntry| Terms {
            name: category.name.clone(),
            total: category.total,
            curve: category.curve,
            beneficiaries: category.beneficiaries,
            tge: TgePart::Published(category.tge_total),
        };
        Self {
            supply: manifest.supply,
            tge: manifest.tge,
            categories: manifest.categories.iter().map(terms).collect(),
            source: Source::Published(folder.to_owned()),
        }
    }
}

/// Tables in the folder of beneficiaries that no category reads: their rows would be lost silently.
pub(super) fn check_tables(folder: &Path, categories: &[Terms]) -> Result<(), GenesisError> {
    let fail = |error| GenesisError::io(folder, error);
    for entry in fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.extension().is_none_or(|extension| extension != "csv") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default();
        let reason = match categories.iter().find(|terms| name == terms.name.as_str()) {
            None => "belongs to no category of the allocation",
            Some(terms) if terms.beneficiaries == Beneficiaries::Rewards => {
                "belongs to a category whose one beneficiary is a contract"
            }
            Some(_) => continue,
        };
        return Err(GenesisError::row(&path, 1, reason));
    }
    Ok(())
}

impl Terms {
    /// What a single schedule over the whole category releases at the start.
    pub(super) fn whole_tge(&self) -> u128 {
        match self.tge {
            TgePart::Fraction(fraction) => fraction.of(self.total),
            TgePart::Published(total) => total,
        }
    }
}

/// Path of a category's table below the folder.
pub(super) fn table(name: &str) -> String {
    format!("schedules/{name}.csv")
}

/// Path of the airdrop's table below the folder.
pub(super) const CLAIMS: &str = "airdrop.csv";
/// Name of the airdrop's tree and proofs.
pub(super) const AIRDROP: &str = "airdrop";

/// Path of a tree below the folder.
pub(super) fn tree(name: &str) -> String {
    format!("trees/{name}.tree")
}
