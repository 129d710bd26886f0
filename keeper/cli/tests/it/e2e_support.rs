//! A devnet for the end-to-end tests: `opg devnet` as a process, watched from outside.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use alloy::primitives::{Address, B256, U256, hex};
use opg_chain::{
    address_book::AddressBook,
    bindings::IInferenceHub,
    rpc::{Rpc, RpcConfig},
};
use opg_store::{Store, jobs, jobs::Job, journal, journal::IntentState};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;

use crate::support::opg;

/// Key of anvil's first account, which deploys and holds the supply of OPG.
const DEPLOYER: &str = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// How cast sends: with more gas than anything takes, since an estimate may be too low a second later.
const SEND: [&str; 5] = ["--private-key", DEPLOYER, "--gas-limit", "12000000", "--json"];
/// The account of that key.
pub(crate) const DEPLOYER_ADDRESS: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
/// 1 OPG.
pub(crate) const MAX_FEE: u128 = 1_000_000_000_000_000_000;

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A process in a group of its own, killed with everything that it started when dropped.
pub(crate) struct Group(pub(crate) Child);

impl Group {
    pub(crate) fn spawn(command: &mut Command) -> Self {
        Self(command.process_group(0).spawn().unwrap())
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.0)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let _ = kill_process(self.pid(), signal);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // The devnet ends its children itself; it must get the chance.
        self.signal(Signal::TERM);
        let deadline = Instant::now() + Duration::from_secs(30);
        while matches!(self.0.try_wait(), Ok(None)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = kill_process_group(self.pid(), Signal::KILL);
        let _ = self.0.wait();
    }
}

