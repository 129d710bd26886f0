//! Fills the index of schedules from the genesis, and computes it anew when the policy changes.

use opg_store::{
    Store, StoreError,
    vesting::{self, GenesisId, Known, Look},
};
use opg_vesting::{CategoryEntry, Curve, Schedule};
use tokio_util::sync::CancellationToken;

use super::{CrankError, Genesis, Policy, genesis::terms, plan};

/// Rows of one transaction: it is short enough for others who want the database.
const CHUNK: u32 = 5_000;

/// Brings the index in line with genesis and policy. A stop between two chunks loses nothing.
pub(super) fn prepare(
    store: &Store,
    genesis: &dyn Genesis,
    id: &GenesisId,
    policy: &Policy,
    stop: &CancellationToken,
) -> Result<(), CrankError> {
    let categories: Vec<_> = genesis.manifest().categories.iter().map(terms).collect();
    let complete = store.write(|tx| vesting::begin(tx, id, &categories))?;
    if !complete {
        for entry in &genesis.manifest().categories {
            fill(store, genesis, entry, policy, stop)?;
        }
        // The policy may have changed since an earlier start began, so rows of that start may be computed for another.
        recompute(store, genesis, policy, stop)?;
        store.write(|tx| vesting::finish(tx, policy.digest()))?;
        tracing::info!(vault = %id.vault, "the index of schedules is complete");
    } else if store.read(vesting::policy)? != Some(policy.digest()) {
        recompute(store, genesis, policy, stop)?;
        store.write(|tx| vesting::set_policy(tx, policy.digest()))?;
        tracing::info!("the index of schedules follows the new policy");
    }
    Ok(())
}

fn fill(
    store: &Store,
    genesis: &dyn Genesis,
    entry: &CategoryEntry,
    policy: &Policy,
    stop: &CancellationToken,
) -> Result<(), CrankError> {
    let from = store.read(|tx| vesting::filled(tx, entry.id))?;
    let mut schedules = genesis.schedules(entry.id, from)?;
    loop {
        if stop.is_cancelled() {
            return Err(CrankError::Stopped);
        }
        let chunk = schedules.by_ref().take(CHUNK as usize).collect::<Result<Vec<_>, _>>()?;
        if chunk.is_empty() {
            return Ok(());
        }
        store.write(|tx| {
            for schedule in &chunk {
                vesting::insert(tx, schedule, initial(policy, &entry.curve, schedule, &Known::default()))?;
            }
            Ok::<_, StoreError>(())
        })?;
    }
}

fn recompute(
    store: &Store,
    genesis: &dyn Genesis,
    policy: &Policy,
    stop: &CancellationToken,
) -> Result<(), CrankError> {
    let mut after = None;
    loop {
        if stop.is_cancelled() {
            return Err(CrankError::Stopped);
        }
        after = store.write(|tx| {
            let rows = vesting::page(tx, after, CHUNK)?;
            for row in &rows {
                let Some(entry) =
                    genesis.manifest().categories.iter().find(|entry| entry.id == row.schedule.category)
                else {
                    continue;
                };
                let look = initial(policy, &entry.curve, &row.schedule, &row.known);
                vesting::look_again(tx, row, look, row.skips)?;
            }
            Ok::<_, StoreError>(rows.last().map(|row| (row.schedule.category, row.schedule.index)))
        })?;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// When to look at a row of which nothing recent is known: as soon as something may be due, and at once where the vault
/// said anything before, which may have changed since.
fn initial(policy: &Policy, curve: &Curve, schedule: &Schedule, known: &Known) -> Look {
    if !policy.wants(schedule) {
        return Look::default();
    }
    let due_at = plan::due_at(policy.min_amount, curve, schedule, known);
    let look_at = if *known == Known::default() { due_at } else { Some(0) };
    Look { due_at, look_at }
}
