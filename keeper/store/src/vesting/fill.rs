//! Filling the index from a genesis, in as many transactions as it takes.

use alloy_primitives::B256;
use opg_vesting::Schedule;
use rusqlite::{OptionalExtension, Transaction, params};

use super::model::{CategoryTerms, GenesisId, Look, number};
use crate::{
    StoreError,
    columns::{Columns, amount, integer},
};

/// Begins to fill the index from `genesis`, or finds that it was begun before. Returns whether it is complete.
///
/// # Errors
/// [`StoreError::OtherGenesis`] if the index belongs to another genesis; otherwise if the database fails.
pub fn begin(
    tx: &Transaction<'_>,
    genesis: &GenesisId,
    categories: &[CategoryTerms],
) -> Result<bool, StoreError> {
    if let Some((stored, complete)) = genesis_of(tx)? {
        if stored != *genesis {
            return Err(StoreError::OtherGenesis { stored: Box::new(stored), given: Box::new(*genesis) });
        }
        return Ok(complete);
    }
    tx.prepare_cached("INSERT INTO vesting_genesis (one, chain_id, vault, digest) VALUES (1, ?, ?, ?)")?
        .execute(params![
            integer("chain id", genesis.chain_id)?,
            genesis.vault.as_slice(),
            genesis.digest.as_slice()
        ])?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO vesting_categories (id, name, start, cliff, duration, count) VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    for terms in categories {
        insert.execute(params![
            terms.id,
            terms.name,
            integer("start", terms.start)?,
            terms.cliff,
            terms.duration,
            terms.count
        ])?;
    }
    Ok(false)
}

/// The genesis that the index was filled from, and whether it is complete; `None` before the first.
///
/// # Errors
/// If the database fails.
pub fn genesis_of(tx: &Transaction<'_>) -> Result<Option<(GenesisId, bool)>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT chain_id, vault, digest, complete FROM vesting_genesis")?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let columns = Columns::new(row);
    let genesis = GenesisId {
        chain_id: columns.unsigned("chain_id")?,
        vault: columns.address("vault")?,
        digest: columns.word("digest")?,
    };
    Ok(Some((genesis, columns.get("complete")?)))
}

/// Whether every schedule of the genesis has its row.
///
/// # Errors
/// If the database fails.
pub fn is_complete(tx: &Transaction<'_>) -> Result<bool, StoreError> {
    Ok(genesis_of(tx)?.is_some_and(|(_, complete)| complete))
}

/// How many schedules of `category` have their rows: the index of the next one, as they come in order.
///
/// # Errors
/// If the database fails.
pub fn filled(tx: &Transaction<'_>, category: u32) -> Result<u32, StoreError> {
    let range = params![number(category, 0)?, number(category, u32::MAX)?];
    let last: Option<i64> = tx
        .prepare_cached("SELECT MAX(number) FROM vesting_schedules WHERE number BETWEEN ? AND ?")?
        .query_row(range, |row| row.get(0))?;
    Ok(last.map_or(0, |last| (last & i64::from(u32::MAX)) as u32 + 1))
}

/// Adds a schedule that nothing has happened to, with the times at which it needs attention.
///
/// # Errors
/// If it has its row already, or the database fails.
pub fn insert(tx: &Transaction<'_>, schedule: &Schedule, look: Look) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO vesting_schedules (number, id, category, beneficiary, amount, tge_amount, revocable, transferable, \
         due_at, look_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(params![
        number(schedule.category, schedule.index)?,
        schedule.id().as_slice(),
        schedule.category,
        schedule.beneficiary.as_slice(),
        amount(schedule.amount),
        amount(schedule.tge_amount),
        schedule.revocable,
        schedule.transferable,
        look.due_at.map(|at| integer("time", at)).transpose()?,
        look.look_at.map(|at| integer("time", at)).transpose()?,
    ])?;
    Ok(())
}

/// Declares the index complete, computed for `policy`.
///
/// # Errors
/// If a category lacks rows, or the database fails.
pub fn finish(tx: &Transaction<'_>, policy: B256) -> Result<(), StoreError> {
    let lacking: Option<(u32, u32)> = tx
        .prepare_cached(
            "SELECT id, count FROM vesting_categories AS c WHERE count <> \
             (SELECT COUNT(*) FROM vesting_schedules AS s WHERE s.number BETWEEN c.id << 32 AND (c.id << 32) + 4294967295)",
        )?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    if let Some((category, count)) = lacking {
        let found = filled(tx, category)?;
        let reason = format!("category {category} has {found} schedules instead of {count}");
        return Err(StoreError::Corrupt { what: "vesting index", reason });
    }
    set_policy(tx, policy)?;
    tx.execute("UPDATE vesting_genesis SET complete = 1", [])?;
    Ok(())
}

/// The policy that the times of the rows were computed for; `None` before the first.
///
/// # Errors
/// If the database fails.
pub fn policy(tx: &Transaction<'_>) -> Result<Option<B256>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT policy FROM vesting_genesis")?;
    let mut rows = statement.query([])?;
    rows.next()?.map_or(Ok(None), |row| Columns::new(row).optional_word("policy"))
}

/// Notes the policy that the times of all rows were computed for.
///
/// # Errors
/// If the database fails.
pub fn set_policy(tx: &Transaction<'_>, policy: B256) -> Result<(), StoreError> {
    tx.execute("UPDATE vesting_genesis SET policy = ?", [policy.as_slice()])?;
    Ok(())
}
