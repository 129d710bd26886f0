//! Which schedules need attention, and what the vault says of them.

use rusqlite::{Params, Transaction, params};

use super::{
    flight::{LastRelease, last_release},
    model::{Known, Look, ScheduleRow, number},
};
use crate::{
    StoreError,
    columns::{Columns, amount, integer},
};

/// Rows to look at by `now`, without those in flight. They come in the order of the genesis, beginning at schedule
/// `first.1` of category `first.0` and going round: keepers that begin at different places do not go for the same rows.
///
/// # Errors
/// If the database fails.
pub fn due(
    tx: &Transaction<'_>,
    now: u64,
    first: (u32, u32),
    limit: u32,
) -> Result<Vec<ScheduleRow>, StoreError> {
    // The inner query reads the index alone, which matters on a day on which everything is due.
    select(
        tx,
        "SELECT * FROM vesting_schedules WHERE number IN (SELECT number FROM vesting_schedules \
         WHERE look_at <= ?1 AND look_at IS NOT NULL AND intent IS NULL ORDER BY number < ?2, number LIMIT ?3) \
         ORDER BY number < ?2, number",
        params![integer("time", now)?, number(first.0, first.1)?, limit],
    )
}

/// Rows behind schedule `after` (category, index) in the order of the genesis; from the first one where it is `None`.
///
/// # Errors
/// If the database fails.
pub fn page(
    tx: &Transaction<'_>,
    after: Option<(u32, u32)>,
    limit: u32,
) -> Result<Vec<ScheduleRow>, StoreError> {
    let after = after.map_or(Ok(-1), |(category, index)| number(category, index))?;
    select(
        tx,
        "SELECT * FROM vesting_schedules WHERE number > ? ORDER BY number LIMIT ?",
        params![after, limit],
    )
}

pub(super) fn select(
    tx: &Transaction<'_>,
    sql: &str,
    params: impl Params,
) -> Result<Vec<ScheduleRow>, StoreError> {
    let mut statement = tx.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(ScheduleRow::read(row)?);
    }
    Ok(found)
}

/// Notes what the vault said of a schedule, since which head, and when it needs attention next. An intent in flight stays.
///
/// # Errors
/// If the database fails.
pub fn observe(
    tx: &Transaction<'_>,
    row: &ScheduleRow,
    known: &Known,
    as_of: u64,
    look: Look,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE vesting_schedules SET released = ?2, revoked_total = ?3, manual = ?4, as_of = ?5, due_at = ?6, \
         look_at = ?7 WHERE number = ?1",
    )?
    .execute(params![
        number(row.schedule.category, row.schedule.index)?,
        amount(known.released),
        known.revoked_total.map(amount),
        known.manual,
        integer("block number", as_of)?,
        look.due_at.map(|at| integer("time", at)).transpose()?,
        look.look_at.map(|at| integer("time", at)).transpose()?,
    ])?;
    Ok(())
}

/// Changes only when a schedule needs attention, and how often in a row it was left out.
///
/// # Errors
/// If the database fails.
pub fn look_again(tx: &Transaction<'_>, row: &ScheduleRow, look: Look, skips: u32) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE vesting_schedules SET due_at = ?2, look_at = ?3, skips = ?4 WHERE number = ?1",
    )?
    .execute(params![
        number(row.schedule.category, row.schedule.index)?,
        look.due_at.map(|at| integer("time", at)).transpose()?,
        look.look_at.map(|at| integer("time", at)).transpose()?,
        skips,
    ])?;
    Ok(())
}

/// The index in numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Schedules with a row.
    pub schedules: u64,
    /// Whether these are all of the genesis.
    pub complete: bool,
    /// Schedules that can be released now.
    pub due: u64,
    /// Schedules whose release is on its way.
    pub in_flight: u64,
    /// When the next schedule will have enough due; `None` if none ever will.
    pub next_due_at: Option<u64>,
    /// The last release that was settled.
    pub last_release: Option<LastRelease>,
}

/// The index in numbers at chain time `now`; `None` if there is none.
///
/// # Errors
/// If the database fails.
pub fn summary(tx: &Transaction<'_>, now: u64) -> Result<Option<Summary>, StoreError> {
    let mut statement = tx.prepare_cached(
        "SELECT complete, (SELECT COUNT(*) FROM vesting_schedules) AS schedules, \
         (SELECT COUNT(*) FROM vesting_schedules WHERE due_at <= ?1 AND intent IS NULL) AS due, \
         (SELECT COUNT(*) FROM vesting_schedules WHERE intent IS NOT NULL) AS in_flight, \
         (SELECT MIN(due_at) FROM vesting_schedules WHERE due_at > ?1) AS next_due_at FROM vesting_genesis",
    )?;
    let mut rows = statement.query([integer("time", now)?])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let columns = Columns::new(row);
    Ok(Some(Summary {
        schedules: columns.unsigned("schedules")?,
        complete: columns.get("complete")?,
        due: columns.unsigned("due")?,
        in_flight: columns.unsigned("in_flight")?,
        next_due_at: columns.optional_unsigned("next_due_at")?,
        last_release: last_release(tx)?,
    }))
}
