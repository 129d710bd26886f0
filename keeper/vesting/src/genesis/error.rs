//! Why genesis files cannot be built, read or trusted.

use std::path::{Path, PathBuf};

use crate::allocation::AllocationError;

/// What went wrong with genesis files. Names the file, the place in it and the reason.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenesisError {
    /// The allocation is not acceptable.
    #[error(transparent)]
    Allocation(#[from] AllocationError),
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line of a CSV file is not acceptable.
    #[error("{path}, line {line}: {reason}")]
    Row {
        /// The file.
        path: PathBuf,
        /// Line, counted from 1, the header included.
        line: u64,
        /// Why, with the value.
        reason: String,
    },
    /// A field of the manifest is not acceptable.
    #[error("{path}: `{field}`: {reason}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Path of the field.
        field: String,
        /// Why, with the value.
        reason: String,
    },
    /// A published file is not what follows from its sources.
    #[error("{path}, {place}: {reason}")]
    Differs {
        /// The file.
        path: PathBuf,
        /// Where in the file.
        place: String,
        /// What was expected and what is there.
        reason: String,
    },
    /// The folder to write to holds something else.
    #[error("{path}: {reason}")]
    Occupied {
        /// The folder.
        path: PathBuf,
        /// What is there.
        reason: String,
    },
    /// There is no such category.
    #[error("there is no category {category}; the genesis has {count}")]
    UnknownCategory {
        /// The number asked for.
        category: u32,
        /// How many there are, numbered from 0.
        count: usize,
    },
    /// There is no such row.
    #[error("`{name}` has no row {index}; it has {count}")]
    UnknownIndex {
        /// Name of the tree.
        name: String,
        /// The number asked for.
        index: u32,
        /// How many there are, numbered from 0.
        count: u32,
    },
    /// The caller asked to stop.
    #[error("stopped on request; nothing was written")]
    Interrupted,
}

impl GenesisError {
    pub(crate) fn io(path: &Path, source: std::io::Error) -> Self {
        Self::Io { path: path.to_owned(), source }
    }

    pub(crate) fn row(path: &Path, line: u64, reason: impl Into<String>) -> Self {
        Self::Row { path: path.to_owned(), line, reason: reason.into() }
    }

    pub(crate) fn manifest(path: &Path, field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Manifest { path: path.to_owned(), field: field.into(), reason: reason.into() }
    }

    pub(crate) fn differs(path: &Path, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Differs { path: path.to_owned(), place: place.into(), reason: reason.into() }
    }
}
