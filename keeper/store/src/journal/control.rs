//! What a person can see and ask for: `opg tx list|show|bump|cancel`, and the state of a signer.

use alloy_primitives::Address;
use rusqlite::{Transaction, params};
use serde::Serialize;

use super::{
    codec::{Fields, int},
    intents::{fail_queued, record, select},
    slots,
    types::{IntentId, IntentRecord, IntentState, Slot},
};
use crate::StoreError;

/// An intent with every nonce it ever held and every transaction signed for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Details {
    /// The intent.
    #[serde(flatten)]
    pub record: IntentRecord,
    /// Its nonces, lowest first.
    pub slots: Vec<Slot>,
}

/// What came of asking for a bump or a cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// It took effect at once: the intent had no nonce.
    Done,
    /// The journal does it on its next pass.
    Noted,
    /// Too late: the intent is mined.
    Mined,
    /// Too late: the intent has ended.
    Ended,
    /// There is nothing to replace yet.
    NothingSent,
}

/// Intents, newest first; without those that ended unless `all`.
///
/// # Errors
/// If the database fails.
pub fn list(
    tx: &Transaction<'_>,
    signer: Option<Address>,
    all: bool,
    limit: u32,
) -> Result<Vec<IntentRecord>, StoreError> {
    select(
        tx,
        "SELECT * FROM journal_intents WHERE (?1 IS NULL OR signer = ?1) AND (?2 OR closed_at IS NULL) \
         ORDER BY id DESC LIMIT ?3",
        params![signer.map(|address| address.to_vec()), all, limit],
    )
}

/// Everything about one intent.
///
/// # Errors
/// If there is no such intent or the database fails.
pub fn show(tx: &Transaction<'_>, id: IntentId) -> Result<Details, StoreError> {
    let record = record(tx, id)?;
    let slots = slots::of_intent(tx, record.signer, id)?;
    Ok(Details { record, slots })
}

/// Asks for an immediate replacement with a higher fee.
///
/// # Errors
/// If there is no such intent or the database fails.
pub fn request_bump(tx: &Transaction<'_>, id: IntentId, now: u64) -> Result<Asked, StoreError> {
    let asked = match record(tx, id)?.state {
        IntentState::Queued => Asked::NothingSent,
        IntentState::Prepared | IntentState::Broadcast => Asked::Noted,
        IntentState::Mined { .. } => Asked::Mined,
        IntentState::Confirmed { .. } | IntentState::Failed { .. } => Asked::Ended,
    };
    if asked == Asked::Noted {
        tx.execute(
            "UPDATE journal_intents SET bump = 1, updated_at = ?2 WHERE id = ?1",
            params![id.0, int(now)?],
        )?;
    }
    Ok(asked)
}

/// Asks that an intent not happen. One without a nonce fails at once; one that may be on its way is replaced by a
/// transaction without effect, and whichever is mined decides.
///
/// # Errors
/// If there is no such intent or the database fails.
pub fn request_cancel(
    tx: &Transaction<'_>,
    id: IntentId,
    reason: &str,
    now: u64,
) -> Result<Asked, StoreError> {
    if fail_queued(tx, id, reason, now)? {
        return Ok(Asked::Done);
    }
    let asked = match record(tx, id)?.state {
        IntentState::Queued | IntentState::Prepared | IntentState::Broadcast => Asked::Noted,
        IntentState::Mined { .. } => Asked::Mined,
        IntentState::Confirmed { .. } | IntentState::Failed { .. } => Asked::Ended,
    };
    if asked == Asked::Noted {
        tx.prepare_cached(
            "UPDATE journal_intents SET cancel = COALESCE(cancel, ?2), updated_at = ?3 WHERE id = ?1",
        )?
        .execute(params![id.0, reason, int(now)?])?;
    }
    Ok(asked)
}

/// Ties a signer to a chain. Returns the chain it is tied to, which is another one if the database came from there.
///
/// # Errors
/// If the database fails.
pub fn bind_signer(tx: &Transaction<'_>, signer: Address, chain_id: u64) -> Result<u64, StoreError> {
    tx.execute(
        "INSERT INTO journal_signers (signer, chain_id) VALUES (?1, ?2) ON CONFLICT (signer) DO NOTHING",
        params![signer.as_slice(), int(chain_id)?],
    )?;
    let mut statement = tx.prepare("SELECT chain_id FROM journal_signers WHERE signer = ?1")?;
    let mut rows = statement.query(params![signer.as_slice()])?;
    rows.next()?.map_or(Ok(chain_id), |row| Fields(row).u64("chain_id"))
}

/// What keeps the journal from sending for `signer`, and since when.
///
/// # Errors
/// If the database fails.
pub fn alert(tx: &Transaction<'_>, signer: Address) -> Result<Option<(String, u64)>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT alert, alert_since FROM journal_signers WHERE signer = ?1 AND alert IS NOT NULL",
    )?;
    let mut rows = statement.query(params![signer.as_slice()])?;
    rows.next()?
        .map(|row| {
            let row = Fields(row);
            Ok((row.text("alert")?, row.u64("alert_since")?))
        })
        .transpose()
}

/// Sets or clears what keeps the journal from sending; the time stays that of the first alert.
///
/// # Errors
/// If the database fails.
pub fn set_alert(
    tx: &Transaction<'_>,
    signer: Address,
    alert: Option<&str>,
    now: u64,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE journal_signers SET alert = ?2, \
         alert_since = CASE WHEN ?2 IS NULL THEN NULL ELSE COALESCE(alert_since, ?3) END WHERE signer = ?1",
    )?
    .execute(params![signer.as_slice(), alert, int(now)?])?;
    Ok(())
}

/// How many intents of `signer` are in each state.
///
/// # Errors
/// If the database fails.
pub fn counts(tx: &Transaction<'_>, signer: Address) -> Result<Vec<(String, u64)>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT state, COUNT(*) AS n FROM journal_intents WHERE signer = ?1 GROUP BY state ORDER BY state",
    )?;
    let mut rows = statement.query(params![signer.as_slice()])?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let row = Fields(row);
        counts.push((row.text("state")?, row.u64("n")?));
    }
    Ok(counts)
}
