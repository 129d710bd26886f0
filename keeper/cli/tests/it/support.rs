//! Runs `opg` and reads what it says.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

/// `opg` with nothing inherited that could change what it does; only where the models lie.
pub(crate) fn opg(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_opg"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("OPG_") && name != "OPG_CACHE") {
        command.env_remove(name);
    }
    command.current_dir(folder).stdin(std::process::Stdio::null());
    command
}

/// Runs `opg` with `args`.
pub(crate) fn run(folder: &Path, args: &[&str]) -> Output {
    opg(folder).args(args).output().unwrap()
}

/// Runs `opg`, which must fail with `exit` and an error that has every one of `parts`.
#[track_caller]
pub(crate) fn refuses(mut command: Command, exit: i32, parts: &[&str]) {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

/// Runs `opg --json`, which must succeed, and returns the document.
#[track_caller]
pub(crate) fn json(mut command: Command) -> Value {
    let output = command.arg("--json").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stdout)))
}

/// The document of a failed `opg --json`.
#[track_caller]
pub(crate) fn json_error(mut command: Command) -> Value {
    let output = command.arg("--json").output().unwrap();
    assert!(!output.status.success());
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    serde_json::from_slice(&output.stderr)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// A folder with what `opg init` writes for a devnet, with the password `secret` of its keystore.
pub(crate) fn initialised() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let output = opg(folder.path())
        .env("OPG_KEYSTORE_PASSWORD", "secret")
        .args(["init", "--chain-id", "31337"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

/// Writes `text` as `opg.toml` of `folder`.
pub(crate) fn configure(folder: &Path, text: &str) {
    std::fs::write(folder.join("opg.toml"), text).unwrap();
}
