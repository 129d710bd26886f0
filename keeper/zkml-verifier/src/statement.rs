//! What a proof is about, and how it enters the circuit. `contracts/zk/ZkStatement.sol` has the same hash and
//! `contracts/zk/Groth16Verifier.sol` the same packing; `test/vectors/zk.json` holds both to it.

use alloy_primitives::{Address, B256, U256, keccak256};
use ark_bn254::Fr;
use ark_ff::PrimeField;

/// How many bytes a public input carries: the most whose every value is below the field's modulus.
pub const CHUNK: usize = 31;

/// The context that a proof is bound to, so that it serves no other request, model, chain, contract or operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// The chain.
    pub chain_id: u64,
    /// The contract that accepts the proof.
    pub verifying_contract: Address,
    /// The model version's id.
    pub model_version: B256,
    /// The request.
    pub request_id: B256,
    /// Who answers and is paid. Otherwise whoever saw a proof on its way to the chain could be paid for it.
    pub operator: Address,
    /// The position in a batch, from 0.
    pub batch_index: u32,
    /// How many are in the batch.
    pub batch_size: u32,
}

impl Statement {
    /// The hash of the context together with the real input and output.
    pub fn digest(&self, input: &[u8], output: &[u8]) -> B256 {
        let words: [B256; 10] = [
            keccak256(b"OPG zkML statement v1"),
            U256::from(self.chain_id).into(),
            self.verifying_contract.into_word(),
            self.model_version,
            self.request_id,
            self.operator.into_word(),
            keccak256(input),
            keccak256(output),
            U256::from(self.batch_index).into(),
            U256::from(self.batch_size).into(),
        ];
        keccak256(words.map(|word| word.0).as_flattened())
    }
}

/// The public inputs: the statement's upper 253 bits, then the bytes of input and output together, 31 to a field element,
/// the last one filled up with zeros. A key accepts the lengths of its model only, so no two pairs of input and output share
/// an encoding.
pub fn public_inputs<'a>(
    statement: B256,
    input: &'a [u8],
    output: &'a [u8],
) -> impl Iterator<Item = Fr> + use<'a> {
    let upper: U256 = U256::from_be_bytes(statement.0) >> 3;
    let count = (input.len() + output.len()).div_ceil(CHUNK);
    let chunks = (0..count).map(move |chunk| {
        let mut word = [0; CHUNK];
        let bytes = input.iter().chain(output).skip(chunk * CHUNK);
        word.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
        Fr::from_be_bytes_mod_order(&word)
    });
    core::iter::once(Fr::from_be_bytes_mod_order(&upper.to_be_bytes::<32>())).chain(chunks)
}
