use std::io::{Read, Write};

use alloy_primitives::B256;
use ark_bn254::{G1Affine, G2Affine};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use opg_zkml_verifier::VerifyingKey;

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
