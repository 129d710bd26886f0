//! Opens what commands work with, and turns the libraries' errors into those of the command line.

use std::{path::Path, sync::Arc};

use alloy::primitives::Address;
use opg_chain::{
    address_book::{AddressBook, AddressBookError},
    rpc::{EndpointUrl, Rpc, RpcConfig},
    signer::{PrivateKeySigner, SignerError, open_keystore},
};
use opg_engine::EngineError;
use opg_store::{Store, StoreError};

use crate::{
    args::{ChainArgs, Cli},
    config::Config,
    error::{CliError, CliResult, Code},
    password,
};

/// The state database, which must exist: a command that looks something up does not create one.
pub(crate) fn store(config: &Config) -> CliResult<Store> {
    if !config.database.exists() {
        return Err(CliError::new(
            Code::State,
            config.database.display(),
            "there is no state database yet",
            "start the keeper once with `opg run`, or set storage.path to the database that you mean",
        ));
    }
    Store::open(&config.database).map_err(state)
}

/// The keeper's key.
pub(crate) fn open_signer(config: &Config) -> CliResult<PrivateKeySigner> {
    // A missing keystore is told before a password is asked for.
    opg_chain::signer::address_of(&config.keystore).map_err(signer)?;
    let password = password::existing(config.password_file.as_deref())?;
    open_keystore(&config.keystore, &password).map_err(signer)
}

/// The address of the keeper's key, where it can be told without asking for a password: as the keystore states it, else
/// by opening the keystore.
pub(crate) fn signer_address(config: &Config) -> CliResult<Option<Address>> {
    let stated = opg_chain::signer::address_of(&config.keystore).map_err(signer)?;
    if stated.is_some() || !password::is_stored(config.password_file.as_deref()) {
        return Ok(stated);
    }
    open_signer(config).map(|signer| Some(signer.address()))
}

/// The node or nodes, checked to serve the configured chain.
pub(crate) async fn connect(config: &Config) -> CliResult<Arc<Rpc>> {
    let mut settings = rpc_settings(&config.rpc.0, config.chain.id)?;
    settings.timeout = config.chain.request_timeout.0;
    Rpc::connect(settings).await.map(Arc::new).map_err(|error| rpc(&config.rpc.0, &error))
}

/// A deployment that a command reads, and the node that it asks.
pub(crate) struct Deployment {
    pub(crate) rpc: Rpc,
    pub(crate) book: AddressBook,
}

/// Opens the deployment that `args` name. Where they name all of it no configuration is read: anybody can verify.
pub(crate) async fn deployment(cli: &Cli, args: &ChainArgs) -> CliResult<Deployment> {
    let (urls, book) = match (&args.rpc, &args.address_book) {
        (Some(rpc), Some(path)) => (vec![rpc.clone()], any_address_book(path)?),
        _ => {
            let config = Config::load(&cli.config)?;
            let path = args.address_book.as_deref().unwrap_or(&config.address_book);
            let urls = args.rpc.as_ref().map_or(config.rpc.0, |rpc| vec![rpc.clone()]);
            (urls, address_book(path, config.chain.id)?)
        }
    };
    let settings = rpc_settings(&urls, book.chain_id)?;
    let opened = Rpc::connect(settings).await.map_err(|error| rpc(&urls, &error))?;
    Ok(Deployment { rpc: opened, book })
}

/// Settings for `urls`.
pub(crate) fn rpc_settings(urls: &[String], chain_id: u64) -> CliResult<RpcConfig> {
    let urls = urls
        .iter()
        .map(|url| url.parse::<EndpointUrl>())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| rpc(urls, &error))?;
    Ok(RpcConfig::new(urls, chain_id))
}

/// The addresses of the contracts.
pub(crate) fn address_book(path: &Path, chain_id: u64) -> CliResult<AddressBook> {
    AddressBook::read(path, chain_id).map_err(|error| book(path, &error))
}

/// The addresses of the contracts of whatever chain the file is for: what it must match is the chain behind the RPC, which
/// is checked.
pub(crate) fn any_address_book(path: &Path) -> CliResult<AddressBook> {
    let chain_id = std::fs::read(path)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
        .and_then(|book| book["chainId"].as_u64())
        .unwrap_or_default();
    address_book(path, chain_id)
}

/// An error of the RPC layer.
pub(crate) fn rpc(urls: &[String], error: &opg_chain::rpc::RpcError) -> CliError {
    let code = match error {
        opg_chain::rpc::RpcError::WrongChain { .. } => Code::ChainId,
        _ => Code::Rpc,
    };
    let hosts: Vec<_> = urls.iter().map(|url| redacted(url)).collect();
    CliError::new(
        code,
        format!("chain.rpc ({})", hosts.join(", ")),
        error,
        "start the node, correct chain.rpc and chain.id, or add a second endpoint",
    )
}

/// An endpoint without what may be a secret.
pub(crate) fn redacted(url: &str) -> String {
    url.parse::<EndpointUrl>().map_or_else(|_| "an unusable URL".to_owned(), |url| url.to_string())
}

/// An error of the state database.
pub(crate) fn state(error: StoreError) -> CliError {
    let code = match &error {
        StoreError::NoSuchJob(_) => Code::JobUnknown,
        StoreError::WrongState { .. } | StoreError::AlreadySettled { .. } => Code::JobState,
        _ => Code::State,
    };
    CliError::new(
        code,
        "storage.path",
        error,
        "check folder and space; restore a backup if the file is damaged",
    )
}

/// An error of a key.
pub(crate) fn signer(error: SignerError) -> CliError {
    let code = match &error {
        SignerError::WrongPassword { .. } | SignerError::EmptyPassword => Code::Password,
        SignerError::Exists { .. } => Code::Exists,
        _ => Code::Keystore,
    };
    let remedy = match code {
        Code::Password => "correct OPG_KEYSTORE_PASSWORD or the file in keys.password_file",
        _ => "correct keys.keystore, or make a keystore with `opg init`",
    };
    CliError::new(code, "keystore", error, remedy)
}

/// An error of the engine about the model `name`.
pub(crate) fn engine(name: &str, error: &EngineError) -> CliError {
    let (code, remedy) = match error {
        EngineError::ModelFile { .. } | EngineError::DigestMismatch { .. } => {
            (Code::ModelFile, "fetch the registered file, or correct the path in the configuration")
        }
        EngineError::Profile { .. } => (
            Code::ModelProfile,
            "run the build and the device that the version was registered with, or register the model again with \
             `opg model add` and configure its new version",
        ),
        EngineError::Upstream { .. } => (
            Code::Engine,
            "start the server of `models.upstream`, or correct its address, its name for the model, or its key",
        ),
        _ => (
            Code::Engine,
            "give the model's process more memory (engine.memory_limit) and time, and look at the log",
        ),
    };
    CliError::new(code, format!("model `{name}`"), error, remedy)
}

fn book(path: &Path, error: &AddressBookError) -> CliError {
    CliError::new(
        Code::AddressBook,
        path.display(),
        error,
        "set chain.address_book to the address book of your chain; the deploy script writes it",
    )
}
