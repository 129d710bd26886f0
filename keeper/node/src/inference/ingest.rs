//! From the chain into the store.

use std::sync::{Arc, atomic::Ordering};

use async_trait::async_trait;
use opg_chain::events::{ChainEvent, Cursor, LoggedEvent, Segment};
use opg_store::{
    StoreError, cursors,
    jobs::{self, NewJob, Settlement, Sighting},
};
use rusqlite::Transaction;

use super::context::Context;
use crate::{Progress, Service, ServiceError};

/// Name of the role's cursor.
const CURSOR: &str = "inference";

/// Applies each step of the chain in one transaction.
#[derive(Debug)]
pub struct Ingest {
    context: Arc<Context>,
}

/// What a step changed, for the services that wait for it.
#[derive(Default)]
struct Changes {
    requests: u64,
    /// Whether a running job may be concerned.
    disturbing: bool,
}

impl Ingest {
    pub(super) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    fn apply(&self, segment: &Segment) -> Result<Changes, StoreError> {
        let now = self.context.clock.now_ms();
        self.context.store.write(|tx| {
            let mut changes = Changes::default();
            if let Some(ancestor) = segment.rollback_to {
                let withdrawn = jobs::roll_back(tx, ancestor, now)?;
                tracing::info!(ancestor, withdrawn = withdrawn.len(), "followed a reorganisation");
                changes.disturbing = true;
            }
            for logged in &segment.events {
                self.apply_event(tx, logged, now, &mut changes)?;
            }
            cursors::save(tx, CURSOR, segment.cursor.blocks())?;
            Ok(changes)
        })
    }

    fn apply_event(
        &self,
        tx: &Transaction<'_>,
        logged: &LoggedEvent,
        now: u64,
        changes: &mut Changes,
    ) -> Result<(), StoreError> {
        let operator = self.context.config.operator;
        match &logged.event {
            ChainEvent::InferenceRequested { request_id, request, input } => {
                let new = NewJob {
                    request_id: *request_id,
                    request: request.clone(),
                    input: input.clone(),
                    block_hash: logged.block_hash,
                };
                match jobs::see(tx, &new, now)? {
                    Sighting::New(id) => {
                        changes.requests += 1;
                        tracing::debug!(job = %id, %request_id, "request seen");
                    }
                    Sighting::Returned(id, state) => {
                        tracing::info!(job = %id, %request_id, %state, "request returned after a reorganisation");
                    }
                    Sighting::Known(_) => {}
                }
            }
            ChainEvent::InferenceFulfilled { request_id, operator, .. } => {
                let settlement = Settlement {
                    block: logged.block,
                    transaction: logged.transaction,
                    operator: Some(*operator),
                };
                changes.disturbing |= jobs::note_settlement(tx, *request_id, &settlement, now)?.is_some();
            }
            ChainEvent::RequestExpired { request_id, .. } => {
                let settlement =
                    Settlement { block: logged.block, transaction: logged.transaction, operator: None };
                changes.disturbing |= jobs::note_settlement(tx, *request_id, &settlement, now)?.is_some();
            }
            // Whether this operator is active is asked of the chain for each decision; people want to know why.
            ChainEvent::OperatorRetired { operator: who } if *who == operator => {
                tracing::warn!("this operator retired");
            }
            ChainEvent::OperatorJailed { operator: who, until } if *who == operator => {
                tracing::warn!(until, "this operator was jailed; `opg operator show` says why");
            }
            ChainEvent::OperatorUnjailed { operator: who } if *who == operator => {
                tracing::info!("this operator was unjailed");
            }
            ChainEvent::SignerSet { operator: who, signer, valid_from } if *who == operator => {
                tracing::warn!(%signer, valid_from, "this operator's key changed");
            }
            _ => {}
        }
        Ok(())
    }

    fn announce(&self, segment: &Segment, changes: &Changes) {
        let Context { signals, metrics, .. } = &*self.context;
        metrics.requests.fetch_add(changes.requests, Ordering::Relaxed);
        if segment.rollback_to.is_some() {
            metrics.reorganisations.fetch_add(1, Ordering::Relaxed);
        }
        if changes.disturbing {
            signals.disturb_runs();
        }
        signals.decide.notify_one();
        signals.run.notify_one();
        signals.submit.notify_one();
        signals.settle.notify_one();
    }
}

#[async_trait]
impl Service for Ingest {
    fn name(&self) -> &'static str {
        "ingest"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        let context = &self.context;
        let blocks = context.store.read(|tx| cursors::load(tx, CURSOR))?;
        let Some(segment) = context.ledger.poll(&Cursor::from_blocks(blocks)).await? else {
            if context.head().is_none() {
                context.set_head(Some(context.ledger.head().await?));
                context.signals.decide.notify_one();
                context.signals.submit.notify_one();
            }
            return Ok(Progress::Wait(context.config.poll_interval));
        };
        let changes = self.apply(&segment)?;
        let caught_up = segment.behind() == 0;
        context.set_head(caught_up.then_some(segment.head));
        self.announce(&segment, &changes);
        Ok(if caught_up { Progress::Wait(context.config.poll_interval) } else { Progress::More })
    }
}
