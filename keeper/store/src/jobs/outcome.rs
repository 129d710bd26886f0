//! Decisions and ends.

use alloy_primitives::Address;
use rusqlite::Transaction;

use super::{
    JobId, JobState, Offer, answer,
    query::get,
    rows::{move_to, require, select, set_reason},
};
use crate::{
    StoreError,
    columns::{amount, integer},
    proofs,
};

/// Takes a job on.
///
/// # Errors
/// If the job is not `Seen`.
pub fn accept(tx: &Transaction<'_>, id: JobId, offer: &Offer, now: u64) -> Result<(), StoreError> {
    require(tx, id, &[JobState::Seen])?;
    tx.prepare_cached(
        "UPDATE jobs SET unit_price = ?, output_limit = ?, accepted_at = ?, reason = NULL WHERE id = ?",
    )?
    .execute((amount(offer.unit_price), offer.output_limit, integer("time", now)?, id.0))?;
    move_to(tx, id, JobState::Accepted, now)
}

/// Turns a job down.
///
/// # Errors
/// If the job is not `Seen`.
pub fn decline(tx: &Transaction<'_>, id: JobId, reason: &str, now: u64) -> Result<(), StoreError> {
    require(tx, id, &[JobState::Seen])?;
    set_reason(tx, id, reason)?;
    move_to(tx, id, JobState::Declined, now)
}

/// Ends a job that cannot be completed. A run must be ended by its worker: see [`super::put_back`].
///
/// # Errors
/// If the job is running or not live.
pub fn fail(tx: &Transaction<'_>, id: JobId, reason: &str, now: u64) -> Result<(), StoreError> {
    require(tx, id, &[JobState::Seen, JobState::Accepted, JobState::Answered, JobState::Submitted])?;
    set_reason(tx, id, reason)?;
    move_to(tx, id, JobState::Failed, now)
}

/// Stops a job at the operator's command. A running worker notices by losing its lease. A submitted job cannot be
/// cancelled here: its transaction may be on its way.
///
/// # Errors
/// If the job is submitted or not live.
pub fn cancel(tx: &Transaction<'_>, id: JobId, now: u64) -> Result<(), StoreError> {
    require(tx, id, &[JobState::Seen, JobState::Accepted, JobState::Running, JobState::Answered])?;
    set_reason(tx, id, "cancelled by the operator")?;
    move_to(tx, id, JobState::Declined, now)
}

/// Tries a declined or failed job again at the operator's command: from its answer, if it has one. Returns the state
/// from which it goes on.
///
/// # Errors
/// If the job is in another state, or the chain has closed the request.
pub fn retry(tx: &Transaction<'_>, id: JobId, now: u64) -> Result<JobState, StoreError> {
    require(tx, id, &[JobState::Declined, JobState::Failed])?;
    if let Some(settlement) = get(tx, id)?.settlement {
        return Err(StoreError::AlreadySettled { id, block: settlement.block });
    }
    let next = if answer::exists(tx, id)? { JobState::Answered } else { JobState::Seen };
    tx.prepare_cached("UPDATE jobs SET attempts = 0, not_before = 0, intent = NULL WHERE id = ?")?
        .execute([id.0])?;
    proofs::renew_tries(tx, id)?;
    move_to(tx, id, next, now)?;
    Ok(next)
}

/// Ends the jobs whose requests the chain has closed in block `depth` or before, where nothing is undone any more:
/// `Succeeded` if `operator`'s answer was accepted, `Failed` if another's was, `Expired` if none was.
///
/// # Errors
/// If the database fails.
pub fn finish_settled(
    tx: &Transaction<'_>,
    depth: u64,
    operator: Address,
    now: u64,
) -> Result<Vec<(JobId, JobState)>, StoreError> {
    let settled = select(
        tx,
        "WHERE settled_block <= ? AND finished_at IS NULL ORDER BY id",
        [integer("block number", depth)?],
    )?;
    let mut finished = Vec::new();
    for job in settled.into_iter().filter(|job| job.state.is_live()) {
        let next = match job.settlement.and_then(|settlement| settlement.operator) {
            Some(winner) if winner == operator => JobState::Succeeded,
            Some(winner) => {
                set_reason(tx, job.id, &format!("answered by operator {winner}"))?;
                JobState::Failed
            }
            None => JobState::Expired,
        };
        move_to(tx, job.id, next, now)?;
        finished.push((job.id, next));
    }
    Ok(finished)
}

/// Ends live jobs whose deadline has passed at `head_time` (unix seconds) and that the chain has not closed. A submitted
/// one gets `grace` seconds more, in which a reorganisation may still bring its transaction back.
///
/// # Errors
/// If the database fails.
pub fn expire_overdue(
    tx: &Transaction<'_>,
    head_time: u64,
    grace: u64,
    now: u64,
) -> Result<Vec<JobId>, StoreError> {
    let overdue = select(
        tx,
        "WHERE settled_block IS NULL AND ((state IN ('seen', 'accepted', 'running', 'answered') AND deadline < ?) \
         OR (state = 'submitted' AND deadline < ?)) ORDER BY id",
        (integer("time", head_time)?, integer("time", head_time.saturating_sub(grace))?),
    )?;
    for job in &overdue {
        set_reason(tx, job.id, "the deadline passed")?;
        move_to(tx, job.id, JobState::Expired, now)?;
    }
    Ok(overdue.into_iter().map(|job| job.id).collect())
}
