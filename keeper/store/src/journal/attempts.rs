//! Signed transactions: remembered before they are sent, and never forgotten.

use alloy_primitives::Address;
use rusqlite::{Transaction, params};

use super::{
    codec::{Fields, corrupt, fee, int, wei},
    types::{Attempt, AttemptKind, Fate, NewAttempt},
};
use crate::StoreError;

/// Remembers a signed transaction and takes back any request to bump its intent, which it answers.
///
/// # Errors
/// If the nonce is not the journal's or the database fails.
pub fn insert_attempt(
    tx: &Transaction<'_>,
    signer: Address,
    attempt: &NewAttempt,
    now: u64,
) -> Result<i64, StoreError> {
    tx.prepare_cached(
        "INSERT INTO journal_attempts (signer, nonce, kind, hash, raw, gas_limit, max_fee, priority_fee, l1_fee, \
         signed_block, signed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        signer.as_slice(),
        int(attempt.nonce)?,
        kind_name(attempt.kind),
        attempt.hash.as_slice(),
        attempt.raw.as_ref(),
        int(attempt.gas_limit)?,
        fee(attempt.max_fee)?,
        fee(attempt.priority_fee)?,
        wei(attempt.l1_fee),
        int(attempt.signed_block)?,
        int(now)?,
    ])?;
    let id = tx.last_insert_rowid();
    tx.prepare_cached(
        "UPDATE journal_intents SET bump = 0 WHERE bump = 1 AND id = \
         (SELECT intent FROM journal_nonces WHERE signer = ?1 AND nonce = ?2)",
    )?
    .execute(params![signer.as_slice(), int(attempt.nonce)?])?;
    Ok(id)
}

/// Remembers what a send was answered. An accepted transaction moves its intent from `prepared` to `broadcast`.
///
/// # Errors
/// If the database fails.
pub fn record_send(
    tx: &Transaction<'_>,
    attempt: i64,
    fate: Fate,
    error: Option<&str>,
    now: u64,
) -> Result<(), StoreError> {
    let name = match fate {
        Fate::Unknown => "unknown",
        Fate::Accepted => "accepted",
        Fate::Refused => "refused",
    };
    tx.prepare_cached(
        "UPDATE journal_attempts SET tried_at = ?4, sends = sends + 1, fate = ?2, error = ?3 WHERE id = ?1",
    )?
    .execute(params![attempt, name, error, int(now)?])?;
    if fate == Fate::Accepted {
        tx.prepare_cached(
            "UPDATE journal_intents SET state = 'broadcast', updated_at = ?2 WHERE state = 'prepared' AND id = \
             (SELECT n.intent FROM journal_nonces n JOIN journal_attempts a \
              ON a.signer = n.signer AND a.nonce = n.nonce WHERE a.id = ?1)",
        )?
        .execute(params![attempt, int(now)?])?;
    }
    Ok(())
}

/// Every transaction of one nonce, oldest first.
pub(super) fn of_nonce(
    tx: &Transaction<'_>,
    signer: Address,
    nonce: u64,
) -> Result<Vec<Attempt>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT * FROM journal_attempts WHERE signer = ?1 AND nonce = ?2 ORDER BY id")?;
    let mut rows = statement.query(params![signer.as_slice(), int(nonce)?])?;
    let mut attempts = Vec::new();
    while let Some(row) = rows.next()? {
        attempts.push(decode(&Fields(row))?);
    }
    Ok(attempts)
}

fn decode(row: &Fields<'_, '_>) -> Result<Attempt, StoreError> {
    Ok(Attempt {
        id: row.id("id")?,
        kind: match row.text("kind")?.as_str() {
            "call" => AttemptKind::Call,
            "void" => AttemptKind::Void,
            other => return Err(corrupt("kind of transaction", other.to_owned())),
        },
        hash: row.hash("hash")?,
        raw: row.bytes("raw")?,
        gas_limit: row.u64("gas_limit")?,
        max_fee: row.u128("max_fee")?,
        priority_fee: row.u128("priority_fee")?,
        l1_fee: row.wei("l1_fee")?,
        signed_block: row.u64("signed_block")?,
        signed_at: row.u64("signed_at")?,
        tried_at: row.opt_u64("tried_at")?,
        sends: row.u64("sends")?,
        fate: match row.text("fate")?.as_str() {
            "unknown" => Fate::Unknown,
            "accepted" => Fate::Accepted,
            "refused" => Fate::Refused,
            other => return Err(corrupt("fate of a transaction", other.to_owned())),
        },
        error: row.opt_text("error")?,
    })
}

const fn kind_name(kind: AttemptKind) -> &'static str {
    match kind {
        AttemptKind::Call => "call",
        AttemptKind::Void => "void",
    }
}
