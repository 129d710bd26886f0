//! Deposits and refunds: money that goes into channels and back.

use alloy_primitives::{Address, B256};
use rusqlite::{OptionalExtension, Transaction};

use super::{KeptOut, by_id};
use crate::{
    StoreError,
    columns::amount,
    journal::{self, Intent, IntentId},
};

/// The intent that makes the deposit into `channel` whose authorization has this nonce, if there is one.
///
/// # Errors
/// If the database fails.
pub fn deposit(tx: &Transaction<'_>, channel: B256, nonce: B256) -> Result<Option<IntentId>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT intent FROM channel_deposits WHERE channel = ? AND nonce = ?")?;
    Ok(statement.query_row((channel.0, nonce.0), |row| row.get(0).map(IntentId)).optional()?)
}

/// Hands a deposit to the journal of `signer`, once.
///
/// # Errors
/// If the database fails.
pub fn enqueue_deposit(
    tx: &Transaction<'_>,
    (channel, nonce, wei): (B256, B256, u128),
    signer: Address,
    intent: &Intent,
    now: u64,
) -> Result<IntentId, StoreError> {
    if let Some(known) = deposit(tx, channel, nonce)? {
        return Ok(known);
    }
    let id = journal::enqueue(tx, signer, intent, now)?;
    tx.prepare_cached("INSERT INTO channel_deposits (channel, nonce, amount, intent) VALUES (?, ?, ?, ?)")?
        .execute((channel.0, nonce.0, amount(wei), id.0))?;
    Ok(id)
}

/// Hands a refund of a channel to the journal of `signer`. No voucher is taken until it ends. One that is under way stays
/// as it is.
///
/// # Errors
/// If the channel is unknown, or the database fails.
pub fn enqueue_refund(
    tx: &Transaction<'_>,
    channel: &KeptOut,
    signer: Address,
    intent: &Intent,
    now: u64,
) -> Result<IntentId, StoreError> {
    let channel = channel.channel();
    let known = by_id(tx, channel)?.ok_or_else(|| StoreError::Corrupt {
        what: "refund",
        reason: format!("channel {channel} is unknown"),
    })?;
    if let Some(under_way) = known.refund {
        return Ok(under_way);
    }
    let id = journal::enqueue(tx, signer, intent, now)?;
    tx.prepare_cached("UPDATE channels SET refund = ? WHERE id = ?")?.execute((id.0, channel.0))?;
    Ok(id)
}

/// Refunds that are under way: channels and intents.
///
/// # Errors
/// If the database fails.
pub fn refunds(tx: &Transaction<'_>) -> Result<Vec<(B256, IntentId)>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT id, refund FROM channels WHERE refund IS NOT NULL")?;
    let found =
        statement.query_map([], |row| Ok((B256::from(row.get::<_, [u8; 32]>(0)?), IntentId(row.get(1)?))))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The refund of a channel by this intent ended, in whatever way.
///
/// # Errors
/// If the database fails.
pub fn note_refunded(tx: &Transaction<'_>, channel: B256, intent: IntentId) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE channels SET refund = NULL WHERE id = ? AND refund = ?")?
        .execute((channel.0, intent.0))?;
    Ok(())
}
