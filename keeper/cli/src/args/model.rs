//! Of `opg model`.

use std::path::PathBuf;

use alloy::primitives::B256;
use clap::{Args, Subcommand};

use super::{DryRun, ModelImportArgs, parse::bytes32};

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Register a model version on-chain, from its files, and add it to the configuration.
    Add(Box<ModelAddArgs>),
    /// Quantise an ONNX model so that its answers can be proved.
    Import(Box<ModelImportArgs>),
    /// List the configured models with what the registry says of them.
    List,
    /// Compare the files of the configured models with the digests in the registry.
    Verify {
        /// Name of one model; all of them where absent.
        name: Option<String>,
    },
}

/// The keys of a model whose answers are proved, from `opg zk setup`.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ModelProofArgs {
    /// Proving key; this keeper then answers requests that ask for a proof.
    #[arg(long, value_name = "FILE", requires = "verifying_key")]
    pub(crate) proving_key: Option<PathBuf>,
    /// Verifying key. It is registered, and the version offers proofs.
    #[arg(long, value_name = "FILE")]
    pub(crate) verifying_key: Option<PathBuf>,
    /// Transcript that `opg zk setup finish` printed; without it the key counts as one for development.
    #[arg(long, value_name = "HASH", requires = "verifying_key", value_parser = bytes32)]
    pub(crate) transcript: Option<B256>,
}

/// A server that answers for a model which this keeper does not compute.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ModelUpstreamArgs {
    /// Address of a server with OpenAI's API that answers, like http://127.0.0.1:8000/v1. The version is registered as forwarded:
    /// nobody can check its answers. `--weights` then names the weights or a text that says what they are.
    #[arg(long, value_name = "URL", requires = "upstream_model", conflicts_with_all = ["tokenizer", "model_config", "proving_key", "verifying_key"])]
    pub(crate) upstream: Option<String>,
    /// The server's name for the model.
    #[arg(long, value_name = "NAME", requires = "upstream")]
    pub(crate) upstream_model: Option<String>,
    /// File with the server's key.
    #[arg(long, value_name = "FILE", requires = "upstream")]
    pub(crate) api_key_file: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ModelAddArgs {
    /// Name of the model, unique per owner.
    pub(crate) name: String,
    /// Encoding of input and output.
    #[arg(long, value_parser = ["chat/1", "embedding/1", "tensor/1"])]
    pub(crate) task: String,
    /// Weights file: GGUF for chat, safetensors for embeddings, the file of `opg model import` for tensors.
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: PathBuf,
    /// Tokenizer file, where the weights have none.
    #[arg(long, value_name = "FILE")]
    pub(crate) tokenizer: Option<PathBuf>,
    /// Configuration file of the model, where the weights have none.
    #[arg(long, value_name = "FILE")]
    pub(crate) model_config: Option<PathBuf>,
    /// What its answers are proved with.
    #[command(flatten)]
    pub(crate) proof: ModelProofArgs,
    /// The server that answers for it.
    #[command(flatten)]
    pub(crate) upstream: ModelUpstreamArgs,
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
