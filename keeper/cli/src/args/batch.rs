//! Of `opg verify-batch`.

use alloy::primitives::B256;
use clap::Args;

use super::{ChainArgs, parse::bytes32};
use crate::config::units::{Size, Span};

#[derive(Debug, Args)]
pub(crate) struct VerifyBatchArgs {
    /// Identifier of the batch.
    #[arg(value_parser = bytes32)]
    pub(crate) batch: B256,
    /// Where to get the data; the posted address where absent.
    #[arg(long)]
    pub(crate) uri: Option<String>,
    /// Most data to fetch. A receipt takes 481 bytes.
    #[arg(long, default_value = "64 MiB", value_parser = size)]
    pub(crate) max_size: Size,
    /// Longest time to fetch it.
    #[arg(long, default_value = "60s", value_parser = span)]
    pub(crate) timeout: Span,
    #[command(flatten)]
    pub(crate) chain: ChainArgs,
}

fn size(text: &str) -> Result<Size, String> {
    text.parse()
}

fn span(text: &str) -> Result<Span, String> {
    text.parse()
}
