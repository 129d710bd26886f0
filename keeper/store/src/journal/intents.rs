//! Intents before they have a nonce, and reading them.

use alloy_primitives::Address;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{
    codec::{Fields, corrupt, int, opt_int, wei},
    types::{Intent, IntentId, IntentRecord, IntentState},
};
use crate::StoreError;

/// Makes `intent` durable. Repeating it with the same key, in whatever words, returns the first one.
///
/// # Errors
/// If the database fails.
pub fn enqueue(
    tx: &Transaction<'_>,
    signer: Address,
    intent: &Intent,
    now: u64,
) -> Result<IntentId, StoreError> {
    if let Some(id) = find(tx, signer, &intent.key)? {
        return Ok(id);
    }
    tx.prepare_cached(
        "INSERT INTO journal_intents (signer, key, purpose, target, calldata, value, deadline, max_cost, state, \
         created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'queued', ?9, ?9)",
    )?
    .execute(params![
        signer.as_slice(),
        intent.key,
        intent.purpose,
        intent.to.as_slice(),
        intent.calldata.as_ref(),
        wei(intent.value),
        opt_int(intent.deadline)?,
        intent.max_cost.map(wei),
        int(now)?,
    ])?;
    Ok(IntentId(tx.last_insert_rowid()))
}

/// The intent with this idempotency key.
///
/// # Errors
/// If the database fails.
pub fn find(tx: &Transaction<'_>, signer: Address, key: &str) -> Result<Option<IntentId>, StoreError> {
    let id = tx
        .prepare_cached("SELECT id FROM journal_intents WHERE signer = ?1 AND key = ?2")?
        .query_row(params![signer.as_slice(), key], |row| row.get(0))
        .optional()?;
    Ok(id.map(IntentId))
}

/// How far an intent has come.
///
/// # Errors
/// If there is no such intent or the database fails.
pub fn outcome(tx: &Transaction<'_>, id: IntentId) -> Result<IntentState, StoreError> {
    record(tx, id).map(|record| record.state)
}

/// Everything about one intent.
///
/// # Errors
/// If there is no such intent or the database fails.
pub fn record(tx: &Transaction<'_>, id: IntentId) -> Result<IntentRecord, StoreError> {
    select(tx, "SELECT * FROM journal_intents WHERE id = ?1", params![id.0])?
        .pop()
        .ok_or_else(|| corrupt("intent id", format!("there is no intent {id}")))
}

/// The newest intents whose keys begin with `prefix`, newest first.
///
/// # Errors
/// If the database fails.
pub fn newest(
    tx: &Transaction<'_>,
    signer: Address,
    prefix: &str,
    limit: u32,
) -> Result<Vec<IntentRecord>, StoreError> {
    select(
        tx,
        "SELECT * FROM journal_intents WHERE signer = ?1 AND key >= ?2 AND key < ?3 ORDER BY id DESC LIMIT ?4",
        params![signer.as_slice(), prefix, format!("{prefix}{}", char::MAX), limit],
    )
}

/// Intents without a nonce, oldest first.
///
/// # Errors
/// If the database fails.
pub fn queued(tx: &Transaction<'_>, signer: Address) -> Result<Vec<IntentRecord>, StoreError> {
    select(
        tx,
        "SELECT * FROM journal_intents WHERE signer = ?1 AND state = 'queued' ORDER BY id",
        params![signer.as_slice()],
    )
}

/// Closes an intent that has no nonce. Returns false if it has one by now.
///
/// # Errors
/// If the database fails.
pub fn fail_queued(tx: &Transaction<'_>, id: IntentId, reason: &str, now: u64) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE journal_intents SET state = 'failed', reason = ?2, hold = NULL, updated_at = ?3, closed_at = ?3 \
             WHERE id = ?1 AND state = 'queued'",
        )?
        .execute(params![id.0, reason, int(now)?])?;
    Ok(changed == 1)
}

/// Notes why an intent does not move, and since which block its simulation reverts.
///
/// # Errors
/// If the database fails.
pub fn set_hold(
    tx: &Transaction<'_>,
    id: IntentId,
    hold: Option<&str>,
    revert_since: Option<u64>,
    now: u64,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE journal_intents SET hold = ?2, revert_since = ?3, updated_at = ?4 WHERE id = ?1 AND closed_at IS NULL",
    )?
    .execute(params![id.0, hold, opt_int(revert_since)?, int(now)?])?;
    Ok(())
}

pub(super) fn select(
    tx: &Transaction<'_>,
    sql: &str,
    args: impl rusqlite::Params,
) -> Result<Vec<IntentRecord>, StoreError> {
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query(args)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(decode(&Fields(row))?);
    }
    Ok(records)
}

fn decode(row: &Fields<'_, '_>) -> Result<IntentRecord, StoreError> {
    Ok(IntentRecord {
        id: IntentId(row.id("id")?),
        signer: row.address("signer")?,
        intent: Intent {
            key: row.text("key")?,
            purpose: row.text("purpose")?,
            to: row.address("target")?,
            calldata: row.bytes("calldata")?,
            value: row.wei("value")?,
            deadline: row.opt_u64("deadline")?,
            max_cost: row.opt_wei("max_cost")?,
        },
        state: state(row)?,
        nonce: row.opt_u64("nonce")?,
        cancel: row.opt_text("cancel")?,
        bump: row.flag("bump")?,
        hold: row.opt_text("hold")?,
        revert_since: row.opt_u64("revert_since")?,
        created_at: row.u64("created_at")?,
        updated_at: row.u64("updated_at")?,
        closed_at: row.opt_u64("closed_at")?,
    })
}

fn state(row: &Fields<'_, '_>) -> Result<IntentState, StoreError> {
    Ok(match row.text("state")?.as_str() {
        "queued" => IntentState::Queued,
        "prepared" => IntentState::Prepared,
        "broadcast" => IntentState::Broadcast,
        "mined" => IntentState::Mined { hash: row.hash("tx_hash")?, block: row.u64("block")? },
        "confirmed" => IntentState::Confirmed {
            hash: row.hash("tx_hash")?,
            block: row.u64("block")?,
            success: row.flag("success")?,
        },
        "failed" => IntentState::Failed { reason: row.text("reason")? },
        other => return Err(corrupt("intent state", other.to_owned())),
    })
}
