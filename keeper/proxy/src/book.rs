//! What was signed and what came of it. Durable before a signature leaves, so that a crash or a full disk never hides what may
//! have been spent.

mod read;

use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use alloy::primitives::{Address, B256};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

pub use self::read::{Day, Entry};

const MIGRATIONS: &[M<'static>] = &[M::up(include_str!("book.sql"))];
/// Seconds of a day.
pub(crate) const DAY: u64 = 86_400;

/// What may be spent, in OPG wei.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// For one request.
    pub per_request: u128,
    /// In one day of UTC, payments included of which nobody knows yet whether they will be charged.
    pub per_day: u128,
}

/// Why the book was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BookError {
    /// One request costs more than one may.
    #[error("the request costs {amount} wei of OPG, and one may cost {limit}; raise proxy.max_per_request")]
    Request {
        /// What is asked.
        amount: u128,
        /// The limit.
        limit: u128,
    },
    /// The amount is more than is left.
    #[error(
        "the request costs {amount} wei of OPG, and {left} of the {limit} of today are left; wait for the next day (UTC), or \
         raise proxy.max_per_day"
    )]
    Day {
        /// What is asked.
        amount: u128,
        /// What is left.
        left: u128,
        /// The limit.
        limit: u128,
    },
    /// The payment is not in the book in a state in which this can happen.
    #[error("there is no payment {0} in the book that waits for its answer")]
    Unknown(B256),
    /// The file cannot be read or written.
    #[error("the book cannot be read or written: {0}; check the folder, and the space on its disk")]
    Database(#[from] rusqlite::Error),
    /// The file was written by a newer program, or is none.
    #[error("the book cannot be opened: {0}; update the program, or name another file")]
    Schema(#[from] rusqlite_migration::Error),
}

/// A payment before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewPayment {
    pub(crate) nonce: B256,
    pub(crate) operator: Address,
    pub(crate) version: B256,
    pub(crate) url: String,
    pub(crate) path: &'static str,
    pub(crate) input_hash: B256,
    pub(crate) amount: u128,
    pub(crate) valid_before: u64,
}

/// A payment whose answer is not there yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenPayment {
    pub(crate) nonce: B256,
    pub(crate) operator: Address,
    pub(crate) version: B256,
    pub(crate) url: String,
    pub(crate) input_hash: B256,
    pub(crate) amount: u128,
    pub(crate) valid_before: u64,
    /// What was sent to the node; empty if it never was.
    pub(crate) header: String,
    /// Whether the chain has taken it.
    pub(crate) is_charged: bool,
}

/// The book. Clones share it; other processes may, too.
#[derive(Debug, Clone)]
pub struct Book {
    connection: Arc<Mutex<Connection>>,
}

