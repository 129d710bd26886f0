//! What the chain says: requests, how they were closed, reorganisations.

use alloy_primitives::{B256, Bytes};
use opg_receipts::Request;
use rusqlite::Transaction;

use super::{
    JobId, JobState, Settlement,
    query::by_request,
    rows::{move_to, select, set_reason},
};
use crate::{
    StoreError,
    columns::{amount, integer},
};

/// A request as its event gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// Identifier of the request.
    pub request_id: B256,
    /// The request.
    pub request: Request,
    /// Its input.
    pub input: Bytes,
    /// Hash of the block that contains it.
    pub block_hash: B256,
}

/// What [`see`] made of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sighting {
    /// A request that was never seen before.
    New(JobId),
    /// A request whose job exists: nothing changed.
    Known(JobId),
    /// A request that a reorganisation had taken away: its job goes on where its stored results allow.
    Returned(JobId, JobState),
}

/// Notes a request that is on the chain.
///
/// # Errors
/// If the database fails or a field of the request does not fit it.
pub fn see(tx: &Transaction<'_>, new: &NewJob, now: u64) -> Result<Sighting, StoreError> {
    if let Some(job) = by_request(tx, new.request_id)? {
        if job.state != JobState::Withdrawn {
            return Ok(Sighting::Known(job.id));
        }
        tx.prepare_cached("UPDATE jobs SET block_hash = ? WHERE id = ?")?
            .execute((new.block_hash.0, job.id.0))?;
        let resumed = if job.intent.is_some() {
            JobState::Submitted
        } else if super::answer::exists(tx, job.id)? {
            JobState::Answered
        } else {
            JobState::Seen
        };
        move_to(tx, job.id, resumed, now)?;
        return Ok(Sighting::Returned(job.id, resumed));
    }
    let request = &new.request;
    tx.prepare_cached(
        "INSERT INTO jobs (request_id, payer, nonce, model_version, input_hash, mode, callback_gas, block_number, \
         requested_at, deadline, max_fee, block_hash, input, state, seen_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'seen', ?)",
    )?
    .execute(rusqlite::params![
        new.request_id.0,
        request.payer.0.0,
        integer("request nonce", request.nonce)?,
        request.modelVersion.0,
        request.inputHash.0,
        request.mode,
        request.callbackGas,
        integer("block number", request.blockNumber)?,
        integer("request time", request.requestedAt)?,
        integer("deadline", request.deadline)?,
        amount(request.maxFee),
        new.block_hash.0,
        new.input.as_ref(),
        integer("time", now)?,
    ])?;
    Ok(Sighting::New(JobId(tx.last_insert_rowid())))
}

/// Notes that the chain has closed a request, which stops all work on it. Returns its job, if it has one.
///
/// # Errors
/// If the database fails.
pub fn note_settlement(
    tx: &Transaction<'_>,
    request_id: B256,
    settlement: &Settlement,
    now: u64,
) -> Result<Option<JobId>, StoreError> {
    let Some(job) = by_request(tx, request_id)? else { return Ok(None) };
    if job.state == JobState::Running {
        set_reason(tx, job.id, "the request was closed on the chain during the run")?;
        move_to(tx, job.id, JobState::Accepted, now)?;
    }
    tx.prepare_cached(
        "UPDATE jobs SET settled_block = ?, settled_tx = ?, settled_operator = ?, mined_at = ? WHERE id = ?",
    )?
    .execute((
        integer("block number", settlement.block)?,
        settlement.transaction.0,
        settlement.operator.map(|operator| operator.0.0),
        integer("time", now)?,
        job.id.0,
    ))?;
    Ok(Some(job.id))
}

/// Follows a reorganisation that dropped every block above `ancestor`: settlements up there never happened, and live
/// jobs whose request was up there are withdrawn. Answers and intents are kept for requests that come back. Returns
/// the withdrawn jobs.
///
/// # Errors
/// If the database fails.
pub fn roll_back(tx: &Transaction<'_>, ancestor: u64, now: u64) -> Result<Vec<JobId>, StoreError> {
    let ancestor = integer("block number", ancestor)?;
    tx.prepare_cached(
        "UPDATE jobs SET settled_block = NULL, settled_tx = NULL, settled_operator = NULL, mined_at = NULL \
         WHERE settled_block > ? AND finished_at IS NULL",
    )?
    .execute([ancestor])?;
    let dropped = select(tx, "WHERE block_number > ? ORDER BY id", [ancestor])?;
    let mut withdrawn = Vec::new();
    for job in dropped.into_iter().filter(|job| job.state.is_live()) {
        move_to(tx, job.id, JobState::Withdrawn, now)?;
        withdrawn.push(job.id);
    }
    Ok(withdrawn)
}
