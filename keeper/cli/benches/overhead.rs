//! What the keeper adds to the model's own time: from the moment it sees a request to the moment its answer is on its way
//! to the chain. Runs a devnet that mines at once, with the real keeper and the real embedding model, one request after
//! the other. In the same run it measures what one durable write and one question to the node cost here, so that the
//! figure can be read on any machine.
//!
//! `make bench` runs it; OPG_BENCH_REQUESTS sets the number of requests.

#![allow(clippy::print_stdout)] // The figures are for people.

use std::{
    error::Error,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use alloy::{
    primitives::{Address, B256, U256},
    sol_types::SolCall,
};
use opg_chain::{
    bindings::{IInferenceHub, Opg},
    journal::{self, Intent, IntentState, Journal, JournalConfig},
    rpc::{Rpc, RpcConfig},
    signer::PrivateKeySigner,
};
use opg_store::{
    Store,
    jobs::{self, Filter, Job},
};
use serde_json::Value;

/// The goal for the median without the model's time.
const GOAL_MS: f64 = 50.0;
/// The devnet's administrator, who also holds its OPG.
const DEPLOYER: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const MAX_FEE: u128 = 1_000_000_000_000_000_000;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    tokio::runtime::Runtime::new()?.block_on(run())
}

async fn run() -> Outcome<()> {
    let requests = std::env::var("OPG_BENCH_REQUESTS").map_or(Ok(100), |text| text.parse::<usize>())?;
    let devnet = Devnet::start()?;
    let user = User::new(&devnet).await?;
    user.prepare(&devnet).await?;
    devnet.end_turns()?;
    for number in 0..requests {
        user.ask(&devnet, number).await?;
        devnet.wait_for_answers(number + 1).await?;
    }
    let mut overheads = devnet.overheads()?;
    overheads.sort_by(f64::total_cmp);
    let (p50, p99) = (quantile(&overheads, 0.5), quantile(&overheads, 0.99));
    let commit = devnet.commit_ms()?;
    let question = user.question_ms().await?;
    println!("keeper overhead per request, event seen → transaction broadcast, without the model's time");
    println!("  requests {requests}  p50 {p50:.1} ms  p99 {p99:.1} ms");
    println!(
        "  in the same run: one durable commit {commit:.2} ms, one question to the node {question:.2} ms"
    );
    println!("  p50 / goal of {GOAL_MS} ms = {:.2}", p50 / GOAL_MS);
    println!("  p50 / (commit + question) = {:.1}", p50 / (commit + question));
    Ok(())
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).ceil() as usize).copied().unwrap_or(f64::NAN)
}

/// `opg devnet` as a process of its own.
struct Devnet {
    process: Child,
    url: String,
    folder: PathBuf,
    hub: Address,
    timelock: Address,
    opg: Address,
    version: B256,
    store: Store,
}

impl Devnet {
    fn start() -> Outcome<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut process = Command::new(env!("CARGO_BIN_EXE_opg"))
            .args(["--json", "devnet", "--block-time", "0", "--root"])
            .arg(&root)
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = process.stdout.take().ok_or("the devnet has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let ready: Value = serde_json::from_str(&line)
            .map_err(|error| format!("the devnet did not come up: {error}: {line}"))?;
        let field = |pointer: &str| {
            ready
                .pointer(pointer)
                .and_then(Value::as_str)
                .ok_or(format!("the devnet did not say its {pointer}"))
        };
        let folder = PathBuf::from(field("/folder")?);
        Ok(Self {
            url: field("/rpc")?.to_owned(),
            hub: field("/contracts/inferenceHub")?.parse()?,
            timelock: field("/contracts/timelock")?.parse()?,
            opg: field("/contracts/opg")?.parse()?,
            version: field("/models/embedding")?.parse()?,
            store: Store::open(&folder.join("opg.db"))?,
            folder,
            process,
        })
    }

    /// Ends the turns, in the name of the timelock, which governs: a chain that mines only on demand has no next block to draw
    /// them from.
    fn end_turns(&self) -> Outcome<()> {
        let (timelock, hub) = (self.timelock.to_string(), self.hub.to_string());
        self.cast(&["rpc", "anvil_impersonateAccount", &timelock])?;
        self.cast(&["rpc", "anvil_setBalance", &timelock, "0xde0b6b3a7640000"])?;
        self.cast(&[
            "send",
            "--unlocked",
            "--from",
            &timelock,
            &hub,
            "setTurnParameters(uint32,uint32)",
            "0",
            "0",
        ])
    }

