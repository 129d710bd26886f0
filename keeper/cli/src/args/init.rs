//! Of `opg init`.

use std::path::PathBuf;

use alloy::primitives::Address;
use clap::Args;

use super::parse::{address, endpoint};

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// Folder to write opg.toml and keystore.json to.
    #[arg(long, default_value = ".", value_name = "FOLDER")]
    pub(crate) dir: PathBuf,
    /// URL of your node.
    #[arg(long, default_value = "http://127.0.0.1:8545", value_parser = endpoint)]
    pub(crate) rpc: String,
    /// Chain that the keeper works on: 8453 Base, 84532 Base Sepolia, 31337 devnet.
    #[arg(long, default_value_t = 8453, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) chain_id: u64,
    /// Account that holds the own stake and gets the fees; the new key's own account where absent.
    #[arg(long, value_parser = address)]
    pub(crate) operator: Option<Address>,
    /// Use this keystore instead of making one.
    #[arg(long, value_name = "FILE")]
    pub(crate) keystore: Option<PathBuf>,
    /// File with the password for the new keystore; else OPG_KEYSTORE_PASSWORD, else asked for.
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}
