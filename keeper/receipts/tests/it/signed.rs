//! Signatures: whose they are, and what makes one unacceptable.

use alloy_primitives::{Address, B256, U256, uint};
use opg_receipts::{
    InferenceReceipt, ReceiptError, SIGNATURE_LENGTH, SignedReceipt, receipt_domain, recover_signer,
};
use proptest::prelude::*;

use crate::support::{address, key, receipt, sign};

const ORDER: U256 = uint!(0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141_U256);

/// Every receipt that differs from `receipt` in exactly one field.
fn altered(receipt: &InferenceReceipt) -> Vec<InferenceReceipt> {
    let other_word = |word: B256| B256::from(U256::from_be_bytes(word.0).wrapping_add(U256::from(1)));
    let other_account = |account: Address| {
        let mut bytes = account.into_array();
        bytes[19] ^= 1;
        Address::from(bytes)
    };
    let r = receipt;
    vec![
        InferenceReceipt { requestId: other_word(r.requestId), ..r.clone() },
        InferenceReceipt { payer: other_account(r.payer), ..r.clone() },
        InferenceReceipt { operator: other_account(r.operator), ..r.clone() },
        InferenceReceipt { modelVersion: other_word(r.modelVersion), ..r.clone() },
        InferenceReceipt { inputHash: other_word(r.inputHash), ..r.clone() },
        InferenceReceipt { outputHash: other_word(r.outputHash), ..r.clone() },
        InferenceReceipt { traceHash: other_word(r.traceHash), ..r.clone() },
        InferenceReceipt { inputUnits: r.inputUnits ^ 1, ..r.clone() },
        InferenceReceipt { outputUnits: r.outputUnits ^ 1, ..r.clone() },
        InferenceReceipt { unitPrice: r.unitPrice ^ 1, ..r.clone() },
        InferenceReceipt { fee: r.fee ^ 1, ..r.clone() },
        InferenceReceipt { mode: r.mode ^ 1, ..r.clone() },
        InferenceReceipt { issuedAt: r.issuedAt ^ 1, ..r.clone() },
    ]
}

proptest! {
    #[test]
    fn signature_is_accepted_for_this_receipt_domain_and_key_only(
        receipt in receipt(), key in key(), other in key(), chain in any::<u64>(), registry in address(),
    ) {
        let domain = receipt_domain(chain, registry);
        let signed = sign(&key, receipt, &domain);
        prop_assert_eq!(signed.verify(&domain, key.address()), Ok(()));
        prop_assert_eq!(signed.recover(&domain), Ok(key.address()));
        prop_assume!(key.address() != other.address());
        let wrong_key = signed.verify(&domain, other.address());
        prop_assert_eq!(
            wrong_key,
            Err(ReceiptError::WrongSigner { expected: other.address(), recovered: key.address() })
        );
        for domain in [receipt_domain(chain ^ 1, registry), receipt_domain(chain, Address::repeat_byte(0x5a))] {
            prop_assert!(signed.verify(&domain, key.address()).is_err());
        }
        for altered in altered(signed.receipt()) {
            let forged = SignedReceipt::from_bytes(altered, &signed.signature_bytes()).unwrap();
            prop_assert!(forged.verify(&domain, key.address()).is_err());
        }
    }

    #[test]
    fn signature_has_exactly_one_accepted_form(receipt in receipt(), key in key()) {
        let domain = receipt_domain(31337, Address::repeat_byte(1));
        let signed = sign(&key, receipt.clone(), &domain);
        let bytes = signed.signature_bytes();
        prop_assert_eq!(&SignedReceipt::from_bytes(receipt.clone(), &bytes).unwrap(), &signed);
        let digest = receipt.digest(&domain);
        prop_assert_eq!(recover_signer(digest, &bytes), signed.recover(&domain));

        // (r, n - s, v ^ 1) is made by the same key without knowing it.
        let mut high = bytes;
        let s = ORDER - U256::from_be_slice(&bytes[32..64]);
        high[32..64].copy_from_slice(&s.to_be_bytes::<32>());
        high[64] = 55 - bytes[64];
        prop_assert_eq!(SignedReceipt::from_bytes(receipt.clone(), &high), Err(ReceiptError::HighS));
        prop_assert_eq!(recover_signer(digest, &high), Err(ReceiptError::HighS));

        for v in (0..=u8::MAX).filter(|v| !(27..=28).contains(v)) {
            let mut other = bytes;
            other[64] = v;
            let refused = SignedReceipt::from_bytes(receipt.clone(), &other);
            prop_assert_eq!(refused, Err(ReceiptError::RecoveryByte(v)));
        }
        for length in [0, 1, 64, 66] {
            let mut other = bytes.to_vec();
            other.resize(length, 27);
            let refused = SignedReceipt::from_bytes(receipt.clone(), &other);
            prop_assert_eq!(refused, Err(ReceiptError::SignatureLength(length)));
        }
    }

    #[test]
    fn json_form_reads_back_and_has_no_number_that_javascript_rounds(receipt in receipt(), key in key()) {
        let signed = sign(&key, receipt, &receipt_domain(1, Address::ZERO));
        let json = serde_json::to_value(&signed).unwrap();
        for (field, value) in json["receipt"].as_object().unwrap() {
            prop_assert_eq!(value.is_number(), field == "mode", "{} is {}", field, value);
        }
        prop_assert_eq!(serde_json::from_value::<SignedReceipt>(json).unwrap(), signed);
    }
}

#[test]
fn zero_signature_recovers_nobody() {
    let receipt = serde_json::from_str::<InferenceReceipt>(ZERO_RECEIPT).unwrap();
    let mut bytes = [0; SIGNATURE_LENGTH];
    bytes[64] = 27;
    let signed = SignedReceipt::from_bytes(receipt, &bytes).unwrap();
    let recovered = signed.recover(&receipt_domain(1, Address::ZERO));
    assert!(matches!(recovered, Err(ReceiptError::Unrecoverable { .. })), "{recovered:?}");
}

#[test]
fn json_with_numbers_spelt_otherwise_or_unknown_fields_is_refused() {
    for (good, bad) in [
        (r#""fee":"0""#, r#""fee":0"#),
        (r#""fee":"0""#, r#""fee":"00""#),
        (r#""fee":"0""#, r#""fee":"+0""#),
        (r#""fee":"0""#, r#""fee":"-0""#),
        (r#""fee":"0""#, r#""fee":"0x0""#),
        (r#""fee":"0""#, r#""fee":"340282366920938463463374607431768211456""#),
        (r#""fee":"0""#, r#""fee":"0","tip":"0""#),
        (r#""mode":0"#, r#""mode":256"#),
    ] {
        let text = ZERO_RECEIPT.replace(good, bad);
        assert_ne!(text, ZERO_RECEIPT);
        serde_json::from_str::<InferenceReceipt>(&text).expect_err(bad);
    }
}

const ZERO_RECEIPT: &str = r#"{
    "requestId":"0x0000000000000000000000000000000000000000000000000000000000000000",
    "payer":"0x0000000000000000000000000000000000000000",
    "operator":"0x0000000000000000000000000000000000000000",
    "modelVersion":"0x0000000000000000000000000000000000000000000000000000000000000000",
    "inputHash":"0x0000000000000000000000000000000000000000000000000000000000000000",
    "outputHash":"0x0000000000000000000000000000000000000000000000000000000000000000",
    "traceHash":"0x0000000000000000000000000000000000000000000000000000000000000000",
    "inputUnits":"0","outputUnits":"0","unitPrice":"0","fee":"0","mode":0,"issuedAt":"0"
}"#;