    fn cast(&self, args: &[&str]) -> Outcome<()> {
        let cast = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../node_modules/.bin/cast");
        let output = Command::new(cast).args(args).args(["--rpc-url", &self.url]).output()?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into()) }
    }

    fn jobs(&self) -> Outcome<Vec<Job>> {
        Ok(self.store.read(|tx| jobs::list(tx, &Filter::default()))?)
    }

    async fn wait_for_answers(&self, count: usize) -> Outcome<()> {
        let patience = Instant::now();
        while self.jobs()?.iter().filter(|job| job.stages.mined.is_some()).count() < count {
            if patience.elapsed() > Duration::from_secs(60) {
                return Err(format!("request {count} was not answered: {:?}", self.jobs()?.last()).into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    fn overheads(&self) -> Outcome<Vec<f64>> {
        self.jobs()?
            .iter()
            .map(|job| {
                let broadcast = job.stages.broadcast.ok_or("a job was never broadcast")?;
                let answer =
                    self.store.read(|tx| jobs::stored_answer(tx, job.id))?.ok_or("a job has no answer")?;
                Ok((broadcast - job.stages.seen).saturating_sub(answer.model_ms) as f64)
            })
            .collect()
    }

    /// Milliseconds of one durable commit on the same disk.
    fn commit_ms(&self) -> Outcome<f64> {
        let store = Store::open(&self.folder.join("commit.db"))?;
        let intent = |number: usize| Intent {
            key: number.to_string(),
            purpose: "measure a commit".to_owned(),
            to: self.hub,
            calldata: Vec::new().into(),
            value: U256::ZERO,
            deadline: None,
            max_cost: None,
        };
        let started = Instant::now();
        for number in 0..50 {
            store.write(|tx| journal::enqueue(tx, self.hub, &intent(number), now()))?;
        }
        Ok(started.elapsed().as_secs_f64() * 1_000.0 / 50.0)
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        let ended = Command::new("kill").arg(self.process.id().to_string()).status();
        if ended.is_err() || self.process.wait().is_err() {
            eprintln!("the devnet, process {}, could not be ended", self.process.id());
        }
    }
}

/// Who asks.
struct User {
    store: Store,
    rpc: Arc<Rpc>,
    journal: Journal,
    address: Address,
}

impl User {
    async fn new(devnet: &Devnet) -> Outcome<Self> {
        let signer: PrivateKeySigner = DEPLOYER.parse()?;
        let rpc = Arc::new(Rpc::connect(RpcConfig::new(vec![devnet.url.parse()?], 31_337)).await?);
        let store = Store::in_memory()?;
        let mut config = JournalConfig::new(31_337);
        config.confirmations = 1;
        let address = signer.address();
        let journal = Journal::new(store.clone(), Arc::clone(&rpc) as _, Arc::new(signer), config)?;
        Ok(Self { store, rpc, journal, address })
    }

    /// Lets the hub take fees.
    async fn prepare(&self, devnet: &Devnet) -> Outcome<()> {
        self.send("approve", devnet.opg, &Opg::approveCall { spender: devnet.hub, value: U256::MAX }).await
    }

    async fn ask(&self, devnet: &Devnet, number: usize) -> Outcome<()> {
        let call = IInferenceHub::requestCall {
            modelVersion: devnet.version,
            input: format!("{{\"input\":\"sentence number {number}\"}}").into_bytes().into(),
            mode: 0,
            maxFee: MAX_FEE,
            callbackGas: 0,
            deadline: now() + 600,
        };
        self.send(&format!("ask-{number}"), devnet.hub, &call).await
    }

    async fn send(&self, key: &str, to: Address, call: &impl SolCall) -> Outcome<()> {
        let intent = Intent {
            key: key.to_owned(),
            purpose: key.to_owned(),
            to,
            calldata: call.abi_encode().into(),
            value: U256::ZERO,
            deadline: None,
            max_cost: None,
        };
        let id = self.store.write(|tx| journal::enqueue(tx, self.address, &intent, now()))?;
        loop {
            self.journal.tick().await?;
            match self.store.read(|tx| journal::outcome(tx, id))? {
                IntentState::Confirmed { success: true, .. } => return Ok(()),
                IntentState::Confirmed { .. } => return Err(format!("{key} reverted").into()),
                IntentState::Failed { reason } => return Err(format!("{key}: {reason}").into()),
                _ => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    /// Milliseconds of one question to the node.
    async fn question_ms(&self) -> Outcome<f64> {
        let started = Instant::now();
        for _ in 0..50 {
            self.rpc.balance(self.address).await?;
        }
        Ok(started.elapsed().as_secs_f64() * 1_000.0 / 50.0)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
