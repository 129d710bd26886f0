//! One endpoint: JSON-RPC over HTTP with a limit on time and on size.

use std::{
    error::Error as _,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{Client, Response, StatusCode, header::CONTENT_TYPE, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    EndpointUrl, Rejection, RpcConfig, RpcError,
    classify::{ErrorObject, classify},
    health::Health,
};

/// An endpoint and what is known of it.
#[derive(Debug)]
pub(crate) struct Endpoint {
    url: EndpointUrl,
    /// How the endpoint is named in errors and logs.
    label: String,
    client: Client,
    timeout: Duration,
    max_response_bytes: usize,
    expected_chain: u64,
    chain_checked: AtomicBool,
    next_id: AtomicU64,
    health: Mutex<Health>,
}

/// A JSON-RPC response. An absent `result` and a `result` of null are the same here: `eth_getBlockByNumber` answers
/// null for a block that does not exist.
#[derive(Deserialize)]
struct Envelope {
    id: Value,
    #[serde(default)]
    result: Value,
    error: Option<ErrorObject>,
}

impl Endpoint {
    pub(crate) fn new(position: usize, url: EndpointUrl, config: &RpcConfig) -> Result<Self, RpcError> {
        // Fails if a provider is installed already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .connect_timeout(config.timeout)
            .tcp_nodelay(true)
            // A redirect could carry the key in the path to another host.
            .redirect(Policy::none());
        if url.is_loopback() {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| RpcError::Config {
            field: "urls",
            reason: format!("no HTTP client can be made: {}", describe(error)),
        })?;
        Ok(Self {
            label: format!("rpc {} ({url})", position + 1),
            url,
            client,
            timeout: config.timeout,
            max_response_bytes: config.max_response_bytes,
            expected_chain: config.chain_id,
            chain_checked: AtomicBool::new(false),
            next_id: AtomicU64::new(1),
            health: Mutex::new(Health::new(config.base_backoff, config.max_backoff)),
        })
    }

    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// Each update of the record is complete in itself, so a poisoned lock hides nothing.
    pub(crate) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a call and keeps the record of successes and failures. The first call checks the chain.
    pub(crate) async fn call<R: DeserializeOwned>(&self, method: &str, params: Value) -> Result<R, RpcError> {
        let result = async {
            self.check_chain().await?;
            let value = self.exchange(method, params).await?;
            self.decode(method, value)
        }
        .await;
        match &result {
            Err(error) if error.is_endpoint_fault() => self.health().failed(Instant::now()),
            _ => self.health().succeeded(),
        }
        result
    }

    /// Checks, once, that the endpoint serves the configured chain.
    pub(crate) async fn check_chain(&self) -> Result<(), RpcError> {
        if self.chain_checked.load(Ordering::Relaxed) {
            return Ok(());
        }
        let method = "eth_chainId";
        let value = self.exchange(method, json!([])).await?;
        let found = self.decode::<alloy::primitives::U64>(method, value)?.to::<u64>();
        if found != self.expected_chain {
            return Err(RpcError::WrongChain {
                endpoint: self.label.clone(),
                expected: self.expected_chain,
                found,
            });
        }
        self.chain_checked.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn exchange(&self, method: &str, params: Value) -> Result<Value, RpcError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let body = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string();
        let exchange = async {
            let response = self
                .client
                .post(self.url.expose().clone())
                .header(CONTENT_TYPE, "application/json")
                .body(body)
                .send()
                .await
                .map_err(|error| self.transport(method, describe(error)))?;
            let status = response.status();
            let bytes = self.read(method, response).await?;
            self.interpret(method, id, status, &bytes)
        };
        tokio::time::timeout(self.timeout, exchange).await.unwrap_or_else(|_| {
            Err(RpcError::Timeout {
                endpoint: self.label.clone(),
                method: method.to_owned(),
                limit: self.timeout,
            })
        })
    }

    async fn read(&self, method: &str, mut response: Response) -> Result<Vec<u8>, RpcError> {
        let limit = self.max_response_bytes;
        let mut bytes = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| self.transport(method, describe(error)))?
        {
            if bytes.len() + chunk.len() > limit {
                return Err(self.bad(method, format!("more than {limit} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn interpret(&self, method: &str, id: u64, status: StatusCode, bytes: &[u8]) -> Result<Value, RpcError> {
        // Some servers send a JSON-RPC error with an HTTP error status: the former says more.
        let envelope = match serde_json::from_slice::<Envelope>(bytes) {
            Ok(envelope) => envelope,
            Err(_) if status == StatusCode::TOO_MANY_REQUESTS => {
                return Err(self.rejected(method, i64::from(status.as_u16()), "HTTP status 429".to_owned()));
            }
            Err(_) if !status.is_success() => {
                return Err(self.transport(method, format!("HTTP status {status}")));
            }
            Err(error) => return Err(self.bad(method, format!("no JSON-RPC response: {error}"))),
        };
        if let Some(error) = envelope.error {
            return Err(RpcError::Rejected {
                endpoint: self.label.clone(),
                method: method.to_owned(),
                rejection: Box::new(classify(&error)),
                code: error.code,
                message: error.short_message(),
            });
        }
        if envelope.id != json!(id) {
            return Err(self.bad(method, "the response to another call".to_owned()));
        }
        Ok(envelope.result)
    }

    fn decode<R: DeserializeOwned>(&self, method: &str, value: Value) -> Result<R, RpcError> {
        serde_json::from_value(value)
            .map_err(|error| self.bad(method, format!("a result of the wrong shape: {error}")))
    }

    fn rejected(&self, method: &str, code: i64, message: String) -> RpcError {
        RpcError::Rejected {
            endpoint: self.label.clone(),
            method: method.to_owned(),
            rejection: Box::new(Rejection::RateLimited(message.clone())),
            code,
            message,
        }
    }

    fn transport(&self, method: &str, reason: String) -> RpcError {
        RpcError::Transport { endpoint: self.label.clone(), method: method.to_owned(), reason }
    }

    pub(crate) fn bad(&self, method: &str, reason: String) -> RpcError {
        RpcError::BadResponse { endpoint: self.label.clone(), method: method.to_owned(), reason }
    }
}

/// The causes of an HTTP error without the URL, which may hold a key.
fn describe(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
