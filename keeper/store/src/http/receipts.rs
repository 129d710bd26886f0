//! Answers over HTTP with their receipts.

use alloy_primitives::{B256, Bytes};
use opg_receipts::{InferenceReceipt, SIGNATURE_LENGTH, SignedReceipt};
use rusqlite::{OptionalExtension, Transaction};

use crate::{
    StoreError, batches, channels,
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

/// Stores the answer to a request. Returns the one that stands: the first, where there was one already.
///
/// # Errors
/// If the database fails.
pub fn store(tx: &Transaction<'_>, new: &Answer) -> Result<Option<Answer>, StoreError> {
    let receipt = new.signed.receipt();
    let inserted = tx
        .prepare_cached(
            "INSERT INTO http_receipts (request_id, payer, operator, model_version, input_hash, output_hash, \
             trace_hash, input_units, output_units, unit_price, fee, mode, issued_at, signature, input_tokens, \
             output_tokens, output, trace) \
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (request_id) DO NOTHING",
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
            integer("time of issue", receipt.issuedAt)?,
            new.signed.signature_bytes(),
            new.input_tokens,
            new.output_tokens,
            new.output.as_ref(),
            new.trace.as_ref(),
        ])?;
    if inserted == 1 {
        batches::begin_to_wait(tx, receipt.requestId)?;
        Ok(None)
    } else {
        answer(tx, receipt.requestId)
    }
}

/// The answer to a request, paid or not.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn answer(tx: &Transaction<'_>, request_id: B256) -> Result<Option<Answer>, StoreError> {
    let mut statement = tx.prepare_cached("SELECT * FROM http_receipts WHERE request_id = ?")?;
    let read = statement.query_row([request_id.0], |row| Ok(decode(&Columns(row)))).optional()?;
    read.transpose()
}

/// The answer to a request, if it may be shown: nobody had to pay, the payment is settled, or its fee was charged
/// to a channel.
///
/// # Errors
/// If the database fails or holds something unreadable.
pub fn released(tx: &Transaction<'_>, request_id: B256) -> Result<Option<Answer>, StoreError> {
    let mut statement = tx.prepare_cached(&format!(
        "SELECT r.* FROM http_receipts r LEFT JOIN http_payments p ON p.request_id = r.request_id \
         WHERE r.request_id = ? AND (r.payer = zeroblob(20) OR p.state = 'settled' OR {})",
        channels::paid(),
    ))?;
    let read = statement.query_row([request_id.0], |row| Ok(decode(&Columns(row)))).optional()?;
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
