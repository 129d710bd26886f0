//! Leaves of batches: where a receipt stands, its proof, and the data.

use alloy_primitives::B256;
use opg_receipts::{SignedReceipt, batch::BatchTree};
use rusqlite::{OptionalExtension, Transaction};

use super::{Batch, BatchId, model::decode};
use crate::{StoreError, columns::Columns, http::signed};

/// Height of the subtrees whose roots are stored with a batch: 256 leaves. A proof takes the leaves of one subtree and
/// the roots of all, not the whole batch.
pub const PART_HEIGHT: usize = 8;
const PART: u32 = 1 << PART_HEIGHT;

/// Where a receipt stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Its batch.
    pub batch: Batch,
    /// Its index in it.
    pub leaf: u32,
}

/// Where the receipt of `request_id` stands; `None` if it is in no batch.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn place_of(tx: &Transaction<'_>, request_id: B256) -> Result<Option<Place>, StoreError> {
    let sql = "SELECT b.*, l.leaf FROM http_receipts r JOIN batch_leaves l ON l.receipt = r.id \
               JOIN batches b ON b.id = l.batch WHERE r.request_id = ?";
    read_place(tx, sql, request_id)
}

/// The place that `sql` finds for a request: a batch and a leaf.
pub(super) fn read_place(
    tx: &Transaction<'_>,
    sql: &str,
    request_id: B256,
) -> Result<Option<Place>, StoreError> {
    let mut statement = tx.prepare_cached(sql)?;
    let read = statement
        .query_row([request_id.0], |row| {
            let columns = Columns::new(row);
            Ok(decode(&columns).and_then(|batch| Ok(Place { batch, leaf: columns.get("leaf")? })))
        })
        .optional()?;
    read.transpose()
}

/// The proof of leaf `leaf` of a batch; `None` if there is no such leaf.
///
/// # Errors
/// If the database fails or what it holds is no tree.
pub fn proof(tx: &Transaction<'_>, id: BatchId, leaf: u32) -> Result<Option<Vec<B256>>, StoreError> {
    let (part, within) = (leaf / PART, (leaf % PART) as usize);
    let mut statement = tx.prepare_cached(
        "SELECT hash FROM batch_leaves WHERE batch = ?1 AND leaf >= ?2 AND leaf < ?2 + ?3 ORDER BY leaf",
    )?;
    let mut rows = statement.query((id.0, part * PART, PART))?;
    let mut hashes = Vec::with_capacity(PART as usize);
    while let Some(row) = rows.next()? {
        hashes.push(Columns::new(row).word("hash")?);
    }
    let Some(tree) = BatchTree::new(hashes) else { return Ok(None) };
    let Some(mut proof) = tree.proof(within) else { return Ok(None) };
    let parts: Vec<u8> =
        tx.prepare_cached("SELECT parts FROM batches WHERE id = ?")?.query_row([id.0], |row| row.get(0))?;
    let parts = parts.chunks(32).map(B256::try_from).collect::<Result<Vec<_>, _>>();
    let above = parts
        .ok()
        .filter(|parts| parts.get(part as usize) == Some(&tree.root()))
        .and_then(BatchTree::new)
        .and_then(|above| above.proof(part as usize));
    let above = above.ok_or_else(|| StoreError::Corrupt {
        what: "batch",
        reason: format!("the leaves of batch {id} are not those that it was put together from"),
    })?;
    proof.extend(above);
    Ok(Some(proof))
}

/// Up to `limit` receipts of a batch in the order of its leaves, from leaf `from` on.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn records(
    tx: &Transaction<'_>,
    id: BatchId,
    from: u32,
    limit: u32,
) -> Result<Vec<SignedReceipt>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT r.request_id, r.payer, r.operator, r.model_version, r.input_hash, r.output_hash, r.trace_hash, \
         r.input_units, r.output_units, r.unit_price, r.fee, r.mode, r.issued_at, r.signature \
         FROM batch_leaves l CROSS JOIN http_receipts r ON r.id = l.receipt \
         WHERE l.batch = ? AND l.leaf >= ? ORDER BY l.leaf LIMIT ?",
    )?;
    let mut rows = statement.query((id.0, from, limit))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(signed(&Columns::new(row))?);
    }
    Ok(found)
}
