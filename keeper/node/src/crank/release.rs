//! Due → in flight.

use std::sync::{Arc, atomic::Ordering};

use async_trait::async_trait;
use opg_chain::{
    journal::{self, IntentState},
    rpc_trait::Head,
};
use opg_store::{
    StoreError,
    vesting::{self, Known, Look, ScheduleRow},
};

use super::{
    CrankError, Period,
    batch::{Fit, Payable, Priced, calldata, fit, intent},
    context::{Context, PAGE},
    settle::pause,
};
use crate::{Progress, Service, ServiceError};

/// Looks for what is due and hands its release to the journal.
#[derive(Debug)]
pub struct Release {
    context: Arc<Context>,
}

impl Release {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    async fn step(&self) -> Result<Progress, CrankError> {
        let context = &self.context;
        let config = &context.config;
        let wait = Ok(Progress::Wait(config.poll_interval));
        let head = context.ledger.head().await?;
        let period = Period::at(head.timestamp, config.interval);
        let rows = context.store.read(|tx| vesting::due(tx, period.start, self.first(period), PAGE))?;
        if rows.is_empty() {
            return wait;
        }
        if head.timestamp < period.turn(config.operator, &context.ledger.operators().await?) {
            return wait;
        }
        if head.base_fee > config.max_gas_price {
            context.metrics.dear.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(base_fee = head.base_fee, "releases wait for a lower price of gas");
            return wait;
        }
        let states = context.states(&rows).await?;
        let payable = self.note(rows.clone(), &states, head, period)?;
        let all_sent = self.send(payable, head, period).await?;
        let more = all_sent && rows.len() == PAGE as usize;
        if more { Ok(Progress::More) } else { wait }
    }

    /// Where this keeper begins in this period: each has its own place.
    fn first(&self, period: Period) -> (u32, u32) {
        let draw = period.draw(self.context.config.signer);
        let categories = &self.context.genesis.manifest().categories;
        let total: u64 = categories.iter().map(|entry| u64::from(entry.count)).sum();
        let mut place = draw % total.max(1);
        for entry in categories {
            if place < u64::from(entry.count) {
                return (entry.id, u32::try_from(place).unwrap_or_default());
            }
            place -= u64::from(entry.count);
        }
        (0, 0)
    }

    /// Notes what the vault says of `rows` and returns those that can be released.
    fn note(
        &self,
        rows: Vec<ScheduleRow>,
        states: &[Known],
        head: Head,
        period: Period,
    ) -> Result<Vec<Payable>, StoreError> {
        let context = &self.context;
        let mut payable = Vec::new();
        context.store.write(|tx| {
            for (mut row, known) in rows.into_iter().zip(states) {
                let (look, as_of) = context.judge(&row, known, head.number, period);
                if known.released > row.known.released {
                    context.metrics.overtaken.fetch_add(1, Ordering::Relaxed);
                }
                if (look, as_of, known) != (row.look, row.as_of, &row.known) {
                    vesting::observe(tx, &row, known, as_of, look)?;
                }
                (row.known, row.as_of, row.look) = (*known, as_of, look);
                if let Some(due) = context.payable(&row.schedule, known, period.start) {
                    payable.push(Payable { row, due });
                }
            }
            Ok::<_, StoreError>(())
        })?;
        Ok(payable)
    }

    /// Hands `rows` to the journal in batches. False if some have to wait for others to be mined.
    async fn send(&self, mut rows: Vec<Payable>, head: Head, period: Period) -> Result<bool, CrankError> {
        while !rows.is_empty() {
            if self.pending()? >= self.context.config.max_pending {
                return Ok(false);
            }
            match fit(&self.context, &rows).await? {
                Fit::Rows(count, priced) => {
                    let rest = rows.split_off(count.min(rows.len()));
                    self.enqueue(rows, &priced, head, period).await?;
                    rows = rest;
                }
                Fit::Refused(count, reason) => {
                    let rest = rows.split_off(count.min(rows.len()));
                    self.refused(rows, &reason, head, period).await?;
                    rows = rest;
                }
            }
        }
        Ok(true)
    }

    /// Transactions that may not have been mined yet.
    fn pending(&self) -> Result<usize, StoreError> {
        self.context.store.read(|tx| {
            let mut pending = 0;
            for id in vesting::in_flight(tx)? {
                let state = journal::outcome(tx, id)?;
                pending += usize::from(matches!(
                    state,
                    IntentState::Queued | IntentState::Prepared | IntentState::Broadcast
                ));
            }
            Ok(pending)
        })
    }

    /// Looks once more, for another keeper may have been faster, and enqueues what is left.
    async fn enqueue(
        &self,
        rows: Vec<Payable>,
        priced: &Priced,
        head: Head,
        period: Period,
    ) -> Result<(), CrankError> {
        let context = &self.context;
        let rows = self.look_again(rows, head, period).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let intent = intent(context, &rows, calldata(&*context.genesis, &rows)?, priced, period);
        let marked: Vec<_> = rows.iter().map(|payable| payable.row.clone()).collect();
        let now = context.clock.now_ms() / 1_000;
        let id = context.store.write(|tx| {
            let id = journal::enqueue(tx, context.config.signer, &intent, now)?;
            vesting::mark(tx, &marked, id)?;
            Ok::<_, StoreError>(id)
        })?;
        tracing::info!(intent = %id, schedules = rows.len(), gas = priced.gas, "a release was enqueued");
        context.metrics.batches.fetch_add(1, Ordering::Relaxed);
        context.metrics.enqueued.fetch_add(rows.len() as u64, Ordering::Relaxed);
        if let Some(journal) = &context.journal {
            journal.wake();
        }
        context.begun.notify_one();
        Ok(())
    }

    async fn look_again(
        &self,
        rows: Vec<Payable>,
        head: Head,
        period: Period,
    ) -> Result<Vec<Payable>, CrankError> {
        let rows: Vec<_> = rows.into_iter().map(|payable| payable.row).collect();
        let states = self.context.states(&rows).await?;
        Ok(self.note(rows, &states, head, period)?)
    }

    /// The vault would release none of `rows`: either somebody else just did, or the vault refuses them, and there is no
    /// point in asking again soon.
    async fn refused(
        &self,
        rows: Vec<Payable>,
        reason: &str,
        head: Head,
        period: Period,
    ) -> Result<(), CrankError> {
        let context = &self.context;
        let still = self.look_again(rows, head, period).await?;
        if still.is_empty() {
            return Ok(());
        }
        tracing::warn!(schedules = still.len(), reason, "the vault refuses to release; trying again later");
        context.metrics.skipped.fetch_add(still.len() as u64, Ordering::Relaxed);
        context.store.write(|tx| {
            for Payable { row, .. } in &still {
                let skips = row.skips.saturating_add(1);
                let look =
                    Look { look_at: Some(period.end.saturating_add(pause(context, skips))), ..row.look };
                vesting::look_again(tx, row, look, skips)?;
            }
            Ok::<_, StoreError>(())
        })?;
        Ok(())
    }
}

#[async_trait]
impl Service for Release {
    fn name(&self) -> &'static str {
        "release"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        Ok(self.step().await?)
    }

    async fn woken(&self) {
        self.context.ended.notified().await;
    }
}
