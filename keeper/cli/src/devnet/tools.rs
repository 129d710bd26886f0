//! Where the programs are that a devnet needs.

use std::path::{Path, PathBuf};

use crate::error::{CliError, CliResult, Code};

/// Finds `name` among the repository's npm packages, else on PATH.
pub(crate) fn find(name: &str, root: &Path) -> CliResult<PathBuf> {
    let local = root.join("node_modules/.bin").join(name);
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(local)
        .chain(std::env::split_paths(&path).map(|folder| folder.join(name)))
        .find(|candidate| candidate.is_file())
        .and_then(|found| std::path::absolute(found).ok())
        .ok_or_else(|| {
            CliError::new(
                Code::Tool,
                name,
                format!("is neither in {} nor on PATH", root.join("node_modules/.bin").display()),
                "run `npm ci` in the repository, or name its folder with --root",
            )
        })
}
