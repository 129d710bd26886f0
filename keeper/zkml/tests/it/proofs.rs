//! Proofs: what is accepted, and that nothing else is.

use std::sync::LazyLock;

use alloy_primitives::{Address, B256};
use opg_zkml::evm::{EncodingError, decode_proof, encode_proof};
use opg_zkml::{Circuit, Fault, Proof, ProveError, ProvingKey, Statement, development_setup};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::shapes;
use crate::support::{random_input, random_model};

/// A proof with all that belongs to it; made once.
struct Proved {
    circuit: Circuit,
    key: ProvingKey,
    statement: B256,
    input: Vec<u8>,
    output: Vec<u8>,
    proof: Proof,
}

static PROVED: LazyLock<Proved> = LazyLock::new(|| {
    let mut rng = StdRng::seed_from_u64(21);
    let circuit = Circuit::compile(shapes::tiny()).expect("the model compiles");
    let key = development_setup(&circuit, &mut rng).expect("a setup");
    let input = shapes::input(circuit.model(), 1);
    let run = circuit.execute(&input).expect("the input fits");
    let statement = context().digest(&input, &run.output);
    let proof = key.prove(&circuit, &run, statement, &mut rng).expect("a proof");
    Proved { circuit, key, statement, input, output: run.output, proof }
});

fn context() -> Statement {
    Statement {
        chain_id: 31337,
        verifying_contract: Address::repeat_byte(0x11),
        model_version: B256::repeat_byte(0x22),
        request_id: B256::repeat_byte(0x33),
        operator: Address::repeat_byte(0x44),
        batch_index: 0,
        batch_size: 1,
    }
}

fn accepts(proved: &Proved, statement: B256, input: &[u8], output: &[u8]) -> bool {
    proved.key.verifying_key().verify(statement, input, output, &proved.proof)
}

#[test]
fn random_models_are_proved_and_their_outputs_cannot_be_swapped() {
    let mut rng = StdRng::seed_from_u64(22);
    for _ in 0..8 {
        let circuit = Circuit::compile(random_model(&mut rng)).expect("a valid model compiles");
        let key = development_setup(&circuit, &mut rng).expect("a setup");
        let input = random_input(&mut rng, circuit.model());
        let run = circuit.execute(&input).expect("the input fits");
        let proof = key.prove(&circuit, &run, B256::ZERO, &mut rng).expect("a proof");
        let verify = |output: &[u8]| key.verifying_key().verify(B256::ZERO, &input, output, &proof);
        assert!(verify(&run.output), "{:?}", circuit.model());
        let mut other = run.output.clone();
        other[0] ^= 1;
        assert!(!verify(&other), "{:?}", circuit.model());
    }
}

#[test]
fn a_proof_serves_its_statement_only() {
    let proved = &*PROVED;
    assert!(accepts(proved, proved.statement, &proved.input, &proved.output));
    let honest = context();
    let others = [
        Statement { chain_id: 8453, ..honest },
        Statement { verifying_contract: Address::repeat_byte(0x12), ..honest },
        Statement { model_version: B256::repeat_byte(0x23), ..honest },
        Statement { request_id: B256::repeat_byte(0x34), ..honest },
        Statement { operator: Address::repeat_byte(0x45), ..honest },
        Statement { batch_index: 1, batch_size: 2, ..honest },
        Statement { batch_size: 2, ..honest },
    ];
    for other in others {
        let digest = other.digest(&proved.input, &proved.output);
        assert!(!accepts(proved, digest, &proved.input, &proved.output), "{other:?}");
    }
}

#[test]
fn a_flipped_bit_of_statement_input_or_output_is_refused() {
    let proved = &*PROVED;
    // The lowest three bits of the digest do not fit the field and are left out.
    for bit in 3..256 {
        let mut statement = proved.statement;
        statement[31 - bit / 8] ^= 1 << (bit % 8);
        assert!(!accepts(proved, statement, &proved.input, &proved.output), "bit {bit}");
    }
    for bit in 0..8 * proved.input.len() {
        let mut input = proved.input.clone();
        input[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepts(proved, proved.statement, &input, &proved.output), "bit {bit} of the input");
    }
    for bit in 0..8 * proved.output.len() {
        let mut output = proved.output.clone();
        output[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepts(proved, proved.statement, &proved.input, &output), "bit {bit} of the output");
    }
}

