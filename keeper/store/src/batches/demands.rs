//! Leaves that somebody demanded to see on the chain.

use alloy_primitives::B256;
use rusqlite::Transaction;

use crate::{
    StoreError,
    columns::{Columns, integer},
};

/// A demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Demand {
    /// The batch's identifier on the chain.
    pub batch: B256,
    /// Index of the leaf.
    pub leaf: u32,
    /// Block of the demand.
    pub block: u64,
    /// Unix time from which the operator is at fault.
    pub deadline: u64,
}

/// Notes a demand, and that its batch can be challenged until `final_at` now. A demand that is known stays as it is.
///
/// # Errors
/// If the database fails.
pub fn note_demand(tx: &Transaction<'_>, demand: &Demand, final_at: u64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO batch_demands (batch, leaf, block, deadline) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    )?
    .execute((
        demand.batch.0,
        demand.leaf,
        integer("block number", demand.block)?,
        integer("deadline", demand.deadline)?,
    ))?;
    tx.prepare_cached(
        "UPDATE batches SET final_at = max(final_at, ?2) WHERE name = ?1 AND state = 'posted'",
    )?
    .execute((demand.batch.0, integer("end of the challenges", final_at)?))?;
    Ok(())
}

/// Notes that open demands of a leaf ended in `block`, whether by an answer or as a fault.
///
/// # Errors
/// If the database fails.
pub fn close_demand(tx: &Transaction<'_>, batch: B256, leaf: u32, block: u64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE batch_demands SET closed = ?3 WHERE batch = ?1 AND leaf = ?2 AND closed IS NULL",
    )?
    .execute((batch.0, leaf, integer("block number", block)?))?;
    Ok(())
}

/// Demands that wait for an answer, the most urgent first.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn open_demands(tx: &Transaction<'_>) -> Result<Vec<Demand>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT * FROM batch_demands WHERE closed IS NULL ORDER BY deadline, leaf")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row);
        found.push(Demand {
            batch: columns.word("batch")?,
            leaf: columns.get("leaf")?,
            block: columns.unsigned("block")?,
            deadline: columns.unsigned("deadline")?,
        });
    }
    Ok(found)
}
