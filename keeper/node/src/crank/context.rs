//! What the services of the crank share.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use opg_chain::journal::Waker;
use opg_store::{
    Store,
    vesting::{Known, Look, ScheduleRow},
};
use opg_vesting::{Curve, Schedule};
use tokio::sync::Notify;

use super::{CrankConfig, CrankMetrics, Genesis, Period, Policy, VestingLedger, plan};
use crate::{Clock, LedgerError};

/// Schedules that the vault is asked about in one call.
pub(super) const PAGE: u32 = 400;

/// What the services share. Durable truth is in the store; what is held here is found again after a restart.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) config: CrankConfig,
    pub(super) policy: Policy,
    pub(super) curves: BTreeMap<u32, Curve>,
    pub(super) store: Store,
    pub(super) genesis: Arc<dyn Genesis>,
    pub(super) ledger: Arc<dyn VestingLedger>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) journal: Option<Waker>,
    pub(super) metrics: CrankMetrics,
    /// Woken when a transaction has ended, so that the next can begin.
    pub(super) ended: Notify,
    /// Woken when a transaction was handed to the journal.
    pub(super) begun: Notify,
    /// Gas that a row took in the last batch.
    pub(super) gas_per_row: AtomicU64,
}

impl Context {
    /// The curve of a schedule. Rows of categories that the genesis lacks cannot be in the index.
    pub(super) fn curve(&self, schedule: &Schedule) -> Curve {
        let never = Curve { start: u64::MAX, cliff: 0, duration: 0 };
        self.curves.get(&schedule.category).copied().unwrap_or(never)
    }

    /// What a release of `schedule` pays at `timestamp`, if it is worth one.
    pub(super) fn payable(&self, schedule: &Schedule, known: &Known, timestamp: u64) -> Option<u128> {
        plan::payable(self.policy.min_amount, &self.curve(schedule), schedule, known, timestamp)
    }

    /// When a row of which the vault says `known` at `head` needs attention, and since when it says so.
    pub(super) fn judge(&self, row: &ScheduleRow, known: &Known, head: u64, period: Period) -> (Look, u64) {
        let as_of = if *known == row.known { row.as_of } else { head };
        // Of a schedule that nothing ever happened to nothing can be undone.
        let firm = *known == Known::default() || head >= as_of.saturating_add(self.config.finality);
        let curve = self.curve(&row.schedule);
        (plan::look(&self.policy, &curve, &row.schedule, known, firm, period), as_of)
    }

    /// Asks the vault about `rows`, in pages.
    pub(super) async fn states(&self, rows: &[ScheduleRow]) -> Result<Vec<Known>, LedgerError> {
        let mut states = Vec::with_capacity(rows.len());
        for page in rows.chunks(PAGE as usize) {
            let ids: Vec<_> = page.iter().map(|row| row.id).collect();
            states.extend(self.ledger.states(&ids).await?);
        }
        self.metrics.read.fetch_add(rows.len() as u64, Ordering::Relaxed);
        Ok(states)
    }
}
