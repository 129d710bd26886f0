//! What the two kinds of trees have in their leaves, and how those are written.

use std::fmt::Write as _;

use alloy_primitives::{Address, B256};

use crate::{
    decimal,
    schedule::{Claim, Schedule},
};

/// A row of a published table: a leaf of a tree.
pub(super) trait Leaf: Copy {
    /// First line of the table.
    const HEADER: &'static str;

    fn id(&self) -> B256;
    fn account(&self) -> Address;
    fn amount(&self) -> u128;
    fn tge_amount(&self) -> u128;
    /// The row as a line of the table.
    fn row(&self) -> String;
    /// The row with its proof as a line of JSON.
    fn proof(&self, proof: &[B256]) -> String;
    /// Reads what `row` wrote.
    fn parse(category: u32, index: u32, row: &str) -> Result<Self, String>;
}

impl Leaf for Schedule {
    const HEADER: &'static str = "index,beneficiary,amount,tgeAmount,revocable,transferable\n";

    fn id(&self) -> B256 {
        Self::id(self)
    }

    fn account(&self) -> Address {
        self.beneficiary
    }

    fn amount(&self) -> u128 {
        self.amount
    }

    fn tge_amount(&self) -> u128 {
        self.tge_amount
    }

    fn row(&self) -> String {
        let Self { index, beneficiary, amount, tge_amount, revocable, transferable, .. } = self;
        format!("{index},{beneficiary},{amount},{tge_amount},{revocable},{transferable}\n")
    }

    fn proof(&self, proof: &[B256]) -> String {
        let Self { index, beneficiary, amount, tge_amount, revocable, transferable, .. } = self;
        let mut line = format!(
            r#"{{"index":{index},"beneficiary":"{beneficiary}","amount":"{amount}","tgeAmount":"{tge_amount}","revocable":{revocable},"transferable":{transferable},"#
        );
        end(&mut line, proof);
        line
    }

    fn parse(category: u32, index: u32, row: &str) -> Result<Self, String> {
        let [found, beneficiary, amount, tge_amount, revocable, transferable] = fields(row)?;
        numbered(found, index)?;
        let schedule = Self {
            category,
            index,
            beneficiary: address(beneficiary)?,
            amount: wei("amount", amount)?,
            tge_amount: wei("tgeAmount", tge_amount)?,
            revocable: flag("revocable", revocable)?,
            transferable: flag("transferable", transferable)?,
        };
        if schedule.tge_amount > schedule.amount {
            return Err(format!("tgeAmount {tge_amount} is more than amount {amount}"));
        }
        Ok(schedule)
    }
}

impl Leaf for Claim {
    const HEADER: &'static str = "index,account,amount\n";

    fn id(&self) -> B256 {
        Self::id(self)
    }

    fn account(&self) -> Address {
        self.account
    }

    fn amount(&self) -> u128 {
        self.amount
    }

    fn tge_amount(&self) -> u128 {
        self.amount
    }

    fn row(&self) -> String {
        let Self { index, account, amount } = self;
        format!("{index},{account},{amount}\n")
    }

    fn proof(&self, proof: &[B256]) -> String {
        let Self { index, account, amount } = self;
        let mut line = format!(r#"{{"index":{index},"account":"{account}","amount":"{amount}","#);
        end(&mut line, proof);
        line
    }

    fn parse(_category: u32, index: u32, row: &str) -> Result<Self, String> {
        let [found, account, amount] = fields(row)?;
        numbered(found, index)?;
        Ok(Self { index, account: address(account)?, amount: wei("amount", amount)? })
    }
}

fn end(line: &mut String, proof: &[B256]) {
    line.push_str(r#""proof":["#);
    for (position, node) in proof.iter().enumerate() {
        let comma = if position > 0 { "," } else { "" };
        // Writing to a string cannot fail.
        let _ = write!(line, r#"{comma}"{node}""#);
    }
    line.push_str("]}\n");
}

/// The `N` fields of a row.
pub(super) fn fields<const N: usize>(row: &str) -> Result<[&str; N], String> {
    let fields: Vec<&str> = row.split(',').collect();
    let count = fields.len();
    fields.try_into().map_err(|_| format!("has {count} fields instead of {N}"))
}

/// Reads an address in its checksummed form, the only one that catches a typing error.
pub(super) fn address(text: &str) -> Result<Address, String> {
    if let Ok(address) = Address::parse_checksummed(text, None) {
        if address.is_zero() {
            return Err(format!("{text} is the zero address"));
        }
        return Ok(address);
    }
    match text.parse::<Address>() {
        Ok(address) if text.starts_with("0x") => Err(format!(
            "address {text} has a wrong checksum (EIP-55); check it against its source, then write {address}"
        )),
        _ => Err(format!("{text:?} is no address; write 0x and 40 hexadecimal digits")),
    }
}

pub(super) fn flag(column: &str, text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("{column} is {text:?}; write true or false")),
    }
}

fn wei(column: &str, text: &str) -> Result<u128, String> {
    match decimal::parse(text) {
        Some(0) if column == "amount" => Err("amount is zero".to_owned()),
        Some(wei) => Ok(wei),
        None => Err(format!("{column} {text:?} is no number of wei")),
    }
}

fn numbered(found: &str, index: u32) -> Result<(), String> {
    if decimal::parse(found) == Some(index.into()) {
        return Ok(());
    }
    Err(format!("has index {found:?} where {index} follows"))
}
