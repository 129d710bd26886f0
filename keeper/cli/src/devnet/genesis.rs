//! The devnet's genesis: built for the chain's own time, deployed, and its liquidity released to the deployer.

use std::path::{Path, PathBuf};

use alloy::primitives::{Address, B256};
use opg_chain::{address_book::AddressBook, bindings::IVestingVault, rpc::Rpc};
use opg_vesting::{ContractAddresses, GenesisFiles, Manifest, allocation::Allocation, genesis};

use super::{Wallets, accounts, anvil::CHAIN_ID};
use crate::{
    error::{CliError, CliResult, Code},
    submit::Call,
};

/// The category that the deployer gets, to pay everybody else from.
const LIQUIDITY: &str = "liquidity";

/// Builds the genesis of the committed allocation and beneficiaries into `folder`, with everything starting at `tge`.
pub(super) fn build(root: &Path, tge: u64, folder: &Path) -> CliResult<Manifest> {
    let (allocation, beneficiaries) = sources(root);
    let allocation = Allocation::read(&allocation).map_err(fault)?;
    genesis::build(&allocation, &beneficiaries, tge, folder, false, &mut |_| {
        std::ops::ControlFlow::Continue(())
    })
    .map_err(fault)
}

fn sources(root: &Path) -> (PathBuf, PathBuf) {
    let config = root.join("script/config");
    (config.join("allocation.json"), config.join("genesis").join(CHAIN_ID.to_string()))
}

/// Releases the liquidity to the deployer, as anyone may.
pub(super) async fn release_liquidity(
    wallets: &Wallets<'_>,
    rpc: &Rpc,
    book: &AddressBook,
    folder: &Path,
) -> CliResult {
    let deployer = wallets.of(accounts::signer(accounts::DEPLOYER)?)?;
    let contracts = ContractAddresses { airdrop: book.airdrop, rewards: book.rewards };
    let files = GenesisFiles::open(folder, contracts).map_err(fault)?;
    let release = release_to(&files, deployer.account())?;
    let key = format!("release-{LIQUIDITY}");
    let call = Call::new(key, "release the liquidity to the deployer", book.vesting_vault, &release);
    deployer.send(&[call]).await?;
    let due =
        rpc.view(book.vesting_vault, &IVestingVault::releasableCall { schedule: release.schedule }).await;
    match due {
        Ok(due) if due.is_zero() => Ok(()),
        Ok(due) => Err(fault(format!("{due} wei of the liquidity are still not released"))),
        Err(error) => Err(fault(error)),
    }
}

/// The release of the liquidity schedule of `beneficiary`.
fn release_to(files: &GenesisFiles, beneficiary: Address) -> CliResult<IVestingVault::releaseCall> {
    let category = files
        .manifest()
        .categories
        .iter()
        .find(|category| category.name == LIQUIDITY)
        .ok_or_else(|| fault(format!("it has no category `{LIQUIDITY}`")))?;
    for schedule in files.schedules(category.id).map_err(fault)? {
        let schedule = schedule.map_err(fault)?;
        if schedule.beneficiary != beneficiary {
            continue;
        }
        let proof: Vec<B256> = files.proof(category.id, schedule.index).map_err(fault)?;
        return Ok(IVestingVault::releaseCall { schedule: schedule.into(), proof });
    }
    Err(fault(format!("its category `{LIQUIDITY}` has no schedule of the deployer {beneficiary}")))
}

fn fault(reason: impl std::fmt::Display) -> CliError {
    CliError::new(
        Code::Devnet,
        "genesis",
        reason,
        "compare script/config/allocation.json and script/config/genesis/31337 with the repository's",
    )
}
