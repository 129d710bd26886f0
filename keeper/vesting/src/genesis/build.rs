//! Builds a genesis into a folder, all of it or nothing.

use std::{fs, path::Path};

use tempfile::TempDir;

use super::{
    GenesisError, Manifest,
    derive::{Observer, derive},
    manifest::MANIFEST,
    plan::Plan,
    sink::Store,
};
use crate::allocation::Allocation;

/// Derives a genesis without writing anything: roots, sums and every check of the sources.
pub fn preview(
    allocation: &Allocation,
    beneficiaries: &Path,
    tge: u64,
    observe: Observer<'_>,
) -> Result<Manifest, GenesisError> {
    derive(&Plan::new(allocation, beneficiaries, tge), &Store::Discard, observe)
}

/// Builds a genesis into `folder`. It appears there complete or not at all. Another genesis there is replaced only by
/// `force`, and a folder with anything else never.
pub fn build(
    allocation: &Allocation,
    beneficiaries: &Path,
    tge: u64,
    folder: &Path,
    force: bool,
    observe: Observer<'_>,
) -> Result<Manifest, GenesisError> {
    check_target(folder)?;
    let parent = match folder.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    fs::create_dir_all(parent).map_err(|error| GenesisError::io(parent, error))?;
    // In the same folder, so that the result can be renamed into place; gone when dropped.
    let scratch = tempfile::Builder::new()
        .prefix(".genesis-")
        .tempdir_in(parent)
        .map_err(|error| GenesisError::io(parent, error))?;
    let made = scratch.path().join("new");
    fs::create_dir(&made).map_err(|error| GenesisError::io(&made, error))?;
    let plan = Plan::new(allocation, beneficiaries, tge);
    let manifest = derive(&plan, &Store::Write(made.clone()), observe)?;
    put(scratch, &made, folder, force, &manifest)?;
    Ok(manifest)
}

/// Refuses a target that is neither absent, nor empty, nor a genesis.
fn check_target(folder: &Path) -> Result<(), GenesisError> {
    if !folder.exists() || folder.join(MANIFEST).is_file() {
        return Ok(());
    }
    let occupied =
        |reason: &str| GenesisError::Occupied { path: folder.to_owned(), reason: reason.to_owned() };
    if !folder.is_dir() {
        return Err(occupied("is not a folder"));
    }
    let mut entries = fs::read_dir(folder).map_err(|error| GenesisError::io(folder, error))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(occupied("holds something that is no genesis")),
    }
}

/// Moves `made` to `folder`, and what was there before to `scratch`, which takes it along when it is dropped.
fn put(
    scratch: TempDir,
    made: &Path,
    folder: &Path,
    force: bool,
    manifest: &Manifest,
) -> Result<(), GenesisError> {
    let fail = |error| GenesisError::io(folder, error);
    let there = folder.join(MANIFEST);
    if there.is_file() {
        let text = fs::read_to_string(&there).map_err(|error| GenesisError::io(&there, error))?;
        if text != manifest.render() && !force {
            return Err(GenesisError::Occupied {
                path: folder.to_owned(),
                reason: "holds another genesis".to_owned(),
            });
        }
    }
    let aside = scratch.path().join("old");
    if folder.exists() {
        fs::rename(folder, &aside).map_err(fail)?;
    }
    if let Err(error) = fs::rename(made, folder) {
        // Back as it was, if that works; nothing may be lost if it does not.
        if aside.exists() && fs::rename(&aside, folder).is_err() {
            let kept = scratch.keep().join("old");
            let reason = format!("cannot be replaced ({error}); what it held is in {}", kept.display());
            return Err(GenesisError::Occupied { path: folder.to_owned(), reason });
        }
        return Err(fail(error));
    }
    Ok(())
}
