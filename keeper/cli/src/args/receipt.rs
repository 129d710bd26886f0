//! Of `opg receipt`.

use std::path::PathBuf;

use alloy::primitives::B256;
use clap::Subcommand;

use super::parse::{bytes32, endpoint};

#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptCommand {
    /// Check the receipt of a fulfilled request from the chain alone, and its trace where there is one.
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
        /// Trace of the answer, as its operator gives it out: that the receipt commits to it and that it was computed in
        /// the execution profile that the model version is registered with.
        #[arg(long, value_name = "FILE")]
        trace: Option<PathBuf>,
    },
}
