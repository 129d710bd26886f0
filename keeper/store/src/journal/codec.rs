//! Between SQLite's five types and ours, with every mismatch reported as corruption.

use alloy_primitives::{Address, B256, Bytes, U256};
use rusqlite::Row;

use crate::StoreError;

/// An unsigned number as SQLite's signed one.
pub(super) fn int(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| corrupt("number", format!("{value} exceeds 63 bits")))
}

/// A fee per gas as SQLite's signed number.
pub(super) fn fee(value: u128) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| corrupt("fee per gas", format!("{value} wei exceeds 63 bits")))
}

/// An optional time.
pub(super) fn opt_int(value: Option<u64>) -> Result<Option<i64>, StoreError> {
    value.map(int).transpose()
}

/// A number of wei.
pub(super) fn wei(value: U256) -> [u8; 32] {
    value.to_be_bytes()
}

pub(super) fn corrupt(what: &'static str, reason: String) -> StoreError {
    StoreError::Corrupt { what, reason }
}

/// A row read by column name.
#[derive(Debug)]
pub(super) struct Fields<'row, 'stmt>(pub(super) &'row Row<'stmt>);

impl Fields<'_, '_> {
    fn raw<T: rusqlite::types::FromSql>(&self, name: &'static str) -> Result<T, StoreError> {
        Ok(self.0.get(name)?)
    }

    pub(super) fn id(&self, name: &'static str) -> Result<i64, StoreError> {
        self.raw(name)
    }

    pub(super) fn opt_id(&self, name: &'static str) -> Result<Option<i64>, StoreError> {
        self.raw(name)
    }

    pub(super) fn flag(&self, name: &'static str) -> Result<bool, StoreError> {
        self.raw(name)
    }

    pub(super) fn opt_flag(&self, name: &'static str) -> Result<Option<bool>, StoreError> {
        self.raw(name)
    }

    pub(super) fn text(&self, name: &'static str) -> Result<String, StoreError> {
        self.raw(name)
    }

    pub(super) fn opt_text(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        self.raw(name)
    }

    pub(super) fn u64(&self, name: &'static str) -> Result<u64, StoreError> {
        unsigned(name, self.raw(name)?)
    }

    pub(super) fn opt_u64(&self, name: &'static str) -> Result<Option<u64>, StoreError> {
        self.raw::<Option<i64>>(name)?.map(|value| unsigned(name, value)).transpose()
    }

    pub(super) fn u128(&self, name: &'static str) -> Result<u128, StoreError> {
        self.u64(name).map(u128::from)
    }

    pub(super) fn bytes(&self, name: &'static str) -> Result<Bytes, StoreError> {
        self.raw::<Vec<u8>>(name).map(Bytes::from)
    }

    pub(super) fn address(&self, name: &'static str) -> Result<Address, StoreError> {
        self.raw::<[u8; 20]>(name).map(Address::from)
    }

    pub(super) fn hash(&self, name: &'static str) -> Result<B256, StoreError> {
        self.raw::<[u8; 32]>(name).map(B256::from)
    }

    pub(super) fn wei(&self, name: &'static str) -> Result<U256, StoreError> {
        self.raw::<[u8; 32]>(name).map(U256::from_be_bytes)
    }

    pub(super) fn opt_wei(&self, name: &'static str) -> Result<Option<U256>, StoreError> {
        Ok(self.raw::<Option<[u8; 32]>>(name)?.map(U256::from_be_bytes))
    }
}

fn unsigned(name: &'static str, value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| corrupt(name, format!("{value} is negative")))
}
