//! One keeper per database: two would run each other's jobs and use each other's nonces.

use std::{fs::File, path::Path};

use rustix::fs::{FlockOperation, flock};

use crate::error::{CliError, CliResult, Code};

/// Held while it lives; the system lets it go when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock(#[allow(dead_code, reason = "open is what it is for")] File);

impl Lock {
    /// Takes the lock of the database at `path`; `None` if another process has it.
    pub(crate) fn try_take(path: &Path) -> CliResult<Option<Self>> {
        let mut name = path.as_os_str().to_owned();
        name.push(".lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&name)
            .map_err(|error| CliError::file(Path::new(&name), &error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self(file))),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(CliError::file(Path::new(&name), &error.into())),
        }
    }

    /// Takes the lock or fails.
    pub(crate) fn take(path: &Path) -> CliResult<Self> {
        Self::try_take(path)?.ok_or_else(|| {
            CliError::new(
                Code::Daemon,
                path.display(),
                "another keeper works on this database",
                "stop it first, or give this keeper its own storage.path and its own key",
            )
        })
    }
}
