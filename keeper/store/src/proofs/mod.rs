//! Proofs of execution: what lies between the answer of a job and its delivery, where the request asks for a proof.
//!
//! ```text
//! waiting → proving → proved
//! ```
//! A job is proved only while it is `Answered` and open on the chain; its own state does not change meanwhile, and
//! [`jobs::ready`](crate::jobs::ready) leaves it out until the proof is there. The answer stays what it is, so a proof that
//! is there stays good, whatever becomes of its delivery.

mod model;
mod queue;

pub use model::{LENGTH, Proof, ProofState};
pub use queue::{claim, complete, give_up, hand_back, progress, put_back, release_all};
pub(crate) use queue::{enqueue, renew_tries};

use rusqlite::{OptionalExtension, Transaction};

use crate::{StoreError, columns::Columns, jobs::JobId};

/// What is known of the proof of a job; `None` where none is asked for or there is no answer yet.
///
/// # Errors
/// If the database fails.
pub fn get(tx: &Transaction<'_>, id: JobId) -> Result<Option<Proof>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT * FROM proofs WHERE job = ?")?;
    statement.query_row([id.0], |row| Ok(Proof::from_columns(&Columns::new(row)))).optional()?.transpose()
}

/// The bytes of a finished proof.
///
/// # Errors
/// If the database fails.
pub fn bytes(tx: &Transaction<'_>, id: JobId) -> Result<Option<[u8; LENGTH]>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT proof FROM proofs WHERE job = ?")?;
    let found = statement.query_row([id.0], |row| Ok(Columns::new(row).get("proof"))).optional()?;
    found.transpose().map(Option::flatten)
}

/// How many answers wait for their proof or are being proved.
///
/// # Errors
/// If the database fails.
pub fn open(tx: &Transaction<'_>) -> Result<u64, StoreError> {
    let sql = "SELECT COUNT(*) AS open FROM proofs JOIN jobs ON jobs.id = proofs.job \
               WHERE proofs.state <> 'proved' AND jobs.state = 'answered' AND jobs.settled_block IS NULL";
    tx.prepare_cached(sql)?.query_row([], |row| Ok(Columns::new(row).unsigned("open")))?
}

/// Milliseconds that the slowest of the last five proofs for a model version took; `None` before the first.
///
/// # Errors
/// If the database fails.
pub fn recent_ms(tx: &Transaction<'_>, version: [u8; 32]) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT MAX(proving_ms) AS slowest FROM (SELECT proving_ms FROM proofs JOIN jobs ON jobs.id = proofs.job \
               WHERE proofs.state = 'proved' AND jobs.model_version = ? ORDER BY proved_at DESC LIMIT 5)";
    tx.prepare_cached(sql)?.query_row([version], |row| Ok(Columns::new(row).optional_unsigned("slowest")))?
}
