//! Sums over the chain's events.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use rusqlite::{OptionalExtension as _, Transaction};

use crate::{
    StoreError,
    columns::{Columns, amount, integer},
};

/// What is summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Of a vault: fees of answers on the chain.
    Credited,
    /// Of a vault: divided, the operator's part.
    Operator,
    /// Of a vault: divided, the part of the model's owner.
    ModelOwner,
    /// Of a vault: divided, the part for verification.
    Verification,
    /// Of a vault: divided, what was destroyed.
    Burned,
    /// Of the operator: every part of divided fees that is its own.
    Income,
    /// Of the operator: what it was paid of that.
    Collected,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::Credited,
        Self::Operator,
        Self::ModelOwner,
        Self::Verification,
        Self::Burned,
        Self::Income,
        Self::Collected,
    ];

    /// As it is stored.
    const fn name(self) -> &'static str {
        match self {
            Self::Credited => "credited",
            Self::Operator => "operator",
            Self::ModelOwner => "model_owner",
            Self::Verification => "verification",
            Self::Burned => "burned",
            Self::Income => "income",
            Self::Collected => "collected",
        }
    }
}

/// Adds what an event of `block` says. Blocks come in their order, each event once.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn add(
    tx: &Transaction<'_>,
    operator: Address,
    (account, kind): (Address, Kind),
    block: u64,
    wei: u128,
) -> Result<(), StoreError> {
    if wei == 0 {
        return Ok(());
    }
    let sql = "SELECT total FROM fee_sums WHERE operator = ? AND account = ? AND kind = ? ORDER BY block DESC LIMIT 1";
    let key = (operator.0.0, account.0.0, kind.name());
    let last =
        tx.prepare_cached(sql)?.query_row(key, |row| Ok(Columns::new(row).amount("total"))).optional()?;
    let total = last.transpose()?.unwrap_or_default().saturating_add(wei);
    tx.prepare_cached(
        "INSERT OR REPLACE INTO fee_sums (operator, account, kind, block, total) VALUES (?, ?, ?, ?, ?)",
    )?
    .execute((key.0, key.1, key.2, integer("block number", block)?, amount(total)))?;
    Ok(())
}

/// Takes back what blocks above `block` added, which are no longer on the chain.
///
/// # Errors
/// If the database fails.
pub fn roll_back(tx: &Transaction<'_>, operator: Address, block: u64) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM fee_sums WHERE operator = ? AND block > ?")?
        .execute((operator.0.0, integer("block number", block)?))?;
    Ok(())
}

/// Forgets how the sums came about in blocks up to `block`, which nothing undoes any more.
///
/// # Errors
/// If the database fails.
pub fn compact(tx: &Transaction<'_>, operator: Address, block: u64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM fee_sums WHERE operator = ?1 AND block <= ?2 AND EXISTS (SELECT 1 FROM fee_sums later \
         WHERE later.operator = fee_sums.operator AND later.account = fee_sums.account AND later.kind = fee_sums.kind \
         AND later.block > fee_sums.block AND later.block <= ?2)",
    )?
    .execute((operator.0.0, integer("block number", block)?))?;
    Ok(())
}

/// All sums of the books of `operator`.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn sums(tx: &Transaction<'_>, operator: Address) -> Result<BTreeMap<(Address, Kind), u128>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT account, kind, total FROM fee_sums WHERE operator = ? ORDER BY block")?;
    let mut rows = statement.query([operator.0.0])?;
    let mut found = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row);
        let name: String = columns.get("kind")?;
        let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.name() == name) else {
            return Err(StoreError::Corrupt { what: "kind of a sum of fees", reason: name });
        };
        found.insert((columns.address("account")?, kind), columns.amount("total")?);
    }
    Ok(found)
}
