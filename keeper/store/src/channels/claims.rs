//! Claims: what is taken together, and what became of it.

use alloy_primitives::{Address, B256};
use rusqlite::Transaction;

use super::{Channel, model::select};
use crate::{
    StoreError,
    columns::{Columns, amount, integer},
    journal::{self, Intent, IntentId},
};

/// A claim to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewClaim {
    /// The channels.
    pub channels: Vec<B256>,
    /// What it brings.
    pub amount: u128,
}

/// A claim whose transaction is under way, or may still be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenClaim {
    /// Its number.
    pub id: i64,
    /// The intent that makes it.
    pub intent: IntentId,
    /// How many channels it has.
    pub channels: u32,
    /// What it brings.
    pub amount: u128,
}

/// Channels that a claim of would bring something, no claim of which is under way or was refused lately.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn claimable(tx: &Transaction<'_>, signer: Address, now: u64) -> Result<Vec<Channel>, StoreError> {
    let sql = "SELECT * FROM channels WHERE unclaimed_since IS NOT NULL AND claim IS NULL ORDER BY unclaimed_since, id";
    let mut found = select(tx, sql)?;
    found.retain(|channel| {
        channel.terms.receiver_authorizer == signer
            && channel.claimable() > 0
            && channel.refused_until.is_none_or(|until| until <= now)
    });
    Ok(found)
}

/// Hands a claim to the journal of `signer`; its channels are in no other until it ends. `intent` is made from the
/// claim's number, which belongs into its key.
///
/// # Errors
/// If one of the channels is in another claim, or the database fails. Nothing has changed then.
pub fn make_claim(
    tx: &Transaction<'_>,
    new: &NewClaim,
    signer: Address,
    intent: impl FnOnce(i64) -> Intent,
    now: u64,
) -> Result<(i64, IntentId), StoreError> {
    tx.prepare_cached(
        "INSERT INTO channel_claims (intent, channels, amount, made_at, state) VALUES (0, ?, ?, ?, 'open')",
    )?
    .execute((new.channels.len() as i64, amount(new.amount), integer("time", now)?))?;
    let id = tx.last_insert_rowid();
    let mut take = tx.prepare_cached("UPDATE channels SET claim = ?2 WHERE id = ?1 AND claim IS NULL")?;
    for channel in &new.channels {
        if take.execute((channel.0, id))? != 1 {
            let reason = format!("channel {channel} is in another claim");
            return Err(StoreError::Corrupt { what: "claim", reason });
        }
    }
    let intent = journal::enqueue(tx, signer, &intent(id), now)?;
    tx.prepare_cached("UPDATE channel_claims SET intent = ? WHERE id = ?")?.execute((intent.0, id))?;
    Ok((id, intent))
}

/// Claims that are under way.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn open_claims(tx: &Transaction<'_>) -> Result<Vec<OpenClaim>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT id, intent, channels, amount FROM channel_claims WHERE state = 'open' ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row);
        found.push(OpenClaim {
            id: columns.get("id")?,
            intent: IntentId(columns.get("intent")?),
            channels: columns.get("channels")?,
            amount: columns.amount("amount")?,
        });
    }
    Ok(found)
}

/// The channels of a claim that is under way.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn in_claim(tx: &Transaction<'_>, id: i64) -> Result<Vec<Channel>, StoreError> {
    // A number, so nothing needs to be quoted.
    select(tx, &format!("SELECT * FROM channels WHERE claim = {id}"))
}

/// Channels of a claim that is under way, which may go into another from now on: the chain took it. What the chain says of
/// them decides what is left to claim, also if the block is undone later.
///
/// # Errors
/// If the database fails.
pub fn end_claim(tx: &Transaction<'_>, id: i64) -> Result<(), StoreError> {
    close(tx, id, "done")
}

/// The same for a claim that certainly did not, and will not, take effect.
///
/// # Errors
/// If the database fails.
pub fn fail_claim(tx: &Transaction<'_>, id: i64) -> Result<(), StoreError> {
    close(tx, id, "failed")
}

fn close(tx: &Transaction<'_>, id: i64, state: &str) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE channel_claims SET state = ? WHERE id = ?")?.execute((state, id))?;
    tx.prepare_cached("UPDATE channels SET claim = NULL WHERE claim = ?")?.execute([id])?;
    Ok(())
}

/// Notes why the chain would not take a claim of a channel, or with `None` that it would.
///
/// # Errors
/// If the database fails.
pub fn refuse(tx: &Transaction<'_>, channel: B256, why: Option<(&str, u64)>) -> Result<(), StoreError> {
    let (reason, until) = match why {
        Some((reason, until)) => (Some(reason), Some(integer("time", until)?)),
        None => (None, None),
    };
    tx.prepare_cached("UPDATE channels SET refused = ?2, refused_until = ?3 WHERE id = ?1")?
        .execute((channel.0, reason, until))?;
    Ok(())
}
