//! Rows of the tables, one by one.

use std::{marker::PhantomData, path::Path};

use super::{
    GenesisError,
    leaf::{Leaf, address, flag},
};
use crate::{
    allocation::Fraction,
    amount::parse_opg,
    lines::{LONGEST_ROW, Lines},
    schedule::{Claim, Schedule},
};

/// A row with the line that it is on.
pub(super) type Numbered<L> = Result<(u64, L), GenesisError>;

/// Rows of a published table.
#[derive(Debug)]
pub(super) struct Published<L> {
    lines: Lines,
    category: u32,
    next: u32,
    ended: bool,
    leaf: PhantomData<fn() -> L>,
}

impl<L: Leaf> Published<L> {
    pub(super) fn open(path: &Path, category: u32) -> Result<Self, GenesisError> {
        let mut lines = Lines::open(path, LONGEST_ROW)?;
        let expected = L::HEADER.trim_end();
        let header = lines.next()?.map(str::to_owned);
        if header.as_deref() != Some(expected) {
            return Err(lines.fault(format!("should be the header {expected:?}")));
        }
        Ok(Self { lines, category, next: 0, ended: false, leaf: PhantomData })
    }

    fn read(&mut self) -> Result<Option<(u64, L)>, GenesisError> {
        let parsed = match self.lines.next()? {
            None => return Ok(None),
            Some(row) => L::parse(self.category, self.next, row),
        };
        let leaf = parsed.map_err(|reason| self.lines.fault(reason))?;
        self.next = self.next.checked_add(1).ok_or_else(|| self.lines.fault("is one row too many"))?;
        Ok(Some((self.lines.line(), leaf)))
    }
}

impl<L: Leaf> Iterator for Published<L> {
    type Item = Numbered<L>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.read().transpose();
        self.ended = !matches!(row, Some(Ok(_)));
        row
    }
}

/// A row of a table of beneficiaries, as people write it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    account: alloy_primitives::Address,
    amount: u128,
    revocable: bool,
    transferable: bool,
}

impl Grant {
    pub(super) fn schedule(self, category: u32, index: u32, tge: Fraction) -> Schedule {
        Schedule {
            category,
            index,
            beneficiary: self.account,
            amount: self.amount,
            tge_amount: tge.of(self.amount),
            revocable: self.revocable,
            transferable: self.transferable,
        }
    }

    pub(super) fn claim(self, index: u32) -> Claim {
        Claim { index, account: self.account, amount: self.amount }
    }
}

/// Which column holds what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Beneficiary,
    Amount,
    Revocable,
    Transferable,
}

/// Rows of a table of beneficiaries, numbered from 0.
#[derive(Debug)]
pub(super) struct Grants {
    lines: Lines,
    columns: Vec<Column>,
    next: u32,
    ended: bool,
}

impl Grants {
    /// Opens a table. `flags`: whether its rows may be revocable or transferable.
    pub(super) fn open(path: &Path, flags: bool) -> Result<Self, GenesisError> {
        let mut lines = Lines::open(path, LONGEST_ROW)?;
        let header = lines.next()?.unwrap_or_default().to_owned();
        let columns = columns(&header, flags).map_err(|reason| lines.fault(reason))?;
        Ok(Self { lines, columns, next: 0, ended: false })
    }

    fn read(&mut self) -> Result<Option<(u64, u32, Grant)>, GenesisError> {
        let parsed = match self.lines.next()? {
            None => return Ok(None),
            Some(row) => grant(&self.columns, row),
        };
        let grant = parsed.map_err(|reason| self.lines.fault(reason))?;
        let index = self.next;
        self.next = index.checked_add(1).ok_or_else(|| self.lines.fault("is one row too many"))?;
        Ok(Some((self.lines.line(), index, grant)))
    }
}

impl Iterator for Grants {
    type Item = Result<(u64, u32, Grant), GenesisError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let row = self.read().transpose();
        self.ended = !matches!(row, Some(Ok(_)));
        row
    }
}

fn columns(header: &str, flags: bool) -> Result<Vec<Column>, String> {
    if header.starts_with('\u{feff}') {
        return Err("starts with a byte order mark; save the file as UTF-8 without one".to_owned());
    }
    let mut columns = Vec::new();
    for name in header.split(',') {
        let column = match name {
            "beneficiary" => Column::Beneficiary,
            "amount" => Column::Amount,
            "revocable" if flags => Column::Revocable,
            "transferable" if flags => Column::Transferable,
            _ => return Err(format!("unknown column {name:?}; {}", allowed(flags))),
        };
        if columns.contains(&column) {
            return Err(format!("column {name:?} is there twice"));
        }
        columns.push(column);
    }
    for (column, name) in [(Column::Beneficiary, "beneficiary"), (Column::Amount, "amount")] {
        if !columns.contains(&column) {
            return Err(format!("column {name:?} is missing; {}", allowed(flags)));
        }
    }
    Ok(columns)
}

const fn allowed(flags: bool) -> &'static str {
    if flags {
        "the columns are beneficiary,amount and, if wanted, revocable,transferable"
    } else {
        "the columns are beneficiary,amount"
    }
}

fn grant(columns: &[Column], row: &str) -> Result<Grant, String> {
    if row.is_empty() {
        return Err("is empty".to_owned());
    }
    if row.contains('"') {
        return Err("has quotes; write addresses, numbers and true or false without any".to_owned());
    }
    let fields = row.split(',').count();
    if fields != columns.len() {
        return Err(format!("has {fields} fields, the header has {}", columns.len()));
    }
    let mut grant = Grant { account: Default::default(), amount: 0, revocable: false, transferable: false };
    for (column, text) in columns.iter().zip(row.split(',')) {
        match column {
            Column::Beneficiary => grant.account = address(text)?,
            Column::Amount => grant.amount = parse_opg(text)?,
            Column::Revocable => grant.revocable = flag("revocable", text)?,
            Column::Transferable => grant.transferable = flag("transferable", text)?,
        }
    }
    if grant.amount == 0 {
        return Err("amount is zero".to_owned());
    }
    Ok(grant)
}
