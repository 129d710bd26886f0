//! Setups by several people: that they work, and that every way of cheating is noticed.

use std::sync::LazyLock;

use alloy_primitives::{Address, B256};
use ark_bn254::{Fq, Fr, G1Affine, G2Affine};
use ark_ec::{AffineRepr, CurveGroup};
use ark_serialize::CanonicalSerialize;
use opg_zkml::model::{Gemm, Layer, Shape};
use opg_zkml::setup::{Ceremony, Powers, Secret, SetupError};
use opg_zkml::{Circuit, Model, ProvingKey};
use rand::SeedableRng;
use rand::rngs::StdRng;

const ALICE: Address = Address::repeat_byte(0xa1);
const BOB: Address = Address::repeat_byte(0xb0);

/// Bytes of the file before the contributions, and of a contribution.
const HEAD: usize = 8 + 32 + 4;
const CONTRIBUTION: usize = 20 + 64 + 64 + 32;
/// Where the parts of a contribution are.
const DELTA: usize = 20;
const COMMITMENT: usize = 84;
const RESPONSE: usize = 148;

/// Two inputs, two outputs; `weight` tells models of the same shape apart.
fn circuit(weight: i8) -> Circuit {
    let gemm = Gemm { weights: vec![weight, -1, -2, 4], bias: vec![10, 0] };
    let layers = vec![Layer::Gemm(gemm), Layer::Requantise { shift: 2 }, Layer::ArgMax];
    Circuit::compile(Model::new(Shape::vector(2), layers).expect("a model")).expect("it compiles")
}

/// A setup to which Alice and Bob contributed.
struct Held {
    circuit: Circuit,
    powers: Powers,
    /// The file before anybody contributed, after Alice, and after Bob.
    files: [Vec<u8>; 3],
}

static HELD: LazyLock<Held> = LazyLock::new(|| {
    let mut rng = StdRng::seed_from_u64(41);
    let circuit = circuit(3);
    let powers = Powers::development(&circuit, &mut rng).expect("powers");
    let mut ceremony = Ceremony::new(&circuit, &powers).expect("a setup");
    let before = written(&ceremony);
    contribute(&mut ceremony, ALICE, 42);
    let after_alice = written(&ceremony);
    contribute(&mut ceremony, BOB, 43);
    Held { files: [before, after_alice, written(&ceremony)], circuit, powers }
});

fn contribute(ceremony: &mut Ceremony, who: Address, seed: u64) -> B256 {
    let mut rng = StdRng::seed_from_u64(seed);
    let secret = Secret::new(&mut rng, b"dice: 3 1 4");
    ceremony.contribute(who, secret, &mut rng).expect("a contribution")
}

fn written(ceremony: &Ceremony) -> Vec<u8> {
    let mut file = Vec::new();
    ceremony.write(&mut file).expect("memory takes it");
    file
}

fn verify(file: &[u8]) -> Result<B256, SetupError> {
    let held = &*HELD;
    Ceremony::read(file)?.verify(&held.circuit, &held.powers, &mut StdRng::seed_from_u64(44))
}

fn refused(file: &[u8], expected: &str) {
    let error = verify(file).expect_err(expected).to_string();
    assert!(error.contains(expected), "\"{error}\" instead of \"{expected}\"");
}

fn with(mut file: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    file[at..at + bytes.len()].copy_from_slice(bytes);
    file
}

fn bytes(value: &impl CanonicalSerialize) -> Vec<u8> {
    let mut out = Vec::new();
    value.serialize_uncompressed(&mut out).expect("memory takes it");
    out
}

fn contribution_at(index: usize) -> usize {
    HEAD + index * CONTRIBUTION
}

