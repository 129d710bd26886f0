//! One module per verb.

mod app;
mod batch;
mod channels;
mod claim;
mod devnet;
mod doctor;
mod fees;
mod genesis;
mod init;
mod jobs;
mod model;
mod operator;
mod proxy;
mod receipt;
mod stake;
mod status;
mod tx;
mod vesting;
mod zk;

use crate::{
    args::{Cli, Command, ModelCommand},
    config::Config,
    daemon, demo,
    error::CliResult,
    output::Output,
    runtime::{block_on, until_interrupted},
};

/// Runs what was asked for.
pub(crate) fn dispatch(cli: &Cli, output: Output) -> CliResult {
    let config = || Config::load(&cli.config);
    match &cli.command {
        Command::Init(args) => init::init(args, output),
        Command::Run => block_on(daemon::run(&cli.config, output)),
        Command::Devnet(args) => block_on(until_interrupted(devnet::run(args, output))),
        Command::Demo(args) => block_on(until_interrupted(demo::run(args, output))),
        Command::App(args) => block_on(until_interrupted(app::run(args, &config()?, output))),
        Command::Proxy(args) => block_on(proxy::run(args, &config()?, output)),
        Command::Status => block_on(status::run(&config()?, output)),
        Command::Doctor => block_on(doctor::run(&config()?, output)),
        Command::Operator(command) => block_on(until_interrupted(operator::run(command, &config()?, output))),
        Command::Stake(args) => block_on(until_interrupted(stake::stake(args, &config()?, output))),
        Command::Delegate(args) => block_on(until_interrupted(stake::delegate(args, &config()?, output))),
        Command::Unbond(args) => block_on(until_interrupted(stake::unbond(args, &config()?, output))),
        Command::CancelUnbond(args) => {
            block_on(until_interrupted(stake::cancel_unbond(args, &config()?, output)))
        }
        Command::Withdraw(args) => block_on(until_interrupted(stake::withdraw(args, &config()?, output))),
        Command::Redelegate(args) => block_on(until_interrupted(stake::redelegate(args, &config()?, output))),
        Command::Claim(args) => block_on(until_interrupted(claim::claim(args, &config()?, output))),
        Command::Fees(command) => block_on(until_interrupted(fees::run(command, &config()?, output))),
        Command::SetClaimer(args) => {
            block_on(until_interrupted(claim::set_claimer(args, &config()?, output)))
        }
        Command::Position(args) => block_on(stake::position(args, &config()?, output)),
        Command::Model(ModelCommand::Import(args)) => zk::import(args, output),
        Command::Model(command) => block_on(until_interrupted(model::run(command, &config()?, output))),
        Command::Jobs(command) => jobs::run(command, &config()?, output),
        Command::Tx(command) => tx::run(command, &config()?, output),
        Command::Receipt(command) => block_on(until_interrupted(receipt::run(cli, command, output))),
        Command::VerifyBatch(args) => block_on(until_interrupted(batch::run(cli, args, output))),
        Command::Genesis(command) => block_on(genesis::run(command, output)),
        Command::Vesting(command) => block_on(until_interrupted(vesting::run(command, output))),
        Command::Zk(command) => zk::run(command, config, output),
        // Handled by `main`: they own standard input and output and reports nothing.
        Command::EngineWorker | Command::ProofWorker => Ok(()),
    }
}
