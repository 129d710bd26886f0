//! sha256 of files, compared with what a model's registration says.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::{EngineError, Pinned};

const CHUNK: usize = 1 << 20;

/// sha256 of a file, read in pieces of bounded size.
pub fn sha256_file(path: &Path) -> Result<[u8; 32], EngineError> {
    sha256(&mut open(path)?).map_err(|error| unreadable(path, &error))
}

/// sha256 of all that `source` gives, read in pieces of bounded size.
pub fn sha256(source: &mut impl Read) -> std::io::Result<[u8; 32]> {
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match source.read(&mut chunk) {
            Ok(0) => return Ok(hasher.finalize().into()),
            Ok(read) => hasher.update(&chunk[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Refuses a file whose sha256 is not `expected`.
pub fn verify(path: &Path, expected: &[u8; 32]) -> Result<(), EngineError> {
    open_verified(path, expected).map(drop)
}

/// Opens a file, checks its sha256, and hands it out at its start. What is read then are the bytes that were checked: a file
/// that is replaced or changed in between is of no effect or an error.
pub fn open_verified(path: &Path, expected: &[u8; 32]) -> Result<Pinned, EngineError> {
    let (pinned, found) = Pinned::open(open(path)?).map_err(|error| unreadable(path, &error))?;
    if &found != expected {
        let (expected, found) = (hex(expected), hex(&found));
        return Err(EngineError::DigestMismatch { path: path.to_owned(), expected, found });
    }
    Ok(pinned)
}

/// Lower-case hex without prefix, as `sha256sum` prints it.
pub fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn open(path: &Path) -> Result<File, EngineError> {
    File::open(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &std::io::Error) -> EngineError {
    match error.kind() {
        ErrorKind::NotFound => EngineError::model_file(path, "not found; fetch it with `opg model add`"),
        _ => EngineError::model_file(path, format!("cannot be read: {error}")),
    }
}
