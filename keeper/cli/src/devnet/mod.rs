//! A local chain with everything on it: contracts, models, an operator and its keeper as a process of its own. All of it
//! ends with the handle.

pub(crate) mod accounts;
mod anvil;
mod deploy;
pub(crate) mod digits;
mod files;
mod genesis;
mod keeper;
mod population;
mod process;
mod tools;

use std::{path::PathBuf, sync::Arc};

use opg_chain::{address_book::AddressBook, journal::JournalConfig, rpc::Rpc, signer::PrivateKeySigner};
use opg_store::Store;
use tempfile::TempDir;

use self::{
    anvil::Anvil,
    deploy::Deployment,
    digits::{Digit, Digits},
    process::Process,
};
use crate::{
    args::DevnetArgs,
    context,
    error::{CliError, CliResult},
    progress::Progress,
    submit::Submitter,
};

/// A running devnet. Fields end in the order of their declaration: the keeper before its chain, the files last.
#[derive(Debug)]
pub(crate) struct Devnet {
    /// `None` where somebody else is to start it.
    pub(crate) keeper: Option<Process>,
    pub(crate) anvil: Anvil,
    pub(crate) rpc: Arc<Rpc>,
    pub(crate) book: AddressBook,
    pub(crate) book_path: PathBuf,
    pub(crate) config: PathBuf,
    /// Folder of the genesis that was deployed.
    pub(crate) genesis: PathBuf,
    pub(crate) population: population::Population,
    /// An image to ask the classifier about.
    pub(crate) digit: Digit,
    store: Store,
    folder: TempDir,
}

impl Devnet {
    /// Brings everything up, in order.
    pub(crate) async fn start(args: &DevnetArgs, progress: &Progress) -> CliResult<Self> {
        let models = files::Models::locate(args)?;
        let root = args.root.canonicalize().map_err(|error| CliError::file(&args.root, &error))?;
        let folder = tempfile::Builder::new()
            .prefix("opg-devnet-")
            .tempdir()
            .map_err(|error| CliError::file(&std::env::temp_dir(), &error))?;

        // Beside the deployment, which waits for other programs most of the time.
        let digits = tokio::task::spawn_blocking({
            let (root, folder) = (root.clone(), folder.path().to_owned());
            move || Digits::prepare(&root, &folder)
        });
        progress.step("compiling the contracts, unless that is done");
        deploy::compile(&root).await?;
        progress.step("starting anvil with Base's rules");
        let anvil = Anvil::start(&root, args.port, args.block_time).await?;
        let urls = [anvil.url.clone()];
        let rpc = Rpc::connect(context::rpc_settings(&urls, anvil::CHAIN_ID)?)
            .await
            .map(Arc::new)
            .map_err(|error| context::rpc(&urls, &error))?;

        progress.step("building the genesis");
        let tge = rpc.head().await.map_err(|error| context::rpc(&urls, &error))?.timestamp;
        let genesis = folder.path().join("genesis");
        genesis::build(&root, tge, &genesis)?;
        let deployment = Deployment {
            root: &root,
            url: &anvil.url,
            instant: args.block_time == 0,
            genesis: &genesis,
            folder: folder.path(),
        };
        progress.step("deploying the contracts");
        let (book, book_path) = deployment.run().await?;

        let database = folder.path().join("devnet.db");
        let store = Store::open(&database).map_err(context::state)?;
        let wallets = Wallets { store: &store, rpc: &rpc };
        progress.step("releasing the liquidity");
        genesis::release_liquidity(&wallets, &rpc, &book, &genesis).await?;

        let signer = keeper::create_key(folder.path())?;
        keeper::import_keys(folder.path())?;
        let digits =
            digits.await.map_err(|error| CliError::internal("importing the classifier", error))??;
        progress.step("registering the operator, its delegator and the models");
        let population = population::populate(&wallets, &rpc, &book, &models, &digits, signer).await?;

        let config = keeper::write_config(folder.path(), &anvil.url, &book_path, &genesis, &population)?;
        let keeper = if args.no_keeper {
            None
        } else {
            progress.step("starting the keeper and loading the models");
            Some(keeper::start(&config, folder.path()).await?)
        };
        let digit = digits.sample;
        Ok(Self { keeper, anvil, rpc, book, book_path, config, genesis, population, digit, store, folder })
    }

    /// Sends for one of the dev accounts.
    pub(crate) fn wallet(&self, signer: PrivateKeySigner) -> CliResult<Submitter> {
        Wallets { store: &self.store, rpc: &self.rpc }.of(signer)
    }

    /// How the keeper ended, if it did.
    pub(crate) fn keeper_ended(&mut self) -> Option<String> {
        let keeper = self.keeper.as_mut()?;
        let status = keeper.ended()?;
        Some(format!("ended with {status}: {}", keeper.last_words()))
    }

    /// Everything that the devnet wrote.
    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }
}

/// Makes journals for accounts; one database serves them all.
#[derive(Debug)]
struct Wallets<'a> {
    store: &'a Store,
    rpc: &'a Arc<Rpc>,
}

impl Wallets<'_> {
    fn of(&self, signer: PrivateKeySigner) -> CliResult<Submitter> {
        let mut config = JournalConfig::new(anvil::CHAIN_ID);
        // This chain is ours alone: nothing reorganises it.
        config.confirmations = 1;
        Submitter::own(self.store.clone(), Arc::clone(self.rpc) as _, signer, config)
    }
}
