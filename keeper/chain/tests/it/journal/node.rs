//! A real anvil under Base's rules, gone when dropped.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::Arc,
};

use alloy::{
    primitives::{Address, U64, U256},
    signers::local::PrivateKeySigner,
};
use opg_chain::{
    journal::{self, Intent, IntentId, IntentState, Journal, JournalConfig, Status, Transaction},
    rpc::{Rpc, RpcConfig},
};
use opg_store::{Store, StoreError};
use serde_json::{Value, json};

pub(super) const CHAIN_ID: u64 = 31337;

/// anvil as a child process.
#[derive(Debug)]
pub(super) struct Anvil {
    child: Child,
    pub(super) rpc: Rpc,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Anvil {
    pub(super) async fn spawn(arguments: &[&str]) -> Self {
        let mut child = Command::new(binary())
            .args(["--hardfork", "osaka", "--enable-tx-gas-limit", "--port", "0"])
            .args(arguments)
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
        let url = format!("http://{address}").parse().unwrap();
        let rpc = Rpc::connect(RpcConfig::new(vec![url], CHAIN_ID)).await.unwrap();
        Self { child, rpc }
    }

    pub(super) async fn ask(&self, method: &str, parameters: Value) -> Value {
        self.rpc.read(method, parameters).await.unwrap()
    }

    pub(super) async fn mine(&self, blocks: u64) {
        self.ask("anvil_mine", json!([U64::from(blocks)])).await;
    }

    pub(super) async fn fund(&self, account: Address, wei: U256) {
        self.ask("anvil_setBalance", json!([account, wei])).await;
    }
}

/// npm installs one binary per platform; the script in `.bin` would leave it running when killed.
fn binary() -> PathBuf {
    let packages = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../node_modules/@foundry-rs");
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "aarch64") => "anvil-linux-arm64",
        ("macos", "aarch64") => "anvil-darwin-arm64",
        ("macos", _) => "anvil-darwin-amd64",
        _ => "anvil-linux-amd64",
    };
    let binary = packages.join(platform).join("bin/anvil");
    assert!(binary.exists(), "{} is missing; run `npm ci` at the root of the repository", binary.display());
    binary
}

/// A journal on an anvil, with an account of its own.
#[derive(Debug)]
pub(super) struct Bench {
    pub(super) anvil: Anvil,
    pub(super) store: Store,
    pub(super) key: PrivateKeySigner,
    pub(super) journal: Arc<Journal>,
}

impl Bench {
    pub(super) async fn new(arguments: &[&str], config: JournalConfig) -> Self {
        let anvil = Anvil::spawn(arguments).await;
        let key = PrivateKeySigner::random();
        anvil.fund(key.address(), U256::from(10).pow(U256::from(18))).await;
        let store = Store::in_memory().unwrap();
        let (rpc, signer) = (Arc::new(anvil.rpc.clone()), Arc::new(key.clone()));
        let journal = Arc::new(Journal::new(store.clone(), rpc, signer, config).unwrap());
        Self { anvil, store, key, journal }
    }

    pub(super) fn enqueue(&self, key: &str) -> IntentId {
        self.enqueue_intent(&plain(key))
    }

    pub(super) fn enqueue_intent(&self, intent: &Intent) -> IntentId {
        self.db(|tx| journal::enqueue(tx, self.key.address(), intent, 0))
    }

    pub(super) fn state(&self, id: IntentId) -> IntentState {
        self.db(|tx| journal::outcome(tx, id))
    }

    pub(super) async fn tick(&self) -> Status {
        self.journal.tick().await.unwrap()
    }

    pub(super) async fn mine_and_tick(&self, blocks: u64) -> Status {
        self.anvil.mine(blocks).await;
        self.tick().await
    }

    pub(super) fn db<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>) -> T {
        self.store.write(work).unwrap()
    }
}

/// A call to an account without code, which succeeds.
pub(super) fn plain(key: &str) -> Intent {
    Intent {
        key: key.into(),
        purpose: "test".into(),
        to: Address::repeat_byte(0xaa),
        calldata: key.as_bytes().to_vec().into(),
        value: U256::ZERO,
        deadline: None,
        max_cost: None,
    }
}

/// Settings without waiting.
pub(super) fn config() -> JournalConfig {
    JournalConfig {
        confirmations: 1,
        finality: 6,
        resend_after: 0,
        recheck_after: 0,
        gap_patience: 0,
        revert_blocks: 2,
        ..JournalConfig::new(CHAIN_ID)
    }
}
