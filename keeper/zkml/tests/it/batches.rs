//! Batches: one request, several inputs.

use alloy_primitives::{Address, B256};
use opg_zkml::{BatchError, Circuit, ProvingKey, Statement, development_setup, prove_batch};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::shapes;

fn context() -> Statement {
    Statement {
        chain_id: 31337,
        verifying_contract: Address::repeat_byte(1),
        model_version: B256::repeat_byte(2),
        request_id: B256::repeat_byte(3),
        operator: Address::repeat_byte(4),
        batch_index: 0,
        batch_size: 1,
    }
}

#[test]
fn each_proof_of_a_batch_serves_its_position_only() {
    let mut rng = StdRng::seed_from_u64(41);
    let circuit = Circuit::compile(shapes::tiny()).expect("the model compiles");
    let key = development_setup(&circuit, &mut rng).expect("a setup");
    let inputs: Vec<Vec<u8>> = (0..5).map(|seed| shapes::input(circuit.model(), seed)).collect();
    let inputs: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let parts = std::cell::RefCell::new(Vec::new());
    let report = |part| parts.borrow_mut().push(part);
    let proved = prove_batch(&key, &circuit, &inputs, context(), &mut rng, &report).expect("a batch");
    assert_eq!(*parts.borrow(), (1..=5 * ProvingKey::PARTS).collect::<Vec<_>>());

    let accepts = |index: usize, batch_index: u32, batch_size: u32| {
        let one = &proved[index];
        let digest = Statement { batch_index, batch_size, ..context() }.digest(&one.input, &one.output);
        key.verifying_key().verify(digest, &one.input, &one.output, &one.proof)
    };
    for index in 0..5 {
        assert_eq!(proved[index].input, inputs[index]);
        for position in 0..5 {
            assert_eq!(accepts(index, position, 5), index == position as usize);
        }
        assert!(!accepts(index, index as u32, 6), "another size of the batch");
    }

    let rest = prove_batch(&key, &circuit, &[inputs[0], &[1]], context(), &mut rng, &|_| {});
    assert!(matches!(rest, Err(BatchError::Input { index: 1, .. })), "{rest:?}");
    assert!(matches!(
        prove_batch(&key, &circuit, &[], context(), &mut rng, &|_| {}),
        Err(BatchError::Size(0))
    ));
}
