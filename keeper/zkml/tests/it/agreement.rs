//! The constraints and the integer reference agree on random models and inputs.

use alloy_primitives::B256;
use opg_zkml::Circuit;
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::shapes;
use crate::support::{random_input, random_model};

fn agree(seed: u64, models: usize, inputs: usize) {
    println!("seed {seed}: {models} models, {inputs} inputs each");
    let mut rng = StdRng::seed_from_u64(seed);
    for _ in 0..models {
        let model = random_model(&mut rng);
        let circuit = Circuit::compile(model).expect("a valid model compiles");
        for _ in 0..inputs {
            let input = random_input(&mut rng, circuit.model());
            let run = circuit.execute(&input).expect("the input fits");
            // The assignment carries the reference's output, to which the circuit's own is bound.
            let violated = circuit.constraints().violated(&circuit.assignment(&run, B256::ZERO));
            assert_eq!(violated, None, "{:?} on {input:?}", circuit.model());
        }
    }
}

#[test]
fn circuits_accept_what_the_reference_computes() {
    agree(7, 150, 20);
}

/// What the documentation states of the published models.
#[test]
fn published_models_have_the_stated_sizes() {
    let sizes = [(shapes::tiny(), 684), (shapes::digits(), 10_042), (shapes::lenet(), 143_107)];
    for (model, constraints) in sizes {
        let circuit = Circuit::compile(model).expect("the model compiles");
        assert_eq!(circuit.constraints().constraints(), constraints);
        let run = circuit.execute(&shapes::input(circuit.model(), 5)).expect("the input fits");
        assert_eq!(circuit.constraints().violated(&circuit.assignment(&run, B256::ZERO)), None);
    }
}

/// The full count: `cargo test --workspace --test it -- --ignored full_count`.
#[test]
#[ignore = "the full count takes a minute"]
fn full_count_of_agreement() {
    agree(8, 4_000, 25);
}
