//! Leaves that are demanded are shown.

use std::sync::atomic::Ordering::Relaxed;

use alloy::{
    primitives::{Bytes, U256},
    sol_types::SolCall as _,
};
use opg_chain::{
    bindings::IReceiptBatches::answerLeafCall,
    journal::{self, Intent, IntentState},
    rpc_trait::Head,
};
use opg_store::{
    StoreError,
    batches::{self, Demand},
};
use rusqlite::Transaction;

use super::BatchesRole;

/// Transactions for one leaf, if they keep failing.
const ATTEMPTS: u32 = 8;

impl BatchesRole {
    /// Hands the leaves that are demanded to the journal, each once unless that fails.
    pub(super) fn answer(&self, head: Head) -> Result<(), StoreError> {
        let store = &self.parts.store;
        for demand in store.read(batches::open_demands)? {
            if demand.deadline < head.timestamp {
                continue;
            }
            let begun = store.write(|tx| self.answer_one(tx, &demand))?;
            if begun {
                self.metrics.answers.fetch_add(1, Relaxed);
                tracing::info!(batch = %demand.batch, leaf = demand.leaf, "a demanded leaf is being shown");
                self.wake();
            }
        }
        Ok(())
    }

    /// True if a transaction was handed over.
    fn answer_one(&self, tx: &Transaction<'_>, demand: &Demand) -> Result<bool, StoreError> {
        let Some(key) = self.next_key(tx, demand)? else { return Ok(false) };
        let Some(batch) = batches::by_name(tx, demand.batch)? else { return Ok(false) };
        let signed = batches::records(tx, batch.id, demand.leaf, 1)?.pop();
        let proof = batches::proof(tx, batch.id, demand.leaf)?;
        let (Some(signed), Some(proof)) = (signed, proof) else {
            let reason = format!("batch {} has no leaf {}", batch.id, demand.leaf);
            return Err(StoreError::Corrupt { what: "batch", reason });
        };
        let call = answerLeafCall {
            batch: batch.commitment.into(),
            index: U256::from(demand.leaf),
            leaf: (&signed).into(),
            proof,
        };
        let intent = Intent {
            key,
            purpose: format!("show leaf {} of batch {}", demand.leaf, demand.batch),
            to: self.config.registry,
            calldata: Bytes::from(call.abi_encode()),
            value: U256::ZERO,
            deadline: Some(demand.deadline),
            max_cost: None,
        };
        journal::enqueue(tx, self.config.signer, &intent, self.parts.clock.now_ms() / 1_000)?;
        Ok(true)
    }

    /// The key of the next transaction for a leaf; `None` while one is under way, after one succeeded, or after too many
    /// failed.
    fn next_key(&self, tx: &Transaction<'_>, demand: &Demand) -> Result<Option<String>, StoreError> {
        for attempt in 0..ATTEMPTS {
            let key = format!("leaf:{}:{}:{attempt}", demand.batch, demand.leaf);
            let Some(intent) = journal::find(tx, self.config.signer, &key)? else { return Ok(Some(key)) };
            match journal::outcome(tx, intent)? {
                IntentState::Failed { .. } | IntentState::Confirmed { success: false, .. } => {}
                _ => return Ok(None),
            }
        }
        Ok(None)
    }
}
