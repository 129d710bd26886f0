//! Why the crank cannot work.

use opg_store::StoreError;
use opg_vesting::GenesisError;

use crate::{LedgerError, ServiceError};

/// An error of the crank role.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CrankError {
    /// The genesis folder cannot be used.
    #[error(transparent)]
    Genesis(#[from] GenesisError),
    /// The genesis folder is not that of the vault.
    #[error(
        "category {category} (`{name}`) has {field} {genesis} in the genesis folder, but {vault} in the vault; use the \
         folder that the vault was deployed with"
    )]
    Mismatch {
        /// Number of the category.
        category: u32,
        /// Its name in the folder.
        name: String,
        /// What differs.
        field: &'static str,
        /// As the folder has it.
        genesis: String,
        /// As the vault has it.
        vault: String,
    },
    /// The policy names a category that does not exist.
    #[error("there is no category `{name}` in the genesis; write one of: {}", .known.join(", "))]
    UnknownCategory {
        /// As written.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// The chain could not be asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The state database failed, or belongs to another genesis.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keeper was stopped while it filled its index; the next start goes on.
    #[error("stopped while the index of schedules was filled; the next start goes on")]
    Stopped,
    /// A part of the role ended abnormally.
    #[error("{0}")]
    Abnormal(String),
}

impl From<CrankError> for ServiceError {
    fn from(error: CrankError) -> Self {
        match error {
            CrankError::Ledger(error) => error.into(),
            CrankError::Store(error) => error.into(),
            // A disk may come back; a folder that is wrong stays wrong, which the log then says again and again.
            CrankError::Genesis(error) => Self::Recoverable(error.to_string()),
            other => Self::Fatal(other.to_string()),
        }
    }
}
