//! A genesis in a temporary folder.

use std::{
    fs,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use alloy_primitives::{Address, keccak256};
use opg_vesting::{
    ContractAddresses, GenesisError, Manifest,
    allocation::Allocation,
    genesis::{build, verify},
};
use tempfile::TempDir;

/// A TGE like any other.
pub(crate) const TGE: u64 = 1_776_729_600;

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The committed allocation.
pub(crate) fn allocation() -> Allocation {
    Allocation::read(&root().join("script/config/allocation.json")).unwrap()
}

/// Addresses of contracts that do not exist.
pub(crate) const CONTRACTS: ContractAddresses =
    ContractAddresses { airdrop: Address::repeat_byte(0xaa), rewards: Address::repeat_byte(0xbb) };

/// An address for a number.
pub(crate) fn account(number: u64) -> Address {
    Address::from_word(keccak256(number.to_be_bytes()))
}

/// A copy of the devnet's beneficiaries, to change, and a genesis to build from it.
pub(crate) struct Sandbox {
    pub(crate) folder: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Self { folder };
        fs::create_dir(sandbox.beneficiaries()).unwrap();
        for entry in fs::read_dir(root().join("script/config/genesis/31337")).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "csv") {
                fs::copy(&path, sandbox.beneficiaries().join(path.file_name().unwrap())).unwrap();
            }
        }
        sandbox
    }

    /// With its genesis built.
    pub(crate) fn built() -> (Self, Manifest) {
        let sandbox = Self::new();
        let manifest = sandbox.build().unwrap();
        (sandbox, manifest)
    }

    pub(crate) fn beneficiaries(&self) -> PathBuf {
        self.folder.path().join("beneficiaries")
    }

    pub(crate) fn genesis(&self) -> PathBuf {
        self.folder.path().join("genesis")
    }

    /// Replaces the table of a category.
    pub(crate) fn table(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.beneficiaries().join(format!("{name}.csv")), content).unwrap();
    }

    pub(crate) fn build(&self) -> Result<Manifest, GenesisError> {
        build(&allocation(), &self.beneficiaries(), TGE, &self.genesis(), false, &mut |_| {
            ControlFlow::Continue(())
        })
    }

    /// Verifies the genesis from its own tables.
    pub(crate) fn verify(&self) -> Result<Manifest, GenesisError> {
        verify(&self.genesis(), None, &mut |_| ControlFlow::Continue(()))
    }

    /// Verifies the genesis from its sources.
    pub(crate) fn verify_from_sources(&self) -> Result<Manifest, GenesisError> {
        let allocation = allocation();
        let beneficiaries = self.beneficiaries();
        verify(&self.genesis(), Some((&allocation, &beneficiaries)), &mut |_| ControlFlow::Continue(()))
    }

    /// What lies beside the beneficiaries: nothing, unless something was built or left behind.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "beneficiaries")
            .collect()
    }
}
