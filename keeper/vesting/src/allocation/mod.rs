//! The allocation file: which share of the supply each category gets, and when it vests.

mod fraction;
mod raw;
mod validate;

use std::{fs, path::Path, path::PathBuf};

pub use fraction::Fraction;
pub use validate::parse_time;

use crate::{amount::OPG, genesis::Beneficiaries, schedule::Curve};

/// Supply of the token in wei, as `Opg.sol` mints it.
pub const SUPPLY: u128 = 1_000_000_000 * OPG;
/// Seconds of a month: a twelfth of 365.25 days.
pub const MONTH: u32 = 2_629_800;
/// Longest cliff and longest linear part, in months.
pub const LONGEST: u32 = 240;

/// A checked allocation: its categories sum to the supply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Time of the token generation event in the file; a launch may choose another.
    pub tge: u64,
    /// The categories in the order of their numbers.
    pub categories: Vec<Category>,
}

/// A category of the allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Category {
    /// Name, which is also that of its files.
    pub name: String,
    /// OPG wei that it gets.
    pub total: u128,
    /// Which part vests at the start.
    pub tge: Fraction,
    /// Months after the start during which nothing more vests.
    pub cliff_months: u32,
    /// Months after the cliff over which the rest vests.
    pub linear_months: u32,
}

impl Category {
    /// When the category vests, if it starts at `tge`.
    #[must_use]
    pub const fn curve(&self, tge: u64) -> Curve {
        // At most LONGEST months, which fits.
        Curve { start: tge, cliff: self.cliff_months * MONTH, duration: self.linear_months * MONTH }
    }

    /// Who the category is for. Two names stand for contracts.
    #[must_use]
    pub fn beneficiaries(&self) -> Beneficiaries {
        match self.name.as_str() {
            "airdrop" => Beneficiaries::Airdrop,
            "staking-rewards" => Beneficiaries::Rewards,
            _ => Beneficiaries::Schedules,
        }
    }
}

impl Allocation {
    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<Self, AllocationError> {
        let text =
            fs::read(path).map_err(|source| AllocationError::Read { path: path.to_owned(), source })?;
        Self::parse(path, &text)
    }

    /// Checks the text of a file; `path` is for messages.
    pub fn parse(path: &Path, text: &[u8]) -> Result<Self, AllocationError> {
        let fault = |(field, reason)| AllocationError::Field { path: path.to_owned(), field, reason };
        let mut json = serde_json::Deserializer::from_slice(text);
        let file: raw::File = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| fault((error.path().to_string(), error.inner().to_string())))?;
        json.end().map_err(|error| fault((".".to_owned(), error.to_string())))?;
        validate::validate(file).map_err(fault)
    }
}

/// Whether `name` can name a category and its files.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=31).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Why an allocation is not acceptable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AllocationError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A field is not acceptable.
    #[error("{path}: `{field}`: {reason}")]
    Field {
        /// The file.
        path: PathBuf,
        /// Path of the field, for instance `categories[2].tgeBps`.
        field: String,
        /// Why, with the value.
        reason: String,
    },
}
