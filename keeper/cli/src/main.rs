//! The `opg` command line: parses, calls the libraries, reports. Nothing is decided here.

mod args;
mod commands;
mod config;
mod context;
mod devnet;
mod error;
mod files;
mod output;
mod password;
mod submit;
mod text;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{args::Cli, output::Output};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output::new(cli.json);
    match commands::dispatch(cli, output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if output.is_json() {
                output::diagnostic(&error.to_json().to_string());
            } else {
                output::diagnostic(&error.to_string());
            }
            ExitCode::from(error.exit() as u8)
        }
    }
}
