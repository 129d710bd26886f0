//! No change to a witness goes unnoticed.

use alloy_primitives::B256;
use ark_bn254::Fr;
use opg_zkml::{Circuit, Fault};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::support::{random_input, random_model};

/// Changes one variable and leaves the others.
fn mutate(seed: u64, count: usize) {
    println!("seed {seed}: {count} mutations");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut done = 0;
    while done < count {
        let circuit = Circuit::compile(random_model(&mut rng)).expect("a valid model compiles");
        let (system, input) = (circuit.constraints(), random_input(&mut rng, circuit.model()));
        let run = circuit.execute(&input).expect("the input fits");
        let mut assignment = circuit.assignment(&run, B256::ZERO);
        let occurrences = system.occurrences();
        for _ in 0..200 {
            // The constant and the statement are not the prover's to choose.
            let variable = rng.random_range(2..system.variables());
            let honest = assignment[variable];
            let changed = match rng.random_range(0..6) {
                0 => honest + Fr::from(1u64),
                1 => honest - Fr::from(1u64),
                2 => Fr::from(1u64) - honest,
                3 => -honest,
                4 => honest + Fr::from(1u64 << rng.random_range(0..40)),
                _ => Fr::from(rng.random::<u128>()) * Fr::from(rng.random::<u128>()),
            };
            if changed == honest {
                continue;
            }
            assignment[variable] = changed;
            let noticed = system.violates_any(&occurrences[variable], &assignment);
            assert!(noticed, "variable {variable} as {changed} in {:?}", circuit.model());
            assignment[variable] = honest;
            done += 1;
        }
    }
}

/// Changes one variable and computes all later ones from it: the lie of a prover who keeps the rest consistent.
fn pretend(seed: u64, count: usize) {
    println!("seed {seed}: {count} faults");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut done = 0;
    while done < count {
        let circuit = Circuit::compile(random_model(&mut rng)).expect("a valid model compiles");
        let input = random_input(&mut rng, circuit.model());
        let honest = circuit.execute(&input).expect("the input fits");
        let expected = circuit.assignment(&honest, B256::ZERO);
        let public = circuit.constraints().public();
        for _ in 0..50 {
            let variable = rng.random_range(0..expected.len() - public);
            let value = match rng.random_range(0..4) {
                0 => rng.random_range(0..=1),
                1 => rng.random_range(-1..=256),
                _ => rng.random_range(-100_000..=100_000),
            };
            if Fr::from(value) == expected[public + variable] {
                continue;
            }
            let run = circuit.execute_with_fault(&input, Fault { variable, value }).expect("the input fits");
            let violated = circuit.constraints().violated(&circuit.assignment(&run, B256::ZERO));
            assert!(violated.is_some(), "variable {variable} as {value} in {:?}", circuit.model());
            done += 1;
        }
    }
}

#[test]
fn mutations_violate_a_constraint() {
    mutate(11, 12_000);
}

#[test]
fn faults_violate_a_constraint() {
    pretend(12, 2_000);
}

/// The full count: `cargo test --workspace --test it -- --ignored full_count`.
#[test]
#[ignore = "the full count takes a minute"]
fn full_count_of_mutations_and_faults() {
    mutate(13, 200_000);
    pretend(14, 50_000);
}
