//! Handing an answer to the journal and hearing back.

use rusqlite::Transaction;

use super::{
    JobId, JobState,
    rows::{move_to, require, set_reason},
};
use crate::{StoreError, columns::integer, journal::IntentId};

/// Notes that the journal has the intent to deliver the answer. Call it in the transaction that enqueues the intent.
///
/// # Errors
/// If the job is not `Answered`.
pub fn submit(tx: &Transaction<'_>, id: JobId, intent: IntentId, now: u64) -> Result<(), StoreError> {
    require(tx, id, &[JobState::Answered])?;
    tx.prepare_cached(
        "UPDATE jobs SET intent = ?, submissions = submissions + 1, submitted_at = COALESCE(submitted_at, ?), \
         reason = NULL WHERE id = ?",
    )?
    .execute((intent.0, integer("time", now)?, id.0))?;
    move_to(tx, id, JobState::Submitted, now)
}

/// Puts off the submission of an answer, because it is not yet our turn or the chain does not accept it yet.
///
/// # Errors
/// If the job is not `Answered`.
pub fn postpone(tx: &Transaction<'_>, id: JobId, reason: &str, not_before: u64) -> Result<(), StoreError> {
    require(tx, id, &[JobState::Answered])?;
    set_not_before(tx, id, not_before)?;
    set_reason(tx, id, reason)
}

/// Takes a job back whose intent failed, so that the answer is delivered again from `not_before` on.
///
/// # Errors
/// If the job is not `Submitted`.
pub fn reopen(
    tx: &Transaction<'_>,
    id: JobId,
    reason: &str,
    not_before: u64,
    now: u64,
) -> Result<(), StoreError> {
    require(tx, id, &[JobState::Submitted])?;
    set_not_before(tx, id, not_before)?;
    set_reason(tx, id, reason)?;
    move_to(tx, id, JobState::Answered, now)?;
    tx.prepare_cached("UPDATE jobs SET intent = NULL WHERE id = ?")?.execute([id.0])?;
    Ok(())
}

/// Notes when the first transaction for the job went out.
///
/// # Errors
/// If the database fails.
pub fn note_broadcast(tx: &Transaction<'_>, id: JobId, now: u64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE jobs SET broadcast_at = COALESCE(broadcast_at, ?) WHERE id = ?")?
        .execute((integer("time", now)?, id.0))?;
    Ok(())
}

fn set_not_before(tx: &Transaction<'_>, id: JobId, not_before: u64) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE jobs SET not_before = ? WHERE id = ?")?
        .execute((integer("time", not_before)?, id.0))?;
    Ok(())
}
