//! Of `opg zk setup`.

use std::path::PathBuf;

use alloy::primitives::Address;
use clap::{Args, Subcommand};

use super::{ActorArgs, parse::address};

#[derive(Debug, Subcommand)]
pub(crate) enum ZkSetupCommand {
    /// Make a key in one go, for development: whoever runs this could forge proofs.
    Dev(ZkSetupDevArgs),
    /// Begin a setup by several contributors on top of powers of tau.
    New(ZkSetupNewArgs),
    /// Add a secret of yours to a setup and forget it.
    Contribute(ZkSetupContributeArgs),
    /// Check every contribution and the key against the model.
    Verify(ZkSetupVerifyArgs),
    /// Check a setup and take the keys out of it.
    Finish(ZkSetupFinishArgs),
    /// As a contributor, check the finished setup and say on the chain that you stand for its key.
    Attest(ZkSetupAttestArgs),
}

/// Where the keys go.
#[derive(Clone, Debug, Args)]
pub(crate) struct ZkKeyFilesArgs {
    /// Where to write the proving key; must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// Where to write the verifying key, in the form that the chain keeps; must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) verifying_key: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ZkSetupDevArgs {
    /// Quantised model, from `opg model import`.
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Where the keys go.
    #[command(flatten)]
    pub(crate) files: ZkKeyFilesArgs,
}

/// What a setup stands on.
#[derive(Clone, Debug, Args)]
pub(crate) struct ZkSetupBasisArgs {
    /// Quantised model, from `opg model import`.
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Powers of tau of a public ceremony: a `.ptau` file. Check that ceremony with `snarkjs powersoftau verify`.
    #[arg(long, value_name = "FILE")]
    pub(crate) powers: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ZkSetupNewArgs {
    /// What the setup stands on.
    #[command(flatten)]
    pub(crate) basis: ZkSetupBasisArgs,
    /// Where to write the setup; must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ZkSetupContributeArgs {
    /// Setup as the contributor before you left it.
    pub(crate) setup: PathBuf,
    /// Account with which you will sign that you stand for the key.
    #[arg(long, value_parser = address)]
    pub(crate) contributor: Address,
    /// File whose bytes are mixed with the system's random numbers, such as typed noise or rolled dice.
    #[arg(long, value_name = "FILE")]
    pub(crate) entropy: Option<PathBuf>,
    /// Where to write the setup with your contribution; must not exist.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ZkSetupVerifyArgs {
    /// Setup to check.
    pub(crate) setup: PathBuf,
    /// What the setup stands on.
    #[command(flatten)]
    pub(crate) basis: ZkSetupBasisArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ZkSetupFinishArgs {
    /// Setup to take the keys out of.
    pub(crate) setup: PathBuf,
    /// What the setup stands on.
    #[command(flatten)]
    pub(crate) basis: ZkSetupBasisArgs,
    /// Where the keys go.
    #[command(flatten)]
    pub(crate) files: ZkKeyFilesArgs,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ZkSetupAttestArgs {
    /// The finished setup.
    pub(crate) setup: PathBuf,
    /// What the setup stands on.
    #[command(flatten)]
    pub(crate) basis: ZkSetupBasisArgs,
    /// Who contributed, signs and sends.
    #[command(flatten)]
    pub(crate) actor: ActorArgs,
}
