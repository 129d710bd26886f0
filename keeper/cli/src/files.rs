//! Writing files without ever destroying or tearing one.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use crate::error::{CliError, CliResult};

/// Creates a folder with its parents.
pub(crate) fn create_folder(path: &Path) -> CliResult {
    fs::create_dir_all(path).map_err(|error| CliError::file(path, &error))
}

/// Writes a file that must not exist.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> CliResult {
    create(path, bytes, 0o644)
}

/// The same, readable by its owner only.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> CliResult {
    create(path, bytes, 0o600)
}

fn create(path: &Path, bytes: &[u8], mode: u32) -> CliResult {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .map_err(|error| CliError::file(path, &error))
}

/// Replaces the content of a file as a whole: a reader sees the old or the new, and a crash leaves one of them.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> CliResult {
    let fail = |error: std::io::Error| CliError::file(path, &error);
    // The link's target is replaced, not the link.
    let path = fs::canonicalize(path).map_err(fail)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    let permissions = fs::metadata(&path).map_err(fail)?.permissions();
    file.as_file().set_permissions(permissions).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist(&path).map(drop).map_err(|error| fail(error.error))
}
