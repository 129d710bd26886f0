//! Batches as they are stored.

use std::fmt;

use alloy_primitives::B256;
use opg_receipts::batch::Batch as Commitment;
use rusqlite::{OptionalExtension, Transaction};

use crate::{
    StoreError,
    columns::{Columns, integer},
    journal::IntentId,
};

/// Names a batch in this database, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(pub i64);

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far a batch has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchState {
    /// Its transaction is with the journal.
    Posting,
    /// It is on the chain and can be challenged.
    Posted {
        /// Height of the block.
        block: u64,
        /// The transaction.
        transaction: B256,
        /// Unix time from which it cannot be challenged, as far as nobody demands a leaf.
        final_at: u64,
    },
    /// It cannot be challenged any more.
    Final {
        /// Height of the block.
        block: u64,
        /// The transaction.
        transaction: B256,
    },
}

impl BatchState {
    /// Its name, as stored and shown.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            BatchState::Posting => "posting",
            BatchState::Posted { .. } => "posted",
            BatchState::Final { .. } => "final",
        }
    }
}

/// A stored batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Its number here.
    pub id: BatchId,
    /// Its identifier on the chain.
    pub name: B256,
    /// What is posted of it.
    pub commitment: Commitment,
    /// Where its data is served.
    pub uri: String,
    /// The intent that posts it.
    pub intent: IntentId,
    /// Unix time at which it was put together.
    pub sealed_at: u64,
    /// How far it has come.
    pub state: BatchState,
    /// Its receipts were, or are being, removed: nothing but what is here is known of it.
    pub expired: bool,
}

/// Batches and receipts in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Receipts that wait for a batch.
    pub waiting: u64,
    /// Time of issue of the oldest of them.
    pub oldest: Option<u64>,
    /// Per state: its name, batches and receipts. Those of pruned batches, whose receipts are gone, are `expired`.
    pub states: Vec<(String, u64, u64)>,
    /// Leaves demanded on the chain and not answered yet.
    pub demands: u64,
}

pub(super) fn decode(columns: &Columns<'_, '_>) -> Result<Batch, StoreError> {
    let place = || Ok::<_, StoreError>((columns.unsigned("block")?, columns.word("posted_tx")?));
    let state = match columns.get::<String>("state")?.as_str() {
        "posting" => BatchState::Posting,
        "posted" => {
            let (block, transaction) = place()?;
            BatchState::Posted { block, transaction, final_at: columns.unsigned("final_at")? }
        }
        "final" => {
            let (block, transaction) = place()?;
            BatchState::Final { block, transaction }
        }
        other => return Err(StoreError::Corrupt { what: "batch state", reason: other.to_owned() }),
    };
    Ok(Batch {
        id: BatchId(columns.get("id")?),
        name: columns.word("name")?,
        commitment: Commitment {
            operator: columns.address("operator")?,
            root: columns.word("root")?,
            count: columns.get("count")?,
            from: columns.unsigned("first_at")?,
            to: columns.unsigned("last_at")?,
            dataHash: columns.word("data_hash")?,
        },
        uri: columns.get("uri")?,
        intent: IntentId(columns.get("intent")?),
        sealed_at: columns.unsigned("sealed_at")?,
        state,
        expired: columns.unsigned("expired")? > 0,
    })
}

/// The batch with this identifier on the chain.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn by_name(tx: &Transaction<'_>, name: B256) -> Result<Option<Batch>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT * FROM batches WHERE name = ?")?;
    let read = statement.query_row([name.0], |row| Ok(decode(&Columns::new(row)))).optional()?;
    read.transpose()
}

/// Batches that are not on the chain yet, oldest first.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn posting(tx: &Transaction<'_>) -> Result<Vec<Batch>, StoreError> {
    list(tx, "SELECT * FROM batches WHERE state = 'posting' AND id <= ? ORDER BY id", i64::MAX)
}

/// Batches that were posted up to `block` and can be challenged.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn pending(tx: &Transaction<'_>, block: u64) -> Result<Vec<Batch>, StoreError> {
    let sql = "SELECT * FROM batches WHERE state = 'posted' AND block <= ? ORDER BY id";
    list(tx, sql, integer("block number", block)?)
}

fn list(tx: &Transaction<'_>, sql: &str, parameter: i64) -> Result<Vec<Batch>, StoreError> {
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query([parameter])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(decode(&Columns::new(row))?);
    }
    Ok(found)
}

/// What there is, in numbers.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn summary(tx: &Transaction<'_>) -> Result<Summary, StoreError> {
    let number = |sql: &str| -> Result<u64, StoreError> {
        Ok(tx.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))?.unsigned_abs())
    };
    let mut statement = tx.prepare_cached(
        "SELECT iif(expired > 0, 'expired', state) AS state, count(*) AS batches, sum(count) AS receipts FROM batches \
         GROUP BY 1 ORDER BY 1",
    )?;
    let mut rows = statement.query([])?;
    let mut states = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row);
        states.push((columns.get("state")?, columns.unsigned("batches")?, columns.unsigned("receipts")?));
    }
    Ok(Summary {
        waiting: number("SELECT count(*) FROM batch_waiting")?,
        oldest: super::oldest(tx)?,
        states,
        demands: number("SELECT count(*) FROM batch_demands WHERE closed IS NULL")?,
    })
}
