//! The command line as clap parses it: one module per command.

mod app;
mod batch;
mod chain;
mod devnet;
mod fees;
mod genesis;
mod init;
mod jobs;
mod model;
mod operator;
mod parse;
mod proxy;
mod receipt;
mod staking;
mod tx;
mod vesting;
mod zk;
mod zk_setup;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use self::{
    app::AppArgs,
    batch::VerifyBatchArgs,
    chain::ChainArgs,
    devnet::{DemoArgs, DevnetArgs},
    fees::{CollectArgs, FeesCommand},
    genesis::{DeploymentArgs, GenesisBuildArgs, GenesisCommand, GenesisVerifyArgs},
    init::InitArgs,
    jobs::JobsCommand,
    model::{ModelAddArgs, ModelCommand, ModelProofArgs, ModelUpstreamArgs},
    operator::{OperatorCommand, RegisterArgs},
    proxy::{ProxyArgs, ProxyCommand},
    receipt::{ReceiptCommand, RecomputeArgs, VerifyReceiptArgs},
    staking::{
        ActorArgs, CancelUnbondArgs, ClaimArgs, ClaimerArgs, DelegateArgs, PositionArgs, RedelegateArgs,
        StakeArgs, UnbondArgs, WithdrawArgs,
    },
    tx::TxCommand,
    vesting::{CalendarFormat, CalendarRows, VestingCommand, VestingScheduleArgs},
    zk::{ModelImportArgs, ZkCommand, ZkProveArgs, ZkVerifyArgs},
    zk_setup::{
        ZkKeyFilesArgs, ZkSetupAttestArgs, ZkSetupBasisArgs, ZkSetupCommand, ZkSetupContributeArgs,
        ZkSetupDevArgs, ZkSetupFinishArgs, ZkSetupNewArgs, ZkSetupVerifyArgs,
    },
};

/// The keeper of the OPG inference network: runs models for on-chain requests and is paid for verified answers.
///
/// Exit codes: 0 done, 1 failure, 2 usage, 3 configuration, 4 keys, 5 chain, 6 not found, 7 refused in this state,
/// 8 verification failed, 9 unhealthy, 10 timeout, 11 missing program, 130 interrupted.
#[derive(Debug, Parser)]
#[command(name = "opg", version, propagate_version = true)]
pub(crate) struct Cli {
    /// Configuration file.
    #[arg(long, global = true, env = "OPG_CONFIG", default_value = "opg.toml", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Print one JSON document instead of text; errors too, on standard error.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a commented configuration and an encrypted keystore. Never overwrites.
    Init(InitArgs),
    /// Run the keeper until SIGTERM. SIGHUP reloads the configuration.
    Run,
    /// Start a local chain with contracts, models, an operator and its keeper, and keep it running.
    Devnet(DevnetArgs),
    /// On a devnet, ask a contract's question and one of an account, and verify both answers.
    Demo(DemoArgs),
    /// Serve the web app for holders, stakers and voters, to a browser on this machine.
    App(AppArgs),
    /// Serve OpenAI's API to programs on this machine: picks nodes, pays them, and checks what they answer.
    Proxy(ProxyArgs),
    /// Show the state of the keeper, its queue, its money and the chain.
    Status,
    /// Check everything that the keeper needs and say how to mend what is wrong.
    Doctor,
    /// Your life as an operator, and what others are.
    #[command(subcommand)]
    Operator(OperatorCommand),
    /// Add to your own stake as an operator.
    Stake(StakeArgs),
    /// Back an operator with OPG; your votes stay yours.
    Delegate(DelegateArgs),
    /// Begin to take stake out.
    Unbond(UnbondArgs),
    /// Bond what is unbonding again.
    CancelUnbond(CancelUnbondArgs),
    /// Take out what has matured.
    Withdraw(WithdrawArgs),
    /// Move what has matured to another operator.
    Redelegate(RedelegateArgs),
    /// Take what stake and service earned, or stake it.
    Claim(ClaimArgs),
    /// What work brought in: where it is, and moving it by hand.
    #[command(subcommand)]
    Fees(FeesCommand),
    /// Let another account decide about your rewards, and nothing else.
    SetClaimer(ClaimerArgs),
    /// Show what an account has staked at an operator, and what is unbonding.
    Position(PositionArgs),
    /// Models that this keeper serves.
    #[command(subcommand)]
    Model(ModelCommand),
    /// Jobs of this keeper, one per request.
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// Transactions of this keeper.
    #[command(subcommand)]
    Tx(TxCommand),
    /// Receipts of anybody.
    #[command(subcommand)]
    Receipt(ReceiptCommand),
    /// Check a whole batch of receipts from the chain and the data that its operator serves.
    VerifyBatch(VerifyBatchArgs),
    /// Files that commit to who gets which part of the supply when.
    #[command(subcommand)]
    Genesis(GenesisCommand),
    /// What unlocks when.
    #[command(subcommand)]
    Vesting(VestingCommand),
    /// Proofs that a quantised model was run.
    #[command(subcommand)]
    Zk(ZkCommand),
    /// Run the model for a keeper that started this process.
    #[command(hide = true)]
    EngineWorker,
    /// Make one proof for a keeper that started this process.
    #[command(hide = true)]
    ProofWorker,
}

/// What a command that would send a transaction takes.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct DryRun {
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
