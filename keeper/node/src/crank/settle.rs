//! In flight → released, or looked at again.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use opg_chain::{
    journal::{self, IntentId, IntentState},
    rpc_trait::Head,
};
use opg_store::{
    StoreError,
    vesting::{self, Known, LastRelease, Look, ScheduleRow},
};

use super::{CrankError, Period, context::Context};
use crate::{Progress, Service, ServiceError};

/// Longest pause before a schedule that is left out again and again is tried again, in seconds.
const LONGEST_PAUSE: u64 = 30 * 86_400;

/// Pause between looks at what is in flight.
const LOOK: Duration = Duration::from_secs(2);

/// Watches releases until nothing about them can change.
#[derive(Debug)]
pub struct Settle {
    context: Arc<Context>,
}

/// Seconds for which a schedule rests that was left out `skips` times in a row.
pub(super) fn pause(context: &Context, skips: u32) -> u64 {
    let doubled = 1_u64 << skips.min(20);
    context.config.interval.saturating_mul(doubled).min(LONGEST_PAUSE)
}

impl Settle {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    async fn step(&self) -> Result<Progress, CrankError> {
        let context = &self.context;
        let flying = context.store.read(|tx| {
            let records = vesting::in_flight(tx)?.into_iter().map(|id| journal::record(tx, id));
            records.collect::<Result<Vec<_>, _>>()
        })?;
        let mut mined = false;
        for record in &flying {
            match &record.state {
                // What is not closed may still be undone, and its schedules would be believed released.
                _ if record.closed_at.is_none() => {
                    mined |=
                        matches!(record.state, IntentState::Mined { .. } | IntentState::Confirmed { .. });
                }
                IntentState::Failed { reason } => {
                    tracing::warn!(intent = %record.id, reason, "a release did not reach the chain");
                    self.settle(record.id, false).await?;
                }
                state => {
                    self.settle(record.id, matches!(state, IntentState::Confirmed { success: true, .. }))
                        .await?;
                }
            }
        }
        if mined {
            // There is room for another transaction, if there was none.
            context.ended.notify_one();
        }
        let poll = context.config.poll_interval;
        Ok(Progress::Wait(if flying.is_empty() { poll } else { poll.min(LOOK) }))
    }

    /// Ends the flight of the schedules of `intent` by what the vault says of them now.
    async fn settle(&self, intent: IntentId, succeeded: bool) -> Result<(), CrankError> {
        let context = &self.context;
        let rows = context.store.read(|tx| vesting::of_intent(tx, intent))?;
        let head = context.ledger.head().await?;
        let states = context.states(&rows).await?;
        let on_chain = context.store.read(|tx| {
            Ok::<_, StoreError>(!matches!(journal::outcome(tx, intent)?, IntentState::Failed { .. }))
        })?;
        let mut ended = LastRelease { at: head.timestamp, intent, schedules: 0, amount: 0 };
        let mut skipped = 0_u64;
        context.store.write(|tx| {
            for (row, known) in rows.iter().zip(&states) {
                let (look, as_of, skips) = self.ended(row, known, head, on_chain);
                if known.released > row.known.released {
                    ended.schedules += 1;
                    ended.amount = ended.amount.saturating_add(known.released - row.known.released);
                } else if on_chain {
                    skipped += 1;
                    tracing::warn!(
                        category = row.schedule.category,
                        index = row.schedule.index,
                        skips,
                        "a schedule was left out of its release; trying again later"
                    );
                }
                vesting::settle(tx, row, known, as_of, look, skips)?;
            }
            if succeeded && ended.schedules > 0 {
                vesting::note_release(tx, &ended)?;
            }
            Ok::<_, StoreError>(())
        })?;
        tracing::info!(intent = %intent, released = ended.schedules, skipped, amount = ended.amount, "a release ended");
        context.metrics.released.fetch_add(ended.schedules, Ordering::Relaxed);
        context.metrics.skipped.fetch_add(skipped, Ordering::Relaxed);
        context.metrics.failed.fetch_add(u64::from(!succeeded), Ordering::Relaxed);
        context.ended.notify_one();
        Ok(())
    }

    /// When to look again at a row whose transaction has ended.
    fn ended(&self, row: &ScheduleRow, known: &Known, head: Head, on_chain: bool) -> (Look, u64, u32) {
        let context = &self.context;
        let period = Period::at(head.timestamp, context.config.interval);
        let (look, as_of) = context.judge(row, known, head.number, period);
        if known.released > row.known.released {
            return (look, as_of, 0);
        }
        // Left out by the vault, it rests for longer each time. Not sent at all, it is free again in the next period.
        let skips = if on_chain { row.skips.saturating_add(1) } else { row.skips };
        let rest = if on_chain { pause(context, skips) } else { 0 };
        let earliest = period.end.saturating_add(rest);
        (Look { look_at: look.look_at.map(|at| at.max(earliest)), ..look }, as_of, skips)
    }
}

#[async_trait]
impl Service for Settle {
    fn name(&self) -> &'static str {
        "settle"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        Ok(self.step().await?)
    }

    async fn woken(&self) {
        self.context.begun.notified().await;
    }
}
