//! Puts the contracts on the chain.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use alloy::primitives::hex;
use opg_chain::address_book::AddressBook;
use opg_vesting::genesis::MANIFEST;

use super::{accounts, anvil::CHAIN_ID, process::Process, tools};
use crate::{
    context,
    daemon::Lock,
    error::{CliError, CliResult, Code},
    files,
};

/// How long the deployment may take. A compilation of all contracts is within it, a chain that hangs is not.
const LIMIT: Duration = Duration::from_secs(300);

/// What the deploy script is run with.
#[derive(Debug)]
pub(super) struct Deployment<'a> {
    pub(super) root: &'a Path,
    /// URL of the chain.
    pub(super) url: &'a str,
    /// Whether the chain mines each transaction as it comes.
    pub(super) instant: bool,
    /// Folder with the genesis.
    pub(super) genesis: &'a Path,
    /// The devnet's own folder.
    pub(super) folder: &'a Path,
}

impl Deployment<'_> {
    /// Runs the script, and keeps a copy of the address book in the devnet's folder.
    pub(super) async fn run(&self) -> CliResult<(AddressBook, PathBuf)> {
        // forge reads nothing outside of this folder of the repository.
        let readable = self.root.join("deployments/run");
        files::create_folder(&readable)?;
        let genesis = tempfile::Builder::new()
            .prefix("genesis-")
            .tempdir_in(&readable)
            .map_err(|error| CliError::file(&readable, &error))?;
        copy(&self.genesis.join(MANIFEST), &genesis.path().join(MANIFEST))?;

        let mut command = self.command(genesis.path())?;
        // The script writes to a fixed path in the repository; another devnet must not do so before it was copied.
        let _lock = lock(self.root).await?;
        let mut process = Process::spawn(&mut command, None, None).map_err(|error| fault(&error))?;
        let status = process.wait(LIMIT).await.map_err(|reason| fault(&reason))?;
        if !status.success() {
            return Err(fault(&format!("ended with {status}: {}", process.last_words())));
        }
        let written = AddressBook::path(&self.root.join("deployments"), CHAIN_ID);
        let book = context::address_book(&written, CHAIN_ID)?;
        let deployments = self.folder.join("deployments");
        files::create_folder(&deployments)?;
        let kept = AddressBook::path(&deployments, CHAIN_ID);
        copy(&written, &kept)?;
        Ok((book, kept))
    }

    fn command(&self, genesis: &Path) -> CliResult<Command> {
        let script = self.root.join("script/Deploy.s.sol");
        if !script.exists() {
            return Err(CliError::new(
                Code::Devnet,
                script.display(),
                "does not exist",
                "run this in the repository, or name its folder with --root",
            ));
        }
        let deployer = accounts::signer(accounts::DEPLOYER)?;
        let mut command = Command::new(tools::find("forge", self.root)?);
        command
            .args([
                "script",
                "script/Deploy.s.sol",
                "--broadcast",
                "--non-interactive",
                "--rpc-url",
                self.url,
            ])
            .args(["--private-key", &hex::encode_prefixed(accounts::DEPLOYER)])
            .args(["--sender", &deployer.address().to_string()])
            .current_dir(self.root)
            .env("OPG_GENESIS", genesis)
            .env_remove("OPG_ADDRESS_BOOK")
            // forge's own record of what it sent is of no use after the chain is gone.
            .env("FOUNDRY_BROADCAST", self.folder.join("broadcast"));
        if self.instant {
            // Where each transaction is mined as it comes, one that overtakes another would wait for ever.
            command.arg("--slow");
        }
        Ok(command)
    }
}

fn copy(from: &Path, to: &Path) -> CliResult {
    std::fs::copy(from, to).map(drop).map_err(|error| CliError::file(to, &error))
}

fn fault(reason: &dyn std::fmt::Display) -> CliError {
    CliError::new(
        Code::Devnet,
        "forge script script/Deploy.s.sol",
        reason,
        "run `forge build contracts script` in the repository to see whether the contracts compile",
    )
}

async fn lock(root: &Path) -> CliResult<Lock> {
    let cache = root.join("cache");
    files::create_folder(&cache)?;
    loop {
        if let Some(lock) = Lock::try_take(&cache.join("devnet-deployment"))? {
            return Ok(lock);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
