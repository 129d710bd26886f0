//! Fees that were charged to vouchers.

use alloy_primitives::{B256, Bytes};
use rusqlite::{OptionalExtension, Transaction};

use super::{Channel, Hold, by_id};
use crate::{
    StoreError,
    columns::{Columns, amount, integer},
};

/// What a voucher was used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// The request.
    pub request_id: B256,
    /// What it cost.
    pub fee: u128,
}

/// Charges what a request cost to the voucher that is held for it, and keeps the voucher if it is the best of its channel.
/// More than the cap is never charged. Returns the channel after it.
///
/// # Errors
/// If the channel is unknown, a request was charged to the voucher before, or the database fails.
pub fn charge(
    tx: &Transaction<'_>,
    hold: &Hold,
    signature: &Bytes,
    fee: u128,
    now: u64,
) -> Result<Channel, StoreError> {
    let held = hold.voucher();
    let corrupt = |reason: &str| StoreError::Corrupt {
        what: "voucher",
        reason: format!("{} of channel {}: {reason}", held.maximum, held.channel),
    };
    let mut channel = by_id(tx, held.channel)?.ok_or_else(|| corrupt("the channel is unknown"))?;
    let fee = fee.min(held.cap);
    let charged = tx
        .prepare_cached(
            "INSERT INTO channel_vouchers (channel, maximum, request_id, fee, charged_at) VALUES (?, ?, ?, ?, ?) \
             ON CONFLICT DO NOTHING",
        )?
        .execute((
            held.channel.0,
            amount(held.maximum),
            held.request_id.0,
            amount(fee),
            integer("time", now)?,
        ))?;
    if charged == 0 {
        return Err(corrupt("it was charged before"));
    }
    channel.charged =
        channel.charged.checked_add(fee).ok_or_else(|| corrupt("the sum of fees is too large"))?;
    if held.maximum > channel.maximum {
        channel.maximum = held.maximum;
        channel.signature = signature.clone();
    }
    if fee > 0 {
        channel.unclaimed_since.get_or_insert(now);
    }
    tx.prepare_cached(
        "UPDATE channels SET charged = ?2, maximum = ?3, signature = ?4, used_at = ?5, unclaimed_since = ?6 WHERE id = ?1",
    )?
    .execute(rusqlite::params![
        held.channel.0,
        amount(channel.charged),
        amount(channel.maximum),
        channel.signature.as_ref(),
        integer("time", now)?,
        channel.unclaimed_since.map(|since| integer("time", since)).transpose()?,
    ])?;
    Ok(channel)
}

/// What a voucher of `channel` that allows `maximum` was used for; `None` if nothing was charged to it.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn voucher(tx: &Transaction<'_>, channel: B256, maximum: u128) -> Result<Option<Use>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT request_id, fee FROM channel_vouchers WHERE channel = ? AND maximum = ?")?;
    let read = |columns: Columns<'_, '_>| {
        Ok(Use { request_id: columns.word("request_id")?, fee: columns.amount("fee")? })
    };
    statement
        .query_row((channel.0, amount(maximum)), |row| Ok(read(Columns::new(row))))
        .optional()?
        .transpose()
}
