//! Of `opg jobs`.

use alloy::primitives::B256;
use clap::Subcommand;

use super::{DryRun, parse::bytes32};

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
