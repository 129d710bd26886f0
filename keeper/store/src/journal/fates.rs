//! What the chain did with a nonce, applied to the nonce and to its intent in one step.

use alloy_primitives::Address;
use rusqlite::{Transaction, params};

use super::{
    codec::int,
    types::{AttemptKind, Inclusion, IntentId},
};
use crate::StoreError;

/// One of our transactions is mined at `nonce`.
///
/// # Errors
/// If the database fails.
pub fn mark_mined(
    tx: &Transaction<'_>,
    signer: Address,
    nonce: u64,
    kind: AttemptKind,
    inclusion: &Inclusion,
    now: u64,
) -> Result<(), StoreError> {
    set_slot(tx, signer, nonce, "mined", Some(inclusion))?;
    let sql = match kind {
        AttemptKind::Call => {
            "UPDATE journal_intents SET state = 'mined', tx_hash = ?3, block = ?4, success = ?5, hold = NULL, \
             updated_at = ?6 WHERE nonce = ?2 AND signer = ?1 AND closed_at IS NULL"
        }
        AttemptKind::Void => {
            "UPDATE journal_intents SET state = 'broadcast', tx_hash = NULL, block = NULL, success = NULL, \
             hold = 'cancelled in block ' || ?4 || ', waiting for it to be final', updated_at = ?6 \
             WHERE nonce = ?2 AND signer = ?1 AND closed_at IS NULL AND ?3 IS NOT NULL AND ?5 IS NOT NULL"
        }
    };
    tx.prepare_cached(sql)?.execute(params![
        signer.as_slice(),
        int(nonce)?,
        inclusion.hash.as_slice(),
        int(inclusion.block)?,
        inclusion.success,
        int(now)?,
    ])?;
    Ok(())
}

/// Somebody else's transaction is mined at `nonce`.
///
/// # Errors
/// If the database fails.
pub fn mark_foreign(
    tx: &Transaction<'_>,
    signer: Address,
    nonce: u64,
    inclusion: &Inclusion,
    now: u64,
) -> Result<(), StoreError> {
    set_slot(tx, signer, nonce, "foreign", Some(inclusion))?;
    tx.prepare_cached(
        "UPDATE journal_intents SET hold = 'nonce ' || ?2 || ' was used by a transaction that is not the journal''s', \
         state = 'prepared', tx_hash = NULL, block = NULL, success = NULL, updated_at = ?3 \
         WHERE signer = ?1 AND nonce = ?2 AND closed_at IS NULL",
    )?
    .execute(params![signer.as_slice(), int(nonce)?, int(now)?])?;
    Ok(())
}

/// What was mined at `nonce` no longer is: its transactions are due for sending again.
///
/// # Errors
/// If the database fails.
pub fn reopen(tx: &Transaction<'_>, signer: Address, nonce: u64, now: u64) -> Result<(), StoreError> {
    set_slot(tx, signer, nonce, "open", None)?;
    tx.prepare_cached("UPDATE journal_attempts SET tried_at = NULL WHERE signer = ?1 AND nonce = ?2")?
        .execute(params![signer.as_slice(), int(nonce)?])?;
    tx.prepare_cached(
        "UPDATE journal_intents SET state = 'broadcast', tx_hash = NULL, block = NULL, success = NULL, hold = NULL, \
         updated_at = ?3 WHERE signer = ?1 AND nonce = ?2 AND closed_at IS NULL",
    )?
    .execute(params![signer.as_slice(), int(nonce)?, int(now)?])?;
    Ok(())
}

/// The transaction mined for `intent` is deep enough to rely on.
///
/// # Errors
/// If the database fails.
pub fn confirm(tx: &Transaction<'_>, intent: IntentId, now: u64) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE journal_intents SET state = 'confirmed', updated_at = ?2 WHERE id = ?1 AND state = 'mined'",
        )?
        .execute(params![intent.0, int(now)?])?;
    Ok(changed == 1)
}

/// How an intent ends when its nonce is closed.
#[derive(Clone, Copy, Debug)]
pub enum Ending<'a> {
    /// Its call is mined for good.
    Kept,
    /// It can never be mined.
    Failed(&'a str),
    /// It can never be mined at this nonce and gets another one.
    Requeued,
}

/// Closes a nonce that no reorg within the watch window can change any more, and with it what became of its intent.
///
/// # Errors
/// If the database fails.
pub fn close(
    tx: &Transaction<'_>,
    signer: Address,
    nonce: u64,
    intent: Option<(IntentId, Ending<'_>)>,
    now: u64,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE journal_nonces SET closed_at = ?3 WHERE signer = ?1 AND nonce = ?2")?
        .execute(params![signer.as_slice(), int(nonce)?, int(now)?])?;
    let Some((id, ending)) = intent else { return Ok(()) };
    let (sql, reason) = match ending {
        Ending::Kept => (
            "UPDATE journal_intents SET closed_at = ?2, updated_at = ?2, hold = NULL \
             WHERE id = ?1 AND closed_at IS NULL AND ?3 IS NULL",
            None,
        ),
        Ending::Failed(reason) => (
            "UPDATE journal_intents SET state = 'failed', reason = ?3, tx_hash = NULL, block = NULL, success = NULL, \
             hold = NULL, closed_at = ?2, updated_at = ?2 WHERE id = ?1 AND closed_at IS NULL",
            Some(reason),
        ),
        Ending::Requeued => (
            "UPDATE journal_intents SET state = 'queued', nonce = NULL, tx_hash = NULL, block = NULL, success = NULL, \
             hold = NULL, revert_since = NULL, updated_at = ?2 WHERE id = ?1 AND closed_at IS NULL AND ?3 IS NULL",
            None,
        ),
    };
    tx.prepare_cached(sql)?.execute(params![id.0, int(now)?, reason])?;
    Ok(())
}

fn set_slot(
    tx: &Transaction<'_>,
    signer: Address,
    nonce: u64,
    state: &str,
    inclusion: Option<&Inclusion>,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE journal_nonces SET state = ?3, tx_hash = ?4, block = ?5, block_hash = ?6, success = ?7 \
         WHERE signer = ?1 AND nonce = ?2",
    )?
    .execute(params![
        signer.as_slice(),
        int(nonce)?,
        state,
        inclusion.map(|at| at.hash.to_vec()),
        inclusion.map(|at| int(at.block)).transpose()?,
        inclusion.map(|at| at.block_hash.to_vec()),
        inclusion.map(|at| at.success),
    ])?;
    Ok(())
}