#[test]
fn input_and_output_of_other_lengths_are_refused() {
    let proved = &*PROVED;
    let longer = [proved.input.as_slice(), &[0; 31]].concat();
    assert!(!accepts(proved, proved.statement, &longer, &proved.output));
    assert!(!accepts(proved, proved.statement, &[], &[]));
    let moved = [proved.input.as_slice(), &proved.output[..1]].concat();
    assert!(!accepts(proved, proved.statement, &moved, &proved.output[1..]));
}

#[test]
fn a_flipped_bit_of_the_proof_is_refused() {
    let proved = &*PROVED;
    let bytes = encode_proof(&proved.proof);
    assert_eq!(decode_proof(&bytes).as_ref(), Ok(&proved.proof));
    for bit in 0..8 * bytes.len() {
        let mut other = bytes.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        let accepted = decode_proof(&other).is_ok_and(|proof| {
            proved.key.verifying_key().verify(proved.statement, &proved.input, &proved.output, &proof)
        });
        assert!(!accepted, "bit {bit}");
    }
}

#[test]
fn coordinates_beyond_the_modulus_are_refused() {
    // The modulus of the base field, which is the least value that is not canonical.
    let modulus = "30644e72e131a029b85045b68181585d97816a916871ca8d3c208c16d87cfd47";
    for index in 0..8 {
        let mut bytes = encode_proof(&PROVED.proof);
        let modulus = alloy_primitives::hex::decode(modulus).expect("hexadecimal");
        bytes[32 * index..32 * index + 32].copy_from_slice(&modulus);
        assert_eq!(decode_proof(&bytes), Err(EncodingError::NotCanonical(index)));
    }
    assert_eq!(decode_proof(&[0; 255]), Err(EncodingError::Length(255)));
}

#[test]
fn the_key_of_other_weights_is_refused() {
    let proved = &*PROVED;
    let mut rng = StdRng::seed_from_u64(23);
    let other = Circuit::compile(shapes::perceptron(&[4, 16, 3])).expect("the model compiles");
    let key = development_setup(&other, &mut rng).expect("a setup");
    assert!(!key.verifying_key().verify(proved.statement, &proved.input, &proved.output, &proved.proof));
    let run = proved.circuit.execute(&proved.input).expect("the input fits");
    let error = key.prove(&proved.circuit, &run, proved.statement, &mut rng).expect_err("another model");
    assert!(matches!(error, ProveError::OtherModel { .. }), "{error}");
}

#[test]
fn no_proof_is_made_of_a_faulty_witness() {
    let proved = &*PROVED;
    let fault = Fault { variable: 40, value: 77 };
    let run = proved.circuit.execute_with_fault(&proved.input, fault).expect("the input fits");
    let error = proved
        .key
        .prove(&proved.circuit, &run, proved.statement, &mut StdRng::seed_from_u64(24))
        .expect_err("a faulty witness");
    assert!(matches!(error, ProveError::Unsatisfied { .. }), "{error}");
}

#[test]
fn a_key_file_yields_the_key() {
    let proved = &*PROVED;
    let mut file = Vec::new();
    proved.key.write(&mut file).expect("memory takes it");
    let read = ProvingKey::read(file.as_slice()).expect("its own file");
    assert_eq!(read.model_digest(), proved.circuit.model_digest());
    assert_eq!(read.verifying_key(), proved.key.verifying_key());
    let run = proved.circuit.execute(&proved.input).expect("the input fits");
    let proof =
        read.prove(&proved.circuit, &run, proved.statement, &mut StdRng::seed_from_u64(25)).expect("a proof");
    assert_ne!(proof, proved.proof, "proofs are blinded");
    assert!(read.verifying_key().verify(proved.statement, &proved.input, &proved.output, &proof));
    assert!(ProvingKey::read(&file[..file.len() - 1]).is_err());
}
