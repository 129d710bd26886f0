//! Powers of tau from a file that snarkjs wrote: a new accumulator of 2^6 powers, one contribution, one beacon.

use std::io::Cursor;
use std::path::PathBuf;

use alloy_primitives::{Address, B256};
use opg_zkml::model::{Gemm, Layer, Shape};
use opg_zkml::setup::{Ceremony, Powers, Secret, SetupError};
use opg_zkml::{Circuit, Model};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Where the file's sections begin and how many bytes of each this circuit needs are found here again, not taken from
/// the reader.
fn file() -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../test/vectors/powers-of-tau-6.ptau");
    std::fs::read(path).expect("test/vectors/powers-of-tau-6.ptau")
}

fn circuit(inputs: usize) -> Circuit {
    let gemm = Gemm { weights: vec![3; inputs], bias: vec![5] };
    let layers = vec![Layer::Gemm(gemm), Layer::Requantise { shift: 2 }];
    Circuit::compile(Model::new(Shape::vector(inputs), layers).expect("a model")).expect("it compiles")
}

fn read(file: Vec<u8>) -> Result<Powers, SetupError> {
    Powers::read(&mut Cursor::new(file), &circuit(1), &mut StdRng::seed_from_u64(51))
}

/// The positions of the sections' contents by type.
fn sections(file: &[u8]) -> Vec<(u32, usize, usize)> {
    let mut at = 12;
    let mut out = Vec::new();
    while at < file.len() {
        let kind = u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes"));
        let length = u64::from_le_bytes(file[at + 4..at + 12].try_into().expect("eight bytes")) as usize;
        out.push((kind, at + 12, length));
        at += 12 + length;
    }
    out
}

#[test]
fn a_key_made_on_a_file_of_snarkjs_proves_and_verifies() {
    let mut rng = StdRng::seed_from_u64(52);
    let circuit = circuit(1);
    let powers = read(file()).expect("snarkjs verified the file");
    let mut ceremony = Ceremony::new(&circuit, &powers).expect("a setup");
    let secret = Secret::new(&mut rng, &[]);
    ceremony.contribute(Address::repeat_byte(1), secret, &mut rng).expect("a contribution");
    let finished = ceremony.finish(&circuit, &powers, &mut rng).expect("a valid setup");
    let run = circuit.execute(&[77]).expect("the input fits");
    let proof = finished.key.prove(&circuit, &run, B256::ZERO, &mut rng).expect("a proof");
    assert!(finished.key.verifying_key().verify(B256::ZERO, &[77], &run.output, &proof));
    assert!(!finished.key.verifying_key().verify(B256::ZERO, &[76], &run.output, &proof));
}

#[test]
fn too_few_powers_are_refused_with_the_number_that_suffices() {
    let error = Powers::read(&mut Cursor::new(file()), &circuit(20), &mut StdRng::seed_from_u64(53));
    assert!(matches!(error, Err(SetupError::TooFewPowers { needed: 8, found: 6 })), "{error:?}");
}

/// Any changed byte of the points that are used, and points put in each other's places.
#[test]
fn powers_that_are_none_are_refused() {
    let honest = file();
    let mut rng = StdRng::seed_from_u64(54);
    for (kind, start, _) in sections(&honest).into_iter().filter(|(kind, _, _)| (2..=6).contains(kind)) {
        let width = if kind == 3 || kind == 6 { 128 } else { 64 };
        for _ in 0..10 {
            // Every circuit needs these.
            let used = if kind == 6 { width } else { 16 * width };
            let mut file = honest.clone();
            file[start + rng.random_range(0..used)] ^= 1 << rng.random_range(0..8);
            assert!(read(file).is_err(), "section {kind}");
        }
        if kind != 6 {
            let mut file = honest.clone();
            let (left, right) = file[start + width..].split_at_mut(width);
            left[..width].swap_with_slice(&mut right[..width]);
            assert!(matches!(read(file), Err(SetupError::Powers(_))), "section {kind}");
        }
    }
}

#[test]
fn damaged_files_are_refused() {
    let honest = file();
    for length in [0, 3, 11, 20, 60, 1_000, 20_000] {
        assert!(read(honest[..length].to_vec()).is_err(), "{length} bytes");
    }
    // Magic, version, number of sections, curve, number of powers.
    for (at, byte) in [(0, b'x'), (4, 2), (9, 1), (28, 1), (60, 99)] {
        let mut file = honest.clone();
        file[at] = byte;
        assert!(read(file).is_err(), "byte {at}");
    }
}
