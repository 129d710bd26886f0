//! Reading jobs and changing their state.

use rusqlite::{OptionalExtension, Row, Transaction};

use opg_receipts::Request;

use super::{Job, JobId, JobState, Lease, Offer, Settlement, Stages};
use crate::{
    StoreError,
    columns::{Columns, integer},
    journal::IntentId,
};

/// The columns that `job` reads: all but the input.
pub(super) const COLUMNS: &str = "id, request_id, payer, nonce, model_version, input_hash, mode, callback_gas, \
    block_number, requested_at, deadline, max_fee, block_hash, state, reason, unit_price, output_limit, attempts, \
    not_before, lease_owner, lease_until, intent, submissions, settled_block, settled_tx, settled_operator, seen_at, \
    accepted_at, started_at, answered_at, submitted_at, broadcast_at, mined_at, finished_at";

pub(super) fn job(row: &Row<'_>) -> Result<Job, StoreError> {
    let columns = Columns::new(row);
    Ok(Job {
        id: JobId(columns.get("id")?),
        request_id: columns.word("request_id")?,
        request: Request {
            payer: columns.address("payer")?,
            nonce: columns.unsigned("nonce")?,
            modelVersion: columns.word("model_version")?,
            inputHash: columns.word("input_hash")?,
            mode: columns.get("mode")?,
            callbackGas: columns.get("callback_gas")?,
            blockNumber: columns.unsigned("block_number")?,
            requestedAt: columns.unsigned("requested_at")?,
            deadline: columns.unsigned("deadline")?,
            maxFee: columns.amount("max_fee")?,
        },
        block_hash: columns.word("block_hash")?,
        state: state(&columns)?,
        reason: columns.get("reason")?,
        offer: match columns.optional_amount("unit_price")? {
            None => None,
            Some(unit_price) => Some(Offer { unit_price, output_limit: columns.get("output_limit")? }),
        },
        attempts: columns.get("attempts")?,
        not_before: columns.unsigned("not_before")?,
        lease: match columns.get::<Option<String>>("lease_owner")? {
            None => None,
            Some(owner) => Some(Lease { owner, until: columns.unsigned("lease_until")? }),
        },
        intent: columns.get::<Option<i64>>("intent")?.map(IntentId),
        submissions: columns.get("submissions")?,
        settlement: match columns.optional_unsigned("settled_block")? {
            None => None,
            Some(block) => Some(Settlement {
                block,
                transaction: columns.optional_word("settled_tx")?.unwrap_or_default(),
                operator: columns.optional_address("settled_operator")?,
            }),
        },
        stages: Stages {
            seen: columns.unsigned("seen_at")?,
            accepted: columns.optional_unsigned("accepted_at")?,
            started: columns.optional_unsigned("started_at")?,
            answered: columns.optional_unsigned("answered_at")?,
            submitted: columns.optional_unsigned("submitted_at")?,
            broadcast: columns.optional_unsigned("broadcast_at")?,
            mined: columns.optional_unsigned("mined_at")?,
            finished: columns.optional_unsigned("finished_at")?,
        },
    })
}

fn state(columns: &Columns<'_, '_>) -> Result<JobState, StoreError> {
    let name: String = columns.get("state")?;
    name.parse().map_err(|error| StoreError::Corrupt { what: "state", reason: format!("{error}") })
}

/// The jobs that `condition` (SQL after FROM) selects.
pub(super) fn select(
    tx: &Transaction<'_>,
    condition: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Job>, StoreError> {
    let mut statement = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM jobs {condition}"))?;
    let mut rows = statement.query(parameters)?;
    let mut jobs = Vec::new();
    while let Some(row) = rows.next()? {
        jobs.push(job(row)?);
    }
    Ok(jobs)
}

pub(super) fn state_of(tx: &Transaction<'_>, id: JobId) -> Result<JobState, StoreError> {
    let mut statement = tx.prepare_cached("SELECT state FROM jobs WHERE id = ?")?;
    let found = statement.query_row([id.0], |row| Ok(state(&Columns::new(row)))).optional()?;
    found.ok_or(StoreError::NoSuchJob(id))?
}

/// Fails unless the job is in one of the states `expected`.
pub(super) fn require(
    tx: &Transaction<'_>,
    id: JobId,
    expected: &'static [JobState],
) -> Result<JobState, StoreError> {
    let actual = state_of(tx, id)?;
    if expected.contains(&actual) { Ok(actual) } else { Err(StoreError::WrongState { id, actual, expected }) }
}

/// Moves a job on. The only place that writes `state`: it ends the lease of a job that leaves `Running` and notes the
/// time of a final state.
pub(super) fn move_to(tx: &Transaction<'_>, id: JobId, next: JobState, now: u64) -> Result<(), StoreError> {
    let actual = state_of(tx, id)?;
    if !actual.can_become(next) {
        return Err(StoreError::ForbiddenTransition { id, from: actual, to: next });
    }
    let finished = if next.is_final() { Some(integer("time", now)?) } else { None };
    tx.prepare_cached(
        "UPDATE jobs SET state = ?, finished_at = ?, lease_owner = NULL, lease_until = NULL WHERE id = ?",
    )?
    .execute((next.name(), finished, id.0))?;
    Ok(())
}

pub(super) fn set_reason(tx: &Transaction<'_>, id: JobId, reason: &str) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE jobs SET reason = ? WHERE id = ?")?.execute((reason, id.0))?;
    Ok(())
}
