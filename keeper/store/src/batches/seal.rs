//! Putting batches together, and taking apart those that will never be posted.

use alloy_primitives::{Address, B256};
use opg_receipts::batch::Batch as Commitment;
use rusqlite::Transaction;

use super::BatchId;
use crate::{
    StoreError,
    columns::integer,
    journal::{self, Intent, IntentId},
};

/// A leaf: the row of its receipt, and its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// The row, as in [`super::Waiting`].
    pub receipt: i64,
    /// The leaf of the tree.
    pub hash: B256,
}

/// A batch to be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBatch {
    /// Its identifier on the chain.
    pub name: B256,
    /// What is posted of it.
    pub commitment: Commitment,
    /// Leaves in order.
    pub leaves: Vec<Leaf>,
    /// Roots of the subtrees of [`super::PART_HEIGHT`], in order.
    pub parts: Vec<B256>,
    /// Where its data is served.
    pub uri: String,
}

/// Takes the receipts of `new` out of those that wait, and hands the batch's transaction to the journal of `signer`.
/// `intent` is made from the batch's number, which belongs into its key.
///
/// # Errors
/// If one of the receipts does not wait, or the database fails. Nothing has changed then.
pub fn seal(
    tx: &Transaction<'_>,
    new: &NewBatch,
    signer: Address,
    intent: impl FnOnce(BatchId) -> Intent,
    now: u64,
) -> Result<(BatchId, IntentId), StoreError> {
    tx.prepare_cached(
        "INSERT INTO batches (name, operator, root, count, first_at, last_at, data_hash, uri, parts, state, intent, \
         sealed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'posting', 0, ?)",
    )?
    .execute(rusqlite::params![
        new.name.0,
        new.commitment.operator.0.0,
        new.commitment.root.0,
        new.commitment.count,
        integer("time of issue", new.commitment.from)?,
        integer("time of issue", new.commitment.to)?,
        new.commitment.dataHash.0,
        new.uri,
        new.parts.concat(),
        integer("time", now)?,
    ])?;
    if new.leaves.len() != new.commitment.count as usize {
        return Err(StoreError::Corrupt {
            what: "batch",
            reason: format!("{} leaves for a count of {}", new.leaves.len(), new.commitment.count),
        });
    }
    let id = BatchId(tx.last_insert_rowid());
    let mut remove = tx.prepare_cached("DELETE FROM batch_waiting WHERE receipt = ?")?;
    let mut add =
        tx.prepare_cached("INSERT INTO batch_leaves (batch, leaf, receipt, hash) VALUES (?, ?, ?, ?)")?;
    for (index, leaf) in new.leaves.iter().enumerate() {
        if remove.execute([leaf.receipt])? != 1 {
            return Err(StoreError::Corrupt {
                what: "batch",
                reason: format!("receipt {} does not wait for a batch", leaf.receipt),
            });
        }
        add.execute((id.0, index as i64, leaf.receipt, leaf.hash.0))?;
    }
    let intent = journal::enqueue(tx, signer, &intent(id), now)?;
    tx.prepare_cached("UPDATE batches SET intent = ? WHERE id = ?")?.execute((intent.0, id.0))?;
    Ok((id, intent))
}

/// Lets the receipts of a batch wait again whose transaction never reaches the chain. Returns how many.
///
/// # Errors
/// If the batch is on the chain, or the database fails.
pub fn dissolve(tx: &Transaction<'_>, id: BatchId) -> Result<usize, StoreError> {
    let freed = free(tx, id)?;
    let removed =
        tx.prepare_cached("DELETE FROM batches WHERE id = ? AND state = 'posting'")?.execute([id.0])?;
    if removed == 1 { Ok(freed) } else { Err(not_so(id, "being posted")) }
}

/// Lets the receipts of a batch wait again that is on the chain and counts for nothing there. Returns how many.
///
/// # Errors
/// If the batch is not on the chain or is final, or the database fails.
pub fn revive(tx: &Transaction<'_>, id: BatchId) -> Result<usize, StoreError> {
    let freed = free(tx, id)?;
    tx.prepare_cached("DELETE FROM batch_demands WHERE batch = (SELECT name FROM batches WHERE id = ?)")?
        .execute([id.0])?;
    let removed =
        tx.prepare_cached("DELETE FROM batches WHERE id = ? AND state = 'posted'")?.execute([id.0])?;
    if removed == 1 { Ok(freed) } else { Err(not_so(id, "open to challenges")) }
}

fn free(tx: &Transaction<'_>, id: BatchId) -> Result<usize, StoreError> {
    let freed = tx
        .prepare_cached(
            "INSERT INTO batch_waiting (receipt, issued_at) \
             SELECT l.receipt, r.issued_at FROM batch_leaves l JOIN http_receipts r ON r.id = l.receipt \
             WHERE l.batch = ?",
        )?
        .execute([id.0])?;
    tx.prepare_cached("DELETE FROM batch_leaves WHERE batch = ?")?.execute([id.0])?;
    Ok(freed)
}

fn not_so(id: BatchId, what: &str) -> StoreError {
    StoreError::Corrupt { what: "batch", reason: format!("batch {id} is not {what}") }
}