/// Processes that the process `pid` started.
pub(crate) fn children_of(pid: u32) -> Vec<u32> {
    let mut children = Vec::new();
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().flatten() {
        let list = std::fs::read_to_string(task.path().join("children")).unwrap_or_default();
        children.extend(list.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
    }
    children
}

/// A devnet whose keeper the test starts and kills.
pub(crate) struct Devnet {
    pub(crate) ready: Value,
    pub(crate) rpc: Rpc,
    pub(crate) book: AddressBook,
    pub(crate) url: String,
    runtime: tokio::runtime::Runtime,
    store: Option<Store>,
    _process: Group,
}

impl Devnet {
    pub(crate) fn start() -> Self {
        let root = root();
        let mut command = opg(&root);
        command.args(["--json", "devnet", "--no-keeper", "--block-time", "1"]).stdout(Stdio::piped());
        let mut process = Group::spawn(&mut command);
        let mut line = String::new();
        BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let url = ready["rpc"].as_str().unwrap().to_owned();
        let config = RpcConfig::new(vec![url.parse().unwrap()], 31_337);
        let rpc = runtime.block_on(Rpc::connect(config)).unwrap();
        let book = AddressBook::read(Path::new(ready["addressBook"].as_str().unwrap()), 31_337).unwrap();
        let devnet = Self { ready, rpc, book, url, runtime, store: None, _process: process };
        devnet.cast(&[
            "send",
            &devnet.book.opg.to_string(),
            "approve(address,uint256)",
            &devnet.book.inference_hub.to_string(),
            &(MAX_FEE * 1_000).to_string(),
        ]);
        devnet
    }

    pub(crate) fn config(&self) -> &str {
        self.ready["config"].as_str().unwrap()
    }

    /// Runs cast with the deployer's key.
    pub(crate) fn cast(&self, args: &[&str]) -> String {
        let output = Command::new(root().join("node_modules/.bin/cast"))
            .args(args)
            .args(["--rpc-url", &self.url])
            .args(if args[0] == "send" { &SEND[..] } else { &[] })
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Asks directly at the hub and returns the request id.
    pub(crate) fn ask(&self, model: &str, input: &Value) -> B256 {
        let head = self.block_on(self.rpc.head());
        let output = self.cast(&[
            "send",
            &self.book.inference_hub.to_string(),
            "request(bytes32,bytes,uint8,uint128,uint32,uint64)",
            self.ready["models"][model].as_str().unwrap(),
            &hex::encode_prefixed(input.to_string()),
            "0",
            &MAX_FEE.to_string(),
            "0",
            &(head.timestamp + 600).to_string(),
        ]);
        self.request_in(&output)
    }

    /// The request that a transaction of cast made.
    pub(crate) fn request_in(&self, output: &str) -> B256 {
        let receipt: Value = serde_json::from_str(output).unwrap();
        let logs = receipt["logs"].as_array().unwrap();
        let hub = self.book.inference_hub.to_string().to_lowercase();
        let log = logs.iter().find(|log| log["address"].as_str().unwrap().to_lowercase() == hub).unwrap();
        log["topics"][1].as_str().unwrap().parse().unwrap()
    }

    pub(crate) fn block_on<T, E: std::fmt::Debug>(&self, future: impl Future<Output = Result<T, E>>) -> T {
        self.runtime.block_on(future).unwrap()
    }

    /// Starts the keeper with overrides from the environment and waits until it takes jobs.
    pub(crate) fn keeper(&mut self, environment: &[(&str, &str)]) -> Group {
        let mut command = opg(&root());
        command.args(["--config", self.config(), "run"]).envs(environment.iter().copied());
        let log = std::fs::File::create(self.log_path()).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        let keeper = Group::spawn(&mut command);
        self.until_logged("opg is ready");
        if self.store.is_none() {
            self.store = Some(Store::open(&Path::new(self.config()).with_file_name("opg.db")).unwrap());
        }
        keeper
    }

    fn log_path(&self) -> PathBuf {
        Path::new(self.config()).with_file_name("test-keeper.log")
    }

    /// What the keeper wrote since its start.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap()
    }

    /// Waits until the keeper has written `text`.
    #[track_caller]
    pub(crate) fn until_logged(&self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(90);
        while !self.log().contains(text) {
            assert!(Instant::now() < deadline, "{text:?} is missing in:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn job(&self, request: B256) -> Option<Job> {
        let store = self.store.as_ref().unwrap();
        store.read(|tx| jobs::by_request(tx, request)).unwrap()
    }

    /// The newest job that has not ended, with the state of its transaction.
    pub(crate) fn live_job(&self) -> Option<(Job, Option<IntentState>)> {
        let filter = jobs::Filter { limit: Some(1), ..jobs::Filter::default() };
        let store = self.store.as_ref().unwrap();
        store
            .read(|tx| {
                let Some(job) = jobs::list(tx, &filter)?.pop().filter(|job| job.state.is_live()) else {
                    return Ok(None);
                };
                let intent = job.intent.map(|id| journal::outcome(tx, id)).transpose()?;
                Ok::<_, opg_store::StoreError>(Some((job, intent)))
            })
            .unwrap()
    }

    /// State of the transaction that carries the answer of `request`.
    pub(crate) fn transaction(&self, request: B256) -> Option<IntentState> {
        let intent = self.job(request)?.intent?;
        let store = self.store.as_ref().unwrap();
        Some(store.read(|tx| journal::outcome(tx, intent)).unwrap())
    }

    /// Polls until `condition` holds.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, request: B256, condition: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(90);
        while !condition(self) {
            assert!(
                Instant::now() < deadline,
                "never {what}: {:?}, {:?}\n{}",
                self.job(request),
                self.transaction(request),
                self.log()
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// How often the hub accepted an answer to `request`, and the fees of the answers.
    pub(crate) fn fulfilments(&self, request: B256) -> Vec<u128> {
        use alloy::{rpc::types::Filter, sol_types::SolEvent as _};
        let filter = Filter::new()
            .address(self.book.inference_hub)
            .event_signature(IInferenceHub::InferenceFulfilled::SIGNATURE_HASH)
            .topic1(request)
            .from_block(0);
        self.block_on(self.rpc.logs(&filter))
            .iter()
            .map(|log| IInferenceHub::InferenceFulfilled::decode_log(&log.inner).unwrap().data.fulfilment.fee)
            .collect()
    }

    /// Fees of the operator that wait at the hub, for all models.
    pub(crate) fn credit(&self) -> U256 {
        let operator: Address = self.ready["operator"].as_str().unwrap().parse().unwrap();
        let versions = self.ready["models"].as_object().unwrap().values();
        let fees = |version: &Value| {
            let version: B256 = version.as_str().unwrap().parse().unwrap();
            let call = IInferenceHub::feesOfCall { operator, modelVersion: version };
            self.block_on(self.rpc.view(self.book.inference_hub, &call))
        };
        versions.map(fees).sum()
    }
}
