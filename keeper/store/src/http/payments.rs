//! What was paid, and whether the chain has taken it.

use alloy_primitives::{Address, B256};
use rusqlite::{OptionalExtension, Transaction};

use super::release;
use crate::{
    StoreError,
    columns::{Columns, amount, integer},
    fees::{self, Outcome},
    journal::{self, Intent, IntentId},
};

/// A payment as it is taken for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    /// Who pays.
    pub payer: Address,
    /// The payer's number for this payment: with the payer it names the payment.
    pub nonce: B256,
    /// Scheme of x402, for instance `exact`.
    pub scheme: &'static str,
    /// The one request that it pays for.
    pub request_id: B256,
    /// Token.
    pub asset: Address,
    /// Who gets it.
    pub pay_to: Address,
    /// Wei of the token.
    pub amount: u128,
    /// keccak-256 of the call that settles it, signature included.
    pub call_hash: B256,
    /// Unix time from which it cannot be settled.
    pub valid_before: u64,
}

/// Where a payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentState {
    /// Bound to its request; nothing was sent.
    Held,
    /// The journal settles it.
    Settling(IntentId),
    /// The chain took it.
    Settled {
        /// Transaction that did it.
        transaction: B256,
    },
    /// It cannot be settled any more.
    Failed {
        /// Why.
        reason: String,
    },
}

/// A stored payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// The request that it pays for.
    pub request_id: B256,
    /// Wei of the token.
    pub amount: u128,
    /// Who gets it.
    pub pay_to: Address,
    /// keccak-256 of the call that settles it, signature included: whoever shows the payment again must show this one.
    pub call_hash: B256,
    /// Where it stands.
    pub state: PaymentState,
}

/// What [`hold`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// It is new.
    New,
    /// It was taken for the same request before.
    Again(Payment),
    /// It was taken for another request.
    OfAnother(Payment),
}

/// Binds a payment to its request.
///
/// # Errors
/// If the database fails.
pub fn hold(tx: &Transaction<'_>, new: &NewPayment, now: u64) -> Result<Held, StoreError> {
    if let Some(known) = payment(tx, new.payer, new.nonce)? {
        let same = known.request_id == new.request_id;
        return Ok(if same { Held::Again(known) } else { Held::OfAnother(known) });
    }
    tx.prepare_cached(
        "INSERT INTO http_payments (payer, nonce, scheme, request_id, asset, pay_to, amount, call_hash, \
         valid_before, state, held_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'held', ?)",
    )?
    .execute(rusqlite::params![
        new.payer.0.0,
        new.nonce.0,
        new.scheme,
        new.request_id.0,
        new.asset.0.0,
        new.pay_to.0.0,
        amount(new.amount),
        new.call_hash.0,
        integer("end of validity", new.valid_before)?,
        integer("time", now)?,
    ])?;
    Ok(Held::New)
}

/// The payment that `payer` numbered `nonce`.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn payment(tx: &Transaction<'_>, payer: Address, nonce: B256) -> Result<Option<Payment>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT * FROM http_payments WHERE payer = ? AND nonce = ?")?;
    let read = statement.query_row((payer.0.0, nonce.0), |row| Ok(decode(&Columns::new(row)))).optional()?;
    read.transpose()
}

/// Whether the payment for a request is settled.
pub(super) fn is_settled(tx: &Transaction<'_>, request_id: B256) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM http_payments WHERE request_id = ? AND state = 'settled')";
    Ok(tx.prepare_cached(sql)?.query_row([request_id.0], |row| row.get(0))?)
}

