//! Of `opg receipt`.

use std::path::PathBuf;

use alloy::primitives::B256;
use clap::{Args, Subcommand};

use super::{ChainArgs, parse::bytes32};

#[derive(Debug, Subcommand)]
pub(crate) enum ReceiptCommand {
    /// Check the receipt of a fulfilled request from the chain alone, and its trace where there is one.
    Verify(VerifyReceiptArgs),
    /// Compute the answer of a fulfilled request again, and compare it bit by bit.
    Recompute(RecomputeArgs),
}

#[derive(Debug, Args)]
pub(crate) struct VerifyReceiptArgs {
    /// Request id.
    #[arg(value_parser = bytes32)]
    pub(crate) request_id: B256,
    #[command(flatten)]
    pub(crate) chain: ChainArgs,
    /// Trace of the answer, as its operator gives it out: that the receipt commits to it and that it was computed in
    /// the execution profile that the model version is registered with.
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RecomputeArgs {
    /// Request id.
    #[arg(value_parser = bytes32)]
    pub(crate) request_id: B256,
    #[command(flatten)]
    pub(crate) chain: ChainArgs,
    /// Weights of the model version; the files of the configured model where absent. Whatever they are called, they must
    /// be those that are registered.
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Tokenizer file, where the weights have none.
    #[arg(long, value_name = "FILE", requires = "weights")]
    pub(crate) tokenizer: Option<PathBuf>,
    /// Configuration file of the model, where the weights have none.
    #[arg(long, value_name = "FILE", requires = "weights")]
    pub(crate) model_config: Option<PathBuf>,
}
