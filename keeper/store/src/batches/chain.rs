//! What the chain says about batches.

use alloy_primitives::B256;
use rusqlite::Transaction;

use crate::{StoreError, columns::integer};

/// Where a batch was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posted {
    /// Height of the block.
    pub block: u64,
    /// The transaction.
    pub transaction: B256,
    /// Unix time from which it cannot be challenged.
    pub final_at: u64,
}

/// Notes that the batch of this name is on the chain. False if there is no such batch here.
///
/// # Errors
/// If the database fails.
pub fn note_posted(tx: &Transaction<'_>, name: B256, posted: &Posted) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE batches SET state = 'posted', block = ?2, posted_tx = ?3, final_at = ?4 \
             WHERE name = ?1 AND state <> 'final'",
        )?
        .execute((
            name.0,
            integer("block number", posted.block)?,
            posted.transaction.0,
            integer("end of the challenges", posted.final_at)?,
        ))?;
    Ok(changed == 1)
}

/// Forgets what was noted from blocks above `block`, which are no longer on the chain. Batches from there are being posted
/// again: the journal does it.
///
/// # Errors
/// If the database fails.
pub fn roll_back(tx: &Transaction<'_>, block: u64) -> Result<(), StoreError> {
    let block = integer("block number", block)?;
    tx.prepare_cached(
        "UPDATE batches SET state = 'posting', block = NULL, posted_tx = NULL, final_at = NULL \
         WHERE state = 'posted' AND block > ?",
    )?
    .execute([block])?;
    tx.prepare_cached("DELETE FROM batch_demands WHERE block > ?")?.execute([block])?;
    tx.prepare_cached("UPDATE batch_demands SET closed = NULL WHERE closed > ?")?.execute([block])?;
    Ok(())
}

/// Ends batches that were posted up to `block`, which is final, and whose time of challenges was over at `time`, and in
/// which no leaf is demanded. Returns how many.
///
/// # Errors
/// If the database fails.
pub fn finalise(tx: &Transaction<'_>, block: u64, time: u64) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached(
            "UPDATE batches SET state = 'final' WHERE state = 'posted' AND block <= ? AND final_at <= ? \
             AND NOT EXISTS (SELECT 1 FROM batch_demands d WHERE d.batch = batches.name AND d.closed IS NULL)",
        )?
        .execute((integer("block number", block)?, integer("time", time)?))?)
}
