//! Of `opg tx`.

use clap::Subcommand;

use super::DryRun;

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
