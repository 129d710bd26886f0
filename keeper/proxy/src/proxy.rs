//! The proxy as a whole.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy::{
    primitives::{Address, B256},
    signers::Signer,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    Book, BookError, ChainError, ConfigError, ModelTerms, ProxyChain, ProxyConfig,
    error::ProxyError,
    nodes::{Node, Nodes},
    outgoing::Outgoing,
    payment::Purse,
    request::Question,
    serve,
    sweep::sweep,
    under_way::UnderWay,
};

/// Pause between looks at payments that no answer came for.
const SWEEP: Duration = Duration::from_secs(60);

/// Why a proxy cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The settings.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The book.
    #[error(transparent)]
    Book(#[from] BookError),
    /// The address.
    #[error("cannot listen on {0}: {1}; choose another address")]
    Listen(SocketAddr, std::io::Error),
    /// No requests to nodes can be made.
    #[error("no HTTP client can be made: {0}; check the certificates of the system")]
    Client(String),
}

/// What all parts work with.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: ProxyConfig,
    pub(crate) chain: Arc<dyn ProxyChain>,
    pub(crate) purse: Purse,
    pub(crate) book: Book,
    pub(crate) nodes: Nodes,
    pub(crate) outgoing: Outgoing,
    pub(crate) under_way: UnderWay,
    /// Versions never change, so each is read once.
    models: Mutex<HashMap<B256, ModelTerms>>,
}

impl Shared {
    /// Unix time.
    pub(crate) fn now(&self) -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    /// Which version a name means. It never changes unless the user says so.
    pub(crate) fn version_of(&self, name: &str) -> Result<B256, ProxyError> {
        if let Some(version) = self.known(name)? {
            return Ok(version);
        }
        let named = self.nodes.named(name);
        match named.iter().collect::<Vec<_>>().as_slice() {
            [version] => {
                let version = self.book.pin(name, **version, self.now())?;
                tracing::info!(name, %version, "from now on this name means this version");
                Ok(version)
            }
            [] => {
                let message =
                    format!("no node serves a model `{name}`; GET /v1/models lists those that are served");
                Err(ProxyError::new(404, "model_not_found", message))
            }
            several => {
                let versions: Vec<String> = several.iter().map(ToString::to_string).collect();
                let message = format!(
                    "nodes call several versions `{name}`: {}. Say which one you mean under proxy.models, or ask for the \
                     version itself",
                    versions.join(", ")
                );
                Err(ProxyError::new(400, "model_ambiguous", message))
            }
        }
    }

    /// What a name is tied to already.
    fn known(&self, name: &str) -> Result<Option<B256>, ProxyError> {
        if name.starts_with("0x")
            && let Ok(version) = name.parse()
        {
            return Ok(Some(version));
        }
        match self.config.models.get(name) {
            Some(version) => Ok(Some(*version)),
            None => Ok(self.book.pinned(name)?),
        }
    }

    /// The nodes that may be asked, the best first.
    pub(crate) fn nodes_for(&self, question: &Question) -> Result<Vec<Node>, ProxyError> {
        let Question { name, version, .. } = question;
        let all = self.nodes.serving(*version);
        let now = self.now();
        let mut nodes = Vec::new();
        for node in &all {
            if !self.book.is_distrusted(node.operator, now)? {
                nodes.push(node.clone());
            }
        }
        if !nodes.is_empty() {
            return Ok(nodes);
        }
        let others: Vec<String> = self.nodes.named(name).iter().map(ToString::to_string).collect();
        Err(if !all.is_empty() {
            let message = format!(
                "each node that serves {version} gave an answer within a day that did not hold; `opg proxy spend` lists them"
            );
            ProxyError::new(503, "no_node", message)
        } else if others.is_empty() {
            let message = format!(
                "no node serves version {version}; ask for another model, or lower proxy.min_stake if that keeps nodes out"
            );
            ProxyError::new(503, "no_node", message)
        } else {
            let message = format!(
                "`{name}` means version {version}, which no node serves any more; they now call this `{name}`: {}. If you want \
                 that one, say so under proxy.models",
                others.join(", ")
            );
            ProxyError::new(400, "model_changed", message)
        })
    }

    /// What `version` was published with.
    pub(crate) async fn model(&self, version: B256) -> Result<ModelTerms, ProxyError> {
        let models = || self.models.lock().unwrap_or_else(PoisonError::into_inner);
        let known = models().get(&version).copied();
        if let Some(model) = known {
            return Ok(model);
        }
        let model = self.chain.model(version).await?.ok_or_else(|| {
            ProxyError::new(404, "model_not_found", format!("version {version} was never published"))
        })?;
        models().insert(version, model);
        Ok(model)
    }
}

/// A proxy, bound to its address.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    listener: TcpListener,
    address: SocketAddr,
}

impl Proxy {
    /// Reads the chain once and binds the socket; nothing is accepted yet. `signer` pays.
    ///
    /// # Errors
    /// If the settings are unusable, the chain cannot be asked, or the address is taken.
    pub async fn open(
        config: ProxyConfig,
        chain: Arc<dyn ProxyChain>,
        signer: Arc<dyn Signer + Send + Sync>,
        book: Book,
    ) -> Result<Self, OpenError> {
        config.check()?;
        let purse = Purse::open(&*chain, signer).await?;
        let outgoing = Outgoing::new(config.allow_insecure).map_err(OpenError::Client)?;
        let nodes = Nodes::new(Arc::clone(&chain), outgoing.clone(), config.clone());
        let fault = |error| OpenError::Listen(config.listen, error);
        let listener = TcpListener::bind(config.listen).await.map_err(fault)?;
        let address = listener.local_addr().map_err(fault)?;
        let shared = Shared {
            chain,
            purse,
            book,
            nodes,
            outgoing,
            under_way: UnderWay::default(),
            models: Mutex::default(),
            config,
        };
        let count = shared.nodes.refresh().await?;
        tracing::info!(nodes = count, "looked at the registry");
        Ok(Self { shared: Arc::new(shared), listener, address })
    }

    /// Where it listens, the port that the system chose included.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Which account pays.
    #[must_use]
    pub fn payer(&self) -> Address {
        self.shared.purse.payer()
    }

    /// Serves until `stop`, then lets what runs finish for a moment. What is left is in the book, and a repeated request goes
    /// on with it.
    pub async fn run(self, stop: CancellationToken) {
        let Self { shared, listener, .. } = self;
        let looking = async {
            loop {
                tokio::time::sleep(shared.config.refresh).await;
                if let Err(error) = shared.nodes.refresh().await {
                    tracing::warn!(%error, "the list of nodes could not be renewed");
                }
            }
        };
        let sweeping = async {
            loop {
                if let Err(error) = sweep(&shared).await {
                    tracing::warn!(error = error.message(), "open payments could not be looked at");
                }
                tokio::time::sleep(SWEEP).await;
            }
        };
        tokio::select! {
            () = serve::serve(Arc::clone(&shared), listener, stop) => {}
            () = looking => {}
            () = sweeping => {}
        }
    }
}
