//! What can go wrong with keys.

use std::path::PathBuf;

/// An error of the signer. Never contains a password or key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}; check the path and that this user may read it")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A keystore cannot be written.
    #[error("cannot write the keystore {path}: {source}; check that the folder exists and is writable")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is a file already.
    #[error("{path} exists already; a keystore is never overwritten: choose another path or move it away")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Others than the owner can read a secret.
    #[error("{path} can be read by other users (mode {mode:03o}); run: chmod 600 {path}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not a keystore.
    #[error("{path} is not a Web3 keystore: {reason}; create one with `opg init`")]
    NotAKeystore {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The password does not open the keystore.
    #[error("the password does not open {path}; check the password file or variable")]
    WrongPassword {
        /// The file.
        path: PathBuf,
    },
    /// The password is empty.
    #[error("the password is empty; choose one of at least one character")]
    EmptyPassword,
    /// The decrypted bytes are not a key.
    #[error("{what} is not a secp256k1 private key: 32 bytes between 1 and the order of the curve")]
    InvalidKey {
        /// Where the bytes came from.
        what: String,
    },
    /// The key cannot sign.
    #[error("signing failed: {0}")]
    Sign(#[from] alloy::signers::Error),
}
