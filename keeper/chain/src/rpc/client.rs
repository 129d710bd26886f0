//! Several endpoints behind one policy.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Demotion, Pinned, Rejection, RpcConfig, RpcError, endpoint::Endpoint};

/// RPC over several endpoints. Clones share connections and what is known of the endpoints.
///
/// A read goes to the best endpoint and moves on to the next one where the fault is the endpoint's. Sends are not
/// reads: see [`Rpc::send_raw_transaction`].
#[derive(Debug, Clone)]
pub struct Rpc {
    pub(super) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) config: RpcConfig,
    pub(super) endpoints: Vec<Arc<Endpoint>>,
    /// Whether the chain has the OP Stack's GasPriceOracle, once asked.
    pub(super) oracle: OnceLock<bool>,
}

/// State of one endpoint, for people.
#[derive(Debug, Clone, serde::Serialize)]
pub struct EndpointStatus {
    /// The endpoint, redacted.
    pub endpoint: String,
    /// Latest head that it reported.
    pub head: Option<u64>,
    /// Smoothed share of calls that succeeded.
    pub success_rate: f64,
    /// Why it is passed over, where it is.
    pub demoted: Option<String>,
}

impl Rpc {
    /// Makes the clients and checks that the endpoints serve the configured chain. Endpoints that cannot be reached are
    /// kept and checked before their first use.
    ///
    /// # Errors
    /// If a setting is unusable, an endpoint serves another chain, or none can be reached.
    pub async fn connect(config: RpcConfig) -> Result<Self, RpcError> {
        let rpc = Self::lazy(config)?;
        let checks = rpc.inner.endpoints.iter().map(|endpoint| endpoint.check_chain());
        let results = futures::future::join_all(checks).await;
        let mut reasons = Vec::new();
        for (endpoint, result) in rpc.inner.endpoints.iter().zip(results) {
            match result {
                Ok(()) => {}
                Err(error @ RpcError::WrongChain { .. }) => return Err(error),
                Err(error) => {
                    endpoint.health().failed(Instant::now());
                    tracing::warn!(endpoint = endpoint.label(), %error, "RPC endpoint is not usable yet");
                    reasons.push(error.to_string());
                }
            }
        }
        if reasons.len() == rpc.inner.endpoints.len() {
            return Err(RpcError::Exhausted {
                method: "eth_chainId".to_owned(),
                reasons: reasons.join("; "),
            });
        }
        if rpc.inner.endpoints.len() > 1 {
            rpc.probe().await;
        }
        Ok(rpc)
    }

    /// As [`Rpc::connect`], but contacts nobody yet.
    ///
    /// # Errors
    /// If a setting is unusable.
    pub fn lazy(config: RpcConfig) -> Result<Self, RpcError> {
        config.validate()?;
        let endpoints = config
            .urls
            .iter()
            .enumerate()
            .map(|(position, url)| Endpoint::new(position, url.clone(), &config).map(Arc::new))
            .collect::<Result<_, _>>()?;
        Ok(Self { inner: Arc::new(Inner { config, endpoints, oracle: OnceLock::new() }) })
    }

    /// The configured chain, which every endpoint was or will be checked to serve.
    #[must_use]
    pub fn chain_id(&self) -> u64 {
        self.inner.config.chain_id
    }

    /// Reads `method` from the best endpoint that can answer.
    ///
    /// # Errors
    /// The refusal where an endpoint understood the call, or [`RpcError::Exhausted`] when none could serve it.
    pub async fn read<R: DeserializeOwned>(&self, method: &str, params: Value) -> Result<R, RpcError> {
        let mut failures = Vec::new();
        let mut unknown_block = None;
        for round in 0..self.inner.config.rounds {
            if round > 0 {
                tokio::time::sleep(pause(self.inner.config.base_backoff, round)).await;
            }
            failures.clear();
            for endpoint in self.ordered() {
                match endpoint.call(method, params.clone()).await {
                    Err(error) if error.is_endpoint_fault() => {
                        tracing::debug!(%error, "RPC endpoint failed, trying the next");
                        failures.push(error);
                    }
                    // The endpoint may merely be behind.
                    Err(error) if matches!(error.rejection(), Some(Rejection::UnknownBlock(_))) => {
                        unknown_block = Some(error);
                    }
                    result => return result,
                }
            }
            if let Some(error) = unknown_block {
                return Err(error);
            }
        }
        // With one endpoint its own error says more than a list of one.
        match (failures.pop(), failures.is_empty()) {
            (Some(only), true) => Err(only),
            (last, _) => {
                failures.extend(last);
                let reasons: Vec<_> = failures.iter().map(ToString::to_string).collect();
                Err(RpcError::Exhausted { method: method.to_owned(), reasons: reasons.join("; ") })
            }
        }
    }

    /// The endpoints, best first, each as a source whose answers come from that endpoint alone and so belong together.
    #[must_use]
    pub fn pins(&self) -> Vec<Pinned> {
        self.ordered().into_iter().map(Pinned::new).collect()
    }

    /// Endpoints, best first; equally good ones in the configured order.
    pub(super) fn ordered(&self) -> Vec<Arc<Endpoint>> {
        let now = Instant::now();
        let mut endpoints = self.inner.endpoints.clone();
        endpoints.sort_by_key(|endpoint| endpoint.health().rank(now));
        endpoints
    }

    /// What is known of each endpoint, in the configured order.
    #[must_use]
    pub fn status(&self) -> Vec<EndpointStatus> {
        let describe = |endpoint: &Arc<Endpoint>| {
            let health = endpoint.health();
            EndpointStatus {
                endpoint: endpoint.label().to_owned(),
                head: health.head(),
                success_rate: health.success_rate(),
                demoted: health.demotion().map(|demotion| demotion.to_string()),
            }
        };
        self.inner.endpoints.iter().map(describe).collect()
    }
}

fn pause(base: Duration, round: u32) -> Duration {
    base.saturating_mul(1 << (round - 1).min(8)).min(Duration::from_secs(5))
}

impl std::fmt::Display for Demotion {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Lagging { head, best } => write!(formatter, "its head {head} is behind {best}"),
            Self::HeadWentBack { from, to } => write!(formatter, "its head went back from {from} to {to}"),
            Self::Disagrees { number } => {
                write!(formatter, "it names another block {number} than the others")
            }
        }
    }
}
