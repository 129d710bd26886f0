//! Looking jobs up.

use std::collections::BTreeMap;

use alloy_primitives::{B256, Bytes};
use rusqlite::{OptionalExtension, Transaction};

use super::{Job, JobId, JobState, rows::select};
use crate::{
    StoreError,
    columns::{Columns, integer},
};

/// Which jobs [`list`] returns. The default is the newest of all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these states; none means every state.
    pub states: Vec<JobState>,
    /// Only jobs for this model version.
    pub model_version: Option<B256>,
    /// Only jobs with smaller numbers: the next page begins at the last job of this one.
    pub before: Option<JobId>,
    /// At most so many.
    pub limit: Option<u32>,
}

/// The job with number `id`.
///
/// # Errors
/// If there is none, or the database fails.
pub fn get(tx: &Transaction<'_>, id: JobId) -> Result<Job, StoreError> {
    select(tx, "WHERE id = ?", [id.0])?.pop().ok_or(StoreError::NoSuchJob(id))
}

/// The job for the request `request_id`, if there is one.
///
/// # Errors
/// If the database fails.
pub fn by_request(tx: &Transaction<'_>, request_id: B256) -> Result<Option<Job>, StoreError> {
    Ok(select(tx, "WHERE request_id = ?", [request_id.0])?.pop())
}

/// The jobs that `text` may mean: a job's number, or the beginning of a request id in hexadecimal with `0x`.
///
/// # Errors
/// If the database fails.
pub fn find(tx: &Transaction<'_>, text: &str) -> Result<Vec<Job>, StoreError> {
    if let Some(digits) = text.strip_prefix("0x") {
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(Vec::new());
        }
        let pattern = format!("{}%", digits.to_ascii_uppercase());
        return select(tx, "WHERE hex(request_id) LIKE ? ORDER BY id", [pattern]);
    }
    match text.parse::<i64>() {
        Ok(number) => select(tx, "WHERE id = ?", [number]),
        Err(_) => Ok(Vec::new()),
    }
}

/// The jobs that pass `filter`, newest first.
///
/// # Errors
/// If the database fails.
pub fn list(tx: &Transaction<'_>, filter: &Filter) -> Result<Vec<Job>, StoreError> {
    let states = if filter.states.is_empty() { &JobState::ALL[..] } else { &filter.states[..] };
    // Names of states are fixed words, so they need no parameters.
    let states: Vec<String> = states.iter().map(|state| format!("'{state}'")).collect();
    let condition = format!(
        "WHERE state IN ({}) AND (?1 IS NULL OR model_version = ?1) AND (?2 IS NULL OR id < ?2) \
         ORDER BY id DESC LIMIT ?3",
        states.join(", ")
    );
    let limit = filter.limit.map_or(-1, i64::from);
    select(
        tx,
        &condition,
        (filter.model_version.map(|version| version.0), filter.before.map(|id| id.0), limit),
    )
}

/// Open jobs in `state` that are due at `now`, oldest first. An answer that is to be proved is due when its proof is there.
///
/// # Errors
/// If the database fails.
pub fn ready(tx: &Transaction<'_>, state: JobState, now: u64, limit: u32) -> Result<Vec<Job>, StoreError> {
    select(
        tx,
        "WHERE state = ? AND settled_block IS NULL AND not_before <= ? AND (state <> 'answered' OR NOT EXISTS \
         (SELECT 1 FROM proofs WHERE proofs.job = jobs.id AND proofs.state <> 'proved')) ORDER BY id LIMIT ?",
        (state.name(), integer("time", now)?, limit),
    )
}

/// The input of a job.
///
/// # Errors
/// If there is no such job, or the database fails.
pub fn input(tx: &Transaction<'_>, id: JobId) -> Result<Bytes, StoreError> {
    let mut statement = tx.prepare_cached("SELECT input FROM jobs WHERE id = ?")?;
    let input: Option<Vec<u8>> = statement.query_row([id.0], |row| row.get(0)).optional()?;
    input.map(Bytes::from).ok_or(StoreError::NoSuchJob(id))
}

/// How many jobs are in each state; states without jobs are absent.
///
/// # Errors
/// If the database fails.
pub fn count_by_state(tx: &Transaction<'_>) -> Result<BTreeMap<JobState, u64>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT state, COUNT(*) AS jobs FROM jobs GROUP BY state")?;
    let mut rows = statement.query([])?;
    let mut counts = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let state: JobState = name
            .parse()
            .map_err(|error| StoreError::Corrupt { what: "state", reason: format!("{error}") })?;
        counts.insert(state, Columns::new(row).unsigned("jobs")?);
    }
    Ok(counts)
}
