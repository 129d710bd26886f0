//! `test/vectors/zk.json`: proofs that the contracts check too.

use std::path::PathBuf;

use alloy_primitives::{Address, B256, hex};
use opg_zkml::evm::{decode_proof, encode_key, encode_proof};
use opg_zkml::setup::{SetupKind, attestation_digest, commitment};
use opg_zkml::{Circuit, Model, Statement, development_setup};
use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use crate::shapes;

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../test/vectors/zk.json")
}

/// Everything follows from the seed, so that the file can be made again.
fn vector(name: &str, model: Model, seed: u64) -> Value {
    let mut rng = StdRng::seed_from_u64(seed);
    let circuit = Circuit::compile(model).expect("the model compiles");
    let key = development_setup(&circuit, &mut rng).expect("a setup");
    let input = shapes::input(circuit.model(), seed);
    let run = circuit.execute(&input).expect("the input fits");
    let statement = Statement {
        chain_id: 31337 + seed,
        verifying_contract: Address::repeat_byte(0x40 + seed as u8),
        model_version: circuit.model_digest(),
        request_id: B256::repeat_byte(0x80 + seed as u8),
        operator: Address::repeat_byte(0xc0 + seed as u8),
        batch_index: seed as u32,
        batch_size: seed as u32 + 3,
    };
    let digest = statement.digest(&input, &run.output);
    let proof = key.prove(&circuit, &run, digest, &mut rng).expect("a proof");
    let again = decode_proof(&encode_proof(&proof)).expect("its own encoding");
    assert!(key.verifying_key().verify(digest, &input, &run.output, &again), "{name}");
    let stored = encode_key(key.verifying_key());
    let transcript = B256::repeat_byte(0x70 + seed as u8);
    let commitment = commitment(circuit.model_digest(), &stored, SetupKind::MultiParty, transcript);
    json!({
        "name": name,
        "transcript": transcript,
        "commitment": commitment,
        "attestation": attestation_digest(commitment),
        "chainId": statement.chain_id,
        "verifyingContract": statement.verifying_contract.to_string(),
        "modelVersion": statement.model_version,
        "requestId": statement.request_id,
        "operator": statement.operator.to_string(),
        "batchIndex": statement.batch_index,
        "batchSize": statement.batch_size,
        "statement": digest,
        "input": hex::encode_prefixed(&input),
        "output": hex::encode_prefixed(&run.output),
        "key": hex::encode_prefixed(stored),
        "proof": hex::encode_prefixed(encode_proof(&proof)),
    })
}

#[test]
fn the_committed_vectors_are_those_of_this_code() {
    let file = std::fs::read_to_string(path()).expect("test/vectors/zk.json");
    let file: Value = serde_json::from_str(&file).expect("JSON");
    assert_eq!(file["vectors"][0], vector("4-16-16-3", shapes::tiny(), 1));
    assert_eq!(file["vectors"][1], vector("784-128-10", shapes::digits(), 2));
}

/// Writes the file: `cargo test --workspace --test it -- --ignored write_the_vectors`.
#[test]
#[ignore = "writes test/vectors/zk.json"]
fn write_the_vectors() {
    let vectors = [vector("4-16-16-3", shapes::tiny(), 1), vector("784-128-10", shapes::digits(), 2)];
    let text = serde_json::to_string_pretty(&json!({ "vectors": vectors })).expect("JSON");
    std::fs::write(path(), text + "\n").expect("the file is written");
}
