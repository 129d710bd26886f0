//! The database: one file, one writer, every change one transaction.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use crate::StoreError;

/// Applied in order, each once; never edited after a release.
const MIGRATIONS: &[M<'static>] = &[
    M::up(include_str!("../migrations/01_cursors.sql")),
    M::up(include_str!("../migrations/02_jobs.sql")),
    M::up(include_str!("../migrations/03_journal.sql")),
    M::up(include_str!("../migrations/04_vesting.sql")),
    M::up(include_str!("../migrations/05_http.sql")),
    M::up(include_str!("../migrations/06_staking.sql")),
    M::up(include_str!("../migrations/07_batches.sql")),
    M::up(include_str!("../migrations/08_proofs.sql")),
    M::up(include_str!("../migrations/09_channels.sql")),
];

/// Handle to the keeper's durable state. Clones share one connection: SQLite has one writer, and so has the keeper.
#[derive(Clone, Debug)]
pub struct Store {
    connection: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens the database at `path`, creates it where absent and brings its schema up to date.
    ///
    /// # Errors
    /// If the file cannot be opened, is not a database, or was written by a newer version of the keeper.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection =
            Connection::open(path).map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
        // WAL lets other processes (`opg status`) read while the keeper writes; FULL makes a commit survive power loss.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        Self::prepare(connection)
    }

    /// Opens an empty database that lives in memory only.
    ///
    /// # Errors
    /// If SQLite cannot be initialised.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::prepare(Connection::open_in_memory()?)
    }

    fn prepare(mut connection: Connection) -> Result<Self, StoreError> {
        connection.pragma_update(None, "foreign_keys", "ON")?;
        Migrations::from_slice(MIGRATIONS).to_latest(&mut connection)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// Runs `work` in one transaction that takes effect as a whole if `work` succeeds and not at all otherwise.
    ///
    /// # Errors
    /// What `work` returns, or a database error from the commit.
    pub fn write<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        // A panic inside `work` rolled its transaction back, so the connection behind a poisoned lock is consistent.
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(StoreError::from)?;
        let value = work(&transaction)?;
        transaction.commit().map_err(StoreError::from)?;
        Ok(value)
    }

    /// Runs `work` on one consistent snapshot.
    ///
    /// # Errors
    /// What `work` returns.
    pub fn read<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Deferred).map_err(StoreError::from)?;
        work(&transaction)
    }
}
