//! Of `opg genesis`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{DryRun, parse::endpoint};

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
