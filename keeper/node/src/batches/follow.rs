//! From the chain into the store.

use std::sync::atomic::Ordering::Relaxed;

use opg_chain::events::{ChainEvent, Cursor, LoggedEvent, Segment};
use opg_store::{
    StoreError,
    batches::{self, Demand, Posted},
    cursors,
};
use rusqlite::Transaction;

use super::BatchesRole;
use crate::ServiceError;

/// Name of the cursor.
const CURSOR: &str = "batches";

impl BatchesRole {
    /// Takes one step along the chain. False at its end.
    pub(super) async fn follow(&self) -> Result<bool, ServiceError> {
        let blocks = self.parts.store.read(|tx| cursors::load(tx, CURSOR))?;
        let Some(segment) = self.parts.ledger.poll(&Cursor::from_blocks(blocks)).await? else {
            return Ok(false);
        };
        let more = segment.behind() > 0;
        self.apply(&segment)?;
        Ok(more)
    }

    fn apply(&self, segment: &Segment) -> Result<(), StoreError> {
        self.parts.store.write(|tx| {
            if let Some(ancestor) = segment.rollback_to {
                batches::roll_back(tx, ancestor)?;
            }
            for logged in &segment.events {
                self.note(tx, logged)?;
            }
            cursors::save(tx, CURSOR, segment.cursor.blocks())
        })
    }

    fn note(&self, tx: &Transaction<'_>, logged: &LoggedEvent) -> Result<(), StoreError> {
        let metrics = &self.metrics;
        match &logged.event {
            ChainEvent::BatchPosted { batch_id, batch, final_at, .. }
                if batch.operator == self.config.operator =>
            {
                let posted =
                    Posted { block: logged.block, transaction: logged.transaction, final_at: *final_at };
                if batches::note_posted(tx, *batch_id, &posted)? {
                    metrics.posted.fetch_add(1, Relaxed);
                    tracing::info!(batch = %batch_id, count = batch.count, block = logged.block, "a batch is on the chain");
                } else {
                    tracing::warn!(batch = %batch_id, "a batch of this operator is not in the state database");
                }
            }
            ChainEvent::LeafDemanded { batch_id, index, deadline, final_at }
                if batches::by_name(tx, *batch_id)?.is_some() =>
            {
                tracing::info!(batch = %batch_id, leaf = index, deadline, "a leaf is demanded");
                let demand =
                    Demand { batch: *batch_id, leaf: *index, block: logged.block, deadline: *deadline };
                batches::note_demand(tx, &demand, *final_at)?;
            }
            ChainEvent::LeafAnswered { batch_id, index } => {
                batches::close_demand(tx, *batch_id, *index, logged.block)?;
            }
            ChainEvent::LeafUnanswered { batch_id, index } => {
                if batches::by_name(tx, *batch_id)?.is_some() {
                    metrics.unanswered.fetch_add(1, Relaxed);
                    tracing::error!(batch = %batch_id, leaf = index, "a demanded leaf was not shown in time");
                }
                batches::close_demand(tx, *batch_id, *index, logged.block)?;
            }
            _ => {}
        }
        Ok(())
    }
}
