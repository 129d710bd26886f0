//! The data of a batch: what its address serves. One record per leaf, all of one length, so that each has its place.

use alloy_sol_types::SolValue;

use crate::{InferenceReceipt, ReceiptError, SIGNATURE_LENGTH, SignedReceipt};

/// Bytes of a receipt in the ABI's encoding: thirteen words.
const RECEIPT_LENGTH: usize = 13 * 32;

/// Bytes of a record.
pub const RECORD_LENGTH: usize = RECEIPT_LENGTH + SIGNATURE_LENGTH;

/// Why bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// Too few or too many bytes.
    #[error("a record has {RECORD_LENGTH} bytes, not {0}")]
    Length(usize),
    /// The first part is not the encoding of a receipt.
    #[error("not the ABI's encoding of a receipt: {0}")]
    Receipt(String),
    /// The second part is not a signature.
    #[error(transparent)]
    Signature(#[from] ReceiptError),
}

/// The record of a signed receipt: the ABI's encoding of the receipt, then the signature r ‖ s ‖ v.
#[must_use]
pub fn encode_record(signed: &SignedReceipt) -> [u8; RECORD_LENGTH] {
    let mut record = [0; RECORD_LENGTH];
    let (receipt, signature) = record.split_at_mut(RECEIPT_LENGTH);
    // Every field is one word, so the lengths are the same.
    receipt.copy_from_slice(&signed.receipt().abi_encode());
    signature.copy_from_slice(&signed.signature_bytes());
    record
}

/// Reads a record.
///
/// # Errors
/// If the bytes are not exactly what `encode_record` writes for some receipt and signature.
pub fn decode_record(record: &[u8]) -> Result<SignedReceipt, DataError> {
    let (receipt, signature) = record
        .split_at_checked(RECEIPT_LENGTH)
        .filter(|_| record.len() == RECORD_LENGTH)
        .ok_or(DataError::Length(record.len()))?;
    let receipt = InferenceReceipt::abi_decode_validate(receipt)
        .map_err(|error| DataError::Receipt(error.to_string()))?;
    Ok(SignedReceipt::from_bytes(receipt, signature)?)
}
