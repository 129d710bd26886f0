//! Between the types of the ledger and the columns of SQLite.

use std::cell::Cell;

use alloy_primitives::{Address, B256};
use rusqlite::{Row, Statement, types::FromSql};

use crate::StoreError;

/// An unsigned integer as SQLite's 64-bit signed one.
pub(crate) fn integer(what: &'static str, value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::OutOfRange { what, value })
}

/// An amount as 16 big-endian bytes, which sort as the amounts do.
pub(crate) fn amount(value: u128) -> [u8; 16] {
    value.to_be_bytes()
}

/// Reads columns by name and says which one does not decode.
pub(crate) struct Columns<'a, 'stmt> {
    row: &'a Row<'stmt>,
    /// The column after the one that was read last.
    next: Cell<usize>,
}

impl<'a, 'stmt> Columns<'a, 'stmt> {
    pub(crate) fn new(row: &'a Row<'stmt>) -> Self {
        Self { row, next: Cell::new(0) }
    }

    pub(crate) fn get<T: FromSql>(&self, column: &'static str) -> Result<T, StoreError> {
        self.find(column)
            .and_then(|index| self.row.get(index))
            .map_err(|error| StoreError::Corrupt { what: column, reason: error.to_string() })
    }

    /// Names are compared one by one, but columns are mostly read in the order in which they were selected.
    fn find(&self, column: &'static str) -> rusqlite::Result<usize> {
        let (statement, next): (&Statement<'_>, _) = (self.row.as_ref(), self.next.get());
        let found = match statement.column_name(next) {
            Ok(name) if name == column => next,
            _ => statement.column_index(column)?,
        };
        self.next.set(found + 1);
        Ok(found)
    }

    pub(crate) fn unsigned(&self, column: &'static str) -> Result<u64, StoreError> {
        let value: i64 = self.get(column)?;
        u64::try_from(value).map_err(|_| StoreError::Corrupt { what: column, reason: format!("{value} < 0") })
    }

    pub(crate) fn optional_unsigned(&self, column: &'static str) -> Result<Option<u64>, StoreError> {
        match self.get::<Option<i64>>(column)? {
            None => Ok(None),
            Some(_) => self.unsigned(column).map(Some),
        }
    }

    pub(crate) fn amount(&self, column: &'static str) -> Result<u128, StoreError> {
        self.get::<[u8; 16]>(column).map(u128::from_be_bytes)
    }

    pub(crate) fn optional_amount(&self, column: &'static str) -> Result<Option<u128>, StoreError> {
        Ok(self.get::<Option<[u8; 16]>>(column)?.map(u128::from_be_bytes))
    }

    pub(crate) fn word(&self, column: &'static str) -> Result<B256, StoreError> {
        self.get::<[u8; 32]>(column).map(B256::from)
    }

    pub(crate) fn optional_word(&self, column: &'static str) -> Result<Option<B256>, StoreError> {
        Ok(self.get::<Option<[u8; 32]>>(column)?.map(B256::from))
    }

    pub(crate) fn address(&self, column: &'static str) -> Result<Address, StoreError> {
        self.get::<[u8; 20]>(column).map(Address::from)
    }

    pub(crate) fn optional_address(&self, column: &'static str) -> Result<Option<Address>, StoreError> {
        Ok(self.get::<Option<[u8; 20]>>(column)?.map(Address::from))
    }
}