/// Hands the settlement of a held payment to the journal of `signer`; one that is on its way already stays as it is.
/// `None` if it is settled.
///
/// # Errors
/// If the payment is unknown or failed, or the database fails.
pub fn settle(
    tx: &Transaction<'_>,
    payer: Address,
    nonce: B256,
    signer: Address,
    intent: &Intent,
    now: u64,
) -> Result<Option<IntentId>, StoreError> {
    if let Some(Payment { state: PaymentState::Settled { .. }, .. }) = payment(tx, payer, nonce)? {
        return Ok(None);
    }
    let id = journal::enqueue(tx, signer, intent, now)?;
    let changed = tx
        .prepare_cached(
            "UPDATE http_payments SET state = 'settling', intent = ? \
             WHERE payer = ? AND nonce = ? AND state IN ('held', 'settling')",
        )?
        .execute((id.0, payer.0.0, nonce.0))?;
    if changed == 1 { Ok(Some(id)) } else { Err(gone(payer, nonce)) }
}

/// Payments whose settlement is under way.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn settling(tx: &Transaction<'_>) -> Result<Vec<(Address, B256, IntentId)>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT payer, nonce, intent FROM http_payments WHERE state = 'settling'")?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let columns = Columns::new(row);
        found.push((columns.address("payer")?, columns.word("nonce")?, IntentId(columns.get("intent")?)));
    }
    Ok(found)
}

/// The chain took the payment in `transaction`.
///
/// # Errors
/// If its settlement was not under way, or the database fails.
pub fn note_settled(
    tx: &Transaction<'_>,
    payer: Address,
    nonce: B256,
    transaction: B256,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE http_payments SET state = 'settled', settled_tx = ? \
             WHERE payer = ? AND nonce = ? AND state = 'settling'",
        )?
        .execute((transaction.0, payer.0.0, nonce.0))?;
    if changed != 1 {
        return Err(gone(payer, nonce));
    }
    match payment(tx, payer, nonce)? {
        Some(settled) => {
            fees::count_payment(tx, settled.pay_to, Outcome::Settled, settled.amount)?;
            release(tx, settled.request_id)
        }
        None => Ok(()),
    }
}

/// The payment cannot be settled any more.
///
/// # Errors
/// If it is settled, or the database fails.
pub fn note_failed(
    tx: &Transaction<'_>,
    payer: Address,
    nonce: B256,
    reason: &str,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE http_payments SET state = 'failed', reason = ? \
             WHERE payer = ? AND nonce = ? AND state IN ('held', 'settling')",
        )?
        .execute((reason, payer.0.0, nonce.0))?;
    if changed != 1 {
        return Err(gone(payer, nonce));
    }
    match payment(tx, payer, nonce)? {
        Some(refused) => fees::count_payment(tx, refused.pay_to, Outcome::Refused, refused.amount),
        None => Ok(()),
    }
}

/// Drops payments that were held, never settled, and cannot be settled any more. Returns how many.
///
/// # Errors
/// If the database fails.
pub fn forget_expired(tx: &Transaction<'_>, now: u64) -> Result<usize, StoreError> {
    let sql = "DELETE FROM http_payments WHERE state = 'held' AND valid_before <= ?";
    Ok(tx.prepare_cached(sql)?.execute([integer("time", now)?])?)
}

fn gone(payer: Address, nonce: B256) -> StoreError {
    StoreError::Corrupt {
        what: "payment",
        reason: format!("payment {nonce} of {payer} is not in a state that allows this"),
    }
}

fn decode(columns: &Columns<'_, '_>) -> Result<Payment, StoreError> {
    let state = match columns.get::<String>("state")?.as_str() {
        "held" => PaymentState::Held,
        "settling" => PaymentState::Settling(IntentId(columns.get("intent")?)),
        "settled" => PaymentState::Settled { transaction: columns.word("settled_tx")? },
        "failed" => PaymentState::Failed { reason: columns.get("reason")? },
        other => return Err(StoreError::Corrupt { what: "payment state", reason: other.to_owned() }),
    };
    Ok(Payment {
        request_id: columns.word("request_id")?,
        amount: columns.amount("amount")?,
        pay_to: columns.address("pay_to")?,
        call_hash: columns.word("call_hash")?,
        state,
    })
}
