//! What every part of the gateway works with.

use std::{
    collections::HashSet,
    fmt,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use alloy::{
    primitives::{Address, B256},
    signers::Signer,
    sol_types::Eip712Domain,
};
use opg_chain::journal::Waker;
use opg_engine::Engine;
use opg_node::{Clock, UnitPrice, batches::BatchesMetrics, channels::ChannelsMetrics, fees::FeesMetrics};
use opg_receipts::ReceiptDomain;
use opg_store::{GroupWriter, Store};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    ApiError, GatewayConfig, GatewayLedger, GatewayMetrics, models::Models, pay::channels::Channels,
    rate::Rates, schedule::Schedule, standing::Standing, storage::Storage,
};

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    /// Who pays.
    Payer(Address),
    /// Who has not paid yet. Of IPv6, the network: one caller has as many addresses as it likes.
    Peer(IpAddr),
}

impl Caller {
    /// The caller behind an address.
    pub(crate) fn peer(address: IpAddr) -> Self {
        Caller::Peer(match address {
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(mapped) => IpAddr::V4(mapped),
                None => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
            },
            address => address,
        })
    }
}

/// What the parts share. Durable truth is in the store; what is held here is of this moment only.
pub(crate) struct Context {
    pub(crate) config: GatewayConfig,
    pub(crate) store: Store,
    pub(crate) writer: GroupWriter,
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) ledger: Arc<dyn GatewayLedger>,
    pub(crate) signer: Arc<dyn Signer + Send + Sync>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: Option<Waker>,
    /// What the batch service counts.
    pub(crate) batches: Option<Arc<BatchesMetrics>>,
    /// What the service that claims from channels counts.
    pub(crate) claims: Option<Arc<ChannelsMetrics>>,
    /// What the service that moves fees counts.
    pub(crate) fees: Option<Arc<FeesMetrics>>,
    /// Domain of the receipts.
    pub(crate) domain: ReceiptDomain,
    /// Domain of the token's authorizations; none where nobody pays.
    pub(crate) token: Option<Eip712Domain>,
    /// What is needed to take vouchers, where they are taken.
    pub(crate) channels: Option<Channels>,
    /// What a compute unit costs.
    pub(crate) unit_price: UnitPrice,
    pub(crate) models: Models,
    /// keccak-256 of the public key of the certificate, where it ends TLS itself.
    pub(crate) tls_key_hash: Option<B256>,
    pub(crate) schedule: Schedule<Caller>,
    pub(crate) rates: Rates<Caller>,
    pub(crate) metrics: GatewayMetrics,
    /// Whether the operator may sign.
    pub(crate) standing: Standing,
    /// Whether answers can be stored.
    pub(crate) storage: Storage,
    /// Requests that are being answered.
    pub(crate) under_way: Mutex<HashSet<B256>>,
    /// Changes whenever payments were settled or failed.
    pub(crate) settlements: watch::Sender<u64>,
    /// Answers in the making; a shutdown waits for them.
    pub(crate) tasks: TaskTracker,
    /// No new requests are taken.
    pub(crate) draining: CancellationToken,
    /// What still runs must end now.
    pub(crate) abort: CancellationToken,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Context {
    /// Now, in unix seconds.
    pub(crate) fn now(&self) -> u64 {
        self.clock.now_ms() / 1_000
    }

    /// Marks a request as being answered, so that it is not run twice at once.
    pub(crate) fn begin(self: &Arc<Self>, request_id: B256) -> Result<UnderWay, ApiError> {
        let new = self.under_way.lock().unwrap_or_else(PoisonError::into_inner).insert(request_id);
        if new {
            return Ok(UnderWay { context: Arc::clone(self), request_id });
        }
        let message =
            "this request is being answered on another connection; repeat it in a moment for the answer";
        Err(ApiError::conflict("request_in_progress", message))
    }
}

/// A request that is being answered, until this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay {
    context: Arc<Context>,
    request_id: B256,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.context.under_way.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.request_id);
    }
}
