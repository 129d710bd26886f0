//! One module per verb.

mod init;
mod jobs;
mod tx;

use crate::{
    args::{Cli, Command},
    config::Config,
    error::CliResult,
    output::Output,
};

/// Runs what was asked for.
pub(crate) fn dispatch(cli: Cli, output: Output) -> CliResult {
    match cli.command {
        Command::Init(args) => init::init(args, output),
        Command::Jobs(command) => jobs::run(command, &Config::load(&cli.config)?, output),
        Command::Tx(command) => tx::run(command, &Config::load(&cli.config)?, output),
        _ => Config::load(&cli.config).map(drop),
    }
}
