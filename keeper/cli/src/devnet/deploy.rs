//! Puts the contracts on the chain.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use alloy::primitives::hex;
use opg_chain::address_book::AddressBook;

use super::{accounts, anvil::CHAIN_ID, process::Process, tools};
use crate::{
    context,
    daemon::Lock,
    error::{CliError, CliResult, Code},
    files,
};

/// Runs the deploy script against `url` and keeps a copy of the address book in `folder`.
pub(crate) async fn deploy(
    root: &Path,
    url: &str,
    block_time: u64,
    folder: &Path,
) -> CliResult<(AddressBook, PathBuf)> {
    let root = root.canonicalize().map_err(|error| CliError::file(root, &error))?;
    let script = root.join("script/Deploy.s.sol");
    if !script.exists() {
        return Err(CliError::new(
            Code::Devnet,
            script.display(),
            "does not exist",
            "run this in the repository, or name its folder with --root",
        ));
    }
    let deployer = accounts::signer(accounts::DEPLOYER)?;
    let mut command = Command::new(tools::find("forge", &root)?);
    command
        .args(["script", "script/Deploy.s.sol", "--broadcast", "--non-interactive", "--rpc-url", url])
        .args(["--private-key", &hex::encode_prefixed(accounts::DEPLOYER)])
        .args(["--sender", &deployer.address().to_string()])
        .current_dir(&root)
        // forge's own record of what it sent is of no use after the chain is gone.
        .env("FOUNDRY_BROADCAST", folder.join("broadcast"));
    if block_time == 0 {
        // Where each transaction is mined as it comes, one that overtakes another would wait for ever.
        command.arg("--slow");
    }
    let fault = |reason: &dyn std::fmt::Display| {
        CliError::new(
            Code::Devnet,
            "forge script script/Deploy.s.sol",
            reason,
            "run `forge build` in the repository to see whether the contracts compile",
        )
    };
    // The script writes to a fixed path in the repository; another devnet must not do so before it was copied.
    let _lock = lock(&root).await?;
    let mut process = Process::spawn(&mut command, None, None).map_err(|error| fault(&error))?;
    let status = process.wait().await;
    if !status.success() {
        return Err(fault(&format!("ended with {status}: {}", process.last_words())));
    }
    let written = AddressBook::path(&root.join("deployments"), CHAIN_ID);
    let book = context::address_book(&written, CHAIN_ID)?;
    let deployments = folder.join("deployments");
    files::create_folder(&deployments)?;
    let kept = AddressBook::path(&deployments, CHAIN_ID);
    std::fs::copy(&written, &kept).map_err(|error| CliError::file(&kept, &error))?;
    Ok((book, kept))
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
