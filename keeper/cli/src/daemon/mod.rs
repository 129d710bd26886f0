//! The keeper as a process: opens what it needs, runs journal and roles, drains on a signal, reloads on another.

mod batches;
mod channels;
pub(crate) mod crank;
mod fees;
mod gateway;
mod lock;
mod logging;
pub(crate) mod registered;
mod reload;
mod roles;
pub(crate) mod settings;
mod signals;
pub(crate) mod standing;

use std::{path::Path, sync::Arc};

use alloy::primitives::Address;
use opg_chain::{
    address_book::AddressBook, fees::FeeFloor, journal::Journal, rpc::Rpc, signer::PrivateKeySigner,
};
use opg_engine::{Engine, ProcessConfig, ProcessEngine};
use opg_node::{ChainLedger, Ledger, ServiceError};
use opg_store::Store;
use opg_upstream::{ForwardingEngine, Patience, Routed};
use tokio_util::sync::CancellationToken;

pub(crate) use self::{lock::Lock, logging::start as start_log};
use self::{
    registered::ForEngines,
    roles::Work,
    signals::{Event, Signals},
};
use crate::{
    config::Config,
    context,
    error::{CliError, CliResult, Code},
    output::Output,
};

/// What does not change while the process lives.
struct Keeper {
    store: Store,
    rpc: Arc<Rpc>,
    signer: PrivateKeySigner,
    operator: Address,
    book: AddressBook,
    _lock: Lock,
}

/// Runs until a signal or a fatal error.
pub(crate) async fn run(path: &Path, output: Output) -> CliResult {
    let mut config = Config::load(path)?;
    let filter = logging::start(&config.log);
    let mut signals = Signals::listen()?;
    let keeper = Keeper::open(&config).await?;
    loop {
        let ended = keeper.serve(&config, output, &mut signals).await?;
        match ended {
            Ended::Stopped => {
                tracing::info!("stopped");
                return Ok(());
            }
            Ended::Reload(new) => {
                filter.set(&new.log);
                config = *new;
                tracing::info!("running with the reloaded configuration");
            }
        }
    }
}

/// Why the keeper stopped serving.
enum Ended {
    Stopped,
    Reload(Box<Config>),
}

impl Keeper {
    async fn open(config: &Config) -> CliResult<Self> {
        let signer = context::open_signer(config)?;
        let lock = Lock::take(&config.database)?;
        let store = Store::open(&config.database).map_err(context::state)?;
        let rpc = context::connect(config).await?;
        let book = context::address_book(&config.address_book, config.chain.id)?;
        let operator = config.operator.unwrap_or_else(|| signer.address());
        Ok(Self { store, rpc, signer, operator, book, _lock: lock })
    }

    /// Runs journal and roles under one configuration.
    async fn serve(&self, config: &Config, output: Output, signals: &mut Signals) -> CliResult<Ended> {
        let ledger: Arc<dyn Ledger> = Arc::new(ChainLedger::new(
            (*self.rpc).clone(),
            settings::follower(config, &self.book),
            FeeFloor::default(),
        ));
        let journal = Journal::new(
            self.store.clone(),
            Arc::clone(&self.rpc) as _,
            Arc::new(self.signer.clone()),
            settings::journal(config),
        )
        .map(Arc::new)
        .map_err(fatal)?;

        let serves = config.inference.enabled || config.gateway.enabled;
        let models = if serves { registered::read_all(config, &*ledger).await? } else { Vec::new() };
        let ForEngines { computed, profiles, forwarded } = registered::for_engines(models)?;
        let process = ProcessConfig { profiles, ..settings::process(config)? };
        let process = ProcessEngine::new(process, computed).map(Arc::new).map_err(fatal)?;
        let engine: Arc<dyn Engine> = if forwarded.is_empty() {
            Arc::clone(&process) as _
        } else {
            let servers = ForwardingEngine::new(forwarded, Patience::default()).map_err(fatal)?;
            Arc::new(Routed::new(vec![Arc::clone(&process) as _, Arc::new(servers)]))
        };
        let result = self.work(config, output, signals, Work { ledger, journal, engine }).await;
        process.shutdown().await;
        result
    }

    async fn work(
        &self,
        config: &Config,
        output: Output,
        signals: &mut Signals,
        work: Work,
    ) -> CliResult<Ended> {
        let stop = CancellationToken::new();
        let stop_journal = CancellationToken::new();
        let journal = tokio::spawn({
            let (journal, stop) = (Arc::clone(&work.journal), stop_journal.clone());
            async move { journal.run(stop).await }
        });
        let (ledger, last) = (Arc::clone(&work.ledger), Arc::clone(&work.journal));
        let roles = roles::run(self, config, work, stop.clone(), output);
        tokio::pin!(roles);
        tokio::pin!(journal);

        let mut next = Ended::Stopped;
        let mut asked = 0;
        let ended = loop {
            tokio::select! {
                ended = &mut roles => break ended,
                ended = &mut journal => {
                    stop.cancel();
                    let ended = ended.map_err(fatal).and_then(|ended| ended.map_err(fatal));
                    if let Err(error) = roles.await {
                        tracing::error!(?error, "the roles ended with the journal");
                    }
                    return ended.and(Err(fatal("the journal ended")));
                }
                event = signals.next() => match event {
                    Event::Reload => match reload::accept(config, self, &*ledger).await {
                        Ok(new) => {
                            tracing::info!("configuration reloaded; finishing what runs");
                            next = Ended::Reload(Box::new(new));
                            stop.cancel();
                        }
                        Err(error) => {
                            tracing::error!("configuration not reloaded, the old one stays in force\n{error}");
                        }
                    },
                    Event::Stop => {
                        next = Ended::Stopped;
                        asked += 1;
                        if asked > 1 {
                            return Err(CliError::interrupted());
                        }
                        tracing::info!("stopping: finishing what runs; a second signal stops at once");
                        stop.cancel();
                    }
                },
            }
        };
        stop_journal.cancel();
        let journal = journal.await.map_err(fatal).and_then(|ended| ended.map_err(fatal));
        // What the roles handed over last is sent before the end; the next start watches it.
        if let Err(error) = last.tick().await {
            tracing::warn!(%error, "what the roles handed over last is sent at the next start");
        }
        ended.and(journal).map(|()| next)
    }
}

/// Begins the line that says that the roles work.
pub(crate) const READY: &str = "opg is ready";

fn service(error: ServiceError) -> CliError {
    fatal(error)
}

fn fatal(reason: impl std::fmt::Display) -> CliError {
    CliError::new(
        Code::Daemon,
        "opg run",
        reason,
        "correct what the message names and start again; nothing is lost, the database has every job",
    )
}
