//! What can go wrong with durable state.

use std::path::PathBuf;

use crate::{
    jobs::{JobId, JobState},
    vesting::GenesisId,
};

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
    /// An integer does not fit its column.
    #[error("{what} {value} does not fit the state database, whose integers end at 2^63 - 1")]
    OutOfRange {
        /// What was being written.
        what: &'static str,
        /// The value.
        value: u64,
    },
    /// There is no job with this number.
    #[error("there is no job {0}; `opg jobs list` shows those that exist")]
    NoSuchJob(JobId),
    /// An operation on a job came in a state that does not allow it.
    #[error("job {id} is {actual}, but this needs one of {expected:?}")]
    WrongState {
        /// The job.
        id: JobId,
        /// Its state.
        actual: JobState,
        /// The states that allow the operation.
        expected: &'static [JobState],
    },
    /// A job cannot go from one state to another.
    #[error("job {id} is {from} and cannot become {to}")]
    ForbiddenTransition {
        /// The job.
        id: JobId,
        /// Its state.
        from: JobState,
        /// The state that was wanted.
        to: JobState,
    },
    /// A worker spoke of a run that is no longer its own.
    #[error("{owner} no longer runs job {id}, which is {actual}")]
    LeaseLost {
        /// The job.
        id: JobId,
        /// The worker.
        owner: String,
        /// The job's state.
        actual: JobState,
    },
    /// A receipt is not about the job that it is stored for.
    #[error("the receipt does not belong to job {id}: its {field} differs")]
    ReceiptMismatch {
        /// The job.
        id: JobId,
        /// The first field that differs.
        field: &'static str,
    },
    /// The chain has already closed the request.
    #[error("the request of job {id} was closed on the chain in block {block}")]
    AlreadySettled {
        /// The job.
        id: JobId,
        /// Where.
        block: u64,
    },
    /// The index of schedules belongs to another genesis.
    #[error(
        "the index of vesting schedules is of vault {} on chain {} with digest {}, but the genesis folder is of vault {} \
         on chain {} with digest {}; use the folder of that vault, or another database (`storage.path`)",
        .stored.vault, .stored.chain_id, .stored.digest, .given.vault, .given.chain_id, .given.digest
    )]
    OtherGenesis {
        /// What the index was filled from.
        stored: Box<GenesisId>,
        /// What it was to be filled from now.
        given: Box<GenesisId>,
    },
    /// A schedule would be released by two transactions.
    #[error("schedule {index} of category {category} is being released by another transaction")]
    AlreadyInFlight {
        /// Its category.
        category: u32,
        /// Its number in the category.
        index: u32,
    },
}
