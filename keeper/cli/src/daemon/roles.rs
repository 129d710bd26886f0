//! The roles of the keeper, side by side under one journal. One that fails lets the others finish in order.

use std::sync::{Arc, Mutex, PoisonError};

use opg_chain::journal::Journal;
use opg_engine::Engine;
use opg_node::{
    Ledger, SystemClock,
    crank::{
        ChainVault, CrankError, CrankParts, CrankRole,
        stakes::{ChainStaking, StakesParts, StakesRole},
    },
    fees::{FeesMetrics, FeesRole},
    inference::{InferenceRole, Parts},
    proving::ProcessProver,
};
use opg_store::jobs;
use tokio_util::sync::CancellationToken;

use super::{Keeper, READY, crank, fees, gateway, service, settings, standing};
use crate::{
    config::Config,
    context,
    error::{CliResult, Code},
    output::Output,
    staking::{contracts, read_fault},
};

/// What the roles work with, besides the keeper.
pub(super) struct Work {
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) journal: Arc<Journal>,
    pub(super) engine: Arc<dyn Engine>,
}

/// Runs the roles that are switched on until `stop`.
pub(super) async fn run(
    keeper: &Keeper,
    config: &Config,
    work: Work,
    stop: CancellationToken,
    output: Output,
) -> CliResult {
    let roles = [config.inference.enabled, config.crank.enabled, config.gateway.enabled];
    let roles = roles.into_iter().filter(|enabled| *enabled).count();
    let ready = Ready { output, waits_for: Mutex::new((roles, Vec::new())) };
    let fees = fees::open(keeper, config, &work).await?;
    if roles == 0 {
        ready.say(&["every role is switched off".to_owned()]);
    }
    let counts = fees.as_ref().map(FeesRole::metrics);
    let (inference, crank, stakes, gateway, fees) = tokio::join!(
        ended(inference(keeper, config, &work, &stop, &ready), &stop),
        ended(release(keeper, config, &work, &stop, &ready), &stop),
        ended(stakes(keeper, config, &work, &stop), &stop),
        ended(serve(keeper, config, &work, &stop, counts, &ready), &stop),
        ended(fees::run(fees.as_ref(), &stop), &stop),
    );
    let mut errors = [inference, crank, stakes, gateway, fees].into_iter().filter_map(Result::err);
    let Some(first) = errors.next() else { return Ok(()) };
    for error in errors {
        tracing::error!("another role ended too\n{error}");
    }
    Err(first)
}

/// The end of a role, which is the end of the others if it is a bad one.
async fn ended(role: impl Future<Output = CliResult>, stop: &CancellationToken) -> CliResult {
    let ended = role.await;
    if ended.is_err() {
        stop.cancel();
    }
    ended
}

async fn inference(
    keeper: &Keeper,
    config: &Config,
    work: &Work,
    stop: &CancellationToken,
    ready: &Ready,
) -> CliResult {
    if !config.inference.enabled {
        return Ok(());
    }
    let jobs = keeper.store.read(jobs::count_by_state).map_err(context::state)?;
    admit(keeper, config, jobs.keys().any(|state| state.is_live())).await?;
    if !load_models(config, work, stop).await? {
        return Ok(());
    }
    settings::check_proving(config, &*work.ledger).await?;
    let parts = Parts {
        store: keeper.store.clone(),
        ledger: Arc::clone(&work.ledger),
        engine: Arc::clone(&work.engine),
        prover: Arc::new(ProcessProver::new(settings::prover(config)?)),
        signer: Arc::new(keeper.signer.clone()),
        clock: Arc::new(SystemClock),
        journal: Some(work.journal.waker()),
    };
    let settings = settings::role(config, &keeper.book, keeper.operator);
    let role = InferenceRole::open(settings, parts).await.map_err(service)?;
    ready.one(format!("operator {}, signer {}", keeper.operator, keeper.signer.address()));
    role.run(stop.clone()).await.map_err(service)
}

