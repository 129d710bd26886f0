//! The file that travels from contributor to contributor: magic and version, the digest of the powers, the contributions,
//! the key.

use std::io::{Read, Write};

use alloy_primitives::{Address, B256};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize, SerializationError};

use super::ceremony::Ceremony;
use super::contribution::Contribution;
use super::error::SetupError;
use crate::groth16::ProvingKey;

const MAGIC: [u8; 8] = *b"OPG-ZKS\x01";
/// More contributors than anybody will wait for; a bound on what a hostile file can make us read.
const MAX_CONTRIBUTIONS: u32 = 10_000;

impl Ceremony {
    /// Writes the file.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write(&self, mut writer: impl Write) -> Result<(), SetupError> {
        let failed = SetupError::io("the setup cannot be written");
        self.write_all(&mut writer).map_err(failed)
    }

    fn write_all(&self, mut writer: impl Write) -> Result<(), std::io::Error> {
        writer.write_all(&MAGIC)?;
        writer.write_all(self.powers.as_slice())?;
        writer.write_all(&(self.contributions.len() as u32).to_le_bytes())?;
        for contribution in &self.contributions {
            writer.write_all(contribution.contributor.as_slice())?;
            contribution.delta.serialize_uncompressed(&mut writer).map_err(other)?;
            contribution.commitment.serialize_uncompressed(&mut writer).map_err(other)?;
            contribution.response.serialize_uncompressed(&mut writer).map_err(other)?;
        }
        self.key.serialize_uncompressed(&mut writer).map_err(other)?;
        writer.flush()
    }

    /// Reads a file. Anybody may have written it: verify it before you rely on it.
    ///
    /// # Errors
    /// When it cannot be read or is not such a file.
    pub fn read(mut reader: impl Read) -> Result<Self, SetupError> {
        let mut magic = [0; 8];
        let mut powers = B256::ZERO;
        let mut count = [0; 4];
        for part in [magic.as_mut_slice(), powers.as_mut_slice(), count.as_mut_slice()] {
            reader.read_exact(part).map_err(SetupError::io("the setup cannot be read"))?;
        }
        let count = u32::from_le_bytes(count);
        if magic != MAGIC || count > MAX_CONTRIBUTIONS {
            return Err(format("it does not begin as such files do"));
        }
        let mut contributions = Vec::new();
        for _ in 0..count {
            let mut contributor = Address::ZERO;
            let read = reader.read_exact(contributor.as_mut_slice());
            read.map_err(SetupError::io("the setup cannot be read"))?;
            contributions.push(Contribution {
                contributor,
                // Whether they are points is checked with the contribution.
                delta: CanonicalDeserialize::deserialize_uncompressed_unchecked(&mut reader)
                    .map_err(damaged)?,
                commitment: CanonicalDeserialize::deserialize_uncompressed_unchecked(&mut reader)
                    .map_err(damaged)?,
                response: CanonicalDeserialize::deserialize_uncompressed_unchecked(&mut reader)
                    .map_err(damaged)?,
            });
        }
        let key = ProvingKey::read(&mut reader).map_err(|error| format(&error.to_string()))?;
        if !matches!(reader.read(&mut [0]), Ok(0)) {
            return Err(format("something follows the key"));
        }
        Ok(Self { powers, contributions, key })
    }
}

fn other(error: SerializationError) -> std::io::Error {
    match error {
        SerializationError::IoError(error) => error,
        other => std::io::Error::other(other.to_string()),
    }
}

fn damaged(error: SerializationError) -> SetupError {
    format(&error.to_string())
}

fn format(reason: &str) -> SetupError {
    SetupError::Format { expected: "setup of a key", reason: reason.to_owned() }
}
