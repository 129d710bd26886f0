//! Receipts of other requests, to see what their number costs.

use alloy::primitives::{Address, B256, Bytes, Signature, U256, keccak256};
use opg_receipts::{InferenceReceipt, SignedReceipt};
use opg_store::{
    Store, StoreError,
    http::{self, Release},
};

use crate::Outcome;

/// Stores `count` receipts of other requests.
pub(crate) fn fill(store: &Store, count: usize) -> Outcome<()> {
    for first in (0..count).step_by(10_000) {
        store.write(|tx| {
            for number in first..count.min(first + 10_000) {
                http::store(tx, &stored(number), Release::Now)?;
            }
            Ok::<_, StoreError>(())
        })?;
    }
    Ok(())
}

fn stored(number: usize) -> http::Answer {
    let word = |salt: usize| keccak256(U256::from(number * 8 + salt).to_be_bytes::<32>());
    let receipt = InferenceReceipt {
        requestId: word(0),
        payer: Address::ZERO,
        operator: Address::repeat_byte(1),
        modelVersion: B256::repeat_byte(1),
        inputHash: word(1),
        outputHash: word(2),
        traceHash: word(3),
        inputUnits: 100,
        outputUnits: 100,
        unitPrice: 1,
        fee: 0,
        mode: 0,
        issuedAt: 1,
    };
    http::Answer {
        signed: SignedReceipt::new(receipt, Signature::test_signature()),
        output: Bytes::from_static(&[b'x'; 200]),
        trace: Bytes::from_static(&[b'x'; 200]),
        input_tokens: 7,
        output_tokens: 2,
    }
}
