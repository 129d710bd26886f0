//! What a leaf commits to.

use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::SolValue;

use crate::{ReceiptDomain, SIGNATURE_LENGTH, SignedReceipt};

/// The leaf at `index` of `count` for a receipt with this EIP-712 digest and this signature r ‖ s ‖ v: keccak-256, twice,
/// of `abi.encode(index, count, digest, keccak256(signature))`.
#[must_use]
pub fn leaf_hash(index: u32, count: u32, digest: B256, signature: &[u8; SIGNATURE_LENGTH]) -> B256 {
    let content = (U256::from(index), U256::from(count), digest, keccak256(signature)).abi_encode_params();
    keccak256(keccak256(content))
}

/// The leaf at `index` of `count` for a signed receipt in `domain`.
#[must_use]
pub fn leaf_of(index: u32, count: u32, signed: &SignedReceipt, domain: &ReceiptDomain) -> B256 {
    leaf_hash(index, count, signed.receipt().digest(domain), &signed.signature_bytes())
}
