//! Nonces: taken, watched, and given back only where no signed bytes can exist.

use alloy_primitives::Address;
use rusqlite::{OptionalExtension, Transaction, params};

use super::{
    attempts,
    codec::{Fields, corrupt, int},
    types::{Inclusion, IntentId, Slot, SlotState},
};
use crate::StoreError;

/// The nonce after the highest the journal ever took.
///
/// # Errors
/// If the database fails.
pub fn next_nonce(tx: &Transaction<'_>, signer: Address) -> Result<u64, StoreError> {
    let next: i64 = tx
        .prepare_cached("SELECT COALESCE(MAX(nonce) + 1, 0) FROM journal_nonces WHERE signer = ?1")?
        .query_row(params![signer.as_slice()], |row| row.get(0))?;
    u64::try_from(next).map_err(|_| corrupt("nonce", next.to_string()))
}

/// Nonces that can still change, lowest first, with their transactions.
///
/// # Errors
/// If the database fails.
pub fn watched(tx: &Transaction<'_>, signer: Address) -> Result<Vec<Slot>, StoreError> {
    select(
        tx,
        signer,
        "SELECT * FROM journal_nonces WHERE signer = ?1 AND closed_at IS NULL ORDER BY nonce",
        params![signer.as_slice()],
    )
}

/// Every nonce that ever carried `intent`.
///
/// # Errors
/// If the database fails.
pub fn of_intent(tx: &Transaction<'_>, signer: Address, intent: IntentId) -> Result<Vec<Slot>, StoreError> {
    select(tx, signer, "SELECT * FROM journal_nonces WHERE intent = ?1 ORDER BY nonce", params![intent.0])
}

/// What the journal knows of a nonce that the chain says is the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// Never taken by the journal.
    Never,
    /// Taken, and still watched.
    Watched,
    /// Closed, with one of our transactions mined at it.
    ClosedOurs,
    /// Closed, with somebody else's transaction mined at it.
    ClosedForeign,
}

/// What the journal knows of `nonce`.
///
/// # Errors
/// If the database fails.
pub fn known(tx: &Transaction<'_>, signer: Address, nonce: u64) -> Result<Known, StoreError> {
    let row: Option<(String, bool)> = tx
        .prepare_cached(
            "SELECT state, closed_at IS NOT NULL FROM journal_nonces WHERE signer = ?1 AND nonce = ?2",
        )?
        .query_row(params![signer.as_slice(), int(nonce)?], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(match row {
        None => Known::Never,
        Some((_, false)) => Known::Watched,
        Some((state, true)) if state == "foreign" => Known::ClosedForeign,
        Some((_, true)) => Known::ClosedOurs,
    })
}

/// Gives `nonce` to a queued intent. Returns false, changing nothing, if the intent is no longer queued.
///
/// # Errors
/// If the nonce is taken or the database fails.
pub fn assign(
    tx: &Transaction<'_>,
    signer: Address,
    intent: IntentId,
    nonce: u64,
    head: u64,
    now: u64,
) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE journal_intents SET state = 'prepared', nonce = ?2, hold = NULL, revert_since = NULL, \
             updated_at = ?3 WHERE id = ?1 AND state = 'queued'",
        )?
        .execute(params![intent.0, int(nonce)?, int(now)?])?;
    if changed == 1 {
        insert(tx, signer, nonce, Some(intent), head)?;
    }
    Ok(changed == 1)
}

/// Takes a nonce nobody uses, only to fill it. One that was closed as somebody else's is taken back: a reorg removed what
/// was mined there.
///
/// # Errors
/// If the database fails.
pub fn assign_filler(tx: &Transaction<'_>, signer: Address, nonce: u64, head: u64) -> Result<(), StoreError> {
    match known(tx, signer, nonce)? {
        Known::Never => insert(tx, signer, nonce, None, head),
        Known::ClosedForeign => {
            tx.prepare_cached(
                "UPDATE journal_nonces SET intent = NULL, state = 'open', tx_hash = NULL, block = NULL, \
                 block_hash = NULL, success = NULL, closed_at = NULL WHERE signer = ?1 AND nonce = ?2",
            )?
            .execute(params![signer.as_slice(), int(nonce)?])?;
            Ok(())
        }
        Known::Watched | Known::ClosedOurs => Ok(()),
    }
}

/// Takes the nonce away from an intent for which no transaction has been signed: the intent fails if a reason is given and
/// queues again otherwise. The nonce is given back if it is the highest, and left to be filled if not. Returns false,
/// changing nothing, if a transaction has been signed.
///
/// # Errors
/// If the database fails.
pub fn release(
    tx: &Transaction<'_>,
    signer: Address,
    intent: IntentId,
    nonce: u64,
    failed: Option<&str>,
    now: u64,
) -> Result<bool, StoreError> {
    if !attempts::of_nonce(tx, signer, nonce)?.is_empty() {
        return Ok(false);
    }
    tx.prepare_cached(
        "UPDATE journal_intents SET state = CASE WHEN ?2 IS NULL THEN 'queued' ELSE 'failed' END, reason = ?2, \
         closed_at = CASE WHEN ?2 IS NULL THEN NULL ELSE ?3 END, nonce = NULL, hold = NULL, updated_at = ?3 \
         WHERE id = ?1 AND closed_at IS NULL",
    )?
    .execute(params![intent.0, failed, int(now)?])?;
    let sql = if next_nonce(tx, signer)? == nonce + 1 {
        "DELETE FROM journal_nonces WHERE signer = ?1 AND nonce = ?2"
    } else {
        "UPDATE journal_nonces SET intent = NULL WHERE signer = ?1 AND nonce = ?2"
    };
    tx.prepare_cached(sql)?.execute(params![signer.as_slice(), int(nonce)?])?;
    Ok(true)
}

fn insert(
    tx: &Transaction<'_>,
    signer: Address,
    nonce: u64,
    intent: Option<IntentId>,
    head: u64,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO journal_nonces (signer, nonce, intent, state, assigned_block) VALUES (?1, ?2, ?3, 'open', ?4)",
    )?
    .execute(params![signer.as_slice(), int(nonce)?, intent.map(|id| id.0), int(head)?])?;
    Ok(())
}

fn select(
    tx: &Transaction<'_>,
    signer: Address,
    sql: &str,
    args: impl rusqlite::Params,
) -> Result<Vec<Slot>, StoreError> {
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query(args)?;
    let mut slots = Vec::new();
    while let Some(row) = rows.next()? {
        let row = Fields(row);
        let nonce = row.u64("nonce")?;
        slots.push(Slot {
            nonce,
            intent: row.opt_id("intent")?.map(IntentId),
            state: state(&row)?,
            assigned_block: row.u64("assigned_block")?,
            attempts: attempts::of_nonce(tx, signer, nonce)?,
        });
    }
    Ok(slots)
}

fn state(row: &Fields<'_, '_>) -> Result<SlotState, StoreError> {
    let name = row.text("state")?;
    if name == "open" {
        return Ok(SlotState::Open);
    }
    let inclusion = Inclusion {
        hash: row.hash("tx_hash")?,
        block: row.u64("block")?,
        block_hash: row.hash("block_hash")?,
        success: row.opt_flag("success")?.unwrap_or(true),
    };
    match name.as_str() {
        "mined" => Ok(SlotState::Mined(inclusion)),
        "foreign" => Ok(SlotState::Foreign(inclusion)),
        _ => Err(corrupt("state of a nonce", name)),
    }
}
