//! What was served, since when something waits, and what the last comparison found.

use alloy_primitives::{Address, B256};
use rusqlite::{OptionalExtension as _, Transaction};

use crate::{
    StoreError,
    columns::{Columns, integer},
};

/// Notes that a model version is, or was, served: fees may be left of it.
///
/// # Errors
/// If the database fails.
pub fn add_version(tx: &Transaction<'_>, version: B256) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO fee_versions (version) VALUES (?) ON CONFLICT DO NOTHING")?
        .execute([version.0])?;
    Ok(())
}

/// Model versions that were ever served.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn versions(tx: &Transaction<'_>) -> Result<Vec<B256>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT version FROM fee_versions ORDER BY version")?;
    let found = statement.query_map([], |row| row.get::<_, [u8; 32]>(0).map(B256::from))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Since when `what` waits: from `now` on if it begins to, and no longer where nothing `waits`.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn waiting_since(tx: &Transaction<'_>, what: &str, waits: bool, now: u64) -> Result<u64, StoreError> {
    if !waits {
        tx.prepare_cached("DELETE FROM fee_waiting WHERE what = ?")?.execute([what])?;
        return Ok(now);
    }
    tx.prepare_cached("INSERT INTO fee_waiting (what, since) VALUES (?, ?) ON CONFLICT DO NOTHING")?
        .execute((what, integer("time", now)?))?;
    let mut statement = tx.prepare_cached("SELECT since FROM fee_waiting WHERE what = ?")?;
    statement.query_row([what], |row| Ok(Columns::new(row).unsigned("since")))?
}

/// Keeps what the last comparison of the books of `operator` with the chain found.
///
/// # Errors
/// If the database fails.
pub fn set_report(
    tx: &Transaction<'_>,
    operator: Address,
    document: &str,
    now: u64,
) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT OR REPLACE INTO fee_report (operator, made_at, document) VALUES (?, ?, ?)")?
        .execute((operator.0.0, integer("time", now)?, document))?;
    Ok(())
}

/// That document, and when it was made.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn report(tx: &Transaction<'_>, operator: Address) -> Result<Option<(String, u64)>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT document, made_at FROM fee_report WHERE operator = ?")?;
    let read = |columns: Columns<'_, '_>| Ok((columns.get("document")?, columns.unsigned("made_at")?));
    statement.query_row([operator.0.0], |row| Ok(read(Columns::new(row)))).optional()?.transpose()
}
