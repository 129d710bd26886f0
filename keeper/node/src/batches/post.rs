//! From waiting receipts to batches with the journal, and back where that fails.

use std::sync::{PoisonError, atomic::Ordering::Relaxed};

use alloy::{
    primitives::{Bytes, U256, keccak256},
    sol_types::SolCall as _,
};
use opg_chain::{
    batches::BatchStatus,
    bindings::IReceiptBatches::postBatchCall,
    journal::{self, Intent, IntentState},
    rpc_trait::Head,
};
use opg_receipts::{
    batch::{Batch, BatchTree, encode_record, leaf_of},
    receipt_domain,
};
use opg_store::{
    StoreError,
    batches::{self, BatchId, Leaf, NewBatch, PART_HEIGHT, Waiting},
};

use super::{BatchTimes, BatchesConfig, BatchesRole};
use crate::ServiceError;

/// When receipts are posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// Once there are enough, or the oldest has waited long enough.
    Due,
    /// Now: the keeper ends.
    Now,
}

impl BatchesRole {
    /// Lets the receipts of batches wait again whose transactions never reach the chain.
    pub(super) fn dissolve(&self, times: BatchTimes) -> Result<(), StoreError> {
        let store = &self.parts.store;
        for batch in store.read(batches::posting)? {
            let record = store.read(|tx| journal::record(tx, batch.intent))?;
            let reason = match &record.state {
                IntentState::Failed { reason } => reason.clone(),
                // What is not closed may be undone and succeed after all.
                IntentState::Confirmed { hash, success: false, .. } if record.closed_at.is_some() => {
                    format!("transaction {hash} reverted")
                }
                _ => continue,
            };
            let receipts = store.write(|tx| batches::dissolve(tx, batch.id))?;
            self.metrics.dissolved.fetch_add(1, Relaxed);
            // Whatever it was, it would be the same now.
            self.rest(times.receipt_age / 60 + 1);
            tracing::warn!(batch = %batch.name, receipts, reason, "a batch did not reach the chain; its receipts wait again");
        }
        Ok(())
    }

    /// Lets the receipts of batches wait again that count for nothing on the chain, because the key that posted them was
    /// replaced before they were mined. Asked once for each, when its block no longer changes.
    pub(super) async fn revive(&self, deep: u64) -> Result<(), ServiceError> {
        let store = &self.parts.store;
        for batch in store.read(|tx| batches::pending(tx, deep))? {
            if self.sound.lock().unwrap_or_else(PoisonError::into_inner).contains(&batch.id) {
                continue;
            }
            if self.parts.ledger.status(&batch.commitment).await? == BatchStatus::Void {
                let receipts = store.write(|tx| batches::revive(tx, batch.id))?;
                self.metrics.voided.fetch_add(1, Relaxed);
                tracing::warn!(batch = %batch.name, receipts, "a batch counts for nothing on the chain; its receipts wait again");
            } else {
                self.sound.lock().unwrap_or_else(PoisonError::into_inner).insert(batch.id);
            }
        }
        Ok(())
    }

    /// Whether what this keeper posts now would count: it posts as the operator or as the operator's key.
    async fn may_post(&self, head: Head) -> Result<bool, ServiceError> {
        let BatchesConfig { operator, signer, .. } = self.config;
        if signer == operator {
            return Ok(true);
        }
        let key = self.parts.ledger.signer_of(operator, head.timestamp.saturating_sub(1)).await?;
        // An operator that is not active has none; batches of what it signed before still count.
        if key.is_none_or(|key| key == signer) {
            return Ok(true);
        }
        self.rest(60);
        tracing::error!(key = ?key, %signer, "the operator's key is another one than this keeper's: nothing is posted; start the keeper with the new key");
        Ok(false)
    }

    /// Gives up receipts that no batch can contain any more.
    pub(super) fn give_up_late(&self, head: Head, times: BatchTimes) -> Result<(), StoreError> {
        let spare = times.receipt_age / 20;
        let limit = (head.timestamp + spare).saturating_sub(times.receipt_age);
        let oldest = self.parts.store.read(batches::oldest)?;
        if oldest.is_some_and(|oldest| oldest < limit) {
            let late = self.parts.store.write(|tx| batches::drop_late(tx, limit))?;
            self.metrics.late.fetch_add(late as u64, Relaxed);
            tracing::error!(
                receipts = late,
                "receipts could not be posted within {} s of the time that is signed in them and will be in no batch: the \
                 chain could not be reached for so long, or the clock was wrong when they were signed (`opg doctor`); the \
                 payers still hold them",
                times.receipt_age
            );
        }
        Ok(())
    }

