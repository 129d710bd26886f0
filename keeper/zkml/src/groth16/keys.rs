use std::io::{Read, Write};

use alloy_primitives::B256;
use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::AffineRepr;
use ark_ec::pairing::Pairing;
use ark_ff::Zero;
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};

use crate::statement::public_inputs;

/// A proof: three points, 256 bytes on the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub(crate) a: G1Affine,
    pub(crate) b: G2Affine,
    pub(crate) c: G1Affine,
}

/// What checks proofs about one model.
#[derive(Debug, Clone, PartialEq, Eq, CanonicalSerialize, CanonicalDeserialize)]
pub struct VerifyingKey {
    /// How many bytes the model's input has, and its output.
    pub(crate) lengths: [u64; 2],
    pub(crate) alpha: G1Affine,
    pub(crate) beta: G2Affine,
    pub(crate) gamma: G2Affine,
    pub(crate) delta: G2Affine,
    /// One point for the constant 1 and one per public input.
    pub(crate) inputs: Vec<G1Affine>,
}

/// What makes proofs about one model.
#[derive(Debug, Clone, CanonicalSerialize, CanonicalDeserialize)]
pub struct ProvingKey {
    /// The digest of the model.
    pub(super) model: [u8; 32],
    pub(super) verifying: VerifyingKey,
    pub(super) beta: G1Affine,
    pub(super) delta: G1Affine,
    /// Per variable.
    pub(super) a: Vec<G1Affine>,
    pub(super) b: Vec<G1Affine>,
    pub(super) b2: Vec<G2Affine>,
    /// Per variable of the witness.
    pub(super) witness: Vec<G1Affine>,
    /// Per point of the domain.
    pub(super) quotient: Vec<G1Affine>,
}

/// A key file that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("the proving key cannot be read or written ({0}): make it anew with a setup")]
pub struct KeyError(#[from] ark_serialize::SerializationError);

impl VerifyingKey {
    /// Whether the proof shows that the model of this key turns this input into this output, made for this statement.
    /// Points outside their groups prove nothing.
    pub fn verify(&self, statement: B256, input: &[u8], output: &[u8], proof: &Proof) -> bool {
        // Otherwise a byte could move from one to the other.
        self.lengths == [input.len() as u64, output.len() as u64]
            && self.holds(&public_inputs(statement, input, output), proof)
    }

    /// The pairing equation.
    fn holds(&self, inputs: &[Fr], proof: &Proof) -> bool {
        let Some((first, rest)) = self.inputs.split_first() else { return false };
        if rest.len() != inputs.len() || !proof.is_sound() {
            return false;
        }
        let weighted = rest.iter().zip(inputs).map(|(point, input)| *point * input);
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

impl Proof {
    fn is_sound(&self) -> bool {
        let on_curve = |point: &G1Affine| point.is_on_curve();
        on_curve(&self.a)
            && on_curve(&self.c)
            && self.b.is_on_curve()
            && self.b.is_in_correct_subgroup_assuming_on_curve()
    }
}

impl ProvingKey {
    /// The digest of the model that the key was made for.
    pub fn model_digest(&self) -> B256 {
        B256::from(self.model)
    }

    /// The key that checks this key's proofs.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Writes the key.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write(&self, writer: impl Write) -> Result<(), KeyError> {
        Ok(self.serialize_uncompressed(writer)?)
    }

    /// Reads a key that was written by [`ProvingKey::write`] and kept where nobody else writes: its points are not
    /// checked, as a wrong one makes proofs that fail rather than proofs that lie.
    ///
    /// # Errors
    /// When the reader fails or the bytes are no key.
    pub fn read(reader: impl Read) -> Result<Self, KeyError> {
        Ok(Self::deserialize_uncompressed_unchecked(reader)?)
    }
}
