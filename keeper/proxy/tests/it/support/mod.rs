//! A proxy with a fake chain, and nodes that do what a test wants.

mod chain;
mod node;

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use alloy::{
    primitives::{Address, B256, U256},
    signers::local::PrivateKeySigner,
};
use opg_proxy::{Book, Budget, Prefer, Proxy, ProxyConfig};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

pub(crate) use self::{
    chain::FakeChain,
    node::{Node, Role},
};

pub(crate) const CHAIN_ID: u64 = 31_337;
pub(crate) const REGISTRY: Address = Address::repeat_byte(0xbb);
pub(crate) const OPG: Address = Address::repeat_byte(0xcc);
pub(crate) const VERSION: B256 = B256::repeat_byte(1);
/// What a node asks for a request unless a test says otherwise.
pub(crate) const PRICE: u128 = 1_000;

pub(crate) fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// A proxy and what is around it.
pub(crate) struct World {
    pub(crate) chain: Arc<FakeChain>,
    pub(crate) config: ProxyConfig,
    pub(crate) payer: PrivateKeySigner,
    pub(crate) address: SocketAddr,
    pub(crate) http: reqwest::Client,
    pub(crate) book: PathBuf,
    _folder: tempfile::TempDir,
    /// The proxy's own threads, so that it can be cut off.
    runtime: Option<tokio::runtime::Runtime>,
}

impl Drop for World {
    fn drop(&mut self) {
        self.kill();
    }
}

impl World {
    /// In front of `nodes`.
    pub(crate) async fn new(nodes: &[&Node]) -> Self {
        Self::with(nodes, |_| {}).await
    }

    /// The same, with other settings.
    pub(crate) async fn with(nodes: &[&Node], change: impl FnOnce(&mut ProxyConfig)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let payer = PrivateKeySigner::random();
        let chain = Arc::new(FakeChain::new(payer.address()));
        for node in nodes {
            chain.register(node);
        }
        let mut config = ProxyConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            models: BTreeMap::new(),
            budget: Budget { per_request: 10 * PRICE, per_day: 100 * PRICE },
            min_stake: U256::ZERO,
            operators: Vec::new(),
            prefer: Prefer::Balanced,
            allow_insecure: true,
            refresh: Duration::from_millis(100),
            patience: Duration::from_secs(3),
        };
        change(&mut config);
        // Provider of TLS, of which the client wants one even where it uses none.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut world = Self {
            chain,
            config,
            payer,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            http: reqwest::Client::new(),
            book: folder.path().join("book.db"),
            _folder: folder,
            runtime: None,
        };
        world.start().await;
        world
    }

    pub(crate) async fn start(&mut self) {
        let book = Book::open(&self.book).unwrap();
        let signer = Arc::new(self.payer.clone());
        let (config, chain) = (self.config.clone(), self.chain.clone());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (ready, opened) = tokio::sync::oneshot::channel();
        runtime.spawn(async move {
            let proxy = Proxy::open(config, chain, signer, book).await.unwrap();
            ready.send(proxy.address()).unwrap();
            proxy.run(CancellationToken::new()).await;
        });
        self.address = opened.await.unwrap();
        self.runtime = Some(runtime);
    }

    /// Cuts it off, as a kill would: connections of callers break, nothing is finished.
    pub(crate) fn kill(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn post(&self, body: &Value) -> reqwest::RequestBuilder {
        let url = self.url("/v1/chat/completions");
        self.http.post(url).header("content-type", "application/json").body(body.to_string())
    }

    pub(crate) async fn ask(&self, body: &Value) -> Reply {
        Reply::of(self.post(body).send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::of(self.http.get(self.url(path)).send().await.unwrap()).await
    }

    /// The states of all payments, the newest first.
    pub(crate) fn states(&self) -> Vec<String> {
        let book = Book::open(&self.book).unwrap();
        book.payments(100).unwrap().into_iter().map(|entry| entry.state).collect()
    }

    /// What counts as spent today.
    pub(crate) fn spent(&self) -> u128 {
        Book::open(&self.book).unwrap().days(1).unwrap().first().map_or(0, |day| day.spent)
    }
}

/// A whole response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    async fn of(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.unwrap() }
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    #[track_caller]
    pub(crate) fn content(&self) -> String {
        let json = self.json();
        let content = json.pointer("/choices/0/message/content").and_then(Value::as_str);
        content.unwrap_or_else(|| panic!("no answer: {json}")).to_owned()
    }

    /// The error's code and its message; also of a stream that ends with one.
    #[track_caller]
    pub(crate) fn error(&self) -> (String, String) {
        let last = self.text.trim_end().rsplit("data: ").next().unwrap();
        let json: Value = serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {}", self.text));
        let text = |field: &str| json["error"][field].as_str().unwrap_or_else(|| panic!("{json}")).to_owned();
        (text("code"), text("message"))
    }

    pub(crate) fn may_repeat(&self) -> bool {
        self.headers.get("x-should-retry").is_none_or(|value| value != "false")
    }
}

pub(crate) fn chat(text: &str) -> Value {
    json!({ "model": "smol", "messages": [{ "role": "user", "content": text }], "max_tokens": 10 })
}

pub(crate) fn streamed(text: &str) -> Value {
    let mut body = chat(text);
    body["stream"] = true.into();
    body
}