/// Loads every model of the configuration; what is loaded already stays. False if `stop` came first.
pub(super) async fn load_models(config: &Config, work: &Work, stop: &CancellationToken) -> CliResult<bool> {
    for model in &config.models {
        tokio::select! {
            () = stop.cancelled() => return Ok(false),
            loaded = work.engine.load(&model.name) => {
                loaded.map_err(|error| context::engine(&model.name, &error))?;
            }
        }
    }
    Ok(true)
}

/// Refuses to begin as an operator that is not active. One that has `begun` something may finish it: answers and receipts
/// are judged as of when they were signed.
pub(super) async fn admit(keeper: &Keeper, config: &Config, begun: bool) -> CliResult {
    match standing::check(config, &keeper.rpc, keeper.operator, keeper.signer.address()).await {
        Ok(_) => Ok(()),
        Err(error) => {
            if error.code() != Code::OperatorInactive || !begun {
                return Err(error);
            }
            tracing::warn!("only what was begun is finished\n{error}");
            Ok(())
        }
    }
}

async fn serve(
    keeper: &Keeper,
    config: &Config,
    work: &Work,
    stop: &CancellationToken,
    fees: Option<Arc<FeesMetrics>>,
    ready: &Ready,
) -> CliResult {
    if !config.gateway.enabled {
        return Ok(());
    }
    gateway::run(keeper, config, work, stop, fees, |text| ready.one(text)).await
}

async fn release(
    keeper: &Keeper,
    config: &Config,
    work: &Work,
    stop: &CancellationToken,
    ready: &Ready,
) -> CliResult {
    let Some(folder) = config.crank.genesis.as_deref().filter(|_| config.crank.enabled) else {
        return Ok(());
    };
    let signer = keeper.signer.address();
    let parts = CrankParts {
        store: keeper.store.clone(),
        ledger: Arc::new(ChainVault::new(
            (*keeper.rpc).clone(),
            keeper.book.vesting_vault,
            keeper.book.staking,
            signer,
        )),
        genesis: Arc::new(crank::open(folder, &keeper.book)?),
        clock: Arc::new(SystemClock),
        journal: Some(work.journal.waker()),
    };
    let settings = settings::crank(config, &keeper.book, signer, keeper.operator);
    let role = match CrankRole::open(settings, parts, stop).await {
        Ok(role) => role,
        Err(CrankError::Stopped) => return Ok(()),
        Err(error) => return Err(crank::fault(folder, error)),
    };
    ready.one(format!("releases vested tokens of vault {}", keeper.book.vesting_vault));
    role.run(stop.clone()).await.map_err(service)
}

/// The part of the crank that works on stakes.
async fn stakes(keeper: &Keeper, config: &Config, work: &Work, stop: &CancellationToken) -> CliResult {
    if !config.crank.enabled || !config.crank.slashes {
        return Ok(());
    }
    let signer = keeper.signer.address();
    let contracts = contracts(config, &keeper.rpc).await?;
    let follower = settings::follower(config, &keeper.book);
    let mut settings = settings::stakes(config, &keeper.book, signer, keeper.operator);
    if contracts.has_rewards().await.map_err(read_fault)? {
        settings.rewards = Some(keeper.book.rewards);
    }
    let parts = StakesParts {
        store: keeper.store.clone(),
        ledger: Arc::new(ChainStaking::new(contracts, follower, signer)),
        clock: Arc::new(SystemClock),
        journal: Some(work.journal.waker()),
    };
    let role = StakesRole::new(settings, parts);
    role.run(stop.clone()).await.map_err(service)
}

/// Says that the keeper works, once every role does.
struct Ready {
    output: Output,
    /// How many roles are still opening, and what those say that have opened.
    waits_for: Mutex<(usize, Vec<String>)>,
}

impl Ready {
    fn one(&self, text: String) {
        let mut waits_for = self.waits_for.lock().unwrap_or_else(PoisonError::into_inner);
        waits_for.0 = waits_for.0.saturating_sub(1);
        waits_for.1.push(text);
        if waits_for.0 == 0 {
            self.say(&waits_for.1);
        }
    }

    fn say(&self, roles: &[String]) {
        let text = format!("{READY}: {}", roles.join("; "));
        self.output.result(&serde_json::json!({ "event": "ready", "message": text }), || text.clone());
    }
}
