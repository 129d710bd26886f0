//! The hashes that receipts carry.

use alloy_primitives::{B256, keccak256};
use serde::Serialize;

use crate::{CanonicalError, canonical_json};

/// Hash of the raw bytes of an on-chain input or output.
#[must_use]
pub fn content_hash(bytes: &[u8]) -> B256 {
    keccak256(bytes)
}

/// Hash of the canonical JSON of a value: how inputs and outputs over HTTP are hashed.
///
/// # Errors
/// If the value has no canonical JSON.
pub fn json_hash(value: &(impl Serialize + ?Sized)) -> Result<B256, CanonicalError> {
    canonical_json(value).map(keccak256)
}

/// Hash of what a re-executing verifier needs beyond the text: token ids, sampling parameters, seed, engine.
///
/// # Errors
/// If the trace has no canonical JSON.
pub fn trace_hash(trace: &(impl Serialize + ?Sized)) -> Result<B256, CanonicalError> {
    json_hash(trace)
}
