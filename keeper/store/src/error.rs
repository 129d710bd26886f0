//! What can go wrong with durable state.

use std::path::PathBuf;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database file cannot be opened.
    #[error("cannot open the state database {path}: {source}; check that the folder exists and is writable")]
    Open {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The schema cannot be brought up to date.
    #[error("cannot migrate the state database: {0}; was it written by a newer keeper?")]
    Migration(#[from] rusqlite_migration::Error),
    /// SQLite refused an operation.
    #[error("state database: {0}")]
    Database(#[from] rusqlite::Error),
    /// A stored value does not decode: the file was changed by something else.
    #[error("state database holds an unreadable {what}: {reason}")]
    Corrupt {
        /// What was being read.
        what: &'static str,
        /// Why it does not decode.
        reason: String,
    },
}
