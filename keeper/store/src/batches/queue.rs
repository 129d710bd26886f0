//! Receipts that wait for a batch.

use opg_receipts::SignedReceipt;
use rusqlite::Transaction;

use crate::{
    StoreError,
    columns::{Columns, integer},
    http::signed,
};

/// A receipt that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its row.
    pub receipt: i64,
    /// The receipt.
    pub signed: SignedReceipt,
}

/// Lets a receipt wait for a batch, by its row. Called where it may first be shown, and never again.
pub(crate) fn begin_to_wait(tx: &Transaction<'_>, receipt: i64, issued_at: i64) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO batch_waiting (receipt, issued_at) VALUES (?, ?)")?
        .execute((receipt, issued_at))?;
    Ok(())
}

/// Time of issue of the oldest receipt that waits.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn oldest(tx: &Transaction<'_>) -> Result<Option<u64>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT min(issued_at) AS oldest FROM batch_waiting")?;
    statement.query_row([], |row| Ok(Columns::new(row).optional_unsigned("oldest")))?
}

/// Whether at least `count` receipts wait that were issued before `time`. Costs about that, however many do.
///
/// # Errors
/// If the database fails.
pub fn holds(tx: &Transaction<'_>, count: u32, time: u64) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM batch_waiting WHERE issued_at < ? LIMIT ?)";
    let found: i64 = tx.prepare_cached(sql)?.query_row((integer("time", time)?, count), |row| row.get(0))?;
    Ok(found >= i64::from(count))
}

/// Up to `limit` receipts that wait and were issued before `time`, in the order in which they were stored.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn waiting(tx: &Transaction<'_>, limit: u32, time: u64) -> Result<Vec<Waiting>, StoreError> {
    // The order is that of the narrow table, and what is read of the wide one ends before its long columns.
    let mut statement = tx.prepare_cached(
        "SELECT w.receipt, r.request_id, r.payer, r.operator, r.model_version, r.input_hash, r.output_hash, \
         r.trace_hash, r.input_units, r.output_units, r.unit_price, r.fee, r.mode, r.issued_at, r.signature \
         FROM batch_waiting w CROSS JOIN http_receipts r ON r.id = w.receipt \
         WHERE w.issued_at < ? ORDER BY w.receipt LIMIT ?",
    )?;
    let mut rows = statement.query((integer("time", time)?, limit))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row);
        found.push(Waiting { receipt: columns.get("receipt")?, signed: signed(&columns)? });
    }
    Ok(found)
}

/// Gives up receipts that no batch may contain.
///
/// # Errors
/// If the database fails.
pub fn discard(tx: &Transaction<'_>, receipts: &[i64]) -> Result<(), StoreError> {
    let mut remove = tx.prepare_cached("DELETE FROM batch_waiting WHERE receipt = ?")?;
    for receipt in receipts {
        remove.execute([receipt])?;
    }
    Ok(())
}

/// Gives up receipts issued before `time`: no batch that is posted now can contain them. Returns how many.
///
/// # Errors
/// If the database fails.
pub fn drop_late(tx: &Transaction<'_>, time: u64) -> Result<usize, StoreError> {
    let sql = "DELETE FROM batch_waiting WHERE issued_at < ?";
    Ok(tx.prepare_cached(sql)?.execute([integer("time", time)?])?)
}
