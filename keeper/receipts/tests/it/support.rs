//! Random receipts and a key.

use alloy::signers::{SignerSync, local::PrivateKeySigner};
use alloy_primitives::{Address, B256};
use opg_receipts::{InferenceReceipt, ReceiptDomain, Request, SignedReceipt};
use proptest::prelude::*;

/// Sometimes an extreme value, otherwise any.
fn extreme<T: Arbitrary + Clone + 'static>(low: T, high: T) -> impl Strategy<Value = T> {
    prop_oneof![1 => Just(low), 1 => Just(high), 6 => any::<T>()]
}

pub(crate) fn word() -> impl Strategy<Value = B256> {
    extreme([0; 32], [0xff; 32]).prop_map(B256::from)
}

pub(crate) fn address() -> impl Strategy<Value = Address> {
    extreme([0; 20], [0xff; 20]).prop_map(Address::from)
}

prop_compose! {
    pub(crate) fn receipt()(
        words in [word(), word(), word(), word(), word()],
        accounts in [address(), address()],
        units in [extreme(0, u64::MAX), extreme(0, u64::MAX), extreme(0, u64::MAX)],
        amounts in [extreme(0, u128::MAX), extreme(0, u128::MAX)],
        mode in any::<u8>(),
    ) -> InferenceReceipt {
        InferenceReceipt {
            requestId: words[0],
            payer: accounts[0],
            operator: accounts[1],
            modelVersion: words[1],
            inputHash: words[2],
            outputHash: words[3],
            traceHash: words[4],
            inputUnits: units[0],
            outputUnits: units[1],
            unitPrice: amounts[0],
            fee: amounts[1],
            mode,
            issuedAt: units[2],
        }
    }
}

prop_compose! {
    pub(crate) fn request()(
        words in [word(), word()],
        payer in address(),
        numbers in [extreme(0, u64::MAX), extreme(0, u64::MAX), extreme(0, u64::MAX), extreme(0, u64::MAX)],
        mode in any::<u8>(),
        callback_gas in extreme(0, u32::MAX),
        max_fee in extreme(0, u128::MAX),
    ) -> Request {
        Request {
            payer,
            nonce: numbers[0],
            modelVersion: words[0],
            inputHash: words[1],
            mode,
            callbackGas: callback_gas,
            blockNumber: numbers[1],
            requestedAt: numbers[2],
            deadline: numbers[3],
            maxFee: max_fee,
        }
    }
}

pub(crate) fn key() -> impl Strategy<Value = PrivateKeySigner> {
    any::<[u8; 32]>().prop_filter_map("not a key", |bytes| PrivateKeySigner::from_bytes(&bytes.into()).ok())
}

pub(crate) fn sign(
    key: &PrivateKeySigner,
    receipt: InferenceReceipt,
    domain: &ReceiptDomain,
) -> SignedReceipt {
    let signature = key.sign_hash_sync(&receipt.digest(domain)).unwrap();
    SignedReceipt::new(receipt, signature)
}
