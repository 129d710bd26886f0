//! Flat payments over HTTP, in all.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use rusqlite::{OptionalExtension as _, Transaction};

use crate::{
    StoreError,
    columns::{Columns, amount},
};

/// How a payment ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The chain took it.
    Settled,
    /// It did not, and will not.
    Refused,
}

/// Payments to one address that have ended, in OPG wei.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Payments {
    /// What the chain took.
    pub settled: u128,
    /// What it did not take.
    pub refused: u128,
}

/// A payment that is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settling {
    /// Who pays.
    pub payer: Address,
    /// The payer's number for it.
    pub nonce: B256,
    /// Who gets it.
    pub pay_to: Address,
    /// OPG wei.
    pub amount: u128,
}

/// Counts a payment that has ended. Once for each: it belongs into the transaction that ends it.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn count_payment(
    tx: &Transaction<'_>,
    pay_to: Address,
    outcome: Outcome,
    wei: u128,
) -> Result<(), StoreError> {
    let mut sums = of(tx, pay_to)?;
    let sum = match outcome {
        Outcome::Settled => &mut sums.settled,
        Outcome::Refused => &mut sums.refused,
    };
    *sum = sum.saturating_add(wei);
    tx.prepare_cached("INSERT OR REPLACE INTO fee_payments (pay_to, settled, refused) VALUES (?, ?, ?)")?
        .execute((pay_to.0.0, amount(sums.settled), amount(sums.refused)))?;
    Ok(())
}

/// What has ended, by where it went.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn payments(tx: &Transaction<'_>) -> Result<BTreeMap<Address, Payments>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT * FROM fee_payments")?;
    let mut rows = statement.query([])?;
    let mut found = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row);
        found.insert(columns.address("pay_to")?, decode(&columns)?);
    }
    Ok(found)
}

/// Payments that are on their way.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn settling(tx: &Transaction<'_>) -> Result<Vec<Settling>, StoreError> {
    let sql = "SELECT payer, nonce, pay_to, amount FROM http_payments WHERE state = 'settling'";
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row);
        found.push(Settling {
            payer: columns.address("payer")?,
            nonce: columns.word("nonce")?,
            pay_to: columns.address("pay_to")?,
            amount: columns.amount("amount")?,
        });
    }
    Ok(found)
}

/// Counts the payments that had ended when the sums began.
pub(crate) fn take_over(tx: &Transaction<'_>) -> Result<(), rusqlite::Error> {
    let mut sums: BTreeMap<[u8; 20], Payments> = BTreeMap::new();
    let mut statement =
        tx.prepare("SELECT pay_to, amount, state FROM http_payments WHERE state IN ('settled', 'failed')")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let wei = u128::from_be_bytes(row.get(1)?);
        let sums = sums.entry(row.get(0)?).or_default();
        let sum = if row.get::<_, String>(2)? == "settled" { &mut sums.settled } else { &mut sums.refused };
        *sum = sum.saturating_add(wei);
    }
    let mut insert = tx.prepare("INSERT INTO fee_payments (pay_to, settled, refused) VALUES (?, ?, ?)")?;
    for (pay_to, sums) in sums {
        insert.execute((pay_to, amount(sums.settled), amount(sums.refused)))?;
    }
    Ok(())
}

fn of(tx: &Transaction<'_>, pay_to: Address) -> Result<Payments, StoreError> {
    let mut statement = tx.prepare_cached("SELECT * FROM fee_payments WHERE pay_to = ?")?;
    let read = statement.query_row([pay_to.0.0], |row| Ok(decode(&Columns::new(row)))).optional()?;
    Ok(read.transpose()?.unwrap_or_default())
}

fn decode(columns: &Columns<'_, '_>) -> Result<Payments, StoreError> {
    Ok(Payments { settled: columns.amount("settled")?, refused: columns.amount("refused")? })
}
