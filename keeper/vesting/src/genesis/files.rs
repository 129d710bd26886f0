//! Reads a genesis: schedules, claims and their proofs.

use std::path::{Path, PathBuf};

use alloy_primitives::{Address, B256};

use super::{
    Beneficiaries, CategoryEntry, GenesisError, Manifest,
    derive::table_path,
    leaf::Leaf,
    plan::{AIRDROP, CLAIMS, tree},
    rows::Published,
};
use crate::{
    merkle::Tree,
    schedule::{Claim, Schedule},
};

/// The contracts that are beneficiaries of a category. Known once they are deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractAddresses {
    /// The airdrop.
    pub airdrop: Address,
    /// Where staking rewards are paid from.
    pub rewards: Address,
}

/// An opened genesis folder. Holds the manifest and open files, never the rows.
#[derive(Debug)]
pub struct GenesisFiles {
    folder: PathBuf,
    manifest: Manifest,
    contracts: ContractAddresses,
    /// Tree of each category that has one.
    trees: Vec<Option<Tree>>,
    claims: Tree,
}

impl GenesisFiles {
    /// Opens a folder. Checks the manifest, the size of each tree and its root; `verify` checks the rest.
    pub fn open(folder: &Path, contracts: ContractAddresses) -> Result<Self, GenesisError> {
        let manifest = Manifest::read(folder)?;
        let open = |name: &str, count, root| open_tree(&folder.join(tree(name)), count, root);
        let trees = manifest
            .categories
            .iter()
            .map(|category| category.root.map(|root| open(&category.name, category.count, root)).transpose())
            .collect::<Result<_, _>>()?;
        let claims = open(AIRDROP, manifest.airdrop.count, manifest.airdrop.root)?;
        Ok(Self { folder: folder.to_owned(), manifest, contracts, trees, claims })
    }

    /// What the genesis consists of.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The schedules of a category, read one by one.
    pub fn schedules(&self, category: u32) -> Result<ScheduleRows, GenesisError> {
        let entry = self.manifest.category(category)?;
        Ok(match self.whole(entry) {
            Some(schedule) => ScheduleRows { whole: Some(schedule), rows: None },
            None => {
                let rows = Published::open(&table_path(&self.folder, &entry.name), category)?;
                ScheduleRows { whole: None, rows: Some(rows) }
            }
        })
    }

    /// The proof of a schedule.
    pub fn proof(&self, category: u32, index: u32) -> Result<Vec<B256>, GenesisError> {
        let entry = self.manifest.category(category)?;
        if index >= entry.count {
            return Err(GenesisError::UnknownIndex { name: entry.name.clone(), index, count: entry.count });
        }
        match self.trees.get(category as usize) {
            Some(Some(tree)) => tree.proof(index),
            _ => Ok(Vec::new()),
        }
    }

    /// The root of a category as the vault must have it.
    pub fn root(&self, category: u32) -> Result<B256, GenesisError> {
        let entry = self.manifest.category(category)?;
        // The root of a tree with one leaf is the leaf.
        Ok(entry.root.or_else(|| self.whole(entry).map(|schedule| schedule.id())).unwrap_or_default())
    }

    /// The claims of the airdrop, read one by one.
    pub fn claims(&self) -> Result<ClaimRows, GenesisError> {
        Ok(ClaimRows { rows: Published::open(&self.folder.join(CLAIMS), 0)? })
    }

    /// The proof of a claim.
    pub fn claim_proof(&self, index: u32) -> Result<Vec<B256>, GenesisError> {
        let count = self.manifest.airdrop.count;
        if index >= count {
            return Err(GenesisError::UnknownIndex { name: AIRDROP.to_owned(), index, count });
        }
        self.claims.proof(index)
    }

    /// The one schedule of a category whose beneficiary is a contract.
    fn whole(&self, entry: &CategoryEntry) -> Option<Schedule> {
        let beneficiary = match entry.beneficiaries {
            Beneficiaries::Schedules => return None,
            Beneficiaries::Airdrop => self.contracts.airdrop,
            Beneficiaries::Rewards => self.contracts.rewards,
        };
        Some(Schedule {
            category: entry.id,
            index: 0,
            beneficiary,
            amount: entry.total,
            tge_amount: entry.tge_total,
            revocable: false,
            transferable: false,
        })
    }
}

fn open_tree(path: &Path, count: u32, root: B256) -> Result<Tree, GenesisError> {
    let tree = Tree::open(path, count)?;
    let found = tree.root()?;
    if found == root {
        return Ok(tree);
    }
    Err(GenesisError::differs(path, "the root", format!("is {found}, the manifest says {root}")))
}

/// Reads the schedules of a category one by one.
#[derive(Debug)]
pub struct ScheduleRows {
    whole: Option<Schedule>,
    rows: Option<Published<Schedule>>,
}

impl Iterator for ScheduleRows {
    type Item = Result<Schedule, GenesisError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.whole.take().map(Ok).or_else(|| self.rows.as_mut().and_then(next))
    }
}

/// Reads the claims of the airdrop one by one.
#[derive(Debug)]
pub struct ClaimRows {
    rows: Published<Claim>,
}

impl Iterator for ClaimRows {
    type Item = Result<Claim, GenesisError>;

    fn next(&mut self) -> Option<Self::Item> {
        next(&mut self.rows)
    }
}

fn next<L: Leaf>(rows: &mut Published<L>) -> Option<Result<L, GenesisError>> {
    rows.next().map(|row| row.map(|(_, leaf)| leaf))
}
