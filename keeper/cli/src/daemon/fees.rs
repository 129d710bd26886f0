//! The service that moves fees and keeps the books.

use std::sync::Arc;

use opg_node::{
    SystemClock,
    fees::{ChainFees, FeesConfig, FeesParts, FeesRole},
};
use tokio_util::sync::CancellationToken;

use super::{Keeper, roles::Work, service, settings};
use crate::{
    config::Config,
    context,
    error::CliResult,
    staking::{contracts, read_fault},
};

/// Opens it; `None` where it is switched off, or the deployment divides no fees.
pub(super) async fn open(keeper: &Keeper, config: &Config, work: &Work) -> CliResult<Option<FeesRole>> {
    let Some(router) = keeper.book.fee_router.filter(|_| config.fees.enabled) else { return Ok(None) };
    let signer = keeper.signer.address();
    let contracts = contracts(config, &keeper.rpc).await?;
    let follower = settings::follower(config, &keeper.book);
    let ledger = ChainFees::open(contracts, follower, signer).await.map_err(read_fault)?;
    let parts = FeesParts {
        store: keeper.store.clone(),
        ledger: Arc::new(ledger),
        clock: Arc::new(SystemClock),
        journal: Some(work.journal.waker()),
    };
    let section = &config.fees;
    let settings = FeesConfig {
        market: keeper.book.fee_market,
        amount: section.amount.0,
        age: section.age.0.as_secs(),
        min_amount: section.min_amount.0,
        gas_factor: section.gas_factor,
        opg_per_eth: config.inference.opg_per_eth.map(|rate| rate.0),
        capacity: section.capacity.map(u128::from),
        confirmations: config.transactions.confirmations,
        finality: config.chain.finality,
        poll_interval: section.poll_interval.0,
        ..FeesConfig::new(keeper.operator, signer, router, keeper.book.inference_hub)
    };
    let served: Vec<_> = config.models.iter().map(|model| model.version).collect();
    FeesRole::open(settings, parts, &served).map(Some).map_err(context::state)
}

/// Runs it until `stop`.
pub(super) async fn run(role: Option<&FeesRole>, stop: &CancellationToken) -> CliResult {
    match role {
        Some(role) => role.run(stop.clone()).await.map_err(service),
        None => {
            stop.cancelled().await;
            Ok(())
        }
    }
}