impl Book {
    /// Opens the book at `path`, creates it where absent.
    ///
    /// # Errors
    /// If the file cannot be opened or is not a book.
    pub fn open(path: &Path) -> Result<Self, BookError> {
        // Payments are nobody else's business. A file that cannot be made, SQLite complains about.
        let _ = OpenOptions::new().create(true).append(true).mode(0o600).open(path);
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        // A commit survives the loss of power.
        connection.pragma_update(None, "synchronous", "FULL")?;
        Migrations::from_slice(MIGRATIONS).to_latest(&mut connection)?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A panic rolled its transaction back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, BookError>) -> Result<T, BookError> {
        let mut connection = self.connection();
        let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&tx)?;
        tx.commit()?;
        Ok(value)
    }

    /// Takes the amount of a payment out of the budget. Nothing may be signed before.
    pub(crate) fn reserve(&self, new: &NewPayment, budget: Budget, now: u64) -> Result<(), BookError> {
        let (amount, limit) = (new.amount, budget.per_request);
        if amount > limit {
            return Err(BookError::Request { amount, limit });
        }
        self.write(|tx| {
            let (day, limit) = (day_of(now), budget.per_day);
            let spent = spent(tx, day)?;
            let left = limit.saturating_sub(spent);
            if amount > left {
                return Err(BookError::Day { amount, left, limit });
            }
            set_spent(tx, day, spent.saturating_add(amount))?;
            tx.execute(
                "INSERT INTO payments (nonce, operator, version, url, path, input_hash, amount, valid_before, created, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'open')",
                (
                    new.nonce.as_slice(),
                    new.operator.as_slice(),
                    new.version.as_slice(),
                    &new.url,
                    new.path,
                    new.input_hash.as_slice(),
                    amount.to_string(),
                    number(new.valid_before),
                    number(now),
                ),
            )?;
            Ok(())
        })
    }

    /// Keeps what is about to be sent, so that the same can be sent again.
    pub(crate) fn signed(&self, nonce: B256, header: &str) -> Result<(), BookError> {
        let sql = "UPDATE payments SET header = ?2 WHERE nonce = ?1 AND state = 'open'";
        self.write(|tx| one(tx.execute(sql, (nonce.as_slice(), header))?, nonce))
    }

    /// Notes that the answer is asked for once more.
    pub(crate) fn tried(&self, nonce: B256) -> Result<(), BookError> {
        let sql = "UPDATE payments SET tries = tries + 1 WHERE nonce = ?1";
        self.write(|tx| one(tx.execute(sql, [nonce.as_slice()])?, nonce))
    }

    /// Notes an answer that holds. Noting it again changes nothing.
    pub(crate) fn answered(&self, nonce: B256, request_id: B256, receipt: &str) -> Result<(), BookError> {
        let sql = "UPDATE payments SET state = 'answered', request_id = ?2, receipt = ?3
                   WHERE nonce = ?1 AND state IN ('open', 'charged', 'answered')";
        self.write(|tx| one(tx.execute(sql, (nonce.as_slice(), request_id.as_slice(), receipt))?, nonce))
    }

    /// Notes an answer that does not hold, with what it claimed.
    pub(crate) fn refused(&self, nonce: B256, reason: &str, evidence: &str) -> Result<(), BookError> {
        let sql = "UPDATE payments SET state = 'refused', reason = ?2, receipt = ?3
                   WHERE nonce = ?1 AND state IN ('open', 'charged')";
        self.write(|tx| one(tx.execute(sql, (nonce.as_slice(), reason, evidence))?, nonce))
    }

    /// Notes that the chain has taken a payment whose answer is not there, with the receipt if there is one. The node still
    /// owes the answer.
    pub(crate) fn charged(&self, nonce: B256, receipt: Option<(B256, &str)>) -> Result<(), BookError> {
        let sql = "UPDATE payments SET state = 'charged', request_id = ?2, receipt = ?3
                   WHERE nonce = ?1 AND state IN ('open', 'charged')";
        let (id, text) = receipt.unzip();
        let key = (nonce.as_slice(), id.as_ref().map(B256::as_slice), text);
        self.write(|tx| one(tx.execute(sql, key)?, nonce))
    }

    /// Takes a payment out again that can certainly never be charged.
    pub(crate) fn release(&self, nonce: B256) -> Result<(), BookError> {
        self.write(|tx| {
            let sql = "SELECT amount, created FROM payments WHERE nonce = ?1 AND state = 'open'";
            let found = tx
                .query_row(sql, [nonce.as_slice()], |row| {
                    Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))
                })
                .optional()?;
            let (amount, created) = found.ok_or(BookError::Unknown(nonce))?;
            let day = day_of(created.unsigned_abs());
            set_spent(tx, day, spent(tx, day)?.saturating_sub(wei(&amount)))?;
            tx.execute("UPDATE payments SET state = 'released' WHERE nonce = ?1", [nonce.as_slice()])?;
            Ok(())
        })
    }

    /// Ties `name` to `version` for ever, unless it is tied already; returns what it is tied to.
    pub(crate) fn pin(&self, name: &str, version: B256, now: u64) -> Result<B256, BookError> {
        self.write(|tx| {
            let sql =
                "INSERT INTO pins (name, version, created) VALUES (?1, ?2, ?3) ON CONFLICT (name) DO NOTHING";
            tx.execute(sql, (name, version.as_slice(), number(now)))?;
            let sql = "SELECT version FROM pins WHERE name = ?1";
            Ok(tx.query_row(sql, [name], |row| row.get::<_, [u8; 32]>(0))?.into())
        })
    }
}

fn one(changed: usize, nonce: B256) -> Result<(), BookError> {
    if changed == 1 { Ok(()) } else { Err(BookError::Unknown(nonce)) }
}

fn spent(tx: &Transaction<'_>, day: i64) -> Result<u128, BookError> {
    let sql = "SELECT spent FROM days WHERE day = ?1";
    let text: Option<String> = tx.query_row(sql, [day], |row| row.get(0)).optional()?;
    Ok(text.map_or(0, |text| wei(&text)))
}

fn set_spent(tx: &Transaction<'_>, day: i64, spent: u128) -> Result<(), BookError> {
    let sql = "INSERT INTO days (day, spent) VALUES (?1, ?2) ON CONFLICT (day) DO UPDATE SET spent = ?2";
    tx.execute(sql, (day, spent.to_string()))?;
    Ok(())
}

fn day_of(time: u64) -> i64 {
    number(time / DAY)
}

/// What cannot be read counts as everything: no budget is left then.
fn wei(text: &str) -> u128 {
    text.parse().unwrap_or(u128::MAX)
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "book_tests.rs"]
mod tests;
