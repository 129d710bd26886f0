//! What a proof is about, and how it enters the circuit. `contracts/zk/ZkStatement.sol` has the same hash and
//! `contracts/zk/Groth16Verifier.sol` the same packing; `test/vectors/zk.json` holds both to it.

use alloy_primitives::{Address, B256, U256, keccak256};
use ark_bn254::Fr;
use ark_ff::PrimeField;

use crate::gadgets::CHUNK;

/// The context that a proof is bound to, so that it serves no other request, model, chain or contract.
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
    /// The position in a batch, from 0.
    pub batch_index: u32,
    /// How many are in the batch.
    pub batch_size: u32,
}

impl Statement {
    /// The hash of the context together with the real input and output.
    pub fn digest(&self, input: &[u8], output: &[u8]) -> B256 {
        let mut data = Vec::with_capacity(9 * 32);
        data.extend(keccak256(b"OPG zkML statement v1"));
        data.extend(U256::from(self.chain_id).to_be_bytes::<32>());
        data.extend(self.verifying_contract.into_word());
        data.extend(self.model_version);
        data.extend(self.request_id);
        data.extend(keccak256(input));
        data.extend(keccak256(output));
        data.extend(U256::from(self.batch_index).to_be_bytes::<32>());
        data.extend(U256::from(self.batch_size).to_be_bytes::<32>());
        keccak256(data)
    }
}

/// The public inputs: the statement's upper 253 bits, then the bytes of input and output together, 31 to a field element,
/// the last one filled up with zeros. A key accepts the lengths of its model only, so no two pairs of input and output share
/// an encoding.
pub fn public_inputs(statement: B256, input: &[u8], output: &[u8]) -> Vec<Fr> {
    let upper: U256 = U256::from_be_bytes(statement.0) >> 3;
    let mut all = vec![Fr::from_be_bytes_mod_order(&upper.to_be_bytes::<32>())];
    let bytes: Vec<u8> = input.iter().chain(output).copied().collect();
    all.extend(bytes.chunks(CHUNK).map(|chunk| {
        let mut word = [0; CHUNK];
        word[..chunk.len()].copy_from_slice(chunk);
        Fr::from_be_bytes_mod_order(&word)
    }));
    all
}
