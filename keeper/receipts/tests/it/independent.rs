//! Digests, signatures and identifiers against `ethers`, which shares no code with alloy.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, address};
use ethers_core::{
    abi::{Token, encode},
    types::{Signature, U256, transaction::eip712::TypedData},
    utils::keccak256,
};
use ethers_signers::{LocalWallet, Signer};
use opg_receipts::{
    InferenceReceipt, Request, SignedReceipt, http_request_id, hub_request_id, receipt_domain,
};
use proptest::prelude::*;
use serde_json::json;

use crate::support::{address, key, receipt, request, sign, word};

const REGISTRY: Address = address!("00000000000000000000000000000000000c0ffe");
const CHAIN: u64 = 8453;

/// The receipt as EIP-712 JSON, written from protocol.md rather than from our type.
fn typed_data(receipt: &InferenceReceipt) -> TypedData {
    let fields = |list: &[(&str, &str)]| -> Vec<BTreeMap<String, String>> {
        let field = |(name, kind): &(&str, &str)| {
            BTreeMap::from([("name".to_owned(), (*name).to_owned()), ("type".to_owned(), (*kind).to_owned())])
        };
        list.iter().map(field).collect()
    };
    serde_json::from_value(json!({
        "types": {
            "EIP712Domain": fields(&[
                ("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"),
            ]),
            "InferenceReceipt": fields(&[
                ("requestId", "bytes32"), ("payer", "address"), ("operator", "address"),
                ("modelVersion", "bytes32"), ("inputHash", "bytes32"), ("outputHash", "bytes32"),
                ("traceHash", "bytes32"), ("inputUnits", "uint64"), ("outputUnits", "uint64"),
                ("unitPrice", "uint128"), ("fee", "uint128"), ("mode", "uint8"), ("issuedAt", "uint64"),
            ]),
        },
        "primaryType": "InferenceReceipt",
        "domain": {
            "name": "OPG Inference", "version": "1", "chainId": CHAIN, "verifyingContract": REGISTRY,
        },
        "message": receipt,
    }))
    .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn ethers_computes_the_same_digest_and_accepts_our_signature(receipt in receipt(), key in key()) {
        use ethers_core::types::transaction::eip712::Eip712;
        let typed = typed_data(&receipt);
        let domain = receipt_domain(CHAIN, REGISTRY);
        let digest = receipt.digest(&domain);
        prop_assert_eq!(digest, B256::from(typed.encode_eip712().unwrap()));

        let signed = sign(&key, receipt, &domain);
        let signature = Signature::try_from(&signed.signature_bytes()[..]).unwrap();
        let recovered = signature.recover(digest.0).unwrap();
        prop_assert_eq!(recovered.0, key.address().into_array());
    }

    #[test]
    fn we_accept_the_signature_of_an_ethers_wallet(receipt in receipt(), key in key()) {
        let wallet = LocalWallet::from_bytes(key.to_bytes().as_slice()).unwrap();
        let domain = receipt_domain(CHAIN, REGISTRY);
        let signature = wallet.sign_hash(receipt.digest(&domain).0.into()).unwrap();
        let signed = SignedReceipt::from_bytes(receipt, &signature.to_vec()).unwrap();
        prop_assert_eq!(signed.verify(&domain, Address::from(wallet.address().0)), Ok(()));
    }

    #[test]
    fn ethers_encodes_a_hub_request_the_same_way(request in request(), hub in address(), chain in any::<u64>()) {
        let Request { payer, nonce, modelVersion, inputHash, mode, callbackGas, .. } = request;
        let Request { blockNumber, requestedAt, deadline, maxFee, .. } = request;
        let number = |value: u128| Token::Uint(U256::from(value));
        let fields = vec![
            Token::Address(payer.into_array().into()),
            number(nonce.into()),
            Token::FixedBytes(modelVersion.to_vec()),
            Token::FixedBytes(inputHash.to_vec()),
            number(mode.into()),
            number(callbackGas.into()),
            number(blockNumber.into()),
            number(requestedAt.into()),
            number(deadline.into()),
            number(maxFee),
        ];
        let preimage =
            encode(&[number(chain.into()), Token::Address(hub.into_array().into()), Token::Tuple(fields)]);
        prop_assert_eq!(hub_request_id(chain, hub, &request), B256::from(keccak256(preimage)));
    }

    #[test]
    fn ethers_encodes_an_http_request_the_same_way(
        payer in address(), operator in address(), nonce in word(), input in word(),
    ) {
        let preimage = encode(&[
            Token::Address(payer.into_array().into()),
            Token::Address(operator.into_array().into()),
            Token::FixedBytes(nonce.to_vec()),
            Token::FixedBytes(input.to_vec()),
        ]);
        let expected = B256::from(keccak256(preimage));
        prop_assert_eq!(http_request_id(payer, operator, nonce, input), expected);
    }
}
