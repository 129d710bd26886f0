//! The gateway as a whole.

use std::{
    collections::HashSet,
    fmt,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use alloy::{primitives::B256, signers::Signer, sol_types::eip712_domain};
use opg_chain::{
    channels::{SETTLEMENT, domain},
    journal::Waker,
};
use opg_engine::Engine;
use opg_node::{
    Clock, Service, ServiceError, UnitPrice,
    batches::BatchesMetrics,
    channels::ChannelsMetrics,
    fees::FeesMetrics,
    supervisor::{ServiceMetrics, supervise},
};
use opg_store::{GroupWriter, Store, channels::Holds};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    GatewayConfig, GatewayLedger, GatewayMetrics, Payments,
    context::Context,
    models::Models,
    pay::{channels::Channels, settle::Watch},
    rate::Rates,
    schedule::Schedule,
    serve::{self, Listener, Tls},
    standing::{Look, Standing},
    storage::Storage,
};

/// What the gateway works with.
pub struct Parts {
    /// Durable state. Payments and receipts in it are the gateway's alone.
    pub store: Store,
    /// The chain.
    pub ledger: Arc<dyn GatewayLedger>,
    /// The models.
    pub engine: Arc<dyn Engine>,
    /// The key that signs receipts and in whose name payments are settled.
    pub signer: Arc<dyn Signer + Send + Sync>,
    /// The keeper's time.
    pub clock: Arc<dyn Clock>,
    /// Wakes the journal after an intent was enqueued. Without it, the journal finds the intent at its next look.
    pub journal: Option<Waker>,
    /// What the batch service counts, where there is one.
    pub batches: Option<Arc<BatchesMetrics>>,
    /// What the service that claims from channels counts, where there is one.
    pub channels: Option<Arc<ChannelsMetrics>>,
    /// What the service that moves fees counts, where there is one.
    pub fees: Option<Arc<FeesMetrics>>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

/// Sells inference over HTTP.
#[derive(Debug)]
pub struct Gateway {
    context: Arc<Context>,
    listener: Listener,
    address: SocketAddr,
    tls: Option<Arc<Tls>>,
    settlements: ServiceMetrics,
}

impl Gateway {
    /// Checks the models against the registry and binds the socket; nothing is accepted yet.
    ///
    /// # Errors
    /// [`ServiceError::Recoverable`] if the chain cannot be asked now; [`ServiceError::Fatal`] if a model is not the
    /// registered one, the address is taken, or a TLS file is unusable.
    pub async fn open(config: GatewayConfig, parts: Parts) -> Result<Self, ServiceError> {
        let Parts { store, ledger, engine, signer, clock, journal, batches, channels: claims, fees } = parts;
        let models = Models::open(&config, &*engine, &*ledger).await?;
        let token = match config.payments {
            Payments::Free => None,
            Payments::X402 { asset, .. } => {
                let (name, version) = ledger.token_domain(asset).await?;
                Some(eip712_domain! {
                    name: name,
                    version: version,
                    chain_id: config.chain_id,
                    verifying_contract: asset,
                })
            }
        };
        let channels = channels(&config, &*ledger).await?;
        let standing = Standing::default();
        standing.note(ledger.head().await?);
        // Until it is known nothing can be sold.
        let unit_price = UnitPrice::of(config.fee_market);
        unit_price.refresh(async |market| ledger.unit_price(market).await).await?;
        let tls = config.tls.as_ref().map(serve::open_tls).transpose()?.map(Arc::new);
        let listener = Listener::bind(config.listen).await.map_err(|error| {
            ServiceError::Fatal(format!(
                "cannot listen on {}: {error}; choose another address",
                config.listen
            ))
        })?;
        let address = listener.address().map_err(|error| ServiceError::Fatal(error.to_string()))?;
        let writer =
            GroupWriter::start(store.clone()).map_err(|error| ServiceError::Fatal(error.to_string()))?;
        let context = Arc::new(Context {
            domain: opg_receipts::receipt_domain(config.chain_id, config.proof_registry),
            schedule: Schedule::new(config.concurrency, config.queue, config.queue_per_payer),
            rates: Rates::new(config.bounds.per_minute),
            metrics: GatewayMetrics::default(),
            storage: Storage::default(),
            under_way: Mutex::new(HashSet::new()),
            settlements: watch::Sender::default(),
            tasks: TaskTracker::new(),
            draining: CancellationToken::new(),
            abort: CancellationToken::new(),
            config,
            store,
            writer,
            engine,
            ledger,
            signer,
            clock: standing.corrected(clock),
            standing,
            journal,
            batches,
            claims,
            fees,
            token,
            channels,
            unit_price,
            models,
            tls_key_hash: tls.as_ref().map(|tls| tls.key_hash),
        });
        Ok(Self { context, listener, address, tls, settlements: ServiceMetrics::default() })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// keccak-256 of the public key of its certificate (DER of SubjectPublicKeyInfo), for an attestation to bind.
    #[must_use]
    pub fn tls_key_hash(&self) -> Option<B256> {
        self.tls.as_ref().map(|tls| tls.key_hash)
    }

    /// Names of the models that it serves.
    #[must_use]
    pub fn models(&self) -> Vec<String> {
        self.context.models.names().map(str::to_owned).collect()
    }

    /// What serves connections, without what watches the chain.
    #[cfg(feature = "bench")]
    pub(crate) fn into_server(self) -> (Arc<Context>, Listener, Option<Arc<Tls>>) {
        (self.context, self.listener, self.tls)
    }

    /// Serves until `shutdown`, then drains: no new requests, those that run finish, payments under way are settled as
    /// far as the time allows. What is left is in the store, and the next start goes on with it.
    ///
    /// # Errors
    /// A fatal error of the watch over settlements or the operator's standing.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), ServiceError> {
        let Self { context, listener, tls, settlements, .. } = self;
        let watch = Watch::new(Arc::clone(&context));
        // Requests that finish during the drain need their settlements noted.
        let stop_watch = CancellationToken::new();
        let stop = shutdown.child_token();
        let watching = async {
            let ended = supervise(&watch as &dyn Service, &settlements, stop_watch.clone()).await;
            stop.cancel();
            ended
        };
        let look = Look { context: Arc::clone(&context) };
        let looks = ServiceMetrics::default();
        let looking = async {
            let ended = supervise(&look as &dyn Service, &looks, stop_watch.clone()).await;
            stop.cancel();
            ended
        };
        let router = serve::router(Arc::clone(&context));
        let serving = async {
            serve::serve(Arc::clone(&context), router, listener, tls, stop.clone()).await;
            stop_watch.cancel();
        };
        let (ended, looked, ()) = tokio::join!(watching, looking, serving);
        ended.and(looked)
    }
}

/// What is needed to take vouchers, where that is switched on and the chain has the contract.
async fn channels(
    config: &GatewayConfig,
    ledger: &dyn GatewayLedger,
) -> Result<Option<Channels>, ServiceError> {
    let (Some(policy), Payments::X402 { .. }) = (config.channels, config.payments) else { return Ok(None) };
    if !ledger.has_code(SETTLEMENT).await? {
        tracing::warn!(
            "this chain has no contract of payment channels at {SETTLEMENT}: vouchers are not taken"
        );
        return Ok(None);
    }
    Ok(Some(Channels { policy, domain: domain(config.chain_id), holds: Holds::default() }))
}
