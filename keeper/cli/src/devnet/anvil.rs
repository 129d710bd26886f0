//! A local chain under Base's rules.

use std::{net::TcpListener, path::Path, process::Command, time::Duration};

use super::{process::Process, tools};
use crate::error::{CliError, CliResult, Code};

/// Chain id of anvil.
pub(crate) const CHAIN_ID: u64 = 31_337;

/// A running anvil.
#[derive(Debug)]
pub(crate) struct Anvil {
    pub(crate) process: Process,
    pub(crate) url: String,
}

/// Gas of a block. Base's blocks have room for more; anvil's own default is less than the deployment takes, and anvil then
/// loses transactions that did not fit into the first block.
const BLOCK_GAS: &str = "240000000";

impl Anvil {
    /// Starts anvil as Base is: Osaka, the gas cap of a transaction, blocks every `block_time` seconds (0: a block per
    /// transaction).
    pub(crate) async fn start(root: &Path, port: Option<u16>, block_time: u64) -> CliResult<Self> {
        let port = match port {
            Some(port) => port,
            None => free_port()?,
        };
        let mut command = Command::new(tools::find("anvil", root)?);
        command.args(["--hardfork", "osaka", "--enable-tx-gas-limit", "--gas-limit", BLOCK_GAS]);
        command.args(["--port", &port.to_string()]);
        if block_time > 0 {
            command.args(["--block-time", &block_time.to_string()]);
        }
        // anvil says so once it listens; a mere connect could reach another program on that port.
        let mut process = Process::spawn(&mut command, Some("Listening on"), None)
            .map_err(|error| fault(&error.to_string()))?;
        process.wait_for_mark(Duration::from_secs(30)).await.map_err(|reason| fault(&reason))?;
        Ok(Self { process, url: format!("http://127.0.0.1:{port}") })
    }
}

fn fault(reason: &str) -> CliError {
    CliError::new(
        Code::Devnet,
        "anvil",
        reason,
        "choose another --port, and check that `npm ci` was run in the repository",
    )
}

fn free_port() -> CliResult<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| CliError::new(Code::Devnet, "port", error, "name a free one with --port"))
}
