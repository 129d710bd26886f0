//! Of `opg zk` and `opg model import`.

use std::path::PathBuf;

use alloy::primitives::{Address, B256};
use clap::{Args, Subcommand};

use super::{
    parse::{address, bytes32},
    zk_setup::ZkSetupCommand,
};

#[derive(Debug, Subcommand)]
pub(crate) enum ZkCommand {
    /// Run a quantised model and prove what it puts out.
    Prove(ZkProveArgs),
    /// Check a file of proofs against a verifying key.
    Verify(ZkVerifyArgs),
    /// Make the keys of a model.
    #[command(subcommand)]
    Setup(ZkSetupCommand),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ModelImportArgs {
    /// ONNX file.
    pub(crate) onnx: PathBuf,
    /// Sample inputs to calibrate with: an IDX file of unsigned bytes.
    #[arg(long, value_name = "FILE")]
    pub(crate) calibrate: PathBuf,
    /// Classes of the samples, to state the accuracy: an IDX file.
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// Measure on these inputs instead of those of the calibration; the labels are theirs then.
    #[arg(long, value_name = "FILE")]
    pub(crate) test: Option<PathBuf>,
    /// What the model expects for an input byte: the byte times this, plus the offset.
    #[arg(long, default_value_t = 1.0 / 255.0)]
    pub(crate) scale: f32,
    /// What is added to the scaled byte.
    #[arg(long, default_value_t = 0.0, allow_negative_numbers = true)]
    pub(crate) offset: f32,
    /// Let the model put out the class alone.
    #[arg(long)]
    pub(crate) classify: bool,
    /// Where to write the quantised model; must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ZkProveArgs {
    /// Quantised model, from `opg model import`.
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Proving key of the model.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Inputs: the bytes of one, or an IDX file where samples are named.
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Which samples of an IDX file, from 0; several make a batch.
    #[arg(long, value_delimiter = ',')]
    pub(crate) samples: Vec<usize>,
    /// What the proof is to be good for.
    #[command(flatten)]
    pub(crate) statement: StatementArgs,
    /// Where to write the proofs, as JSON; must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// What a proof is bound to. Zeros serve for trying things out.
#[derive(Clone, Debug, Args)]
pub(crate) struct StatementArgs {
    /// Chain on which the proof is to be accepted.
    #[arg(long, default_value_t = 0)]
    pub(crate) chain_id: u64,
    /// Contract that is to accept it.
    #[arg(long, value_parser = address, default_value_t = Address::ZERO)]
    pub(crate) contract: Address,
    /// Version of the model in the registry.
    #[arg(long, value_parser = bytes32, default_value_t = B256::ZERO)]
    pub(crate) version_id: B256,
    /// Request that is answered.
    #[arg(long, value_parser = bytes32, default_value_t = B256::ZERO)]
    pub(crate) request: B256,
    /// Operator who is paid.
    #[arg(long, value_parser = address, default_value_t = Address::ZERO)]
    pub(crate) operator: Address,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ZkVerifyArgs {
    /// File of proofs, from `opg zk prove`.
    pub(crate) proofs: PathBuf,
    /// Verifying key, in the form that the chain keeps.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
}