    /// Puts one batch together and hands it to the journal. False if none is due.
    pub(super) async fn seal(&self, when: When, head: Head, times: BatchTimes) -> Result<bool, ServiceError> {
        let (config, store) = (&self.config, &self.parts.store);
        let Some(oldest) = store.read(batches::oldest)? else { return Ok(false) };
        let age = config.max_age.min(times.receipt_age / 2);
        let due = when == When::Now
            || oldest.saturating_add(age) <= head.timestamp
            || store.read(|tx| batches::holds(tx, config.max_count, head.timestamp))?;
        if !due || (when == When::Due && self.rests()) || !self.may_post(head).await? {
            return Ok(false);
        }
        // What the chain says of a second is not settled before the next. Receipts from ahead of the chain, signed by a
        // clock that is wrong, hold no others back.
        let past = store.read(|tx| batches::waiting(tx, config.max_count, head.timestamp))?;
        let mut fit = self.sift(past).await?;
        let Some(mut new) = self.compose(fit.clone()).await? else { return Ok(false) };
        // The same batch cannot be posted twice; in another order its receipts are another one.
        while self.parts.ledger.status(&new.commitment).await? != BatchStatus::Unknown {
            if fit.len() == 1 {
                return Ok(false);
            }
            fit.rotate_left(1);
            let Some(other) = self.compose(fit.clone()).await? else { return Ok(false) };
            new = other;
        }
        let now = self.parts.clock.now_ms() / 1_000;
        let deadline = new.commitment.from.saturating_add(times.receipt_age);
        let (id, intent) = store
            .write(|tx| batches::seal(tx, &new, config.signer, |id| self.intent(id, &new, deadline), now))?;
        self.metrics.sealed.fetch_add(1, Relaxed);
        self.metrics.receipts.fetch_add(new.leaves.len() as u64, Relaxed);
        tracing::info!(batch = %new.name, number = %id, count = new.leaves.len(), %intent, "a batch was put together");
        self.wake();
        Ok(true)
    }

    /// Thousands of hashes: not where connections are served.
    async fn compose(&self, fit: Vec<Waiting>) -> Result<Option<NewBatch>, ServiceError> {
        let settings = self.config.clone();
        let composed = tokio::task::spawn_blocking(move || compose(&settings, &fit)).await;
        composed.map_err(|error| ServiceError::Recoverable(error.to_string()))
    }

    fn intent(&self, id: BatchId, new: &NewBatch, deadline: u64) -> Intent {
        let Batch { operator, root, count, from, to, dataHash } = new.commitment.clone();
        let call = postBatchCall { operator, root, count, from, to, dataHash, uri: new.uri.clone() };
        Intent {
            key: format!("batch:{}:{id}", self.config.registry),
            purpose: format!("post a batch of {count} receipts"),
            to: self.config.registry,
            calldata: Bytes::from(call.abi_encode()),
            value: U256::ZERO,
            deadline: Some(deadline),
            max_cost: None,
        }
    }
}

/// The batch of all of `fit`. `None` if there are none.
fn compose(config: &BatchesConfig, fit: &[Waiting]) -> Option<NewBatch> {
    let domain = receipt_domain(config.chain_id, config.proof_registry);
    let count = u32::try_from(fit.len()).ok()?;
    let (mut leaves, mut data) = (Vec::with_capacity(fit.len()), Vec::new());
    for (index, row) in (0..count).zip(fit) {
        leaves.push(Leaf { receipt: row.receipt, hash: leaf_of(index, count, &row.signed, &domain) });
        data.extend_from_slice(&encode_record(&row.signed));
    }
    let tree = BatchTree::new(leaves.iter().map(|leaf| leaf.hash).collect())?;
    let times = || fit.iter().map(|row| row.signed.receipt().issuedAt);
    let commitment = Batch {
        operator: config.operator,
        root: tree.root(),
        count,
        from: times().min()?,
        to: times().max()?,
        dataHash: keccak256(&data),
    };
    let name = commitment.id(config.chain_id, config.registry);
    Some(NewBatch {
        // Short: each byte of it is paid for with the batch.
        uri: format!("{}/b/{name:x}", config.public_url),
        parts: tree.nodes(PART_HEIGHT).to_vec(),
        name,
        commitment,
        leaves,
    })
}
