//! Requests per second of the gateway with a model that does nothing, beside a bare server on the same HTTP stack that
//! reads the same request and writes the same answer without receipt. One run, so that the ratio can be read on any
//! machine. Receipts are signed and durable (a real file, each commit flushed) before an answer leaves.
//!
//! `make bench-gateway` runs it. OPG_BENCH_REQUESTS and OPG_BENCH_CLIENTS set its size; OPG_BENCH_RECEIPTS stores that many
//! receipts first and measures what the growth of the table costs.

#![allow(clippy::print_stdout)] // The figures are for people.

use std::{
    convert::Infallible,
    error::Error,
    net::SocketAddr,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::{
    primitives::{Address, B256, Bytes, Signature, U256, keccak256},
    signers::local::PrivateKeySigner,
};
use async_trait::async_trait;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use opg_chain::{bindings::ModelSpec, channels::ChannelState, rpc_trait::Head};
use opg_engine::{
    Capacity, Completion, Engine, EngineError, FinishReason, Input, Limits, ModelManifest, Output, Task,
    Timings, Trace, Usage,
};
use opg_gateway::{Gateway, GatewayConfig, GatewayLedger, Parts, ServedModel};
use opg_node::{LedgerError, SystemClock};
use opg_receipts::{InferenceReceipt, SignedReceipt};
use opg_store::{Store, StoreError, http};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const BODY: &str =
    r#"{"model":"noop","messages":[{"role":"user","content":"What is the capital of France?"}]}"#;

fn setting(name: &str, default: usize) -> Outcome<usize> {
    Ok(std::env::var(name).map_or(Ok(default), |text| text.parse())?)
}

fn main() -> Outcome<()> {
    tokio::runtime::Runtime::new()?.block_on(run())
}

async fn run() -> Outcome<()> {
    let requests = setting("OPG_BENCH_REQUESTS", 20_000)?;
    let clients = setting("OPG_BENCH_CLIENTS", 64)?;
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("opg.db"))?;
    let bare = load(bare().await?, requests, clients).await?;
    let gateway = start(store.clone(), clients).await?;
    let signed = load(gateway, requests, clients).await?;
    println!("{requests} requests by {clients} clients, a model that does nothing");
    println!("  bare server         {bare}");
    println!("  signed and durable  {signed}");
    println!("  ratio               {:.2}", signed.per_second / bare.per_second);
    let stored = setting("OPG_BENCH_RECEIPTS", 0)?;
    if stored > 0 {
        let since = Instant::now();
        fill(&store, stored)?;
        println!("{stored} receipts stored in {:.0} s", since.elapsed().as_secs_f64());
        let grown = load(gateway, requests, clients).await?;
        println!("  with them           {grown}");
        println!("  ratio to before     {:.2}", grown.per_second / signed.per_second);
    }
    Ok(())
}

/// What a load came to.
struct Figures {
    per_second: f64,
    p50: Duration,
    p99: Duration,
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = |duration: Duration| duration.as_secs_f64() * 1e3;
        let Self { per_second, p50, p99 } = self;
        write!(f, "{per_second:.0} requests/s, p50 {:.1} ms, p99 {:.1} ms", millis(*p50), millis(*p99))
    }
}

/// Sends `requests` over `clients` connections, each waiting for its answer.
async fn load(address: SocketAddr, requests: usize, clients: usize) -> Outcome<Figures> {
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n";
    let request: Arc<str> = format!("{head}content-length: {}\r\n\r\n{BODY}", BODY.len()).into();
    let since = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let request = Arc::clone(&request);
            tokio::spawn(async move { one_client(address, &request, requests / clients).await })
        })
        .collect();
    let mut times = Vec::with_capacity(requests);
    for task in tasks {
        times.extend(task.await??);
    }
    let elapsed = since.elapsed();
    times.sort_unstable();
    let quantile = |share: f64| {
        let last = times.len().saturating_sub(1);
        times.get((last as f64 * share) as usize).copied().unwrap_or_default()
    };
    Ok(Figures {
        per_second: times.len() as f64 / elapsed.as_secs_f64(),
        p50: quantile(0.5),
        p99: quantile(0.99),
    })
}

async fn one_client(address: SocketAddr, request: &str, count: usize) -> Outcome<Vec<Duration>> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut times = Vec::with_capacity(count);
    let mut answer = Vec::with_capacity(8_192);
    for _ in 0..count {
        let since = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        answer.clear();
        while !is_whole(&answer)? {
            if stream.read_buf(&mut answer).await? == 0 {
                return Err("the server closed a connection".into());
            }
        }
        times.push(since.elapsed());
    }
    Ok(times)
}

fn is_whole(answer: &[u8]) -> Outcome<bool> {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return Ok(false) };
    let head = std::str::from_utf8(&answer[..end])?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(format!("not an answer: {}", String::from_utf8_lossy(answer)).into());
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned))
        .ok_or("an answer without length")?;
    Ok(answer.len() >= end + 4 + length.trim().parse::<usize>()?)
}

/// A server that reads the request, runs the model, and writes the answer.
async fn bare() -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(plain)));
        }
    });
    Ok(address)
}

