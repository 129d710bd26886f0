//! What the index holds.

use alloy_primitives::{Address, B256};
use opg_vesting::Schedule;
use rusqlite::Row;

use crate::{StoreError, columns::Columns, journal::IntentId};

/// What tells one genesis from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GenesisId {
    /// The chain.
    pub chain_id: u64,
    /// The vault that its schedules are in.
    pub vault: Address,
    /// Digest of all that the genesis promises.
    pub digest: B256,
}

/// The curve of a category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CategoryTerms {
    /// Number of the category in the vault.
    pub id: u32,
    /// Its name.
    pub name: String,
    /// Unix time at which vesting starts.
    pub start: u64,
    /// Seconds until more than the TGE amount vests.
    pub cliff: u32,
    /// Seconds after the cliff over which the rest vests.
    pub duration: u32,
    /// How many schedules it has.
    pub count: u32,
}

/// What the vault remembers of a schedule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// OPG wei paid out.
    pub released: u128,
    /// What it releases in all, if it was revoked.
    pub revoked_total: Option<u128>,
    /// Whether only its beneficiary may release it.
    pub manual: bool,
}

/// When a schedule needs attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Earliest time at which enough is due to release it; `None`: never.
    pub due_at: Option<u64>,
    /// Earliest time at which the vault is to be asked about it again; `None`: never.
    pub look_at: Option<u64>,
}

/// A row of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleRow {
    /// Its leaf, by which the vault knows it.
    pub id: B256,
    /// The schedule, as the genesis has it.
    pub schedule: Schedule,
    /// What the vault said last.
    pub known: Known,
    /// Head when the vault first said so.
    pub as_of: u64,
    /// When it needs attention.
    pub look: Look,
    /// Releases in a row that left it out.
    pub skips: u32,
    /// The intent that is to release it.
    pub intent: Option<IntentId>,
}

impl ScheduleRow {
    pub(super) fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        let columns = Columns::new(row);
        let number = columns.unsigned("number")?;
        Ok(Self {
            id: columns.word("id")?,
            schedule: Schedule {
                category: columns.get("category")?,
                // The lower half of the number.
                index: (number & u64::from(u32::MAX)) as u32,
                beneficiary: columns.address("beneficiary")?,
                amount: columns.amount("amount")?,
                tge_amount: columns.amount("tge_amount")?,
                revocable: columns.get("revocable")?,
                transferable: columns.get("transferable")?,
            },
            known: Known {
                released: columns.amount("released")?,
                revoked_total: columns.optional_amount("revoked_total")?,
                manual: columns.get("manual")?,
            },
            as_of: columns.unsigned("as_of")?,
            look: Look {
                due_at: columns.optional_unsigned("due_at")?,
                look_at: columns.optional_unsigned("look_at")?,
            },
            skips: columns.get("skips")?,
            intent: columns.get::<Option<i64>>("intent")?.map(IntentId),
        })
    }
}

/// The key of a row: rows of a category are neighbours, in the order of the tree's leaves.
pub(super) fn number(category: u32, index: u32) -> Result<i64, StoreError> {
    let number = u64::from(category) << 32 | u64::from(index);
    i64::try_from(number).map_err(|_| StoreError::OutOfRange { what: "category", value: category.into() })
}
