//! How far each reader of the chain has come.
//!
//! A cursor is a name and the most recent blocks that its reader has applied. Save it in the transaction that applies
//! them, and the reader resumes exactly where its effects end.

use alloy_primitives::B256;
use rusqlite::Transaction;

use crate::{
    StoreError,
    columns::{Columns, integer},
};

/// Loads the blocks of cursor `name`, lowest first; none if it was never saved.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn load(tx: &Transaction<'_>, name: &str) -> Result<Vec<(u64, B256)>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT number, hash FROM cursors WHERE name = ? ORDER BY number")?;
    let mut rows = statement.query([name])?;
    let mut blocks = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row);
        blocks.push((columns.unsigned("number")?, columns.word("hash")?));
    }
    Ok(blocks)
}

/// Replaces the blocks of cursor `name`.
///
/// # Errors
/// If a block number occurs twice, or the database fails.
pub fn save(tx: &Transaction<'_>, name: &str, blocks: &[(u64, B256)]) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM cursors WHERE name = ?")?.execute([name])?;
    let mut insert = tx.prepare_cached("INSERT INTO cursors (name, number, hash) VALUES (?, ?, ?)")?;
    for (number, hash) in blocks {
        insert.execute((name, integer("block number", *number)?, hash.0))?;
    }
    Ok(())
}
