//! Lines of text files, in bounded memory and with exact numbers.
//!
//! The files hold addresses, numbers and flags: nothing that would need quotes, so a line is a row, and a message that
//! names a line is right. A file without line breaks does not fill the memory.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
};

use crate::genesis::GenesisError;

/// Longest line of a table in bytes. The longest that can be right has less than 140.
pub(crate) const LONGEST_ROW: u64 = 256;

/// Reads a file line by line.
#[derive(Debug)]
pub(crate) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    limit: u64,
    line: u64,
    text: String,
    bytes: Vec<u8>,
}

impl Lines {
    pub(crate) fn open(path: &Path, limit: u64) -> Result<Self, GenesisError> {
        let file = File::open(path).map_err(|error| GenesisError::io(path, error))?;
        Ok(Self {
            path: path.to_owned(),
            reader: BufReader::new(file),
            limit,
            line: 0,
            text: String::new(),
            bytes: Vec::new(),
        })
    }

    /// The number of the line that was read last, counted from 1.
    pub(crate) fn line(&self) -> u64 {
        self.line
    }

    /// The next line without its end, which is `\n` or `\r\n`.
    pub(crate) fn next(&mut self) -> Result<Option<&str>, GenesisError> {
        self.bytes.clear();
        let mut bounded = self.reader.by_ref().take(self.limit + 2);
        let read = bounded
            .read_until(b'\n', &mut self.bytes)
            .map_err(|error| GenesisError::io(&self.path, error))?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if self.bytes.last() == Some(&b'\n') {
            self.bytes.pop();
            if self.bytes.last() == Some(&b'\r') {
                self.bytes.pop();
            }
        }
        if self.bytes.len() as u64 > self.limit {
            return Err(self.fault(format!("is longer than {} bytes", self.limit)));
        }
        match std::str::from_utf8(&self.bytes) {
            Ok(text) => text.clone_into(&mut self.text),
            Err(error) => {
                return Err(
                    self.fault(format!("is not UTF-8 (byte {} of the line)", error.valid_up_to() + 1))
                );
            }
        }
        Ok(Some(&self.text))
    }

    /// An error about the line that was read last.
    pub(crate) fn fault(&self, reason: impl Into<String>) -> GenesisError {
        GenesisError::row(&self.path, self.line.max(1), reason)
    }
}
