//! The work queue: accepted jobs are run by one worker at a time, under a lease.
//!
//! A worker that keeps its lease alive by heartbeats is alone with the job. One that falls silent loses it, and what it
//! still delivers is refused.

use rusqlite::{OptionalExtension, Transaction};

use super::{
    Job, JobId, JobState, query,
    rows::{move_to, select, set_reason, state_of},
};
use crate::{StoreError, columns::integer};

/// Who wants a job and on what terms. Times are unix milliseconds.
#[derive(Debug, Clone)]
pub struct Claim<'a> {
    /// Name of the worker, different after every start.
    pub owner: &'a str,
    /// Time now.
    pub now: u64,
    /// Until when the lease holds without a heartbeat.
    pub until: u64,
    /// Most jobs that the owner may run at once.
    pub capacity: u32,
    /// Runs after which a job is given up.
    pub max_attempts: u32,
}

/// Takes the oldest job that is due, if the owner has room for it.
///
/// # Errors
/// If the database fails.
pub fn claim(tx: &Transaction<'_>, claim: &Claim<'_>) -> Result<Option<Job>, StoreError> {
    end_lapsed_leases(tx, claim)?;
    let running: u32 = tx
        .prepare_cached("SELECT COUNT(*) FROM jobs WHERE state = 'running' AND lease_owner = ?")?
        .query_row([claim.owner], |row| row.get(0))?;
    if running >= claim.capacity {
        return Ok(None);
    }
    let Some(job) = query::ready(tx, JobState::Accepted, claim.now, 1)?.pop() else { return Ok(None) };
    tx.prepare_cached(
        "UPDATE jobs SET state = 'running', lease_owner = ?, lease_until = ?, attempts = attempts + 1, \
         started_at = ?, reason = NULL WHERE id = ? AND state = 'accepted'",
    )?
    .execute((claim.owner, integer("lease", claim.until)?, integer("time", claim.now)?, job.id.0))?;
    query::get(tx, job.id).map(Some)
}

fn end_lapsed_leases(tx: &Transaction<'_>, claim: &Claim<'_>) -> Result<(), StoreError> {
    let lapsed = select(
        tx,
        "WHERE state = 'running' AND lease_until <= ? ORDER BY id",
        [integer("time", claim.now)?],
    )?;
    for job in lapsed {
        let owner = job.lease.map(|lease| lease.owner).unwrap_or_default();
        end_run(tx, job.id, &format!("{owner} fell silent"), claim.now, claim.max_attempts, claim.now)?;
    }
    Ok(())
}

/// Prolongs a lease.
///
/// # Errors
/// [`StoreError::LeaseLost`] if the job is no longer the owner's to run: cancelled, closed, withdrawn or taken over.
pub fn heartbeat(tx: &Transaction<'_>, id: JobId, owner: &str, until: u64) -> Result<(), StoreError> {
    require_lease(tx, id, owner)?;
    tx.prepare_cached("UPDATE jobs SET lease_until = ? WHERE id = ?")?
        .execute((integer("lease", until)?, id.0))?;
    Ok(())
}

/// Ends a run that failed. The job is run again from `not_before` on, or has failed if it was run `max_attempts` times.
/// Returns which.
///
/// # Errors
/// [`StoreError::LeaseLost`] if the job is no longer the owner's to run.
pub fn put_back(
    tx: &Transaction<'_>,
    id: JobId,
    owner: &str,
    reason: &str,
    not_before: u64,
    max_attempts: u32,
    now: u64,
) -> Result<JobState, StoreError> {
    require_lease(tx, id, owner)?;
    end_run(tx, id, reason, not_before, max_attempts, now)
}

/// Ends a run for good: the job cannot be answered, however often it is run.
///
/// # Errors
/// [`StoreError::LeaseLost`] if the job is no longer the owner's to run.
pub fn give_up(
    tx: &Transaction<'_>,
    id: JobId,
    owner: &str,
    reason: &str,
    now: u64,
) -> Result<(), StoreError> {
    require_lease(tx, id, owner)?;
    set_reason(tx, id, reason)?;
    move_to(tx, id, JobState::Failed, now)
}

/// Ends a run that was only begun, because the keeper stops: it does not count as an attempt.
///
/// # Errors
/// [`StoreError::LeaseLost`] if the job is no longer the owner's to run.
pub fn hand_back(tx: &Transaction<'_>, id: JobId, owner: &str, now: u64) -> Result<(), StoreError> {
    require_lease(tx, id, owner)?;
    tx.prepare_cached("UPDATE jobs SET attempts = attempts - 1 WHERE id = ? AND attempts > 0")?
        .execute([id.0])?;
    move_to(tx, id, JobState::Accepted, now)
}

/// Ends every lease: for the start of a keeper that is alone with its database, where no earlier worker can be alive.
/// The interrupted runs count as attempts, so that a job that brings the keeper down is given up in the end.
///
/// # Errors
/// If the database fails.
pub fn release_all(tx: &Transaction<'_>, max_attempts: u32, now: u64) -> Result<u32, StoreError> {
    let running = select(tx, "WHERE state = 'running' ORDER BY id", [])?;
    let mut released = 0;
    for job in running {
        end_run(tx, job.id, "the keeper stopped during the run", now, max_attempts, now)?;
        released += 1;
    }
    Ok(released)
}

/// Fails unless `owner` runs the job.
pub(super) fn require_lease(tx: &Transaction<'_>, id: JobId, owner: &str) -> Result<(), StoreError> {
    let holder: Option<Option<String>> = tx
        .prepare_cached("SELECT lease_owner FROM jobs WHERE id = ?")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    if holder.ok_or(StoreError::NoSuchJob(id))?.as_deref() == Some(owner) {
        Ok(())
    } else {
        Err(StoreError::LeaseLost { id, owner: owner.to_owned(), actual: state_of(tx, id)? })
    }
}

fn end_run(
    tx: &Transaction<'_>,
    id: JobId,
    reason: &str,
    not_before: u64,
    max_attempts: u32,
    now: u64,
) -> Result<JobState, StoreError> {
    let attempts = query::get(tx, id)?.attempts;
    let next = if attempts >= max_attempts {
        set_reason(tx, id, &format!("given up after {attempts} runs: {reason}"))?;
        JobState::Failed
    } else {
        set_reason(tx, id, reason)?;
        JobState::Accepted
    };
    tx.prepare_cached("UPDATE jobs SET not_before = ? WHERE id = ?")?
        .execute((integer("time", not_before)?, id.0))?;
    move_to(tx, id, next, now)?;
    Ok(next)
}
