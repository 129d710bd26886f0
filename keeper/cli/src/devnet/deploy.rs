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

/// How long the compilation may take: minutes where nothing is compiled yet.
const COMPILATION_LIMIT: Duration = Duration::from_secs(1_200);
/// How long the deployment may take: seconds, unless the chain or forge hangs.
const DEPLOYMENT_LIMIT: Duration = Duration::from_secs(300);

/// Compiles what the script deploys, unless that is done.
pub(super) async fn compile(root: &Path) -> CliResult {
    let script = root.join("script/Deploy.s.sol");
    if !script.exists() {
        return Err(CliError::new(
            Code::Devnet,
            script.display(),
            "does not exist",
            "run this in the repository, or name its folder with --root",
        ));
    }
    let mut command = Command::new(tools::find("forge", root)?);
    // Without the tests, which take the compiler minutes.
    command.args(["build", "contracts", "script"]).current_dir(root);
    let _lock = lock(root).await?;
    finish("forge build contracts script", &mut command, COMPILATION_LIMIT).await
}

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
        finish("forge script script/Deploy.s.sol", &mut command, DEPLOYMENT_LIMIT).await?;
        let written = AddressBook::path(&self.root.join("deployments"), CHAIN_ID);
        let book = context::address_book(&written, CHAIN_ID)?;
        let deployments = self.folder.join("deployments");
        files::create_folder(&deployments)?;
        let kept = AddressBook::path(&deployments, CHAIN_ID);
        copy(&written, &kept)?;
        Ok((book, kept))
    }

    fn command(&self, genesis: &Path) -> CliResult<Command> {
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

/// Runs one of forge's commands to its end, or ends it.
async fn finish(name: &str, command: &mut Command, limit: Duration) -> CliResult {
    let fault = |reason: &dyn std::fmt::Display| {
        CliError::new(
            Code::Devnet,
            name,
            reason,
            "run `forge build contracts script` in the repository to see whether the contracts compile",
        )
    };
    let mut process = Process::spawn(command, None, None).map_err(|error| fault(&error))?;
    match process.wait(limit).await {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(fault(&format!("ended with {status}: {}", process.last_words()))),
        Err(reason) => Err(fault(&reason)),
    }
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