#[test]
fn the_key_of_several_contributors_proves_and_verifies() {
    let held = &*HELD;
    let ceremony = Ceremony::read(held.files[2].as_slice()).expect("its own file");
    assert_eq!(written(&ceremony), held.files[2]);
    let mut rng = StdRng::seed_from_u64(45);
    let finished = ceremony.finish(&held.circuit, &held.powers, &mut rng).expect("a valid setup");
    assert_eq!(finished.contributors, [ALICE, BOB]);
    let run = held.circuit.execute(&[200, 17]).expect("the input fits");
    let proof = finished.key.prove(&held.circuit, &run, B256::ZERO, &mut rng).expect("a proof");
    let key = finished.key.verifying_key();
    assert!(key.verify(B256::ZERO, &[200, 17], &run.output, &proof));
    assert!(!key.verify(B256::ZERO, &[200, 18], &run.output, &proof));
    let stored = opg_zkml::evm::decode_key(&opg_zkml::evm::encode_key(key)).expect("a key for the chain");
    assert_eq!(&stored, key);
}

#[test]
fn larger_circuits_with_both_kinds_of_domain_are_set_up() {
    // The points of these are a power of two, and three times one.
    let mut rng = StdRng::seed_from_u64(46);
    for circuit in [crate::shapes::perceptron(&[5, 3]), crate::shapes::perceptron(&[4, 7, 3])] {
        let circuit = Circuit::compile(circuit).expect("it compiles");
        let powers = Powers::development(&circuit, &mut rng).expect("powers");
        powers.check(&mut rng).expect("they are powers");
        let mut ceremony = Ceremony::new(&circuit, &powers).expect("a setup");
        contribute(&mut ceremony, ALICE, 47);
        let finished = ceremony.finish(&circuit, &powers, &mut rng).expect("a valid setup");
        let input = crate::shapes::input(circuit.model(), 1);
        let run = circuit.execute(&input).expect("the input fits");
        let proof = finished.key.prove(&circuit, &run, B256::ZERO, &mut rng).expect("a proof");
        assert!(finished.key.verifying_key().verify(B256::ZERO, &input, &run.output, &proof));
    }
}

#[test]
fn each_contributor_finds_his_link_in_the_chain() {
    let mut ceremony = Ceremony::read(HELD.files[0].as_slice()).expect("a file");
    let alice = contribute(&mut ceremony, ALICE, 42);
    assert_eq!(ceremony.transcript().expect("valid"), alice);
    let bob = contribute(&mut ceremony, BOB, 43);
    assert_eq!(verify(&HELD.files[2]).expect("a valid setup"), bob);
    assert_ne!(alice, bob);
}

#[test]
fn a_setup_without_contributors_is_refused() {
    refused(&HELD.files[0], "nobody has contributed");
    let mut ceremony = Ceremony::read(HELD.files[0].as_slice()).expect("a file");
    let mut rng = StdRng::seed_from_u64(48);
    let error = ceremony.contribute(Address::ZERO, Secret::new(&mut rng, &[]), &mut rng);
    assert!(matches!(error, Err(SetupError::NoContributor)));
}

/// Without its last contribution, or without its first one, a key is not that of the chain.
#[test]
fn a_missing_contribution_is_refused() {
    let file = HELD.files[2].clone();
    let mut without_last = file.clone();
    without_last.drain(contribution_at(1)..contribution_at(2));
    without_last[40] = 1;
    refused(&without_last, "its delta is wrong");
    let mut without_first = file;
    without_first.drain(contribution_at(0)..contribution_at(1));
    without_first[40] = 1;
    refused(&without_first, "contribution 1 by 0xB0");
}

#[test]
fn swapped_contributions_are_refused() {
    let file = &HELD.files[2];
    let (first, second) =
        (&file[contribution_at(0)..contribution_at(1)], &file[contribution_at(1)..contribution_at(2)]);
    let swapped = with(file.clone(), HEAD, &[second, first].concat());
    refused(&swapped, "contribution 1 by 0xB0");
}

/// Somebody else's proof of knowledge, in another name, at another place, in another setup.
#[test]
fn a_replayed_proof_of_knowledge_is_refused() {
    let file = &HELD.files[2];
    let mallory = with(file.clone(), contribution_at(1), &[0x66; 20]);
    refused(&mallory, "does not prove knowledge");
    let first = file[contribution_at(0)..contribution_at(1)].to_vec();
    refused(&with(file.clone(), contribution_at(1), &first), "it changes nothing");
    let proof = file[contribution_at(0) + COMMITMENT..contribution_at(1)].to_vec();
    refused(&with(file.clone(), contribution_at(1) + COMMITMENT, &proof), "does not prove knowledge");

    // The same contributor with the same secret and the same random numbers in the setup of another model.
    let other = circuit(5);
    let mut ceremony = Ceremony::new(&other, &HELD.powers).expect("a setup");
    contribute(&mut ceremony, ALICE, 42);
    let replayed = written(&ceremony)[contribution_at(0)..contribution_at(1)].to_vec();
    assert_eq!(replayed[..COMMITMENT], HELD.files[1][contribution_at(0)..contribution_at(0) + COMMITMENT]);
    refused(&with(HELD.files[1].clone(), contribution_at(0), &replayed), "does not prove knowledge");
}

