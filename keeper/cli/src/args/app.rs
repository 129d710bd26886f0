//! Of `opg app`.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

#[derive(Clone, Debug, Args)]
pub(crate) struct AppArgs {
    /// Where the page is served; any other than this machine's own address lets others read the configured RPC.
    #[arg(long, default_value = "127.0.0.1:4173", value_name = "ADDRESS")]
    pub(crate) listen: SocketAddr,
    /// Folder of the built page; that of this binary where absent.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) app: Option<PathBuf>,
    /// RPC that the browser asks, which may differ from the keeper's; repeat it for fallbacks.
    #[arg(long, value_name = "URL")]
    pub(crate) rpc: Vec<String>,
    /// Folder with the genesis; the crank's where absent.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) genesis: Option<PathBuf>,
}
