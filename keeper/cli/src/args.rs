//! The command line as clap parses it.

use std::path::PathBuf;

use alloy::primitives::{Address, B256};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::config::units::{Checksummed, Endpoints, Span};

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
    /// Show the state of the keeper, its queue, its money and the chain.
    Status,
    /// Check everything that the keeper needs and say how to mend what is wrong.
    Doctor,
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
    /// Files that commit to who gets which part of the supply when.
    #[command(subcommand)]
    Genesis(GenesisCommand),
    /// What unlocks when.
    #[command(subcommand)]
    Vesting(VestingCommand),
    /// Run the model for a keeper that started this process.
    #[command(hide = true)]
    EngineWorker,
}

/// What a command that would send a transaction takes.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct DryRun {
    /// Say what would be done, and do nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Folder to write opg.toml and keystore.json to.
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    pub(crate) dir: PathBuf,
    /// URL of your node.
    #[arg(long, default_value = "http://127.0.0.1:8545", value_parser = endpoint)]
    pub(crate) rpc: String,
    /// Chain that the keeper works on: 8453 Base, 84532 Base Sepolia, 31337 devnet.
    #[arg(long, default_value_t = 8453, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) chain_id: u64,
    /// Account that holds the bond and gets the fees; the new key's own account where absent.
    #[arg(long, value_parser = address)]
    pub(crate) operator: Option<Address>,
    /// Use this keystore instead of making one.
    #[arg(long, value_name = "FILE")]
    pub(crate) keystore: Option<PathBuf>,
    /// File with the password for the new keystore; else OPG_KEYSTORE_PASSWORD, else asked for.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DevnetArgs {
    /// Port of the chain's RPC; a free one where absent.
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Root of the repository: contracts, script/Deploy.s.sol, node_modules.
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    pub(crate) root: PathBuf,
    /// Folder with the demo models; .cache/models of the root where absent.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) models: Option<PathBuf>,
    /// Seconds between blocks; 0 mines each transaction at once.
    #[arg(long, default_value_t = 2)]
    pub(crate) block_time: u64,
    /// Leave it to you to start the keeper.
    #[arg(long)]
    pub(crate) no_keeper: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) devnet: DevnetArgs,
    /// Question that the example contract asks.
    #[arg(long, default_value = "What is the capital of France? Answer in one sentence.")]
    pub(crate) question: String,
    /// Text to embed.
    #[arg(long, default_value = "A contract asked a model, and the chain checked the answer.")]
    pub(crate) text: String,
    /// Longest wait for each answer.
    #[arg(long, default_value = "180s")]
    pub(crate) timeout: Span,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Register a model version on-chain, from its files, and add it to the configuration.
    Add(Box<ModelAddArgs>),
    /// List the configured models with what the registry says of them.
    List,
    /// Compare the files of the configured models with the digests in the registry.
    Verify {
        /// Name of one model; all of them where absent.
        name: Option<String>,
    },
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ModelAddArgs {
    /// Name of the model, unique per owner.
    pub(crate) name: String,
    /// Encoding of input and output.
    #[arg(long, value_parser = ["chat/1", "embedding/1"])]
    pub(crate) task: String,
    /// Weights file: GGUF for chat, safetensors for embeddings.
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: PathBuf,
    /// Tokenizer file, where the weights have none.
    #[arg(long, value_name = "FILE")]
    pub(crate) tokenizer: Option<PathBuf>,
    /// Configuration file of the model, where the weights have none.
    #[arg(long, value_name = "FILE")]
    pub(crate) model_config: Option<PathBuf>,
    /// Compute units charged for a request, whatever its length.
    #[arg(long, default_value_t = 100)]
    pub(crate) units_per_request: u64,
    /// Compute units charged per input token.
    #[arg(long, default_value_t = 1)]
    pub(crate) units_per_input_token: u64,
    /// Compute units charged per output token.
    #[arg(long, default_value_t = 4)]
    pub(crate) units_per_output_token: u64,
    /// Share of each fee that goes to you as the owner of the model, in hundredths of a percent.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=5_000))]
    pub(crate) royalty_bps: u16,
    /// SPDX licence expression of the weights.
    #[arg(long)]
    pub(crate) licence: String,
    /// Where the files can be fetched.
    #[arg(long, default_value = "")]
    pub(crate) uri: String,
    /// Only add this version, which is already registered, to the configuration.
    #[arg(long, value_name = "VERSION", value_parser = bytes32)]
    pub(crate) registered: Option<B256>,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// List jobs, newest first.
    List {
        /// Only jobs in this state.
        #[arg(long)]
        state: Option<String>,
        /// Most jobs to list.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show one job completely.
    Show {
        /// Request id.
        #[arg(value_parser = bytes32)]
        id: B256,
    },
    /// Try a failed job again.
    Retry {
        /// Request id.
        #[arg(value_parser = bytes32)]
        id: B256,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Give a job up.
    Cancel {
        /// Request id.
        #[arg(value_parser = bytes32)]
        id: B256,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TxCommand {
    /// List transactions that have not ended, newest first.
    List {
        /// Ended ones too.
        #[arg(long)]
        all: bool,
        /// Most transactions to list.
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Show one transaction with every hash it had.
    Show {
        /// Number of the transaction, as `opg tx list` shows it.
        id: u64,
    },
    /// Replace a pending transaction at a higher fee now.
    Bump {
        /// Number of the transaction.
        id: u64,
        #[command(flatten)]
        dry_run: DryRun,
    },
    /// Give a transaction up: replaced by an empty one where it was already sent.
    Cancel {
        /// Number of the transaction.
        id: u64,
        #[command(flatten)]
        dry_run: DryRun,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptCommand {
    /// Check the receipt of a fulfilled request from the chain alone.
    Verify {
        /// Request id.
        #[arg(value_parser = bytes32)]
        request_id: B256,
        /// URL of a node; the configured one where absent.
        #[arg(long, value_parser = endpoint)]
        rpc: Option<String>,
        /// Address book of the deployment; the configured one where absent.
        #[arg(long, value_name = "FILE")]
        address_book: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum GenesisCommand {
    /// Build tables, Merkle trees, proofs and manifest from an allocation and its beneficiaries.
    Build(GenesisBuildArgs),
    /// Derive a published genesis again and compare every byte of it.
    Verify(GenesisVerifyArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct GenesisBuildArgs {
    /// Shares of the supply and when they vest.
    #[arg(long, value_name = "FILE")]
    pub(crate) allocation: PathBuf,
    /// Folder with a table of beneficiaries for each category: <category>.csv.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) beneficiaries: PathBuf,
    /// Time of the token generation event, in Unix seconds or RFC 3339; that of the allocation where absent.
    #[arg(long, value_name = "TIME", value_parser = opg_vesting::allocation::parse_time)]
    pub(crate) tge: Option<u64>,
    /// Folder to build. Another genesis in it is not overwritten.
    #[arg(long, value_name = "FOLDER", required_unless_present = "dry_run")]
    pub(crate) out: Option<PathBuf>,
    /// Replace another genesis in that folder.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct GenesisVerifyArgs {
    /// Folder with the genesis.
    pub(crate) folder: PathBuf,
    /// Derive it from this allocation instead of its own tables.
    #[arg(long, value_name = "FILE", requires = "beneficiaries")]
    pub(crate) allocation: Option<PathBuf>,
    /// Derive it from the tables in this folder instead of its own.
    #[arg(long, value_name = "FOLDER", requires = "allocation")]
    pub(crate) beneficiaries: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) deployment: DeploymentArgs,
}

/// A deployment to read, if wanted.
#[derive(Clone, Debug, Args)]
pub(crate) struct DeploymentArgs {
    /// URL of a node: look at the deployed contracts too.
    #[arg(long, value_parser = endpoint, requires = "address_book")]
    pub(crate) rpc: Option<String>,
    /// Address book of the deployment.
    #[arg(long, value_name = "FILE", requires = "rpc")]
    pub(crate) address_book: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum VestingCommand {
    /// Print the unlock calendar of a genesis and draw its supply curve.
    Schedule(VestingScheduleArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct VestingScheduleArgs {
    /// Folder with the genesis.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) genesis: PathBuf,
    /// How to print the calendar; --json is short for json.
    #[arg(long, value_enum, default_value_t = CalendarFormat::Table)]
    pub(crate) format: CalendarFormat,
    /// One row per category or per schedule.
    #[arg(long, value_enum, default_value_t = CalendarRows::Category)]
    pub(crate) by: CalendarRows,
    /// Draw the supply curve into this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) deployment: DeploymentArgs,
}

/// How the calendar is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CalendarFormat {
    Table,
    Csv,
    Json,
}

/// What a row of the calendar is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CalendarRows {
    Category,
    Beneficiary,
}

fn bytes32(text: &str) -> Result<B256, String> {
    text.parse().map_err(|_| "not an id; write 0x and 64 hexadecimal digits".to_owned())
}

fn address(text: &str) -> Result<Address, String> {
    text.parse::<Checksummed>().map(|address| address.0)
}

fn endpoint(text: &str) -> Result<String, String> {
    text.parse::<Endpoints>().map(|_| text.to_owned())
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
