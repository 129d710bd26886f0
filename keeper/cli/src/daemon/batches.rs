//! The batch service: settings and parts.

use std::sync::Arc;

use opg_chain::ledger::Contracts;
use opg_node::{
    SystemClock,
    batches::{BatchTimes, BatchesConfig, BatchesParts, BatchesRole, ChainBatches},
};

use super::{Keeper, roles::Work, settings};
use crate::{
    config::Config,
    error::{CliResult, Code, Problem},
    staking::read_fault,
};

/// The service, where it is switched on and the deployment has the contract.
pub(super) async fn open(keeper: &Keeper, config: &Config, work: &Work) -> CliResult<Option<BatchesRole>> {
    if !config.batches.enabled {
        return Ok(None);
    }
    let Some(registry) = keeper.book.receipt_batches else {
        tracing::warn!("the address book names no contract for batches: receipts stay with this node");
        return Ok(None);
    };
    let contracts = Contracts::open((*keeper.rpc).clone(), keeper.book.clone()).await.map_err(read_fault)?;
    let follower = settings::follower(config, &keeper.book);
    let parts = BatchesParts {
        store: keeper.store.clone(),
        ledger: Arc::new(ChainBatches::new(contracts.clone(), follower).map_err(read_fault)?),
        clock: Arc::new(SystemClock),
        journal: Some(work.journal.waker()),
    };
    let mut settings = BatchesConfig::new(
        config.chain.id,
        (registry, keeper.book.proof_registry),
        (keeper.operator, keeper.signer.address()),
        public_url(config),
    );
    settings.max_count = config.batches.max_receipts;
    settings.max_age = config.batches.max_age.0.as_secs();
    settings.keep = keep(config, &contracts).await?;
    settings.finality = config.chain.finality;
    settings.poll_interval = config.chain.poll_interval.0;
    Ok(Some(BatchesRole::new(settings, parts)))
}

/// For how long receipts are kept, if not for good: as long as anybody can demand to see them, whatever the operator wants.
async fn keep(config: &Config, contracts: &Contracts) -> CliResult<Option<u64>> {
    let Some(keep) = config.batches.keep else { return Ok(None) };
    let (receipt_age, window) = contracts.batch_times().await.map_err(read_fault)?;
    let least = BatchTimes { receipt_age, window }.least_keep();
    if keep.0.as_secs() >= least {
        return Ok(Some(keep.0.as_secs()));
    }
    let hours = least.div_ceil(3_600);
    Err(Problem::new(
        Code::ConfigValue,
        "batches.keep",
        "is shorter than receipts can be challenged on this chain; who cannot show one then loses stake",
        format!("set at least \"{hours}h\", or leave it out to keep receipts for good"),
    )
    .into())
}

/// Where the gateway is reached from outside, as far as anybody has said.
fn public_url(config: &Config) -> String {
    if config.batches.public_url.is_none() {
        tracing::warn!(
            "batches.public_url is not set: others are told to fetch the data of batches from {}",
            config.gateway.listen
        );
    }
    let scheme = if config.gateway.tls_certificate.is_some() { "https" } else { "http" };
    config.batches.public_url.clone().unwrap_or_else(|| format!("{scheme}://{}", config.gateway.listen))
}
