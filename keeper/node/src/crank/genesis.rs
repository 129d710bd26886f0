//! The genesis that the vault was deployed with.

use alloy::primitives::{B256, Keccak256};
use opg_store::{
    Store, StoreError,
    vesting::{self, CategoryTerms, GenesisId},
};
use opg_vesting::{CategoryEntry, GenesisError, GenesisFiles, Manifest};

use super::{CrankConfig, CrankError, Policy, VaultCategory, VestingLedger};

/// Where schedules and proofs come from.
pub trait Genesis: Send + Sync + std::fmt::Debug {
    /// What the genesis consists of.
    fn manifest(&self) -> &Manifest;

    /// The root of a category, as the vault must have it.
    ///
    /// # Errors
    /// If there is no such category or the files cannot be read.
    fn root(&self, category: u32) -> Result<B256, GenesisError>;

    /// The schedules of a category from number `from` on, read one by one.
    ///
    /// # Errors
    /// If there is no such category or the files cannot be read.
    fn schedules(
        &self,
        category: u32,
        from: u32,
    ) -> Result<Box<dyn Iterator<Item = Result<opg_vesting::Schedule, GenesisError>> + '_>, GenesisError>;

    /// The proof of a schedule.
    ///
    /// # Errors
    /// If there is no such schedule or the files cannot be read.
    fn proof(&self, category: u32, index: u32) -> Result<Vec<B256>, GenesisError>;
}

impl Genesis for GenesisFiles {
    fn manifest(&self) -> &Manifest {
        self.manifest()
    }

    fn root(&self, category: u32) -> Result<B256, GenesisError> {
        self.root(category)
    }

    fn schedules(
        &self,
        category: u32,
        from: u32,
    ) -> Result<Box<dyn Iterator<Item = Result<opg_vesting::Schedule, GenesisError>> + '_>, GenesisError>
    {
        Ok(Box::new(self.schedules(category)?.skip(from as usize)))
    }

    fn proof(&self, category: u32, index: u32) -> Result<Vec<B256>, GenesisError> {
        self.proof(category, index)
    }
}

/// Checks that a role with these settings could be opened: the categories that it names exist, the vault is that of the
/// genesis, and so is the index in `store`, if there is one. Changes nothing.
///
/// # Errors
/// The first thing that does not fit.
pub async fn check(
    config: &CrankConfig,
    genesis: &dyn Genesis,
    ledger: &dyn VestingLedger,
    store: Option<&Store>,
) -> Result<(), CrankError> {
    Policy::new(config, genesis.manifest())?;
    compare(genesis, ledger).await?;
    let given = identity(config, genesis)?;
    let stored = store.map_or(Ok(None), |store| store.read(vesting::genesis_of))?;
    match stored {
        Some((stored, _)) if stored != given => {
            Err(StoreError::OtherGenesis { stored: Box::new(stored), given: Box::new(given) }.into())
        }
        _ => Ok(()),
    }
}

/// Checks that the vault has each category of the genesis, as the genesis has it. It may have more: governance adds some.
async fn compare(genesis: &dyn Genesis, ledger: &dyn VestingLedger) -> Result<(), CrankError> {
    for entry in &genesis.manifest().categories {
        let differs = |field, genesis: String, vault: String| CrankError::Mismatch {
            category: entry.id,
            name: entry.name.clone(),
            field,
            genesis,
            vault,
        };
        let expected = VaultCategory {
            root: genesis.root(entry.id)?,
            total: entry.total,
            tge_total: entry.tge_total,
            curve: entry.curve,
        };
        let Some(found) = ledger.category(entry.id).await? else {
            return Err(differs("root", expected.root.to_string(), "no such category".to_owned()));
        };
        if found.root != expected.root {
            return Err(differs("root", expected.root.to_string(), found.root.to_string()));
        }
        if found != expected {
            return Err(differs("terms", format!("{expected:?}"), format!("{found:?}")));
        }
    }
    Ok(())
}

/// What the index of this genesis and vault goes by.
pub(super) fn identity(config: &CrankConfig, genesis: &dyn Genesis) -> Result<GenesisId, GenesisError> {
    Ok(GenesisId { chain_id: config.chain_id, vault: config.vault, digest: digest(genesis)? })
}

/// Digest of all that the genesis promises.
fn digest(genesis: &dyn Genesis) -> Result<B256, GenesisError> {
    let mut hasher = Keccak256::new();
    for entry in &genesis.manifest().categories {
        hasher.update(entry.id.to_be_bytes());
        hasher.update(genesis.root(entry.id)?);
        hasher.update(entry.count.to_be_bytes());
        for amount in [entry.total, entry.tge_total] {
            hasher.update(amount.to_be_bytes());
        }
        hasher.update(entry.curve.start.to_be_bytes());
        for seconds in [entry.curve.cliff, entry.curve.duration] {
            hasher.update(seconds.to_be_bytes());
        }
    }
    Ok(hasher.finalize())
}

pub(super) fn terms(entry: &CategoryEntry) -> CategoryTerms {
    CategoryTerms {
        id: entry.id,
        name: entry.name.clone(),
        start: entry.curve.start,
        cliff: entry.curve.cliff,
        duration: entry.curve.duration,
        count: entry.count,
    }
}
