#![doc = include_str!("../README.md")]

mod amounts;
mod args;
mod commands;
mod config;
mod context;
mod daemon;
mod demo;
mod devnet;
mod error;
mod files;
mod models;
mod output;
mod password;
mod progress;
mod runtime;
mod staking;
mod submit;
mod text;
mod web;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{
    args::{Cli, Command},
    output::Output,
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Command::EngineWorker => return opg_engine::worker::main(),
        Command::ProofWorker => return opg_node::proving::worker::main(),
        _ => {}
    }
    let output = Output::new(cli.json);
    match commands::dispatch(&cli, output) {
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
