//! Channels as they are stored.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes};
use rusqlite::{OptionalExtension, Transaction};
use serde::Serialize;

use crate::{
    StoreError,
    columns::{Columns, amount, integer},
    journal::IntentId,
};

/// What a channel's identifier stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Whose tokens are in it.
    pub payer: Address,
    /// Key that signs vouchers; zero if the payer's account or its code does.
    pub payer_authorizer: Address,
    /// Who is paid.
    pub receiver: Address,
    /// Who claims and refunds.
    pub receiver_authorizer: Address,
    /// What is paid in.
    pub token: Address,
    /// Seconds from the payer's wish to withdraw to the withdrawal.
    pub withdraw_delay: u64,
    /// Tells channels apart that are otherwise alike.
    pub salt: B256,
}

/// What the chain said of a channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// What was deposited and not given back.
    pub balance: u128,
    /// What was claimed of it in all.
    pub claimed: u128,
    /// What the payer wants back, and the chain's time from which it can take that.
    pub withdrawal: Option<(u128, u64)>,
    /// When it said so, by the keeper's time.
    pub at: u64,
}

/// A stored channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its identifier.
    pub id: B256,
    /// What that stands for.
    pub terms: Terms,
    /// What was claimed on the chain, but not for fees that are known here.
    pub base: u128,
    /// The base and all fees.
    pub charged: u128,
    /// What the best voucher allows in all.
    pub maximum: u128,
    /// Its signature.
    pub signature: Bytes,
    /// When the oldest fee was charged that is not claimed.
    pub unclaimed_since: Option<u64>,
    /// What the chain said last.
    pub seen: Seen,
    /// Whether a claim of it is under way.
    pub claiming: bool,
    /// Until when claims of it are not tried again, after the chain would not take one.
    pub refused_until: Option<u64>,
    /// The intent that gives the rest back, while it is under way.
    pub refund: Option<IntentId>,
}

impl Channel {
    /// What a claim could bring now: what was charged, as far as vouchers and balance cover it, and is not claimed.
    #[must_use]
    pub fn claimable(&self) -> u128 {
        self.claimable_total().saturating_sub(self.seen.claimed)
    }

    /// The same as what shall have been claimed in all.
    #[must_use]
    pub fn claimable_total(&self) -> u128 {
        self.charged.min(self.maximum).min(self.seen.balance)
    }

    /// What was charged and is not claimed.
    #[must_use]
    pub fn unclaimed(&self) -> u128 {
        self.charged.saturating_sub(self.seen.claimed)
    }

    /// Of what is not claimed, what a claim brings.
    #[must_use]
    pub fn pending(&self) -> u128 {
        if self.refused_until.is_some() { 0 } else { self.claimable() }
    }
}

/// What was sold through channels, to the wei: `earned = claimed + pending + at_risk`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ledger {
    /// Channels that are known.
    pub channels: u64,
    /// Fees of all answers.
    pub earned: u128,
    /// Of these, claimed on the chain.
    pub claimed: u128,
    /// Of these, covered by vouchers and balances: a claim brings it.
    pub pending: u128,
    /// Of these, served on credit, no longer covered by the balance, or refused by the chain.
    pub at_risk: u128,
    /// What lies in the channels and is not claimed.
    pub deposited: u128,
    /// Channels whose payers want to withdraw.
    pub withdrawing: u64,
    /// When the oldest fee was charged that is not claimed.
    pub oldest: Option<u64>,
}

/// Notes what the chain says of a channel, which becomes known by it.
///
/// # Errors
/// If the database fails.
pub fn note_seen(tx: &Transaction<'_>, id: B256, terms: &Terms, seen: &Seen) -> Result<(), StoreError> {
    let (withdrawal, withdraws_at) = match seen.withdrawal {
        Some((wanted, at)) => (wanted, Some(integer("time of a withdrawal", at)?)),
        None => (0, None),
    };
    // What was claimed beyond what was charged was charged before this store began.
    tx.prepare_cached(
        "INSERT INTO channels (id, payer, payer_authorizer, receiver, receiver_authorizer, token, withdraw_delay, salt, \
         base, charged, maximum, signature, used_at, balance, claimed, withdrawal, withdraws_at, seen_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, zeroblob(16), zeroblob(16), zeroblob(16), x'', ?13, ?9, ?10, ?11, ?12, ?13) \
         ON CONFLICT (id) DO UPDATE SET balance = ?9, claimed = ?10, withdrawal = ?11, withdraws_at = ?12, seen_at = ?13",
    )?
    .execute(rusqlite::params![
        id.0,
        terms.payer.0.0,
        terms.payer_authorizer.0.0,
        terms.receiver.0.0,
        terms.receiver_authorizer.0.0,
        terms.token.0.0,
        integer("delay of withdrawals", terms.withdraw_delay)?,
        terms.salt.0,
        amount(seen.balance),
        amount(seen.claimed),
        amount(withdrawal),
        withdraws_at,
        integer("time", seen.at)?,
    ])?;
    let Some(channel) = by_id(tx, id)? else { return Ok(()) };
    let unknown = seen.claimed.saturating_sub(channel.charged);
    if unknown > 0 {
        tx.prepare_cached("UPDATE channels SET base = ?2, charged = ?3 WHERE id = ?1")?.execute((
            id.0,
            amount(channel.base.saturating_add(unknown)),
            amount(seen.claimed),
        ))?;
    }
    // A claim may have been undone, so the time can come back as well as go.
    let since = (channel.unclaimed() > 0).then(|| channel.unclaimed_since.unwrap_or(seen.at));
    let since = since.map(|since| integer("time", since)).transpose()?;
    tx.prepare_cached("UPDATE channels SET unclaimed_since = ?2 WHERE id = ?1")?.execute((id.0, since))?;
    Ok(())
}