/// Whoever takes a δ of his own instead of multiplying the one before would throw out all others' secrets. He cannot prove
/// to know by what the former δ was multiplied.
#[test]
fn a_delta_of_ones_own_is_refused() {
    let file = &HELD.files[2];
    let own = (G1Affine::generator() * Fr::from(77u64)).into_affine();
    refused(&with(file.clone(), contribution_at(1) + DELTA, &bytes(&own)), "does not prove knowledge");
}

#[test]
fn a_contribution_of_one_is_refused() {
    let file = &HELD.files[2];
    let former = file[contribution_at(0) + DELTA..contribution_at(0) + DELTA + 64].to_vec();
    refused(&with(file.clone(), contribution_at(1) + DELTA, &former), "it changes nothing");
}

#[test]
fn points_that_are_infinite_or_off_the_curve_are_refused() {
    let file = &HELD.files[2];
    let infinity = bytes(&G1Affine::zero());
    let stray = bytes(&G1Affine::new_unchecked(Fq::from(1u64), Fq::from(3u64)));
    for offset in [DELTA, COMMITMENT] {
        for point in [&infinity, &stray] {
            let broken = with(file.clone(), contribution_at(1) + offset, point);
            refused(&broken, "infinite or not on the curve");
        }
    }
    let beyond = with(file.clone(), contribution_at(1) + RESPONSE, &[0xff; 32]);
    refused(&beyond, "no setup of a key");
}

/// Every part of the key that is not what model, powers and contributions make: one point exchanged for another point of its
/// group.
#[test]
fn each_exchanged_point_of_the_key_is_refused() {
    let held = &*HELD;
    let file = &held.files[2];
    let start = contribution_at(2);
    let constraints = held.circuit.constraints();
    let (all, public) = (constraints.variables(), constraints.public());
    let mut at = start + 32;
    let mut parts = Vec::new();
    // The fields of the key in their order: (name, how many, how long).
    let fields = [
        ("lengths", 2, 8),
        ("alpha", 1, 64),
        ("beta of the second group", 1, 128),
        ("gamma", 1, 128),
        ("delta of the second group", 1, 128),
        ("inputs' number", 1, 8),
        ("inputs", public, 64),
        ("beta", 1, 64),
        ("delta", 1, 64),
        ("a's number", 1, 8),
        ("a", all, 64),
        ("b's number", 1, 8),
        ("b", all, 64),
        ("b2's number", 1, 8),
        ("b2", all, 128),
        ("witness' number", 1, 8),
        ("witness", all - public, 64),
        ("quotient's number", 1, 8),
    ];
    for (name, count, size) in fields {
        // The first, the last, and one between.
        parts.extend([0, count / 2, count - 1].map(|index| (name, at + index * size, size)));
        at += count * size;
    }
    let rest = file.len() - at;
    assert_eq!(rest % 64, 0, "the points of the quotient end the file");
    parts.extend([0, rest / 128, rest / 64 - 1].map(|index| ("quotient", at + 64 * index, 64)));

    let one = bytes(&(G1Affine::generator() * Fr::from(12345u64)).into_affine());
    let two = bytes(&(G2Affine::generator() * Fr::from(12345u64)).into_affine());
    for (name, at, size) in parts {
        let other = match size {
            64 => &one,
            128 => &two,
            _ => continue,
        };
        let exchanged = with(file.clone(), at, other);
        let error = verify(&exchanged).expect_err(name);
        assert!(matches!(error, SetupError::WrongKey(_)), "{name} at {at}: {error}");
    }
}

