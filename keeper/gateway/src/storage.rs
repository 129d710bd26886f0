//! Whether answers could be stored lately: a full disk must be told before requests come that would be answered for nothing.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use opg_store::GroupError;

/// How long a failure counts. Only a request shows that there is room again, so one must come in the end.
const REMEMBERED: Duration = Duration::from_secs(30);

/// The last failure to store an answer, until one is stored.
#[derive(Debug, Default)]
pub(crate) struct Storage(Mutex<Option<(Instant, String)>>);

impl Storage {
    /// Notes how storing an answer ended.
    pub(crate) fn note<T>(&self, outcome: &Result<T, GroupError>) {
        let failure = outcome.as_ref().err().map(|error| (Instant::now(), error.to_string()));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = failure;
    }

    /// Why answers cannot be stored, if that is so.
    pub(crate) fn reason(&self) -> Option<String> {
        let failure = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, error) = failure.as_ref().filter(|(at, _)| at.elapsed() < REMEMBERED)?;
        Some(format!("answers cannot be stored: {error}; make room on the disk"))
    }
}
