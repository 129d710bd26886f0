//! sha256 of files, compared with what a model's registration says.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::EngineError;

const CHUNK: usize = 1 << 20;

/// sha256 of a file, read in pieces of bounded size.
pub fn sha256_file(path: &Path) -> Result<[u8; 32], EngineError> {
    let unreadable = |error: std::io::Error| EngineError::model_file(path, describe(&error));
    let mut file = File::open(path).map_err(unreadable)?;
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(hasher.finalize().into()),
            Ok(read) => hasher.update(&chunk[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(unreadable(error)),
        }
    }
}

/// Refuses a file whose sha256 is not `expected`.
pub fn verify(path: &Path, expected: &[u8; 32]) -> Result<(), EngineError> {
    let found = sha256_file(path)?;
    if &found == expected {
        return Ok(());
    }
    Err(EngineError::DigestMismatch { path: path.to_owned(), expected: hex(expected), found: hex(&found) })
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

fn describe(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "not found; fetch it with `opg model add`".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
