use alloc::vec::Vec;

use alloy_primitives::B256;
use ark_bn254::{Bn254, G1Affine, G1Projective, G2Affine};
use ark_ec::AffineRepr;
use ark_ec::pairing::Pairing;
use ark_ff::Zero;
use ark_serialize::CanonicalSerialize;

use crate::proof::Proof;
use crate::statement::{CHUNK, public_inputs};

/// What checks proofs about one model.
#[derive(Debug, Clone, PartialEq, Eq, CanonicalSerialize)]
pub struct VerifyingKey {
    /// How many bytes the model's input has, and its output.
    pub lengths: [u64; 2],
    /// α, in the first group.
    pub alpha: G1Affine,
    /// β, in the second.
    pub beta: G2Affine,
    /// γ, which divides the points of the public inputs.
    pub gamma: G2Affine,
    /// δ, which divides those of the witness.
    pub delta: G2Affine,
    /// One point for the constant 1 and one per public input.
    pub inputs: Vec<G1Affine>,
}

impl VerifyingKey {
    /// Whether the proof shows that the model of this key turns this input into this output, made for this statement.
    /// Points outside their groups prove nothing.
    pub fn verify(&self, statement: B256, input: &[u8], output: &[u8], proof: &Proof) -> bool {
        // Otherwise a byte could move from one to the other.
        if self.lengths != [input.len() as u64, output.len() as u64] || !proof.is_sound() {
            return false;
        }
        let Some((first, rest)) = self.inputs.split_first() else { return false };
        if Some(rest.len() as u64) != input_count(self.lengths) {
            return false;
        }
        let weighted =
            rest.iter().zip(public_inputs(statement, input, output)).map(|(point, input)| *point * input);
        let sum: G1Projective = weighted.fold(first.into_group(), |sum, point| sum + point);
        Bn254::multi_pairing(
            [-proof.a.into_group(), self.alpha.into_group(), sum, proof.c.into_group()],
            [proof.b, self.beta, self.gamma, self.delta],
        )
        .is_zero()
    }

    /// How many public inputs there are.
    pub fn input_count(&self) -> usize {
        self.inputs.len().saturating_sub(1)
    }
}

/// The statement, and one for each 31 bytes begun.
pub(crate) fn input_count(lengths: [u64; 2]) -> Option<u64> {
    Some(1 + lengths[0].checked_add(lengths[1])?.div_ceil(CHUNK as u64))
}
