//! A real anvil under Base's rules, gone when dropped.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use alloy::{
    primitives::{Address, B256, Bytes, U64},
    sol_types::SolCall,
};
use opg_chain::rpc::{EndpointUrl, Rpc, RpcConfig};
use serde_json::{Value, json};

/// Folder of the repository.
pub(crate) fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// anvil on a free port, mining a block for each transaction.
#[derive(Debug)]
pub(crate) struct Anvil {
    child: Child,
    pub(crate) url: String,
    pub(crate) rpc: Rpc,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Anvil {
    pub(crate) async fn spawn() -> Self {
        let mut child = Command::new(binary())
            .args(["--hardfork", "osaka", "--enable-tx-gas-limit", "--port", "0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("anvil ended before it listened").unwrap();
            if let Some(address) = line.strip_prefix("Listening on ") {
                break address.to_owned();
            }
        };
        // anvil blocks once a pipe that nobody reads is full.
        std::thread::spawn(move || lines.for_each(drop));
        let url = format!("http://{address}");
        let endpoint: EndpointUrl = url.parse().unwrap();
        let rpc = Rpc::connect(RpcConfig::new(vec![endpoint], 31337)).await.unwrap();
        Self { child, url, rpc }
    }

    pub(crate) async fn ask(&self, method: &str, parameters: Value) -> Value {
        self.rpc.read(method, parameters).await.unwrap()
    }

    /// Calls a contract as one of anvil's own accounts and waits for the block.
    pub(crate) async fn send<C: SolCall>(&self, from: Address, to: Address, call: &C) {
        let data = Bytes::from(call.abi_encode());
        let transaction = json!([{ "from": from, "to": to, "data": data }]);
        let hash: B256 = self.rpc.read("eth_sendTransaction", transaction).await.unwrap();
        let receipt = loop {
            let receipt = self.ask("eth_getTransactionReceipt", json!([hash])).await;
            if !receipt.is_null() {
                break receipt;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        };
        assert_eq!(receipt["status"], "0x1", "{} reverted", C::SIGNATURE);
    }

    /// Lets time pass, in two blocks: turns depend on the hash of the block after a request.
    pub(crate) async fn pass(&self, seconds: u64) {
        self.ask("evm_increaseTime", json!([U64::from(seconds)])).await;
        self.ask("anvil_mine", json!(["0x2"])).await;
    }
}

/// npm installs one binary per platform; the script in `.bin` would leave it running when killed.
fn binary() -> PathBuf {
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "aarch64") => "anvil-linux-arm64",
        ("macos", "aarch64") => "anvil-darwin-arm64",
        ("macos", _) => "anvil-darwin-amd64",
        _ => "anvil-linux-amd64",
    };
    let binary = repository().join("node_modules/@foundry-rs").join(platform).join("bin/anvil");
    assert!(binary.exists(), "{} is missing; run `npm ci` at the root of the repository", binary.display());
    binary
}