/// A channel.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn by_id(tx: &Transaction<'_>, id: B256) -> Result<Option<Channel>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT * FROM channels WHERE id = ?")?;
    let read = statement.query_row([id.0], |row| Ok(decode(&Columns::new(row)))).optional()?;
    read.transpose()
}

/// Whether any channel is known.
///
/// # Errors
/// If the database fails.
pub fn known(tx: &Transaction<'_>) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM channels)";
    Ok(tx.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

/// Channels that something can still happen to: money lies in them, or is owed.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn live(tx: &Transaction<'_>) -> Result<Vec<Channel>, StoreError> {
    select(tx, "SELECT * FROM channels WHERE balance > claimed OR charged > claimed")
}

/// All channels.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn all(tx: &Transaction<'_>) -> Result<Vec<Channel>, StoreError> {
    select(tx, "SELECT * FROM channels")
}

/// Sums over all channels.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn ledger(tx: &Transaction<'_>) -> Result<Ledger, StoreError> {
    let mut sum = Ledger::default();
    for channel in all(tx)? {
        let pending = channel.pending();
        sum.channels += 1;
        sum.earned += channel.charged - channel.base;
        sum.claimed += channel.charged - channel.base - channel.unclaimed();
        sum.pending += pending;
        sum.at_risk += channel.unclaimed() - pending;
        sum.deposited += channel.seen.balance.saturating_sub(channel.seen.claimed);
        sum.withdrawing += u64::from(channel.seen.withdrawal.is_some());
        sum.oldest = match (sum.oldest, channel.unclaimed_since) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
    }
    Ok(sum)
}

/// What was claimed for each receiver in each token, as far as channels are known: the chain's own sums say whether they all are.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn receivers(tx: &Transaction<'_>) -> Result<BTreeMap<(Address, Address), u128>, StoreError> {
    let mut sums = BTreeMap::new();
    for channel in all(tx)? {
        let sum: &mut u128 = sums.entry((channel.terms.receiver, channel.terms.token)).or_default();
        *sum = sum.saturating_add(channel.seen.claimed);
    }
    Ok(sums)
}

pub(super) fn select(tx: &Transaction<'_>, sql: &str) -> Result<Vec<Channel>, StoreError> {
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(decode(&Columns::new(row))?);
    }
    Ok(found)
}

fn decode(columns: &Columns<'_, '_>) -> Result<Channel, StoreError> {
    let withdraws_at = columns.optional_unsigned("withdraws_at")?;
    let wanted = columns.amount("withdrawal")?;
    Ok(Channel {
        id: columns.word("id")?,
        terms: Terms {
            payer: columns.address("payer")?,
            payer_authorizer: columns.address("payer_authorizer")?,
            receiver: columns.address("receiver")?,
            receiver_authorizer: columns.address("receiver_authorizer")?,
            token: columns.address("token")?,
            withdraw_delay: columns.unsigned("withdraw_delay")?,
            salt: columns.word("salt")?,
        },
        base: columns.amount("base")?,
        charged: columns.amount("charged")?,
        maximum: columns.amount("maximum")?,
        signature: columns.get::<Vec<u8>>("signature")?.into(),
        unclaimed_since: columns.optional_unsigned("unclaimed_since")?,
        seen: Seen {
            balance: columns.amount("balance")?,
            claimed: columns.amount("claimed")?,
            withdrawal: withdraws_at.map(|at| (wanted, at)),
            at: columns.unsigned("seen_at")?,
        },
        claiming: columns.get::<Option<i64>>("claim")?.is_some(),
        refused_until: columns.optional_unsigned("refused_until")?,
        refund: columns.get::<Option<i64>>("refund")?.map(IntentId),
    })
}
