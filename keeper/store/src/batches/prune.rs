//! What is final and old loses its receipts and answers. What was committed to stays, and which requests were answered.

use alloy_primitives::B256;
use rusqlite::{OptionalExtension, Transaction};

use super::{Batch, BatchId, Place, leaves::read_place, model::decode, place_of};
use crate::{
    StoreError,
    columns::{Columns, integer},
};

/// How far a batch that is pruned has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pruned {
    /// Receipts that were removed now.
    pub receipts: usize,
    /// None is left.
    pub done: bool,
}

/// The batch to be pruned next: one that was begun, or else the oldest that is final, of which no leaf is demanded, and whose
/// receipts were all issued up to `time`.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn next_to_prune(tx: &Transaction<'_>, time: u64) -> Result<Option<Batch>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT * FROM batches WHERE state = 'final' AND expired < 2 AND (expired = 1 OR last_at <= ?) \
         AND NOT EXISTS (SELECT 1 FROM batch_demands d WHERE d.batch = batches.name AND d.closed IS NULL) \
         ORDER BY last_at LIMIT 1",
    )?;
    let read =
        statement.query_row([integer("time", time)?], |row| Ok(decode(&Columns::new(row)))).optional()?;
    read.transpose()
}

/// Removes up to `limit` receipts of a batch with their answers and leaves. From the first time on nothing of the batch is
/// served, so that nobody sees a part of it.
///
/// # Errors
/// If the batch is not final, or the database fails. Nothing has changed then.
pub fn prune(tx: &Transaction<'_>, id: BatchId, limit: u32) -> Result<Pruned, StoreError> {
    let begun = tx
        .prepare_cached("UPDATE batches SET expired = 1 WHERE id = ? AND state = 'final' AND expired < 2")?
        .execute([id.0])?;
    if begun != 1 {
        let reason = format!("batch {id} is not final, or was pruned already");
        return Err(StoreError::Corrupt { what: "batch", reason });
    }
    let leaves = tx
        .prepare_cached("SELECT leaf, receipt FROM batch_leaves WHERE batch = ? ORDER BY leaf LIMIT ?")?
        .query_map((id.0, limit), |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<Vec<(i64, i64)>, _>>()?;
    let mut remember = tx.prepare_cached(
        "INSERT INTO pruned_receipts (request_id, batch, leaf) \
         SELECT request_id, ?2, ?3 FROM http_receipts WHERE id = ?1",
    )?;
    let mut remove_leaf = tx.prepare_cached("DELETE FROM batch_leaves WHERE batch = ? AND leaf = ?")?;
    let mut remove = tx.prepare_cached("DELETE FROM http_receipts WHERE id = ?")?;
    for (leaf, receipt) in &leaves {
        remember.execute((receipt, id.0, leaf))?;
        remove_leaf.execute((id.0, leaf))?;
        remove.execute([receipt])?;
    }
    let done = leaves.len() < limit as usize;
    if done {
        tx.prepare_cached("UPDATE batches SET expired = 2, parts = x'' WHERE id = ?")?.execute([id.0])?;
    }
    Ok(Pruned { receipts: leaves.len(), done })
}

/// Where the receipt of `request_id` stood, if it was pruned or its batch is being pruned.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn expired_place(tx: &Transaction<'_>, request_id: B256) -> Result<Option<Place>, StoreError> {
    let sql =
        "SELECT b.*, p.leaf FROM pruned_receipts p JOIN batches b ON b.id = p.batch WHERE p.request_id = ?";
    match read_place(tx, sql, request_id)? {
        Some(place) => Ok(Some(place)),
        None => Ok(place_of(tx, request_id)?.filter(|place| place.batch.expired)),
    }
}

/// Whether `request_id` was answered by what was pruned since.
///
/// # Errors
/// If the database fails.
pub fn was_pruned(tx: &Transaction<'_>, request_id: B256) -> Result<bool, StoreError> {
    let mut statement = tx.prepare_cached("SELECT 1 FROM pruned_receipts WHERE request_id = ?")?;
    Ok(statement.exists([request_id.0])?)
}
