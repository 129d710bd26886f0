//! What the vault released, and when.

use std::collections::HashSet;

use alloy::{
    primitives::B256,
    rpc::types::{Filter, Log},
    sol_types::SolEvent as _,
};
use opg_chain::{bindings::IVestingVault, rpc::LogPages, rpc_trait::Head};
use opg_vesting::{GenesisFiles, svg::Released};

use crate::{
    commands::genesis::{Deployment, fault},
    error::{CliError, CliResult, Code},
};

/// Schedules whose state is asked for at once.
const PAGE: usize = 500;
/// Seconds for which the history has one entry: eight years are some 3,000 points, more than a picture shows.
const DAY: u64 = 86_400;

/// What the vault has released of the genesis as of `head`.
pub(super) async fn released(
    deployment: &Deployment,
    files: &GenesisFiles,
    head: Head,
) -> CliResult<Released> {
    let mut amount = 0;
    for category in &files.manifest().categories {
        let mut page: Vec<B256> = Vec::with_capacity(PAGE);
        for schedule in files.schedules(category.id).map_err(|error| fault(&error))? {
            page.push(schedule.map_err(|error| fault(&error))?.id());
            if page.len() == PAGE {
                amount += released_of(deployment, std::mem::take(&mut page)).await?;
            }
        }
        amount += released_of(deployment, page).await?;
    }
    Ok(Released { time: head.timestamp, amount })
}

async fn released_of(deployment: &Deployment, schedules: Vec<B256>) -> CliResult<u128> {
    if schedules.is_empty() {
        return Ok(0);
    }
    let call = IVestingVault::statesOfCall { schedules };
    let states = deployment.view(deployment.book.vesting_vault, &call).await?;
    Ok(states.iter().map(|state| state.released.to::<u128>()).sum())
}

/// How what was released of the genesis grew, from the events of the vault up to `head`: at most one entry for each day,
/// with what had been released at its end.
pub(super) async fn history(
    deployment: &Deployment,
    files: &GenesisFiles,
    head: Head,
) -> CliResult<Vec<Released>> {
    let vault = deployment.book.vesting_vault;
    let genesis = genesis_alone(deployment, files).await?;
    let filter = Filter::new().address(vault).event_signature(IVestingVault::Released::SIGNATURE_HASH);
    let mut pages = LogPages::new(&deployment.rpc, filter, deployment.book.deployment_block, head.number);
    let mut entries: Vec<Released> = Vec::new();
    while let Some(logs) = pages.next().await.map_err(|error| deployment.refused(&error))? {
        for log in logs {
            let event = IVestingVault::Released::decode_log(&log.inner).map_err(|error| {
                unusable(deployment, &format!("an event of the vault does not decode: {error}"))
            })?;
            if genesis.as_ref().is_some_and(|ids| !ids.contains(&event.schedule)) {
                continue;
            }
            let time = time_of(deployment, &log).await?;
            let amount = entries.last().map_or(0, |entry| entry.amount) + event.amount.to::<u128>();
            match entries.last_mut() {
                Some(entry) if entry.time / DAY == time / DAY => *entry = Released { time, amount },
                _ => entries.push(Released { time, amount }),
            }
        }
    }
    Ok(entries)
}

/// The schedules of the genesis, where the vault has others too: events name no category.
async fn genesis_alone(deployment: &Deployment, files: &GenesisFiles) -> CliResult<Option<HashSet<B256>>> {
    let categories = &files.manifest().categories;
    let count = deployment.view(deployment.book.vesting_vault, &IVestingVault::categoryCountCall {}).await?;
    if count as usize == categories.len() {
        return Ok(None);
    }
    let mut ids = HashSet::new();
    for category in categories {
        for schedule in files.schedules(category.id).map_err(|error| fault(&error))? {
            ids.insert(schedule.map_err(|error| fault(&error))?.id());
        }
    }
    Ok(Some(ids))
}

/// When a log was written. Nodes say so; the few that do not are asked for the block.
async fn time_of(deployment: &Deployment, log: &Log) -> CliResult<u64> {
    if let Some(time) = log.block_timestamp {
        return Ok(time);
    }
    let number = log.block_number.ok_or_else(|| unusable(deployment, "a log without a block"))?;
    let block = deployment.rpc.block(number).await.map_err(|error| deployment.refused(&error))?;
    block.map(|block| block.timestamp).ok_or_else(|| unusable(deployment, "a log of an unknown block"))
}

fn unusable(deployment: &Deployment, reason: &str) -> CliError {
    CliError::new(
        Code::Rpc,
        format!("history of vault {}", deployment.book.vesting_vault),
        reason,
        "try another endpoint",
    )
}
