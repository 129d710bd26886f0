//! The devnet's keeper: its key, its configuration, its process.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use alloy::primitives::Address;
use opg_chain::signer::{Password, create_keystore, import_keystore};

use super::{
    accounts,
    anvil::CHAIN_ID,
    population::{Population, Served},
    process::Process,
};
use crate::{
    config::template::{EntryFiles, model_entry, toml_string},
    context,
    daemon::READY,
    error::{CliError, CliResult, Code},
    files,
};

/// The keystore lies in a private folder and guards money of a chain that dies with it.
const PASSWORD: &str = "devnet";

/// Makes the keeper's key.
pub(super) fn create_key(folder: &Path) -> CliResult<Address> {
    let password = Password::new(PASSWORD.to_owned()).map_err(context::signer)?;
    let path = folder.join("keystore.json");
    create_keystore(&path, &password).map(|signer| signer.address()).map_err(context::signer)
}

/// Writes the keys of operator and delegator, so that `opg` can act for them, with the same password.
pub(super) fn import_keys(folder: &Path) -> CliResult {
    for (name, key) in [("operator.json", accounts::OPERATOR), ("delegator.json", accounts::DELEGATOR)] {
        let password = Password::new(PASSWORD.to_owned()).map_err(context::signer)?;
        let key = accounts::signer(key)?;
        import_keystore(&folder.join(name), &password, &key.to_bytes()).map_err(context::signer)?;
    }
    Ok(())
}

/// Writes the keeper's configuration.
pub(super) fn write_config(
    folder: &Path,
    url: &str,
    book: &Path,
    genesis: &Path,
    population: &Population,
) -> CliResult<PathBuf> {
    let mut text = format!(
        "[chain]\nrpc = \"{url}\"\nid = {CHAIN_ID}\naddress_book = {}\npoll_interval = \"200ms\"\nfinality = 2\n\n\
         [keys]\nkeystore = \"keystore.json\"\npassword_file = \"password\"\noperator = \"{}\"\n\n\
         [transactions]\nconfirmations = 1\n\n\
         [crank]\nenabled = true\ngenesis = {}\ninterval = \"1m\"\nmax_gas_price = \"10 gwei\"\n",
        toml_string(&book.display().to_string()),
        population.operator,
        toml_string(&genesis.display().to_string()),
    );
    for served in [&population.chat, &population.embedding, &population.digits] {
        text.push_str(&entry(served));
    }
    let password = folder.join("password");
    files::write_private(&password, PASSWORD.as_bytes())?;
    let path = folder.join("opg.toml");
    files::write_new(&path, text.as_bytes())?;
    Ok(path)
}

fn entry(served: &Served) -> String {
    let files = &served.files;
    let entry = EntryFiles {
        weights: &files.weights,
        tokenizer: files.tokenizer.as_deref(),
        config: files.model_config.as_deref(),
        proving_key: files.proof.proving_key.as_deref(),
    };
    model_entry(&files.name, served.version, &entry)
}

/// Starts the keeper and waits until it takes jobs.
pub(super) async fn start(config: &Path, folder: &Path) -> CliResult<Process> {
    let fault = |reason: &dyn std::fmt::Display| {
        CliError::new(Code::Devnet, "opg run", reason, "see the last words above; `opg doctor` may tell more")
    };
    let program = std::env::current_exe().map_err(|error| fault(&error))?;
    let log = folder.join("keeper.log");
    let log = File::create(&log).map_err(|error| CliError::file(&log, &error))?;
    let mut command = Command::new(program);
    command.arg("--config").arg(config).arg("run");
    // Overrides that are meant for another keeper must not reach this one.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OPG_") {
            command.env_remove(name);
        }
    }
    let mut process = Process::spawn(&mut command, Some(READY), Some(log)).map_err(|error| fault(&error))?;
    process.wait_for_mark(Duration::from_secs(180)).await.map_err(|reason| fault(&reason))?;
    Ok(process)
}
