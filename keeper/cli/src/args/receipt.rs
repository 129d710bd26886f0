//! Of `opg receipt`.

use std::path::PathBuf;

use alloy::primitives::B256;
use clap::Subcommand;

use super::parse::{bytes32, endpoint};

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
