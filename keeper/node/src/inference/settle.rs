//! Submitted → Succeeded, Failed, or delivered again.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use async_trait::async_trait;
use opg_chain::journal::{self, IntentState};
use opg_store::{
    StoreError,
    jobs::{self, Filter, Job, JobState},
};
use rusqlite::Transaction;

use super::context::Context;
use crate::{Progress, Service, ServiceError};

/// Pause between looks at an intent that has not been broadcast: its time is recorded to this precision.
const BROADCAST_POLL: Duration = Duration::from_millis(20);

/// Watches deliveries and ends jobs.
#[derive(Debug)]
pub struct Settle {
    context: Arc<Context>,
}

impl Settle {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    /// Looks at one delivery. Returns whether its first transaction is still to come.
    fn watch(&self, tx: &Transaction<'_>, job: &Job, now: u64) -> Result<bool, StoreError> {
        let Some(intent) = job.intent else { return Ok(false) };
        match journal::outcome(tx, intent)? {
            IntentState::Queued | IntentState::Prepared => Ok(job.stages.broadcast.is_none()),
            IntentState::Broadcast
            | IntentState::Mined { .. }
            | IntentState::Confirmed { success: true, .. } => {
                // Whether the answer was accepted is the business of the hub's event, which ingest notes.
                if job.stages.broadcast.is_none() {
                    jobs::note_broadcast(tx, job.id, now)?;
                }
                Ok(false)
            }
            IntentState::Confirmed { success: false, hash, .. } => {
                jobs::note_broadcast(tx, job.id, now)?;
                self.deliver_again(tx, job, &format!("transaction {hash} reverted"), now)?;
                Ok(false)
            }
            IntentState::Failed { reason } => {
                self.deliver_again(tx, job, &reason, now)?;
                Ok(false)
            }
        }
    }

    fn deliver_again(
        &self,
        tx: &Transaction<'_>,
        job: &Job,
        reason: &str,
        now: u64,
    ) -> Result<(), StoreError> {
        if job.settlement.is_some() {
            // Closed on the chain, by us or another: the depth decides, not the transaction.
            return Ok(());
        }
        let config = &self.context.config;
        if job.submissions >= config.max_submissions {
            tracing::warn!(job = %job.id, reason, "the answer could not be delivered");
            self.context.metrics.unsuccessful.fetch_add(1, Ordering::Relaxed);
            let reason = format!("given up after {} deliveries: {reason}", job.submissions);
            return jobs::fail(tx, job.id, &reason, now);
        }
        tracing::warn!(job = %job.id, reason, "the delivery failed; it is repeated");
        jobs::reopen(tx, job.id, reason, now.saturating_add(config.pause_ms(job.submissions)), now)
    }

    /// Ends what the chain has closed for good or what is overdue.
    fn finish(&self, tx: &Transaction<'_>, now: u64) -> Result<(u64, u64), StoreError> {
        let Some(head) = self.context.head() else { return Ok((0, 0)) };
        let config = &self.context.config;
        let (mut succeeded, mut unsuccessful) = (0, 0);
        let depth = (head.number + 1).saturating_sub(config.confirmations.max(1));
        for (id, state) in jobs::finish_settled(tx, depth, config.operator, now)? {
            tracing::info!(job = %id, %state, "finished");
            if state == JobState::Succeeded { succeeded += 1 } else { unsuccessful += 1 }
        }
        let expired = jobs::expire_overdue(tx, head.timestamp, config.expiry_grace, now)?;
        for id in &expired {
            tracing::info!(job = %id, "expired");
        }
        Ok((succeeded, unsuccessful + expired.len() as u64))
    }
}

#[async_trait]
impl Service for Settle {
    fn name(&self) -> &'static str {
        "settle"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        let context = &self.context;
        let now = context.clock.now_ms();
        let (awaiting_broadcast, finished) = context.store.write(|tx| {
            let submitted = Filter { states: vec![JobState::Submitted], ..Filter::default() };
            let mut awaiting = false;
            for job in jobs::list(tx, &submitted)? {
                awaiting |= self.watch(tx, &job, now)?;
            }
            Ok::<_, StoreError>((awaiting, self.finish(tx, now)?))
        })?;
        let (succeeded, unsuccessful) = finished;
        context.metrics.succeeded.fetch_add(succeeded, Ordering::Relaxed);
        context.metrics.unsuccessful.fetch_add(unsuccessful, Ordering::Relaxed);
        if unsuccessful > 0 {
            context.signals.disturb_runs();
        }
        let wait = if awaiting_broadcast { BROADCAST_POLL } else { context.config.poll_interval };
        Ok(Progress::Wait(wait))
    }

    async fn woken(&self) {
        self.context.signals.settle.notified().await;
    }
}
