//! A password that is wiped from memory and never shown.

use std::path::Path;

use zeroize::Zeroizing;

use super::{SignerError, keystore::check_private};

/// Password of a keystore. Shows itself to nobody and is wiped when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password as it is.
    ///
    /// # Errors
    /// If it is empty.
    pub fn new(text: String) -> Result<Self, SignerError> {
        let text = Zeroizing::new(text);
        if text.is_empty() { Err(SignerError::EmptyPassword) } else { Ok(Self(text)) }
    }

    /// Reads a password from a file that only its owner can read. One line end after it is not part of it.
    ///
    /// # Errors
    /// If the file cannot be read, others can read it, or it is empty.
    pub fn from_file(path: &Path) -> Result<Self, SignerError> {
        check_private(path)?;
        let text = std::fs::read_to_string(path)
            .map_err(|source| SignerError::Read { path: path.to_owned(), source })?;
        let mut text = Zeroizing::new(text);
        let length = text.strip_suffix("\r\n").or_else(|| text.strip_suffix('\n')).unwrap_or(&text).len();
        text.truncate(length);
        if text.is_empty() { Err(SignerError::EmptyPassword) } else { Ok(Self(text)) }
    }

    pub(super) fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Password(…)")
    }
}
