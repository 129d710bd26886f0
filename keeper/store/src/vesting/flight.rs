//! Schedules whose release is on its way.

use rusqlite::{Transaction, params};

use super::{
    due::{observe, select},
    model::{Known, Look, ScheduleRow, number},
};
use crate::{
    StoreError,
    columns::{Columns, amount, integer},
    journal::IntentId,
};

/// Marks `rows` as being released by `intent`. To be done in the transaction that enqueues it.
///
/// # Errors
/// [`StoreError::AlreadyInFlight`] if one of them is on its way already; then nothing must be committed.
pub fn mark(tx: &Transaction<'_>, rows: &[ScheduleRow], intent: IntentId) -> Result<(), StoreError> {
    let mut update = tx.prepare_cached(
        "UPDATE vesting_schedules SET intent = ?2 WHERE number = ?1 AND (intent IS NULL OR intent = ?2)",
    )?;
    for row in rows {
        let changed =
            update.execute(params![number(row.schedule.category, row.schedule.index)?, intent.0])?;
        if changed != 1 {
            return Err(StoreError::AlreadyInFlight {
                category: row.schedule.category,
                index: row.schedule.index,
            });
        }
    }
    Ok(())
}

/// Intents that have schedules in flight, oldest first.
///
/// # Errors
/// If the database fails.
pub fn in_flight(tx: &Transaction<'_>) -> Result<Vec<IntentId>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT DISTINCT intent FROM vesting_schedules WHERE intent IS NOT NULL ORDER BY intent",
    )?;
    let intents = statement.query_map([], |row| row.get(0).map(IntentId))?;
    Ok(intents.collect::<Result<_, _>>()?)
}

/// Schedules that `intent` is to release.
///
/// # Errors
/// If the database fails.
pub fn of_intent(tx: &Transaction<'_>, intent: IntentId) -> Result<Vec<ScheduleRow>, StoreError> {
    select(tx, "SELECT * FROM vesting_schedules WHERE intent = ? ORDER BY number", [intent.0])
}

/// Ends the flight of a schedule: notes what the vault says now, when to look again, and how often in a row it was left
/// out.
///
/// # Errors
/// If the database fails.
pub fn settle(
    tx: &Transaction<'_>,
    row: &ScheduleRow,
    known: &Known,
    as_of: u64,
    look: Look,
    skips: u32,
) -> Result<(), StoreError> {
    observe(tx, row, known, as_of, look)?;
    tx.prepare_cached("UPDATE vesting_schedules SET intent = NULL, skips = ?2 WHERE number = ?1")?
        .execute(params![number(row.schedule.category, row.schedule.index)?, skips])?;
    Ok(())
}

/// A release that was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastRelease {
    /// Chain time at which it was settled.
    pub at: u64,
    /// The intent that carried it.
    pub intent: IntentId,
    /// Schedules that it released.
    pub schedules: u64,
    /// OPG wei that they got.
    pub amount: u128,
}

/// Remembers a release as the last one.
///
/// # Errors
/// If the database fails.
pub fn note_release(tx: &Transaction<'_>, release: &LastRelease) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE vesting_genesis SET last_release_at = ?1, last_release_intent = ?2, last_release_rows = ?3, \
         last_release_amount = ?4",
    )?
    .execute(params![
        integer("time", release.at)?,
        release.intent.0,
        integer("number of schedules", release.schedules)?,
        amount(release.amount)
    ])?;
    Ok(())
}

pub(super) fn last_release(tx: &Transaction<'_>) -> Result<Option<LastRelease>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT * FROM vesting_genesis WHERE last_release_at IS NOT NULL")?;
    let mut rows = statement.query([])?;
    rows.next()?
        .map(|row| {
            let columns = Columns::new(row);
            Ok(LastRelease {
                at: columns.unsigned("last_release_at")?,
                intent: IntentId(columns.get("last_release_intent")?),
                schedules: columns.unsigned("last_release_rows")?,
                amount: columns.amount("last_release_amount")?,
            })
        })
        .transpose()
}
