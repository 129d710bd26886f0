//! The files that proofs are made from, compared with what the chain has registered.

use std::{fs::File, io::BufReader, path::PathBuf};

use alloy::primitives::keccak256;
use opg_zkml::{ProvingKey, VerifyingKey, evm};

/// What proofs for a model are made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvingFiles {
    /// The integer model.
    pub model: PathBuf,
    /// Its proving key.
    pub key: PathBuf,
}

/// Files that no proof can be made from that the chain would take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The version has no key.
    #[error("the registry has no key for the version: publish one with `opg model add --proving-key`")]
    NotRegistered,
    /// A file cannot be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The key was made for another model.
    #[error("the proving key {key} is for another model than {model}: use the one that was made for it")]
    OtherModel {
        /// The key's file.
        key: PathBuf,
        /// The model's file.
        model: PathBuf,
    },
    /// The key is another one than the chain knows.
    #[error(
        "the proving key {key} does not belong to the key that the registry has for the version: use the one that was \
         registered, or register a version with this one"
    )]
    OtherKey {
        /// The key's file.
        key: PathBuf,
    },
}

impl ProvingFiles {
    /// Checks that proofs made from these files are checked by `registered`, the key that the chain has for the version. Returns
    /// that key. Reads the model and the beginning of the proving key.
    ///
    /// # Errors
    /// Says which file does not fit, and why.
    pub fn check(&self, registered: Option<&[u8]>) -> Result<VerifyingKey, KeyFileError> {
        let registered = registered.ok_or(KeyFileError::NotRegistered)?;
        let unreadable =
            |path: &PathBuf, reason: String| KeyFileError::Unreadable { path: path.clone(), reason };
        let model = std::fs::read(&self.model).map_err(|error| unreadable(&self.model, error.to_string()))?;
        let file = File::open(&self.key).map_err(|error| unreadable(&self.key, error.to_string()))?;
        let (digest, verifying) = ProvingKey::read_head(BufReader::new(file))
            .map_err(|error| unreadable(&self.key, error.to_string()))?;
        if digest != keccak256(&model) {
            return Err(KeyFileError::OtherModel { key: self.key.clone(), model: self.model.clone() });
        }
        if evm::encode_key(&verifying) != registered {
            return Err(KeyFileError::OtherKey { key: self.key.clone() });
        }
        Ok(verifying)
    }
}
