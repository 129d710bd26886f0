//! The database: one file, one writer, every change one transaction.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use crate::{StoreError, fees};

/// Applied in order, each once; never edited after a release.
fn migrations() -> Migrations<'static> {
    Migrations::new(vec![
        M::up(include_str!("../migrations/01_cursors.sql")),
        M::up(include_str!("../migrations/02_jobs.sql")),
        M::up(include_str!("../migrations/03_journal.sql")),
        M::up(include_str!("../migrations/04_vesting.sql")),
        M::up(include_str!("../migrations/05_http.sql")),
        M::up(include_str!("../migrations/06_staking.sql")),
        M::up(include_str!("../migrations/07_batches.sql")),
        M::up(include_str!("../migrations/08_proofs.sql")),
        M::up(include_str!("../migrations/09_channels.sql")),
        M::up_with_hook(include_str!("../migrations/10_fees.sql"), |tx| Ok(fees::take_over(tx)?)),
        M::up(include_str!("../migrations/11_charges.sql")),
        M::up(include_str!("../migrations/12_pruning.sql")),
    ])
}

/// Pages of the write-ahead log from which they are written back: 32 MiB. Pages of indexes, which nearly each change
/// touches, are written back once for thousands of changes.
const CHECKPOINT_PAGES: u32 = 8_192;

/// Prepared statements that a connection keeps: more than one service of the keeper uses in its rounds.
const STATEMENTS: usize = 128;

/// Handle to the keeper's durable state. Clones share its connections: one that writes, for SQLite has one writer, and one
/// that reads, so that nobody who reads waits until a commit is on the disk.
#[derive(Clone, Debug)]
pub struct Store {
    writer: Arc<Mutex<Connection>>,
    reader: Arc<Mutex<Connection>>,
}

impl Store {
    /// Opens the database at `path`, creates it where absent and brings its schema up to date.
    ///
    /// # Errors
    /// If the file cannot be opened, is not a database, or was written by a newer version of the keeper.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let writer = connect(path)?;
        // WAL lets others (`opg status`) read while the keeper writes; FULL makes a commit survive power loss.
        writer.pragma_update(None, "journal_mode", "WAL")?;
        writer.pragma_update(None, "synchronous", "FULL")?;
        writer.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        let writer = prepare(writer)?;
        let reader = connect(path)?;
        reader.pragma_update(None, "query_only", "ON")?;
        Ok(Self { writer: Arc::new(Mutex::new(writer)), reader: Arc::new(Mutex::new(reader)) })
    }

    /// Opens an empty database that lives in memory only.
    ///
    /// # Errors
    /// If SQLite cannot be initialised.
    pub fn in_memory() -> Result<Self, StoreError> {
        let connection = Arc::new(Mutex::new(prepare(Connection::open_in_memory()?)?));
        Ok(Self { writer: Arc::clone(&connection), reader: connection })
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
        let mut connection = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
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
        let mut connection = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Deferred).map_err(StoreError::from)?;
        work(&transaction)
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection =
        Connection::open(path).map_err(|source| StoreError::Open { path: path.to_owned(), source })?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

fn prepare(mut connection: Connection) -> Result<Connection, StoreError> {
    connection.pragma_update(None, "foreign_keys", "ON")?;
    migrations().to_latest(&mut connection)?;
    Ok(connection)
}
