//! What the crank has to do about stake: open slashes, and the members of slashed pools.

use alloy_primitives::{Address, B256, Bytes};
use rusqlite::{Transaction, params};

use crate::{
    StoreError,
    columns::{Columns, integer},
};

/// A slash as it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlashRow {
    /// Its identifier.
    pub id: B256,
    /// Who is slashed.
    pub operator: Address,
    /// Its ABI encoding.
    pub slash: Bytes,
    /// Whether it took stake of delegators.
    pub pool: bool,
    /// Block in which it was opened.
    pub block: u64,
    /// Block at which it was first found decided; `None`: it is open.
    pub gone_at: Option<u64>,
    /// Whether the decision is final, and delegators are left to be looked at.
    pub decided: bool,
}

/// Notes a slash. One that is known already stays as it is.
///
/// # Errors
/// If the database fails.
pub fn open_slash(tx: &Transaction<'_>, row: &SlashRow) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO staking_slashes (id, operator, slash, pool, block) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT DO NOTHING",
    )?
    .execute(params![
        row.id.as_slice(),
        row.operator.as_slice(),
        row.slash.as_ref(),
        row.pool,
        integer("block number", row.block)?,
    ])?;
    Ok(())
}

/// Notes that `account` staked at `operator`.
///
/// # Errors
/// If the database fails.
pub fn add_member(
    tx: &Transaction<'_>,
    operator: Address,
    account: Address,
    block: u64,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO staking_members (operator, account, block) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
    )?
    .execute(params![operator.as_slice(), account.as_slice(), integer("block number", block)?])?;
    Ok(())
}

/// Forgets what was noted from blocks above `block`, which are no longer on the chain.
///
/// # Errors
/// If the database fails.
pub fn roll_back(tx: &Transaction<'_>, block: u64) -> Result<(), StoreError> {
    let block = integer("block number", block)?;
    tx.prepare_cached("DELETE FROM staking_slashes WHERE block > ?")?.execute([block])?;
    tx.prepare_cached("DELETE FROM staking_members WHERE block > ?")?.execute([block])?;
    Ok(())
}

/// All slashes that need attention, in the order in which they were opened.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn slashes(tx: &Transaction<'_>) -> Result<Vec<SlashRow>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT * FROM staking_slashes ORDER BY block, id")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row);
        found.push(SlashRow {
            id: columns.word("id")?,
            operator: columns.address("operator")?,
            slash: columns.get::<Vec<u8>>("slash")?.into(),
            pool: columns.get("pool")?,
            block: columns.unsigned("block")?,
            gone_at: columns.optional_unsigned("gone_at")?,
            decided: columns.get("decided")?,
        });
    }
    Ok(found)
}

/// Notes since which block a slash is found decided, or that it is open after all.
///
/// # Errors
/// If the database fails.
pub fn set_gone(tx: &Transaction<'_>, id: B256, gone_at: Option<u64>) -> Result<(), StoreError> {
    let gone_at = gone_at.map(|block| integer("block number", block)).transpose()?;
    tx.prepare_cached("UPDATE staking_slashes SET gone_at = ?2 WHERE id = ?1")?
        .execute(params![id.as_slice(), gone_at])?;
    Ok(())
}

/// Notes that a slash is decided for good, with delegators left to be looked at.
///
/// # Errors
/// If the database fails.
pub fn set_decided(tx: &Transaction<'_>, id: B256) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE staking_slashes SET decided = 1 WHERE id = ?")?.execute([id.as_slice()])?;
    Ok(())
}

/// Forgets a slash about which nothing is left to do.
///
/// # Errors
/// If the database fails.
pub fn close_slash(tx: &Transaction<'_>, id: B256) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM staking_slashes WHERE id = ?")?.execute([id.as_slice()])?;
    Ok(())
}

/// Accounts that staked at `operator`, behind `after` in the order of addresses; from the first where it is `None`.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn members(
    tx: &Transaction<'_>,
    operator: Address,
    after: Option<Address>,
    limit: u32,
) -> Result<Vec<Address>, StoreError> {
    let after = after.map_or_else(Vec::new, |after| after.to_vec());
    let mut statement = tx.prepare_cached(
        "SELECT account FROM staking_members WHERE operator = ?1 AND account > ?2 ORDER BY account LIMIT ?3",
    )?;
    let mut rows = statement.query(params![operator.as_slice(), after, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Columns::new(row).address("account")?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;

    const OPERATOR: Address = Address::repeat_byte(1);

    fn row(number: u8, block: u64) -> SlashRow {
        SlashRow {
            id: B256::with_last_byte(number),
            operator: OPERATOR,
            slash: Bytes::from_static(&[7; 40]),
            pool: number == 1,
            block,
            gone_at: None,
            decided: false,
        }
    }

    #[test]
    fn slashes_live_until_nothing_is_left_to_do() {
        let store = Store::in_memory().unwrap();
        let all = || store.read(slashes).unwrap();
        store
            .write(|tx| {
                open_slash(tx, &row(2, 20))?;
                open_slash(tx, &row(1, 10))?;
                set_gone(tx, row(1, 10).id, Some(30))?;
                // Seen again after a restart: what is known stays.
                open_slash(tx, &row(1, 10))
            })
            .unwrap();
        assert_eq!(all(), [SlashRow { gone_at: Some(30), ..row(1, 10) }, row(2, 20)]);
        store.write(|tx| set_decided(tx, row(1, 10).id)).unwrap();
        assert!(all()[0].decided);
        store.write(|tx| close_slash(tx, row(1, 10).id)).unwrap();
        assert_eq!(all(), [row(2, 20)]);
    }

    #[test]
    fn a_reorganisation_takes_back_what_it_removed() {
        let store = Store::in_memory().unwrap();
        let [first, second] = [2, 3].map(Address::repeat_byte);
        store
            .write(|tx| {
                open_slash(tx, &row(1, 10))?;
                open_slash(tx, &row(2, 11))?;
                add_member(tx, OPERATOR, second, 11)?;
                add_member(tx, OPERATOR, first, 9)?;
                // The first sight counts: it is on the chain whatever happens to later ones.
                add_member(tx, OPERATOR, first, 11)
            })
            .unwrap();
        let of = |after| store.read(|tx| members(tx, OPERATOR, after, 9)).unwrap();
        assert_eq!((of(None), of(Some(first))), (vec![first, second], vec![second]));
        store.write(|tx| roll_back(tx, 10)).unwrap();
        assert_eq!(store.read(slashes).unwrap(), [row(1, 10)]);
        assert_eq!(of(None), [first]);
    }
}
