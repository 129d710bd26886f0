//! Of `opg proxy`.

use alloy::primitives::B256;
use clap::{Args, Subcommand};

use super::parse::bytes32;

#[derive(Debug, Args)]
pub(crate) struct ProxyArgs {
    /// What to show instead of serving.
    #[command(subcommand)]
    pub(crate) command: Option<ProxyCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProxyCommand {
    /// What was spent, by day, and the last payments with what came of them.
    Spend {
        /// Days to show.
        #[arg(long, default_value_t = 7)]
        days: u32,
        /// Payments to show.
        #[arg(long, default_value_t = 20)]
        payments: u32,
    },
    /// The receipt of a request, with its signature, as JSON.
    Receipt {
        /// Identifier of the request.
        #[arg(value_parser = bytes32)]
        request_id: B256,
    },
}
