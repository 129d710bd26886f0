//! The queue of proofs. One keeper works on its database, so a claim needs no lease: what a process that died was proving is
//! released when the next one starts.

use rusqlite::{OptionalExtension, Transaction};

use super::LENGTH;
use crate::{
    StoreError,
    columns::integer,
    jobs::{self, Job, JobId, JobState},
};

/// Lets a job wait for its proof. A second answer of the same job would need another proof.
pub(crate) fn enqueue(tx: &Transaction<'_>, id: JobId) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO proofs (job) VALUES (?)")?.execute([id.0])?;
    Ok(())
}

/// Forgets failed attempts, because the operator asks for another.
pub(crate) fn renew_tries(tx: &Transaction<'_>, id: JobId) -> Result<(), StoreError> {
    let sql = "UPDATE proofs SET state = 'waiting', attempts = 0, not_before = 0 WHERE job = ? AND state <> 'proved'";
    tx.prepare_cached(sql)?.execute([id.0])?;
    Ok(())
}

/// Begins the proof whose request's deadline is the nearest, if fewer than `capacity` are being made. Returns its job.
///
/// # Errors
/// If the database fails.
pub fn claim(tx: &Transaction<'_>, capacity: u32, now: u64) -> Result<Option<Job>, StoreError> {
    let running: u32 = tx
        .prepare_cached("SELECT COUNT(*) FROM proofs WHERE state = 'proving'")?
        .query_row([], |row| row.get(0))?;
    if running >= capacity {
        return Ok(None);
    }
    let now = integer("time", now)?;
    let next: Option<i64> = tx
        .prepare_cached(
            "SELECT jobs.id FROM proofs JOIN jobs ON jobs.id = proofs.job WHERE proofs.state = 'waiting' \
             AND proofs.not_before <= ? AND jobs.state = 'answered' AND jobs.settled_block IS NULL \
             ORDER BY jobs.deadline, jobs.id LIMIT 1",
        )?
        .query_row([now], |row| row.get(0))
        .optional()?;
    let Some(id) = next else { return Ok(None) };
    tx.prepare_cached(
        "UPDATE proofs SET state = 'proving', attempts = attempts + 1, parts_done = 0, parts = 0, started_at = ? \
         WHERE job = ?",
    )?
    .execute((now, id))?;
    jobs::get(tx, JobId(id)).map(Some)
}

/// Notes how far a proof is. Returns whether it is still wanted: its job is neither cancelled, closed, withdrawn nor overdue.
///
/// # Errors
/// If the database fails.
pub fn progress(tx: &Transaction<'_>, id: JobId, parts: Option<(u32, u32)>) -> Result<bool, StoreError> {
    if let Some((done, of)) = parts {
        tx.prepare_cached("UPDATE proofs SET parts_done = ?, parts = ? WHERE job = ? AND state = 'proving'")?
            .execute((done, of, id.0))?;
    }
    let job = jobs::get(tx, id)?;
    Ok(job.state == JobState::Answered && job.settlement.is_none() && is_proving(tx, id)?)
}

/// Stores a finished proof. Returns whether it was being made: one that nobody waits for changes nothing.
///
/// # Errors
/// If the database fails.
pub fn complete(
    tx: &Transaction<'_>,
    id: JobId,
    proof: &[u8; LENGTH],
    proving_ms: u64,
    now: u64,
) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE proofs SET state = 'proved', proof = ?, proving_ms = ?, proved_at = ?, reason = NULL \
             WHERE job = ? AND state = 'proving'",
        )?
        .execute((proof.as_slice(), integer("proving time", proving_ms)?, integer("time", now)?, id.0))?;
    Ok(changed == 1)
}

/// Ends an attempt that failed. It is repeated from `not_before` on, or the job has failed if it was tried `max_attempts`
/// times. Returns whether it is repeated.
///
/// # Errors
/// If the database fails.
pub fn put_back(
    tx: &Transaction<'_>,
    id: JobId,
    reason: &str,
    not_before: u64,
    max_attempts: u32,
    now: u64,
) -> Result<bool, StoreError> {
    wait(tx, id, Some(reason), not_before)?;
    let attempts: u32 = tx
        .prepare_cached("SELECT attempts FROM proofs WHERE job = ?")?
        .query_row([id.0], |row| row.get(0))?;
    if attempts < max_attempts {
        return Ok(true);
    }
    fail_job(tx, id, &format!("no proof after {attempts} attempts: {reason}"), now)?;
    Ok(false)
}

/// Ends an attempt for good: the answer cannot be proved, however often it is tried. The job has failed.
///
/// # Errors
/// If the database fails.
pub fn give_up(tx: &Transaction<'_>, id: JobId, reason: &str, now: u64) -> Result<(), StoreError> {
    wait(tx, id, Some(reason), 0)?;
    fail_job(tx, id, &format!("no proof: {reason}"), now)
}

/// Ends an attempt that was only begun, because the keeper stops or nobody wants the proof any more: it does not count.
///
/// # Errors
/// If the database fails.
pub fn hand_back(tx: &Transaction<'_>, id: JobId) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE proofs SET attempts = attempts - 1 WHERE job = ? AND attempts > 0 AND state = 'proving'",
    )?
    .execute([id.0])?;
    wait(tx, id, None, 0)
}

/// Takes back what a process that died was proving: for the start of a keeper that is alone with its database. Each counts as
/// an attempt, so that a proof that brings the keeper down is given up in the end. Returns how many there were.
///
/// # Errors
/// If the database fails.
pub fn release_all(tx: &Transaction<'_>, max_attempts: u32, now: u64) -> Result<u32, StoreError> {
    let mut statement = tx.prepare_cached("SELECT job FROM proofs WHERE state = 'proving' ORDER BY job")?;
    let cut_off: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for id in &cut_off {
        put_back(tx, JobId(*id), "the keeper stopped during the proof", now, max_attempts, now)?;
    }
    u32::try_from(cut_off.len())
        .map_err(|_| StoreError::OutOfRange { what: "proofs", value: cut_off.len() as u64 })
}

fn is_proving(tx: &Transaction<'_>, id: JobId) -> Result<bool, StoreError> {
    let mut statement = tx.prepare_cached("SELECT 1 FROM proofs WHERE job = ? AND state = 'proving'")?;
    Ok(statement.exists([id.0])?)
}

fn wait(tx: &Transaction<'_>, id: JobId, reason: Option<&str>, not_before: u64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE proofs SET state = 'waiting', not_before = ?, reason = COALESCE(?, reason), parts_done = 0, parts = 0 \
         WHERE job = ? AND state = 'proving'",
    )?
    .execute((integer("time", not_before)?, reason, id.0))?;
    Ok(())
}

/// The job may have ended otherwise while its proof was being made.
fn fail_job(tx: &Transaction<'_>, id: JobId, reason: &str, now: u64) -> Result<(), StoreError> {
    match jobs::get(tx, id)? {
        Job { state: JobState::Answered, settlement: None, .. } => jobs::fail(tx, id, reason, now),
        _ => Ok(()),
    }
}
