//! What the crank needs from the configuration, and what can be wrong with it.

use std::{path::Path, sync::Arc};

use alloy::primitives::Address;
use opg_chain::{address_book::AddressBook, rpc::Rpc};
use opg_node::crank::{self, ChainVault, CrankError};
use opg_store::{Store, StoreError};
use opg_vesting::{ContractAddresses, GenesisFiles};

use super::settings;
use crate::{
    config::Config,
    context,
    error::{CliError, CliResult, Code},
};

/// Opens the genesis in `folder` for the deployment of `book`.
pub(crate) fn open(folder: &Path, book: &AddressBook) -> CliResult<GenesisFiles> {
    let contracts = ContractAddresses { airdrop: book.airdrop, rewards: book.rewards };
    GenesisFiles::open(folder, contracts).map_err(|error| fault(folder, error.into()))
}

/// Checks that the crank could run under `config`, if it is switched on; returns how many schedules it would index.
pub(crate) async fn check(
    config: &Config,
    rpc: &Arc<Rpc>,
    book: &AddressBook,
    store: Option<&Store>,
) -> CliResult<Option<u64>> {
    let Some(folder) = config.crank.genesis.as_deref().filter(|_| config.crank.enabled) else {
        return Ok(None);
    };
    let genesis = open(folder, book)?;
    // Whoever sends, the folder and the vault are the same.
    let (signer, operator) = (Address::ZERO, Address::ZERO);
    let ledger = ChainVault::new((**rpc).clone(), book.vesting_vault, book.staking, signer);
    let settings = settings::crank(config, book, signer, operator);
    crank::check(&settings, &genesis, &ledger, store).await.map_err(|error| fault(folder, error))?;
    Ok(Some(genesis.manifest().categories.iter().map(|category| u64::from(category.count)).sum()))
}

/// An error of the crank with the genesis in `folder`.
pub(crate) fn fault(folder: &Path, error: CrankError) -> CliError {
    let wrong = |reason: &dyn std::fmt::Display, remedy: &str| {
        CliError::new(Code::CrankGenesis, format!("crank.genesis ({})", folder.display()), reason, remedy)
    };
    match error {
        CrankError::Genesis(error) => {
            wrong(&error, "fetch the published genesis; `opg genesis verify` checks it")
        }
        error @ CrankError::Mismatch { .. } => {
            wrong(&error, "use the genesis of this deployment, or the address book of that genesis")
        }
        CrankError::Store(error @ StoreError::OtherGenesis { .. }) => {
            wrong(&error, "use the folder of that vault, or set another storage.path")
        }
        CrankError::UnknownCategory { .. } => CliError::new(
            Code::ConfigValue,
            "crank.categories",
            error,
            "correct the name, or leave the list empty for all",
        ),
        CrankError::Store(error) => context::state(error),
        other => CliError::new(
            Code::Daemon,
            "the crank",
            other,
            "correct what the message names and start again; nothing is lost",
        ),
    }
}
