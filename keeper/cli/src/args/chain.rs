//! Which chain and deployment a command reads that needs no keeper.

use std::path::PathBuf;

use clap::Args;

use super::parse::endpoint;

/// A deployment. With both given no configuration is read: anybody can verify.
#[derive(Clone, Debug, Args)]
pub(crate) struct ChainArgs {
    /// URL of a node; the configured one where absent.
    #[arg(long, value_parser = endpoint)]
    pub(crate) rpc: Option<String>,
    /// Address book of the deployment; the configured one where absent.
    #[arg(long, value_name = "FILE")]
    pub(crate) address_book: Option<PathBuf>,
}
