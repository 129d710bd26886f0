//! Answers over HTTP with their receipts.

use alloy_primitives::{B256, Bytes};
use opg_receipts::{InferenceReceipt, SIGNATURE_LENGTH, SignedReceipt};
use rusqlite::{OptionalExtension, Transaction};

use super::payments::is_settled;
use crate::{
    StoreError, batches,
    columns::{Columns, amount, integer},
};

/// What was answered to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The signed receipt.
    pub signed: SignedReceipt,
    /// Canonical JSON of the output: the preimage of the receipt's output hash.
    pub output: Bytes,
    /// Canonical JSON of the trace: the preimage of the receipt's trace hash.
    pub trace: Bytes,
    /// Tokens read.
    pub input_tokens: u32,
    /// Tokens written.
    pub output_tokens: u32,
}

/// When a receipt may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// At once: nobody pays, or the fee is charged to a channel in the same transaction.
    Now,
    /// When its payment is settled, which it may be already.
    Settled,
}

/// Stores the answer to a request. Returns the one that stands: the first, where there was one already.
///
/// # Errors
/// If the database fails.
pub fn store(tx: &Transaction<'_>, new: &Answer, release: Release) -> Result<Option<Answer>, StoreError> {
    let receipt = new.signed.receipt();
    let released = match release {
        Release::Now => true,
        Release::Settled => is_settled(tx, receipt.requestId)?,
    };
    let issued_at = integer("time of issue", receipt.issuedAt)?;
    let inserted = tx
        .prepare_cached(
            "INSERT INTO http_receipts (request_id, payer, operator, model_version, input_hash, output_hash, \
             trace_hash, input_units, output_units, unit_price, fee, mode, issued_at, signature, input_tokens, \
             output_tokens, output, trace, released) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (request_id) DO NOTHING",
        )?
        .execute(rusqlite::params![
            receipt.requestId.0,
            receipt.payer.0.0,
            receipt.operator.0.0,
            receipt.modelVersion.0,
            receipt.inputHash.0,
            receipt.outputHash.0,
            receipt.traceHash.0,
            integer("input units", receipt.inputUnits)?,
            integer("output units", receipt.outputUnits)?,
            amount(receipt.unitPrice),
            amount(receipt.fee),
            receipt.mode,
            issued_at,
            new.signed.signature_bytes(),
            new.input_tokens,
            new.output_tokens,
            new.output.as_ref(),
            new.trace.as_ref(),
            released,
        ])?;
    if inserted == 0 {
        return answer(tx, receipt.requestId);
    }
    if released {
        batches::begin_to_wait(tx, tx.last_insert_rowid(), issued_at)?;
    }
    Ok(None)
}

/// Lets the receipt of a request be shown, if there is one already, and wait for a batch.
pub(crate) fn release(tx: &Transaction<'_>, request_id: B256) -> Result<(), StoreError> {
    let mut statement = tx.prepare_cached(
        "UPDATE http_receipts SET released = 1 WHERE request_id = ? AND released = 0 RETURNING id, issued_at",
    )?;
    let released = statement.query_row([request_id.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    match released {
        Some((receipt, issued_at)) => batches::begin_to_wait(tx, receipt, issued_at),
        None => Ok(()),
    }
}

/// The answer to a request, paid or not.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn answer(tx: &Transaction<'_>, request_id: B256) -> Result<Option<Answer>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT * FROM http_receipts WHERE request_id = ?")?;
    let read = statement.query_row([request_id.0], |row| Ok(decode(&Columns::new(row)))).optional()?;
    read.transpose()
}

/// The answer to a request, if it may be shown: nobody had to pay, the payment is settled, or its fee was charged
/// to a channel.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn released(tx: &Transaction<'_>, request_id: B256) -> Result<Option<Answer>, StoreError> {
    let mut statement =
        tx.prepare_cached("SELECT * FROM http_receipts WHERE request_id = ? AND released = 1")?;
    let read = statement.query_row([request_id.0], |row| Ok(decode(&Columns::new(row)))).optional()?;
    read.transpose()
}

/// The receipt in a row, whatever else is read of the row.
pub(crate) fn signed(columns: &Columns<'_, '_>) -> Result<SignedReceipt, StoreError> {
    let receipt = InferenceReceipt {
        requestId: columns.word("request_id")?,
        payer: columns.address("payer")?,
        operator: columns.address("operator")?,
        modelVersion: columns.word("model_version")?,
        inputHash: columns.word("input_hash")?,
        outputHash: columns.word("output_hash")?,
        traceHash: columns.word("trace_hash")?,
        inputUnits: columns.unsigned("input_units")?,
        outputUnits: columns.unsigned("output_units")?,
        unitPrice: columns.amount("unit_price")?,
        fee: columns.amount("fee")?,
        mode: columns.get("mode")?,
        issuedAt: columns.unsigned("issued_at")?,
    };
    let signature: [u8; SIGNATURE_LENGTH] = columns.get("signature")?;
    SignedReceipt::from_bytes(receipt, &signature)
        .map_err(|error| StoreError::Corrupt { what: "signature", reason: error.to_string() })
}

fn decode(columns: &Columns<'_, '_>) -> Result<Answer, StoreError> {
    Ok(Answer {
        signed: signed(columns)?,
        output: columns.get::<Vec<u8>>("output")?.into(),
        trace: columns.get::<Vec<u8>>("trace")?.into(),
        input_tokens: columns.get("input_tokens")?,
        output_tokens: columns.get("output_tokens")?,
    })
}