/// A point of the curve of the second group that lies outside of the group itself.
#[test]
fn a_point_outside_the_second_group_is_refused() {
    let stray = (1u64..)
        .filter_map(|x| {
            G2Affine::get_point_from_x_unchecked(ark_bn254::Fq2::new(Fq::from(x), Fq::from(1u64)), true)
        })
        .find(|point| !point.is_in_correct_subgroup_assuming_on_curve())
        .expect("most points are");
    let held = &*HELD;
    let at = contribution_at(2) + 32 + 16 + 64 + 128 + 128;
    refused(&with(held.files[2].clone(), at, &bytes(&stray)), "second group");
}

#[test]
fn another_model_and_other_powers_are_refused() {
    let held = &*HELD;
    let mut rng = StdRng::seed_from_u64(49);
    let ceremony = Ceremony::read(held.files[2].as_slice()).expect("a file");
    let error = ceremony.verify(&circuit(5), &held.powers, &mut rng).expect_err("another model");
    assert!(matches!(error, SetupError::OtherModel { .. }), "{error}");
    let powers = Powers::development(&held.circuit, &mut rng).expect("powers");
    let error = ceremony.verify(&held.circuit, &powers, &mut rng).expect_err("other powers");
    assert!(matches!(error, SetupError::OtherPowers { .. }), "{error}");
}

/// The owner of a model begins a setup with other weights, lets everybody contribute, and then writes the digest of the
/// published model over the one in the file.
#[test]
fn a_key_of_other_weights_under_the_digest_of_the_model_is_refused() {
    let held = &*HELD;
    let size = held.circuit.constraints().variables();
    let other = (-9..9)
        .filter(|weight| *weight != 3)
        .map(circuit)
        .find(|other| other.constraints().variables() == size)
        .expect("other weights, as many variables");
    let mut honest = Ceremony::new(&held.circuit, &held.powers).expect("a setup");
    contribute(&mut honest, ALICE, 42);
    let mut forged = Ceremony::new(&other, &held.powers).expect("a setup");
    contribute(&mut forged, ALICE, 42);
    let (honest, forged) = (written(&honest), written(&forged));
    // All of the honest file up to the points that depend on the weights; the δ of both is the same.
    let key = contribution_at(1) + 32;
    let file = [&honest[..key], &forged[key..]].concat();
    refused(&file, "is wrong. Discard the file");
}

#[test]
fn damaged_files_are_refused() {
    let file = &HELD.files[2];
    assert!(Ceremony::read(&file[..file.len() - 1]).is_err());
    assert!(Ceremony::read([file.as_slice(), &[0]].concat().as_slice()).is_err());
    assert!(Ceremony::read(b"OPG-ZKS\x02".as_slice()).is_err());
    assert!(Ceremony::read(with(file.clone(), 40, &[0xff; 4]).as_slice()).is_err());
    // A number of points that would take all memory.
    let at = contribution_at(2) + 32 + 16 + 64 + 3 * 128;
    assert!(Ceremony::read(with(file.clone(), at, &[0xff; 8]).as_slice()).is_err());
}

/// The same secret made with the same generator but with other keystrokes is another one.
#[test]
fn what_the_contributor_adds_counts() {
    let link = |more: &[u8]| {
        let mut ceremony = Ceremony::read(HELD.files[0].as_slice()).expect("a file");
        let secret = Secret::new(&mut StdRng::seed_from_u64(1), more);
        ceremony.contribute(ALICE, secret, &mut StdRng::seed_from_u64(2)).expect("a contribution")
    };
    assert_ne!(link(b"heads"), link(b"tails"));
}

#[test]
fn the_finished_key_is_a_file_like_any_other() {
    let held = &*HELD;
    let ceremony = Ceremony::read(held.files[2].as_slice()).expect("a file");
    let finished =
        ceremony.finish(&held.circuit, &held.powers, &mut StdRng::seed_from_u64(50)).expect("a valid setup");
    let mut file = Vec::new();
    finished.key.write(&mut file).expect("memory takes it");
    assert_eq!(file, held.files[2][contribution_at(2)..]);
    assert_eq!(ProvingKey::read(file.as_slice()).expect("a key").model_digest(), held.circuit.model_digest());
}
