//! Of `opg app`.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

use crate::{error::CliResult, web::Page};

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
    #[command(flatten)]
    pub(crate) page: PageArgs,
}

/// What the page offers besides the chain. The fields of its `config.json` with these names say the same.
#[derive(Clone, Debug, Args)]
pub(crate) struct PageArgs {
    /// Project id of WalletConnect: the page offers wallets on other devices.
    #[arg(long, value_name = "PROJECT_ID")]
    wallet_connect: Option<String>,
    /// Relay of WalletConnect instead of its public one.
    #[arg(long, value_name = "URL", requires = "wallet_connect")]
    wallet_connect_relay: Option<String>,
    /// Page within which this one acts for the Safe that it shows, such as `https://app.safe.global`; repeat it for more.
    #[arg(long, value_name = "ORIGIN")]
    safe: Vec<String>,
    /// File with the signed statements of delegates.
    #[arg(long, value_name = "FILE")]
    statements: Option<PathBuf>,
    /// Gateway of a node that the page asks for receipts and what it serves; repeat it for more.
    #[arg(long, value_name = "URL")]
    gateway: Vec<String>,
}

impl PageArgs {
    /// Checks them, and reads the statements.
    pub(crate) fn page(&self) -> CliResult<Page> {
        let wallet_connect = self.wallet_connect.as_deref();
        Page::new(
            wallet_connect,
            self.wallet_connect_relay.as_deref(),
            &self.safe,
            self.statements.as_deref(),
            &self.gateway,
        )
    }
}
