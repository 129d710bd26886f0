//! The vectors of `test/vectors`, which an independent implementation wrote and the Solidity tests check too.

use alloy::signers::local::PrivateKeySigner;
use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_sol_types::SolStruct;
use opg_receipts::{
    InferenceReceipt, Request, SignedReceipt,
    batch::{BatchTree, leaf_hash, verify_proof},
    canonicalize, http_request_id, hub_request_id, receipt_domain,
};
use serde::Deserialize;

use crate::support::sign;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReceiptVector {
    name: String,
    chain_id: String,
    proof_registry: Address,
    receipt: InferenceReceipt,
    digest: B256,
    private_key: B256,
    signer: Address,
    signature: Bytes,
}

#[derive(Deserialize)]
struct Receipts {
    #[serde(rename = "type")]
    type_string: String,
    receipts: Vec<ReceiptVector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HubVector {
    name: String,
    chain_id: String,
    hub: Address,
    request: Request,
    preimage: Bytes,
    request_id: B256,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpVector {
    name: String,
    payer: Address,
    operator: Address,
    nonce: B256,
    input_hash: B256,
    request_id: B256,
}

#[derive(Deserialize)]
struct Requests {
    hub: Vec<HubVector>,
    http: Vec<HttpVector>,
}

#[derive(Deserialize)]
struct BatchVector {
    count: u32,
    root: B256,
    leaves: Vec<LeafVector>,
}

#[derive(Deserialize)]
struct LeafVector {
    index: u32,
    digest: B256,
    evidence: Bytes,
    leaf: B256,
    proof: Vec<B256>,
}

#[derive(Deserialize)]
struct RefusedProof {
    name: String,
    root: B256,
    count: u32,
    index: u32,
    leaf: B256,
    proof: Vec<B256>,
}

#[derive(Deserialize)]
struct Batches {
    batches: Vec<BatchVector>,
    refused: Vec<RefusedProof>,
}

#[derive(Deserialize)]
struct Accepted {
    text: String,
    canonical: String,
    keccak256: B256,
}

#[derive(Deserialize)]
struct Refused {
    name: String,
    text: String,
}

#[derive(Deserialize)]
struct CanonicalJson {
    accepted: Vec<Accepted>,
    refused: Vec<Refused>,
}

fn read<T: serde::de::DeserializeOwned>(file: &str) -> T {
    let path = format!("{}/../../test/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn receipts_have_the_digests_and_signatures_of_the_vectors() {
    let vectors: Receipts = read("receipts.json");
    assert!(vectors.receipts.len() >= 20);
    let type_string = InferenceReceipt::eip712_root_type();
    assert_eq!(type_string, vectors.type_string);
    for vector in vectors.receipts {
        let name = &vector.name;
        let domain = receipt_domain(vector.chain_id.parse().unwrap(), vector.proof_registry);
        assert_eq!(vector.receipt.digest(&domain), vector.digest, "{name}");
        let signed = SignedReceipt::from_bytes(vector.receipt.clone(), &vector.signature).unwrap();
        assert_eq!(signed.verify(&domain, vector.signer), Ok(()), "{name}");
        // Both sides derive the nonce of the signature from key and digest (RFC 6979).
        let key = PrivateKeySigner::from_bytes(&vector.private_key).unwrap();
        assert_eq!(sign(&key, vector.receipt, &domain), signed, "{name}");
    }
}

#[test]
fn requests_have_the_identifiers_of_the_vectors() {
    let vectors: Requests = read("requests.json");
    for HubVector { name, chain_id, hub, request, preimage, request_id } in vectors.hub {
        assert_eq!(keccak256(preimage), request_id, "{name}");
        assert_eq!(hub_request_id(chain_id.parse().unwrap(), hub, &request), request_id, "{name}");
    }
    for HttpVector { name, payer, operator, nonce, input_hash, request_id } in vectors.http {
        assert_eq!(http_request_id(payer, operator, nonce, input_hash), request_id, "{name}");
    }
}

#[test]
fn batches_have_the_trees_and_proofs_of_the_vectors() {
    let vectors: Batches = read("batches.json");
    for BatchVector { count, root, leaves } in vectors.batches {
        let hashes = leaves.iter().map(|leaf| leaf.leaf).collect();
        let tree = BatchTree::new(hashes).unwrap();
        // Of large batches the vectors have some of the leaves only.
        let whole = leaves.len() == count as usize;
        assert!(!whole || tree.root() == root, "{count}");
        for LeafVector { index, digest, evidence, leaf, proof } in leaves {
            if let Ok(signature) = <&[u8; 65]>::try_from(evidence.as_ref()) {
                assert_eq!(leaf_hash(index, count, digest, signature), leaf, "{index} of {count}");
            }
            assert_eq!(verify_proof(root, count, index, leaf, &proof), Ok(()), "{index} of {count}");
            assert!(!whole || tree.proof(index as usize) == Some(proof), "{index} of {count}");
        }
    }
    assert!(vectors.refused.len() > 10);
    for RefusedProof { name, root, count, index, leaf, proof } in vectors.refused {
        assert!(verify_proof(root, count, index, leaf, &proof).is_err(), "{name}");
    }
}

#[test]
fn json_has_the_canonical_form_of_the_vectors_or_none() {
    let vectors: CanonicalJson = read("canonical-json.json");
    for Accepted { text, canonical, keccak256: hash } in vectors.accepted {
        let ours = canonicalize(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(String::from_utf8(ours.clone()).unwrap(), canonical, "{text}");
        assert_eq!(keccak256(ours), hash, "{text}");
    }
    for Refused { name, text } in vectors.refused {
        assert!(canonicalize(text.as_bytes()).is_err(), "{name}: {text}");
    }
}
