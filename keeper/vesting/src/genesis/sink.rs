//! Where derived files go: written to a new folder, compared with an existing one, or nowhere.
//!
//! Building and verifying run the same code over another sink, so they cannot disagree on what a genesis is.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read as _, Write as _},
    path::{Path, PathBuf},
};

use super::GenesisError;

/// Bytes that each open file buffers. A list has up to 256 proof files open at once.
const BUFFER: usize = 8 * 1024;
/// Longest part of a line that a message quotes, in bytes.
const QUOTED: usize = 160;

/// What is done with derived files.
#[derive(Debug)]
pub(super) enum Store {
    /// Write them below this folder.
    Write(PathBuf),
    /// Compare them with those below this folder. Remembers which ones there should be.
    Compare(PathBuf, RefCell<BTreeSet<PathBuf>>),
    /// Nothing: only roots and sums are wanted.
    Discard,
}

impl Store {
    /// The folder, where there is one.
    pub(super) fn folder(&self) -> Option<&Path> {
        match self {
            Self::Write(folder) | Self::Compare(folder, _) => Some(folder),
            Self::Discard => None,
        }
    }

    /// Begins a file.
    pub(super) fn create(&self, name: &str) -> Result<Sink, GenesisError> {
        let Some(folder) = self.folder() else {
            return Ok(Sink { path: PathBuf::from(name), kind: Kind::Nothing, position: 0 });
        };
        let path = folder.join(name);
        let kind = match self {
            Self::Compare(_, expected) => {
                expected.borrow_mut().insert(path.clone());
                match File::open(&path) {
                    Ok(file) => Kind::Compare(BufReader::with_capacity(BUFFER, file)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {
                        return Err(GenesisError::differs(&path, "the file", "is missing"));
                    }
                    Err(error) => return Err(GenesisError::io(&path, error)),
                }
            }
            _ => {
                let file =
                    path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| File::create(&path));
                let file = file.map_err(|error| GenesisError::io(&path, error))?;
                Kind::Write(BufWriter::with_capacity(BUFFER, file))
            }
        };
        Ok(Sink { path, kind, position: 0 })
    }

    /// Where files are compared: there must be no others.
    pub(super) fn check_strangers(&self) -> Result<(), GenesisError> {
        let Self::Compare(folder, expected) = self else { return Ok(()) };
        let expected = expected.borrow();
        let mut folders = vec![folder.clone()];
        while let Some(folder) = folders.pop() {
            let fail = |error| GenesisError::io(&folder, error);
            for entry in fs::read_dir(&folder).map_err(fail)? {
                let entry = entry.map_err(fail)?;
                if entry.file_type().map_err(fail)?.is_dir() {
                    folders.push(entry.path());
                } else if !expected.contains(&entry.path()) {
                    return Err(GenesisError::differs(
                        &entry.path(),
                        "the file",
                        "does not belong to this genesis",
                    ));
                }
            }
        }
        Ok(())
    }
}

/// A file that is written or compared.
#[derive(Debug)]
pub(super) struct Sink {
    path: PathBuf,
    kind: Kind,
    /// Lines or nodes so far.
    position: u64,
}

#[derive(Debug)]
enum Kind {
    Write(BufWriter<File>),
    Compare(BufReader<File>),
    Nothing,
}

impl Sink {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether there is a file, from which what was taken can be read back.
    pub(super) fn has_file(&self) -> bool {
        !matches!(self.kind, Kind::Nothing)
    }

    /// Takes the next line, which ends in `\n`.
    pub(super) fn line(&mut self, text: &str) -> Result<(), GenesisError> {
        self.position += 1;
        self.take(text.as_bytes(), |position, found| {
            let same = text.bytes().zip(found).take_while(|(expected, found)| expected == *found).count();
            let from = same.saturating_sub(QUOTED / 2);
            let reason =
                format!("should be {}, but is {}", excerpt(text.as_bytes(), from), excerpt(found, from));
            (format!("line {position}"), reason)
        })
    }

    /// Takes the next node of a tree.
    pub(super) fn node(&mut self, node: &[u8; 32]) -> Result<(), GenesisError> {
        self.position += 1;
        self.take(node, |position, found| {
            let reason = if found.len() < 32 {
                "the file ends here".to_owned()
            } else {
                format!(
                    "should be {}, but is {}",
                    alloy_primitives::hex::encode_prefixed(node),
                    alloy_primitives::hex::encode_prefixed(found)
                )
            };
            (format!("node {} at byte {}", position - 1, (position - 1) * 32), reason)
        })
    }

    fn take(
        &mut self,
        bytes: &[u8],
        differs: impl FnOnce(u64, &[u8]) -> (String, String),
    ) -> Result<(), GenesisError> {
        match &mut self.kind {
            Kind::Nothing => Ok(()),
            Kind::Write(file) => file.write_all(bytes).map_err(|error| GenesisError::io(&self.path, error)),
            Kind::Compare(file) => {
                let mut found = Vec::with_capacity(bytes.len());
                file.by_ref()
                    .take(bytes.len() as u64)
                    .read_to_end(&mut found)
                    .map_err(|error| GenesisError::io(&self.path, error))?;
                if found == bytes {
                    return Ok(());
                }
                let (place, reason) = differs(self.position, &found);
                Err(GenesisError::differs(&self.path, place, reason))
            }
        }
    }

    /// Makes what was taken so far readable from the file.
    pub(super) fn flush(&mut self) -> Result<(), GenesisError> {
        match &mut self.kind {
            Kind::Write(file) => file.flush().map_err(|error| GenesisError::io(&self.path, error)),
            Kind::Compare(_) | Kind::Nothing => Ok(()),
        }
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> Result<(), GenesisError> {
        self.flush()?;
        let Kind::Compare(file) = &mut self.kind else { return Ok(()) };
        let mut rest = [0; 1];
        match file.read(&mut rest).map_err(|error| GenesisError::io(&self.path, error))? {
            0 => Ok(()),
            _ => Err(GenesisError::differs(
                &self.path,
                format!("after {} lines or nodes", self.position),
                "should end here, but goes on",
            )),
        }
    }
}

/// What of the first line in `bytes` comes after `from`, shortened. In lines that are short it is the whole.
fn excerpt(bytes: &[u8], from: usize) -> String {
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let from = if line.len() <= QUOTED { 0 } else { from };
    let Some(rest) = line.get(from..).filter(|rest| !rest.is_empty()) else {
        return "the end of the line".to_owned();
    };
    let before = if from > 0 { "…" } else { "" };
    let shown = String::from_utf8_lossy(&rest[..rest.len().min(QUOTED)]).into_owned();
    let after = if rest.len() > QUOTED { "…" } else { "" };
    format!("`{before}{shown}{after}`")
}
