//! What the configuration means for the parts of the keeper.

use std::time::Duration;

use alloy::primitives::Address;
use opg_chain::{address_book::AddressBook, events::FollowerConfig, journal::JournalConfig};
use opg_engine::ProcessConfig;
use opg_node::{
    Ledger,
    crank::{CrankConfig, stakes::StakesConfig},
    inference::{ProvingConfig, RoleConfig, ServedModel},
    proving::{ProverConfig, ProvingFiles},
};

use crate::{
    config::{Config, Model},
    error::{CliError, CliResult, Code},
};

/// Longest pause between two looks of the crank at the chain.
const LONGEST_POLL: Duration = Duration::from_secs(60);

/// Settings of the journal.
pub(crate) fn journal(config: &Config) -> JournalConfig {
    let mut settings = JournalConfig::new(config.chain.id);
    settings.confirmations = config.transactions.confirmations;
    settings.finality = config.chain.finality;
    settings.bump_after_blocks = config.transactions.replace_after_blocks;
    settings.min_balance = config.transactions.min_balance.0;
    settings.poll_interval = config.chain.poll_interval.0;
    let ceiling = config.transactions.max_fee_per_gas.0.saturating_to::<u128>();
    settings.fees.ceiling = ceiling;
    settings.fees.priority_ceiling = settings.fees.priority_ceiling.min(ceiling);
    settings.fees.priority_floor = settings.fees.priority_floor.min(ceiling);
    settings
}

/// Settings of the event follower.
pub(crate) fn follower(config: &Config, book: &AddressBook) -> FollowerConfig {
    let mut settings = FollowerConfig::new(book.clone());
    settings.max_range = config.chain.max_log_range;
    settings
}

/// Settings of the inference role.
pub(super) fn role(config: &Config, book: &AddressBook, operator: Address) -> RoleConfig {
    let models = config
        .models
        .iter()
        .map(|model| ServedModel {
            version: model.version,
            engine_model: model.name.clone(),
            proving: proving_files(model),
        })
        .collect();
    let mut settings =
        RoleConfig::new(operator, config.chain.id, book.inference_hub, book.proof_registry, models);
    let inference = &config.inference;
    settings.unit_price = inference.unit_price.0;
    settings.fee_market = book.fee_market.filter(|_| inference.market);
    settings.min_fee = inference.min_fee.0;
    settings.opg_per_eth = inference.opg_per_eth.map(|rate| rate.0);
    settings.min_output_tokens = inference.min_output_tokens;
    let proving = &config.proving;
    settings.proving = ProvingConfig {
        unit_price: proving.unit_price.map(|price| price.0),
        min_fee: proving.min_fee.0,
        concurrency: proving.concurrency,
        max_attempts: proving.max_attempts,
        time_limit: proving.time_limit.0,
        assumed_time: proving.assumed_time.0,
    };
    settings.max_waiting = inference.max_waiting.into();
    settings.concurrency = inference.concurrency;
    settings.max_attempts = inference.max_attempts;
    settings.delivery_time = inference.deadline_margin.0;
    settings.drain_time = inference.drain_timeout.0;
    settings.confirmations = config.chain.finality;
    settings.poll_interval = config.chain.poll_interval.0;
    settings
}

/// Settings of the crank role.
pub(crate) fn crank(config: &Config, book: &AddressBook, signer: Address, operator: Address) -> CrankConfig {
    let crank = &config.crank;
    let mut settings = CrankConfig::new(config.chain.id, book.vesting_vault, signer, operator);
    settings.interval = crank.interval.0.as_secs();
    settings.categories.clone_from(&crank.categories);
    settings.min_amount = crank.min_amount.0;
    settings.max_gas_price = crank.max_gas_price.0.saturating_to();
    settings.batch_gas = crank.batch_gas;
    settings.only = crank.only.iter().map(|address| address.0).collect();
    settings.except = crank.except.iter().map(|address| address.0).collect();
    settings.finality = config.chain.finality;
    // Often enough to keep to the interval, and not so often that an idle keeper costs its node much.
    settings.poll_interval = crank_poll(config);
    settings
}

/// Settings of the part of the crank that works on stakes.
pub(crate) fn stakes(
    config: &Config,
    book: &AddressBook,
    signer: Address,
    operator: Address,
) -> StakesConfig {
    let crank = &config.crank;
    let mut settings = StakesConfig::new(book.staking, signer, operator);
    settings.compound = crank.compound;
    settings.interval = crank.interval.0.as_secs();
    settings.min_amount = crank.min_amount.0;
    settings.max_gas_price = crank.max_gas_price.0.saturating_to();
    settings.finality = config.chain.finality;
    settings.poll_interval = crank_poll(config);
    settings
}

/// How often the crank looks at the chain.
fn crank_poll(config: &Config) -> Duration {
    (config.crank.interval.0 / 60).min(LONGEST_POLL).max(config.chain.poll_interval.0)
}

/// How the engine's process is run: this program under another verb.
pub(super) fn process(config: &Config) -> CliResult<ProcessConfig> {
    let program =
        std::env::current_exe().map_err(|error| CliError::internal("the path of this program", error))?;
    let mut settings = ProcessConfig::new(program);
    settings.args = vec!["engine-worker".into()];
    settings.threads = (config.engine.threads > 0).then_some(config.engine.threads as usize);
    settings.queue_limit = config.engine.queue as usize;
    settings.memory_limit = config.engine.memory_limit.map(|size| size.0);
    Ok(settings)
}

/// How proving processes are run: this program under another verb.
pub(super) fn prover(config: &Config) -> CliResult<ProverConfig> {
    let program =
        std::env::current_exe().map_err(|error| CliError::internal("the path of this program", error))?;
    Ok(ProverConfig {
        program,
        args: vec!["proof-worker".into()],
        threads: (config.proving.threads > 0).then_some(config.proving.threads as usize),
        memory_limit: config.proving.memory_limit.map(|size| size.0),
    })
}

/// What the answers of a model are proved with, where it has a proving key.
fn proving_files(model: &Model) -> Option<ProvingFiles> {
    model.proving_key.as_ref().map(|key| ProvingFiles::new(&model.weights, key))
}

/// Compares the proving keys of the configured models with what the registry says of them.
pub(crate) async fn check_proving(config: &Config, ledger: &dyn Ledger) -> CliResult {
    for model in &config.models {
        check_proving_key(model, ledger).await?;
    }
    Ok(())
}

/// One of them.
pub(crate) async fn check_proving_key(model: &Model, ledger: &dyn Ledger) -> CliResult {
    let Some(files) = proving_files(model) else { return Ok(()) };
    let fault = |reason: &dyn std::fmt::Display| {
        CliError::new(
            Code::ProvingKey,
            format!("proving key of model `{}`", model.name),
            reason,
            "correct `proving_key` in the configuration, or remove it to serve the model without proofs",
        )
    };
    let spec = ledger.model_spec(model.version).await.map_err(|error| fault(&error))?;
    let registered = ledger.zk_key(&spec).await.map_err(|error| fault(&error))?;
    let checked = tokio::task::spawn_blocking(move || files.check(registered.as_ref().map(AsRef::as_ref)))
        .await
        .map_err(|error| CliError::internal("checking a proving key", error))?;
    checked.map(drop).map_err(|error| fault(&error))
}
