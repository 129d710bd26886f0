use std::io::{Read, Write};

use alloy_primitives::B256;
use ark_bn254::{G1Affine, G2Affine};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, SerializationError};
use opg_zkml_verifier::VerifyingKey;

/// What makes proofs about one model.
#[derive(Debug, Clone, CanonicalSerialize)]
pub struct ProvingKey {
    /// The digest of the model.
    pub(crate) model: [u8; 32],
    pub(crate) verifying: VerifyingKey,
    pub(crate) beta: G1Affine,
    pub(crate) delta: G1Affine,
    /// Per variable.
    pub(crate) a: Vec<G1Affine>,
    pub(crate) b: Vec<G1Affine>,
    pub(crate) b2: Vec<G2Affine>,
    /// Per variable of the witness.
    pub(crate) witness: Vec<G1Affine>,
    /// Per point of the domain.
    pub(crate) quotient: Vec<G1Affine>,
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

    /// Reads no more of a key file than which model it is for and the key that checks its proofs.
    ///
    /// # Errors
    /// As [`ProvingKey::read`].
    pub fn read_head(mut reader: impl Read) -> Result<(B256, VerifyingKey), KeyError> {
        let (model, verifying) = head(&mut reader)?;
        Ok((B256::from(model), verifying))
    }

    /// Reads a key that was written by [`ProvingKey::write`] and kept where nobody else writes: its points are not
    /// checked, as a wrong one makes proofs that fail rather than proofs that lie.
    ///
    /// # Errors
    /// When the reader fails or the bytes are no key.
    pub fn read(mut reader: impl Read) -> Result<Self, KeyError> {
        let reader = &mut reader;
        let (model, verifying) = head(reader)?;
        Ok(Self {
            model,
            verifying,
            beta: one(reader)?,
            delta: one(reader)?,
            a: many(reader)?,
            b: many(reader)?,
            b2: many(reader)?,
            witness: many(reader)?,
            quotient: many(reader)?,
        })
    }
}

/// The beginning of a key file.
fn head(reader: &mut impl Read) -> Result<([u8; 32], VerifyingKey), SerializationError> {
    let model = one(reader)?;
    let verifying = VerifyingKey {
        lengths: one(reader)?,
        alpha: one(reader)?,
        beta: one(reader)?,
        gamma: one(reader)?,
        delta: one(reader)?,
        inputs: many(reader)?,
    };
    Ok((model, verifying))
}

fn one<T: CanonicalDeserialize>(reader: &mut impl Read) -> Result<T, SerializationError> {
    T::deserialize_uncompressed_unchecked(reader)
}

/// A list as arkworks writes it. Its own reader makes room for as many as the file claims before it has seen one, which
/// ends the process where the file lies.
fn many<T: CanonicalDeserialize>(reader: &mut impl Read) -> Result<Vec<T>, SerializationError> {
    let count: u64 = one(reader)?;
    let mut out = Vec::new();
    for _ in 0..count {
        out.push(one(reader)?);
    }
    Ok(out)
}
