//! From schedules to a call of the vault that fits a transaction.

use std::sync::atomic::Ordering;

use alloy::{
    primitives::{B256, Bytes, Keccak256, U256},
    sol_types::SolCall,
};
use opg_chain::{
    bindings::IVestingVault,
    journal::{Intent, TRANSACTION_GAS_CAP},
};
use opg_store::vesting::ScheduleRow;

use super::{CrankError, Genesis, Period, context::Context};
use crate::Quote;

/// Gas of a row before any was measured, and of a transaction without rows.
pub(super) const FIRST_GAS_PER_ROW: u64 = 75_000;
const BASE_GAS: u64 = 40_000;
/// Percent that the journal adds to its own estimate.
const MARGIN: u64 = 20;
/// Seconds of the keeper's time for which a release is worth sending, at least.
const SHORTEST_DEADLINE: u64 = 600;

/// A row that can be released, with what is due.
#[derive(Clone, Debug)]
pub(super) struct Payable {
    pub(super) row: ScheduleRow,
    pub(super) due: u128,
}

/// A call that fits.
#[derive(Debug)]
pub(super) struct Priced {
    pub(super) gas: u64,
    pub(super) l1_fee: U256,
}

/// What came of asking for the price of a call with some rows.
#[derive(Debug)]
pub(super) enum Fit {
    /// This many of them fit.
    Rows(usize, Priced),
    /// The vault would release none of this many rows.
    Refused(usize, String),
}

/// Finds how many of `rows`, which are not empty, one transaction takes.
pub(super) async fn fit(context: &Context, rows: &[Payable]) -> Result<Fit, CrankError> {
    let limit = context.config.batch_gas.min(TRANSACTION_GAS_CAP);
    let per_row = context.gas_per_row.load(Ordering::Relaxed).max(1);
    let mut count = rows_within(limit, per_row).min(rows.len());
    loop {
        let data = calldata(&*context.genesis, rows.get(..count).unwrap_or(rows))?;
        match context.ledger.quote(&data).await? {
            Quote::Reverts(reason) => return Ok(Fit::Refused(count, reason)),
            Quote::Gas { gas, l1_fee } => {
                let measured = gas.saturating_sub(BASE_GAS) / count as u64 + 1;
                context.gas_per_row.store(measured, Ordering::Relaxed);
                if gas <= limit || (count == 1 && gas <= TRANSACTION_GAS_CAP) {
                    return Ok(Fit::Rows(count, Priced { gas, l1_fee }));
                }
                if count == 1 {
                    let reason = format!("it needs {gas} gas, one transaction may use {TRANSACTION_GAS_CAP}");
                    return Ok(Fit::Refused(1, reason));
                }
                count = rows_within(limit, measured).min(count - 1);
            }
        }
    }
}

fn rows_within(limit: u64, per_row: u64) -> usize {
    usize::try_from(limit.saturating_sub(BASE_GAS) / per_row).unwrap_or(usize::MAX).max(1)
}

/// The call that releases `rows`. Each has at least as much due as planned, so that a row which somebody else has just
/// released is left out rather than paid a few seconds' worth again.
pub(super) fn calldata(genesis: &dyn Genesis, rows: &[Payable]) -> Result<Bytes, CrankError> {
    let minimum = rows.iter().map(|payable| payable.due).min().unwrap_or_default();
    let mut proofs = Vec::with_capacity(rows.len());
    for Payable { row, .. } in rows {
        proofs.push(genesis.proof(row.schedule.category, row.schedule.index)?);
    }
    let schedules = rows.iter().map(|payable| payable.row.schedule.into()).collect();
    let call = IVestingVault::releaseManyCall { schedules, proofs, minimum: U256::from(minimum) };
    Ok(call.abi_encode().into())
}

/// The intent that releases `rows` in `period`.
pub(super) fn intent(
    context: &Context,
    rows: &[Payable],
    calldata: Bytes,
    priced: &Priced,
    period: Period,
) -> Intent {
    let config = &context.config;
    let now = context.clock.now_ms() / 1_000;
    Intent {
        key: format!("crank:{}:{}", config.vault, digest(rows, period)),
        purpose: format!("release {} vesting schedules", rows.len()),
        to: config.vault,
        calldata,
        value: U256::ZERO,
        deadline: Some(now.saturating_add(config.interval.max(SHORTEST_DEADLINE))),
        max_cost: Some(max_cost(priced.gas, config.max_gas_price, priced.l1_fee)),
    }
}

/// Most wei that a transaction may cost which needs `gas`. The fee for data may rise before the transaction is sent, and
/// does not depend on the price of gas here.
pub(super) fn max_cost(gas: u64, max_gas_price: u128, l1_fee: U256) -> U256 {
    let gas = gas.saturating_mul(100 + MARGIN) / 100;
    U256::from(gas)
        .saturating_mul(U256::from(max_gas_price))
        .saturating_add(l1_fee.saturating_mul(U256::from(2)))
}

/// The same schedules, released as far as they were, in the same period: the same release.
fn digest(rows: &[Payable], period: Period) -> B256 {
    let mut hasher = Keccak256::new();
    hasher.update(period.start.to_be_bytes());
    for Payable { row, .. } in rows {
        hasher.update(row.id);
        hasher.update(row.known.released.to_be_bytes());
    }
    hasher.finalize()
}
