//! From a voucher that was shown to a fee that was charged.

use alloy_primitives::{B256, Bytes};
use rusqlite::{OptionalExtension, Transaction};

use super::{Channel, by_id};
use crate::{
    StoreError,
    columns::{Columns, amount, integer},
};

/// A voucher as it is shown for a request. Its signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewVoucher {
    /// The channel.
    pub channel: B256,
    /// What it allows in all.
    pub maximum: u128,
    /// The one request that it pays for.
    pub request_id: B256,
    /// Most that the request may cost.
    pub cap: u128,
    /// What may be served beyond what is signed.
    pub credit: u128,
    /// What may be unclaimed at once; `None`: no limit.
    pub limit: Option<u128>,
}

/// What [`hold`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// It pays for the request, which can be worked on.
    New,
    /// It was taken for the same request, which cost so much; `None`: that is being worked on.
    Again(Option<u128>),
    /// It was taken for another request.
    OfAnother,
    /// It does not allow what the request may cost on top of what was charged.
    Short,
    /// It would allow it, if others were not being worked on.
    Busy,
    /// The balance, less what the payer withdraws, does not cover it.
    Uncovered,
    /// More would be unclaimed than may be.
    Limit,
    /// The rest of the channel is being given back.
    Refunding,
    /// There is no such channel.
    Unknown,
}

/// What a voucher was used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// The request.
    pub request_id: B256,
    /// What it cost; `None` while it is being worked on.
    pub fee: Option<u128>,
}

/// A charge, with the channel after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charged {
    /// What was charged.
    pub fee: u128,
    /// The channel.
    pub channel: Channel,
}

/// Binds a voucher to a request, if it and the channel cover what the request may cost. Everything is decided in the one
/// transaction, so requests that come together cannot be served on the same money.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn hold(tx: &Transaction<'_>, new: &NewVoucher, now: u64) -> Result<Held, StoreError> {
    let Some(channel) = by_id(tx, new.channel)? else { return Ok(Held::Unknown) };
    if let Some(known) = voucher(tx, new.channel, new.maximum)? {
        let same = known.request_id == new.request_id;
        return Ok(if same { Held::Again(known.fee) } else { Held::OfAnother });
    }
    if channel.refund.is_some() {
        return Ok(Held::Refunding);
    }
    let alone = channel.charged.saturating_add(new.cap);
    let needed = alone.saturating_add(reserved(tx, new.channel)?);
    let signed = new.maximum.saturating_add(new.credit);
    // Strictly rising: a voucher that allows no more than what was charged is an old one, whatever the request costs.
    if signed < alone || signed <= channel.charged {
        return Ok(Held::Short);
    }
    if signed < needed {
        return Ok(Held::Busy);
    }
    let withdrawn = channel.seen.withdrawal.map_or(0, |(wanted, _)| wanted);
    if needed > channel.seen.balance.saturating_sub(withdrawn) {
        return Ok(Held::Uncovered);
    }
    if new.limit.is_some_and(|limit| needed.saturating_sub(channel.seen.claimed) > limit) {
        return Ok(Held::Limit);
    }
    tx.prepare_cached(
        "INSERT INTO channel_vouchers (channel, maximum, request_id, cap, held_at) VALUES (?, ?, ?, ?, ?)",
    )?
    .execute((
        new.channel.0,
        amount(new.maximum),
        new.request_id.0,
        amount(new.cap),
        integer("time", now)?,
    ))?;
    Ok(Held::New)
}

/// Charges what a request cost to the voucher that was held for it, and keeps the voucher if it is the best of its
/// channel. A request is charged once: what it cost the first time stands. More than the cap is never charged.
///
/// # Errors
/// If the voucher is not held for the request, or the database fails.
pub fn charge(
    tx: &Transaction<'_>,
    held: &NewVoucher,
    signature: &Bytes,
    fee: u128,
    now: u64,
) -> Result<Charged, StoreError> {
    let gone = || StoreError::Corrupt {
        what: "voucher",
        reason: format!("{} of channel {} is not held for this request", held.maximum, held.channel),
    };
    let known = voucher(tx, held.channel, held.maximum)?.ok_or_else(gone)?;
    if known.request_id != held.request_id {
        return Err(gone());
    }
    let channel = by_id(tx, held.channel)?.ok_or_else(gone)?;
    if let Some(fee) = known.fee {
        return Ok(Charged { fee, channel });
    }
    let fee = fee.min(held.cap);
    tx.prepare_cached("UPDATE channel_vouchers SET fee = ?3 WHERE channel = ?1 AND maximum = ?2")?
        .execute((held.channel.0, amount(held.maximum), amount(fee)))?;
    let charged = channel.charged.checked_add(fee).ok_or_else(gone)?;
    let better = held.maximum > channel.maximum;
    let since = if fee > 0 { channel.unclaimed_since.or(Some(now)) } else { channel.unclaimed_since };
    tx.prepare_cached(
        "UPDATE channels SET charged = ?2, maximum = ?3, signature = ?4, used_at = ?5, unclaimed_since = ?6 WHERE id = ?1",
    )?
    .execute(rusqlite::params![
        held.channel.0,
        amount(charged),
        amount(if better { held.maximum } else { channel.maximum }),
        if better { signature.as_ref() } else { channel.signature.as_ref() },
        integer("time", now)?,
        since.map(|since| integer("time", since)).transpose()?,
    ])?;
    let channel = by_id(tx, held.channel)?.ok_or_else(gone)?;
    Ok(Charged { fee, channel })
}

/// Lets a voucher go that was held for a request which came to nothing: it was not charged, and may be shown again.
///
/// # Errors
/// If the database fails.
pub fn release(tx: &Transaction<'_>, held: &NewVoucher) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM channel_vouchers WHERE channel = ? AND maximum = ? AND request_id = ? AND fee IS NULL",
    )?
    .execute((held.channel.0, amount(held.maximum), held.request_id.0))?;
    Ok(())
}

/// Lets all vouchers go that are held: nothing is being worked on after a start. Returns how many.
///
/// # Errors
/// If the database fails.
pub fn release_all(tx: &Transaction<'_>) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM channel_vouchers WHERE fee IS NULL", [])?)
}

/// What a voucher of `channel` that allows `maximum` was used for.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn voucher(tx: &Transaction<'_>, channel: B256, maximum: u128) -> Result<Option<Use>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT request_id, fee FROM channel_vouchers WHERE channel = ? AND maximum = ?")?;
    let read = |columns: Columns<'_, '_>| {
        Ok(Use { request_id: columns.word("request_id")?, fee: columns.optional_amount("fee")? })
    };
    statement.query_row((channel.0, amount(maximum)), |row| Ok(read(Columns(row)))).optional()?.transpose()
}

/// What the requests that are being worked on may cost.
pub(super) fn reserved(tx: &Transaction<'_>, channel: B256) -> Result<u128, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT cap FROM channel_vouchers WHERE channel = ? AND fee IS NULL")?;
    let mut rows = statement.query([channel.0])?;
    let mut sum = 0_u128;
    while let Some(row) = rows.next()? {
        sum = sum.saturating_add(Columns(row).amount("cap")?);
    }
    Ok(sum)
}
