//! The answer of a job and its receipt.

use alloy_primitives::Bytes;
use opg_receipts::{InferenceReceipt, MODE_ZERO_KNOWLEDGE, SIGNATURE_LENGTH, SignedReceipt};
use rusqlite::{OptionalExtension, Transaction};

use super::{
    Job, JobId, JobState,
    query::get,
    queue::require_lease,
    rows::{move_to, require, state_of},
};
use crate::{
    StoreError,
    columns::{Columns, amount, integer},
    proofs,
};

/// What a run produced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The signed receipt.
    pub signed: SignedReceipt,
    /// The output, as the contract gets it.
    pub output: Bytes,
    /// Canonical JSON of the trace: the preimage of the receipt's trace hash, kept for a verifier that asks.
    pub trace: Bytes,
    /// Milliseconds spent in the model itself.
    pub model_ms: u64,
}

/// Stores the answer of a run, which then waits for its proof where the request asks for one. Returns whether it was new: storing the same output again changes nothing.
///
/// # Errors
/// [`StoreError::LeaseLost`] if the job is no longer the owner's to run; [`StoreError::ReceiptMismatch`] if the receipt
/// is for another request.
pub fn answer(
    tx: &Transaction<'_>,
    id: JobId,
    owner: &str,
    answer: &Answer,
    now: u64,
) -> Result<bool, StoreError> {
    let job = get(tx, id)?;
    let receipt = answer.signed.receipt();
    check_same(id, receipt, &rebuilt(&job, receipt.clone()))?;
    if let Some(stored) = stored_answer(tx, id)? {
        let same = stored.signed.receipt().outputHash == receipt.outputHash;
        if same && state_of(tx, id)? != JobState::Running {
            return Ok(false);
        }
    }
    require_lease(tx, id, owner)?;
    tx.prepare_cached(
        "INSERT OR REPLACE INTO receipts (job, operator, output_hash, trace_hash, input_units, output_units, \
         unit_price, fee, issued_at, signature, output, trace, model_ms) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute(rusqlite::params![
        id.0,
        receipt.operator.0.0,
        receipt.outputHash.0,
        receipt.traceHash.0,
        integer("input units", receipt.inputUnits)?,
        integer("output units", receipt.outputUnits)?,
        amount(receipt.unitPrice),
        amount(receipt.fee),
        integer("time of issue", receipt.issuedAt)?,
        answer.signed.signature_bytes(),
        answer.output.as_ref(),
        answer.trace.as_ref(),
        integer("model time", answer.model_ms)?,
    ])?;
    tx.prepare_cached("UPDATE jobs SET answered_at = ?, not_before = 0, reason = NULL WHERE id = ?")?
        .execute((integer("time", now)?, id.0))?;
    if job.request.mode == MODE_ZERO_KNOWLEDGE {
        proofs::enqueue(tx, id)?;
    }
    move_to(tx, id, JobState::Answered, now)?;
    Ok(true)
}

/// Replaces the time of issue and the signature of a receipt that grew too old to be delivered.
///
/// # Errors
/// If anything else about the receipt changed, or the job is not `Answered`.
pub fn renew(tx: &Transaction<'_>, id: JobId, signed: &SignedReceipt) -> Result<(), StoreError> {
    require(tx, id, &[JobState::Answered])?;
    let stored = stored_answer(tx, id)?.ok_or(StoreError::NoSuchJob(id))?;
    let mut renewed = stored.signed.receipt().clone();
    renewed.issuedAt = signed.receipt().issuedAt;
    check_same(id, signed.receipt(), &renewed)?;
    tx.prepare_cached("UPDATE receipts SET issued_at = ?, signature = ? WHERE job = ?")?.execute((
        integer("time of issue", signed.receipt().issuedAt)?,
        signed.signature_bytes(),
        id.0,
    ))?;
    Ok(())
}

/// The stored answer of a job, if it has one.
///
/// # Errors
/// If there is no such job, or the database fails.
pub fn stored_answer(tx: &Transaction<'_>, id: JobId) -> Result<Option<Answer>, StoreError> {
    let job = get(tx, id)?;
    let mut statement = tx.prepare_cached("SELECT * FROM receipts WHERE job = ?")?;
    let read = statement.query_row([id.0], |row| Ok(from_columns(&job, &Columns::new(row)))).optional()?;
    read.transpose()
}

pub(super) fn exists(tx: &Transaction<'_>, id: JobId) -> Result<bool, StoreError> {
    Ok(tx.prepare_cached("SELECT 1 FROM receipts WHERE job = ?")?.exists([id.0])?)
}

fn from_columns(job: &Job, columns: &Columns<'_, '_>) -> Result<Answer, StoreError> {
    let receipt = InferenceReceipt {
        requestId: job.request_id,
        payer: job.request.payer,
        operator: columns.address("operator")?,
        modelVersion: job.request.modelVersion,
        inputHash: job.request.inputHash,
        outputHash: columns.word("output_hash")?,
        traceHash: columns.word("trace_hash")?,
        inputUnits: columns.unsigned("input_units")?,
        outputUnits: columns.unsigned("output_units")?,
        unitPrice: columns.amount("unit_price")?,
        fee: columns.amount("fee")?,
        mode: job.request.mode,
        issuedAt: columns.unsigned("issued_at")?,
    };
    let signature: [u8; SIGNATURE_LENGTH] = columns.get("signature")?;
    let signed = SignedReceipt::from_bytes(receipt, &signature)
        .map_err(|error| StoreError::Corrupt { what: "signature", reason: error.to_string() })?;
    Ok(Answer {
        signed,
        output: columns.get::<Vec<u8>>("output")?.into(),
        trace: columns.get::<Vec<u8>>("trace")?.into(),
        model_ms: columns.unsigned("model_ms")?,
    })
}

/// `receipt` with the fields that the request determines taken from the job.
fn rebuilt(job: &Job, receipt: InferenceReceipt) -> InferenceReceipt {
    InferenceReceipt {
        requestId: job.request_id,
        payer: job.request.payer,
        modelVersion: job.request.modelVersion,
        inputHash: job.request.inputHash,
        mode: job.request.mode,
        ..receipt
    }
}

fn check_same(id: JobId, given: &InferenceReceipt, wanted: &InferenceReceipt) -> Result<(), StoreError> {
    let differing = [
        ("request id", given.requestId != wanted.requestId),
        ("payer", given.payer != wanted.payer),
        ("operator", given.operator != wanted.operator),
        ("model version", given.modelVersion != wanted.modelVersion),
        ("input hash", given.inputHash != wanted.inputHash),
        ("output hash", given.outputHash != wanted.outputHash),
        ("trace hash", given.traceHash != wanted.traceHash),
        ("units", (given.inputUnits, given.outputUnits) != (wanted.inputUnits, wanted.outputUnits)),
        ("price", (given.unitPrice, given.fee) != (wanted.unitPrice, wanted.fee)),
        ("mode", given.mode != wanted.mode),
    ];
    match differing.into_iter().find(|(_, differs)| *differs) {
        None => Ok(()),
        Some((field, _)) => Err(StoreError::ReceiptMismatch { id, field }),
    }
}
