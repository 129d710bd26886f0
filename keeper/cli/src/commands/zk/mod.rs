//! `opg zk …` and `opg model import`: models whose answers are proved.

mod attest;
mod bundle;
mod import;
mod prove;
mod setup;
mod verify;

pub(super) use import::import;

use std::path::Path;

use opg_zkml::Model;

use crate::{
    args::ZkCommand,
    config::Config,
    error::{CliError, CliResult, Code},
    output::Output,
};

/// Proves or verifies.
pub(super) fn run(command: &ZkCommand, config: impl Fn() -> CliResult<Config>, output: Output) -> CliResult {
    match command {
        ZkCommand::Prove(args) => prove::run(args, output),
        ZkCommand::Verify(args) => verify::run(args, output),
        ZkCommand::Setup(command) => setup::run(command, config, output),
    }
}

/// Reads a file of up to `most` bytes.
fn read(path: &Path, most: usize) -> CliResult<Vec<u8>> {
    let size = std::fs::metadata(path).map_err(|error| CliError::file(path, &error))?.len();
    if size > most as u64 {
        return Err(CliError::new(
            Code::Argument,
            path.display(),
            format!("it has {size} bytes, more than {most}"),
            "name the right file",
        ));
    }
    std::fs::read(path).map_err(|error| CliError::file(path, &error))
}

/// Reads a quantised model.
fn read_model(path: &Path) -> CliResult<Model> {
    Model::from_bytes(&read(path, opg_zkml::import::MAX_FILE)?).map_err(|error| {
        CliError::new(Code::ModelFile, path.display(), error, "make it with `opg model import`")
    })
}

/// Refuses to begin hours of work whose result could not be written.
fn must_not_exist(path: &Path) -> CliResult {
    if path.exists() {
        return Err(CliError::new(
            Code::Exists,
            path.display(),
            "exists already",
            "choose another name, or move it away",
        ));
    }
    Ok(())
}
