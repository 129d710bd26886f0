//! Vouchers of requests that are being worked on.
//!
//! They are kept in memory: until a request is charged nobody has seen anything of it that a voucher would have to pay for
//! after a kill, so a start begins with none. Nothing is written before the charge, which makes voucher, fee and answer
//! durable together.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alloy_primitives::B256;
use rusqlite::Transaction;

use super::{Channel, by_id, voucher};
use crate::{Store, StoreError};

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
    /// What the chain said of the channel before this time, by the keeper's clock, does not count.
    pub seen_since: u64,
}

/// Why a voucher is not held for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It pays for this very request already, which is being worked on or was charged.
    Again,
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
    /// The chain was asked about the channel too long ago.
    Stale,
}

/// What goes on in a channel.
#[derive(Debug)]
enum Work {
    /// Requests are being worked on; never empty.
    Requests(Vec<NewVoucher>),
    /// A refund is being begun.
    Refund,
}

/// The vouchers that are held, by channel. Clones share them. There is one for each store.
#[derive(Debug, Clone, Default)]
pub struct Holds(Arc<Mutex<HashMap<B256, Work>>>);

impl Holds {
    /// Binds a voucher to a request, if it and the channel cover what the request may cost. Requests that come together
    /// are decided one after the other, so they cannot be served on the same money.
    ///
    /// # Errors
    /// If the database fails or holds something unreadable.
    pub fn hold(&self, store: &Store, new: &NewVoucher) -> Result<Result<Hold, Refusal>, StoreError> {
        let mut work = self.work();
        // Read under the lock: whoever is gone from `work` by now was charged before, and that is seen.
        let others = match work.get(&new.channel) {
            Some(Work::Requests(others)) => others.as_slice(),
            Some(Work::Refund) | None => &[],
        };
        if let Some(refusal) = store.read(|tx| judge(tx, new, others))? {
            return Ok(Err(refusal));
        }
        match work.entry(new.channel).or_insert_with(|| Work::Requests(Vec::new())) {
            Work::Requests(held) => held.push(new.clone()),
            Work::Refund => return Ok(Err(Refusal::Refunding)),
        }
        Ok(Ok(Hold { voucher: new.clone(), holds: self.clone() }))
    }

    /// Keeps vouchers of a channel from being held until the result is dropped; `None` while requests are being worked on,
    /// or somebody else does the same.
    #[must_use]
    pub fn keep_out(&self, channel: B256) -> Option<KeptOut> {
        let mut work = self.work();
        if work.contains_key(&channel) {
            return None;
        }
        work.insert(channel, Work::Refund);
        Some(KeptOut { channel, holds: self.clone() })
    }

    fn work(&self) -> MutexGuard<'_, HashMap<B256, Work>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A voucher that is held for a request, until this is dropped. It must outlive the transaction that charges it, so that the
/// next request finds one or the other.
#[derive(Debug)]
pub struct Hold {
    voucher: NewVoucher,
    holds: Holds,
}

impl Hold {
    /// What is held.
    #[must_use]
    pub fn voucher(&self) -> &NewVoucher {
        &self.voucher
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut work = self.holds.work();
        let Some(Work::Requests(held)) = work.get_mut(&self.voucher.channel) else { return };
        held.retain(|other| other.request_id != self.voucher.request_id);
        if held.is_empty() {
            work.remove(&self.voucher.channel);
        }
    }
}

/// A channel of which no voucher is held, until this is dropped.
#[derive(Debug)]
pub struct KeptOut {
    channel: B256,
    holds: Holds,
}

impl KeptOut {
    /// Which.
    #[must_use]
    pub fn channel(&self) -> B256 {
        self.channel
    }
}

impl Drop for KeptOut {
    fn drop(&mut self) {
        self.holds.work().remove(&self.channel);
    }
}

/// What speaks against holding `new` beside `others`.
fn judge(
    tx: &Transaction<'_>,
    new: &NewVoucher,
    others: &[NewVoucher],
) -> Result<Option<Refusal>, StoreError> {
    let Some(channel) = by_id(tx, new.channel)? else { return Ok(Some(Refusal::Unknown)) };
    let held = others.iter().find(|other| other.maximum == new.maximum).map(|other| other.request_id);
    if let Some(request) = held.or(voucher(tx, new.channel, new.maximum)?.map(|used| used.request_id)) {
        return Ok(Some(if request == new.request_id { Refusal::Again } else { Refusal::OfAnother }));
    }
    if channel.refund.is_some() {
        return Ok(Some(Refusal::Refunding));
    }
    if channel.seen.at < new.seen_since {
        return Ok(Some(Refusal::Stale));
    }
    Ok(afford(&channel, new, reserved(tx, others)?))
}

/// Whether voucher and channel cover what the request may cost, on top of what was charged and is `reserved`.
fn afford(channel: &Channel, new: &NewVoucher, reserved: u128) -> Option<Refusal> {
    let alone = channel.charged.saturating_add(new.cap);
    let needed = alone.saturating_add(reserved);
    let signed = new.maximum.saturating_add(new.credit);
    // Strictly rising: a voucher that allows no more than what was charged is an old one, whatever the request costs.
    if signed < alone || signed <= channel.charged {
        return Some(Refusal::Short);
    }
    if signed < needed {
        return Some(Refusal::Busy);
    }
    let withdrawn = channel.seen.withdrawal.map_or(0, |(wanted, _)| wanted);
    if needed > channel.seen.balance.saturating_sub(withdrawn) {
        return Some(Refusal::Uncovered);
    }
    let unclaimed = needed.saturating_sub(channel.seen.claimed);
    new.limit.is_some_and(|limit| unclaimed > limit).then_some(Refusal::Limit)
}

/// What requests that are being worked on may cost and were not charged yet.
fn reserved(tx: &Transaction<'_>, others: &[NewVoucher]) -> Result<u128, StoreError> {
    let mut sum = 0_u128;
    for other in others {
        if voucher(tx, other.channel, other.maximum)?.is_none() {
            sum = sum.saturating_add(other.cap);
        }
    }
    Ok(sum)
}
