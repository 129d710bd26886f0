//! A gateway with everything around it replaced.

pub(crate) mod chain;
pub(crate) mod channel;
pub(crate) mod engine;
pub(crate) mod payer;

use std::{
    net::SocketAddr,
    sync::{Arc, Once},
    time::Duration,
};

use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
};
use opg_gateway::{Gateway, GatewayConfig, Parts, Payments, ServedModel};
use opg_node::SystemClock;
use opg_receipts::{SignedReceipt, receipt_domain};
use opg_store::Store;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::{chain::FakeChain, engine::FakeEngine};

pub(crate) const CHAIN_ID: u64 = 31_337;
pub(crate) const OPERATOR: Address = Address::repeat_byte(0xaa);
pub(crate) const REGISTRY: Address = Address::repeat_byte(0xbb);
pub(crate) const OPG: Address = Address::repeat_byte(0xcc);

/// A running gateway and its surroundings.
pub(crate) struct World {
    pub(crate) engine: Arc<FakeEngine>,
    pub(crate) chain: Arc<FakeChain>,
    pub(crate) store: Store,
    pub(crate) signer: PrivateKeySigner,
    pub(crate) address: SocketAddr,
    pub(crate) http: reqwest::Client,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
    config: GatewayConfig,
}

pub(crate) fn config() -> GatewayConfig {
    let models = [("chat", 1), ("embed", 2), ("tensor", 3)]
        .map(|(name, byte)| ServedModel { version: B256::repeat_byte(byte), name: name.to_owned() });
    let mut config = GatewayConfig::new(OPERATOR, CHAIN_ID, REGISTRY, models.into());
    config.unit_price = 1_000;
    config.bounds.per_minute = 0;
    config.drain_time = Duration::from_secs(5);
    config
}

pub(crate) fn paid() -> GatewayConfig {
    GatewayConfig {
        payments: Payments::X402 { asset: OPG, fee_router: None, settlement_time: 30, max_timeout: 300 },
        ..config()
    }
}

impl World {
    pub(crate) async fn free() -> Self {
        Self::with(config()).await
    }

    pub(crate) async fn with(config: GatewayConfig) -> Self {
        Self::on(Store::in_memory().unwrap(), config).await
    }

    pub(crate) async fn on(store: Store, config: GatewayConfig) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let mut world = Self {
            engine: Arc::new(FakeEngine::new()),
            chain: Arc::new(FakeChain::new(store.clone())),
            store,
            signer: PrivateKeySigner::random(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            http: reqwest::Client::new(),
            stop: CancellationToken::new(),
            task: None,
            config,
        };
        *world.chain.signer.lock().unwrap() = world.signer.address();
        world.start().await;
        world
    }

    /// Starts the gateway on the same store and chain.
    pub(crate) async fn start(&mut self) {
        let parts = Parts {
            store: self.store.clone(),
            ledger: self.chain.clone(),
            engine: self.engine.clone(),
            signer: Arc::new(self.signer.clone()),
            clock: Arc::new(SystemClock),
            journal: None,
            batches: None,
            channels: None,
            fees: None,
        };
        let gateway = Gateway::open(self.config.clone(), parts).await.unwrap();
        self.address = gateway.address();
        self.stop = CancellationToken::new();
        let stop = self.stop.clone();
        self.task = Some(tokio::spawn(async move { gateway.run(stop).await.unwrap() }));
    }

    /// Cuts it off, as a kill would.
    pub(crate) async fn kill(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            let _ = task.await;
        }
    }

    /// Stops it in order.
    pub(crate) fn stop(&mut self) -> JoinHandle<()> {
        self.stop.cancel();
        self.task.take().unwrap()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> reqwest::RequestBuilder {
        self.http.post(self.url(path)).header("content-type", "application/json").body(body.to_string())
    }

    pub(crate) async fn ask(&self, path: &str, body: &Value) -> Reply {
        Reply::of(self.post(path, body).send().await.unwrap()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Reply::of(self.http.get(self.url(path)).send().await.unwrap()).await
    }

    /// Checks the receipt under `opg` and returns it.
    pub(crate) fn receipt(&self, opg: &Value) -> opg_receipts::InferenceReceipt {
        let signed: SignedReceipt =
            serde_json::from_value(json!({ "receipt": opg["receipt"], "signature": opg["signature"] }))
                .unwrap();
        signed.verify(&receipt_domain(CHAIN_ID, REGISTRY), self.signer.address()).unwrap();
        signed.receipt().clone()
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
    pub(crate) async fn of(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The JSON of a stream's events; the last of all must be `[DONE]`.
    pub(crate) fn events(&self) -> Vec<Value> {
        let mut events: Vec<&str> =
            self.text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
        assert_eq!(events.pop(), Some("[DONE]"), "{}", self.text);
        events.into_iter().map(|event| serde_json::from_str(event).unwrap()).collect()
    }
}

pub(crate) fn chat(text: &str) -> Value {
    json!({ "model": "chat", "messages": [{ "role": "user", "content": text }] })
}
