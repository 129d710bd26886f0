//! Of `opg devnet` and `opg demo`.

use std::path::PathBuf;

use clap::Args;

use super::app::PageArgs;
use crate::config::units::Span;

#[derive(Clone, Debug, Args)]
pub(crate) struct DevnetArgs {
    /// Port of the chain's RPC; a free one where absent.
    #[arg(long)]
    pub(crate) port: Option<u16>,
    /// Root of the repository: contracts, script/Deploy.s.sol, node_modules.
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    pub(crate) root: PathBuf,
    /// Folder with the demo models; .cache/models of the root where absent.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) models: Option<PathBuf>,
    /// Seconds between blocks; 0 mines each transaction at once.
    #[arg(long, default_value_t = 2)]
    pub(crate) block_time: u64,
    /// Leave it to you to start the keeper.
    #[arg(long)]
    pub(crate) no_keeper: bool,
    #[command(flatten)]
    pub(crate) page: PageArgs,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    #[command(flatten)]
    pub(crate) devnet: DevnetArgs,
    /// Question that the example contract asks.
    #[arg(long, default_value = "What is the capital of France? Answer in one sentence.")]
    pub(crate) question: String,
    /// Text to embed.
    #[arg(long, default_value = "A contract asked a model, and the chain checked the answer.")]
    pub(crate) text: String,
    /// Longest wait for each answer.
    #[arg(long, default_value = "180s")]
    pub(crate) timeout: Span,
}