async fn plain(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let fields: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = serde_json::json!({
        "id": "chatcmpl-0", "object": "chat.completion", "created": 0, "model": fields["model"],
        "choices": [{ "finish_reason": "stop", "index": 0, "message": { "content": "Paris.", "role": "assistant" } }],
        "usage": { "prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9 },
    });
    Ok(Response::new(Full::new(answer.to_string().into_bytes().into())))
}

async fn start(store: Store, clients: usize) -> Outcome<SocketAddr> {
    let models = vec![ServedModel { version: B256::repeat_byte(1), name: "noop".to_owned() }];
    let mut config = GatewayConfig::new(Address::repeat_byte(1), 31_337, Address::repeat_byte(2), models);
    config.bounds.per_minute = 0;
    config.concurrency = clients;
    config.queue = clients;
    config.queue_per_payer = 2 * clients;
    let signer = PrivateKeySigner::random();
    let parts = Parts {
        store,
        ledger: Arc::new(NoChain(signer.address())),
        engine: Arc::new(NoModel(vec![manifest()])),
        signer: Arc::new(signer),
        clock: Arc::new(SystemClock),
        journal: None,
        batches: None,
        channels: None,
    };
    let gateway = Gateway::open(config, parts).await?;
    let address = gateway.address();
    tokio::spawn(gateway.run(CancellationToken::new()));
    Ok(address)
}

/// Stores `count` receipts of other requests.
fn fill(store: &Store, count: usize) -> Outcome<()> {
    for first in (0..count).step_by(10_000) {
        store.write(|tx| {
            for number in first..count.min(first + 10_000) {
                http::store(tx, &stored(number))?;
            }
            Ok::<_, StoreError>(())
        })?;
    }
    Ok(())
}

fn stored(number: usize) -> http::Answer {
    let word = |salt: usize| keccak256(U256::from(number * 8 + salt).to_be_bytes::<32>());
    let receipt = InferenceReceipt {
        requestId: word(0),
        payer: Address::ZERO,
        operator: Address::repeat_byte(1),
        modelVersion: B256::repeat_byte(1),
        inputHash: word(1),
        outputHash: word(2),
        traceHash: word(3),
        inputUnits: 100,
        outputUnits: 100,
        unitPrice: 1,
        fee: 0,
        mode: 0,
        issuedAt: 1,
    };
    http::Answer {
        signed: SignedReceipt::new(receipt, Signature::test_signature()),
        output: Bytes::from_static(&[b'x'; 200]),
        trace: Bytes::from_static(&[b'x'; 200]),
        input_tokens: 7,
        output_tokens: 2,
    }
}

fn manifest() -> ModelManifest {
    ModelManifest {
        name: "noop".to_owned(),
        task: Task::Chat,
        weights: PathBuf::new(),
        tokenizer: None,
        config: None,
        weights_digest: [1; 32],
        tokenizer_digest: None,
        config_digest: None,
        limits: Limits::default(),
    }
}

#[derive(Debug)]
struct NoModel(Vec<ModelManifest>);

#[async_trait]
impl Engine for NoModel {
    fn models(&self) -> &[ModelManifest] {
        &self.0
    }

    fn capacity(&self) -> Capacity {
        Capacity { running: 0, queued: 0, queue_limit: usize::MAX, ready: true }
    }

    async fn load(&self, _: &str) -> Result<(), EngineError> {
        Ok(())
    }

    async fn input_tokens(&self, _: &str, _: Input) -> Result<u32, EngineError> {
        Ok(7)
    }

    async fn run(
        &self,
        _: &str,
        _: Input,
        _: Option<tokio::sync::mpsc::Sender<String>>,
        _: CancellationToken,
    ) -> Result<Completion, EngineError> {
        Ok(Completion {
            output: Output::Text("Paris.".to_owned()),
            usage: Usage { input_tokens: 7, output_tokens: 2 },
            trace: Trace { engine: "none".to_owned(), ..Trace::default() },
            finish_reason: FinishReason::Stop,
            timings: Timings::default(),
        })
    }
}

/// Knows one operator, which is active with this key, and nothing else.
#[derive(Debug)]
struct NoChain(Address);

#[async_trait]
impl GatewayLedger for NoChain {
    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(Head { number: 1, hash: B256::ZERO, parent_hash: B256::ZERO, timestamp: 1, base_fee: 1 })
    }

    async fn signer_of(&self, _: Address, _: u64) -> Result<Address, LedgerError> {
        Ok(self.0)
    }

    async fn unit_price(&self, _: Address) -> Result<u128, LedgerError> {
        Ok(1)
    }

    async fn model_spec(&self, version: B256) -> Result<ModelSpec, LedgerError> {
        let mut task = [0; 32];
        task[..6].copy_from_slice(b"chat/1");
        Ok(ModelSpec {
            task: task.into(),
            weightsDigest: version,
            unitsPerRequest: 100,
            unitsPerInputToken: 1,
            unitsPerOutputToken: 4,
            modes: 1,
            tokenizerDigest: B256::ZERO,
            configDigest: B256::ZERO,
            engineProfile: B256::ZERO,
            zkCommitment: B256::ZERO,
            royaltyBps: 0,
            licence: String::new(),
            uri: String::new(),
        })
    }

    async fn token_domain(&self, _: Address) -> Result<(String, String), LedgerError> {
        Err(LedgerError::new("there is no chain", false))
    }

    async fn vault_code_hash(&self, _: Address) -> Result<B256, LedgerError> {
        Err(LedgerError::new("there is no chain", false))
    }

    async fn has_code(&self, _: Address) -> Result<bool, LedgerError> {
        Ok(false)
    }

    async fn balance(&self, _: Address, _: Address) -> Result<U256, LedgerError> {
        Ok(U256::ZERO)
    }

    async fn authorization_used(&self, _: Address, _: Address, _: B256) -> Result<bool, LedgerError> {
        Ok(false)
    }

    async fn channel(&self, _: B256) -> Result<ChannelState, LedgerError> {
        Ok(ChannelState::default())
    }

    async fn accepts(&self, _: Address, _: B256, _: Bytes) -> Result<bool, LedgerError> {
        Ok(false)
    }

    async fn simulate(&self, _: Address, _: Address, _: Bytes) -> Result<Result<(), String>, LedgerError> {
        Ok(Ok(()))
    }
}
