//! What the services of the role share.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
};

use alloy::{
    primitives::{Address, B256},
    signers::Signer,
};
use opg_chain::{journal::Waker, rpc_trait::Head};
use opg_engine::Engine;
use opg_receipts::ReceiptDomain;
use opg_store::Store;
use tokio::sync::{Notify, watch};

use super::{Parts, RoleConfig, RoleMetrics, models::Model};
use crate::{Clock, Ledger, LedgerError, UnitPrice, proving::Prover};

/// What the services share. Durable truth is in the store; what is held here is found again after a restart.
pub(super) struct Context {
    pub(super) config: RoleConfig,
    pub(super) store: Store,
    pub(super) ledger: Arc<dyn Ledger>,
    pub(super) engine: Arc<dyn Engine>,
    pub(super) prover: Arc<dyn Prover>,
    pub(super) signer: Arc<dyn Signer + Send + Sync>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) journal: Option<Waker>,
    pub(super) domain: ReceiptDomain,
    pub(super) models: HashMap<B256, Model>,
    pub(super) metrics: RoleMetrics,
    pub(super) signals: Signals,
    /// What the market asks, as of the last requests that were decided.
    pub(super) unit_price: UnitPrice,
    /// Name under which this run of the keeper leases jobs.
    pub(super) worker: String,
    /// Head of the chain once every event up to it has been applied.
    head: Mutex<Option<Head>>,
}

/// Wakes services whose work another one has made.
#[derive(Debug, Default)]
pub(super) struct Signals {
    pub(super) decide: Notify,
    pub(super) run: Notify,
    pub(super) prove: Notify,
    pub(super) submit: Notify,
    pub(super) settle: Notify,
    /// Changes whenever a running job may have lost its reason to run.
    pub(super) disturbed: watch::Sender<u64>,
}

impl Signals {
    pub(super) fn disturb_runs(&self) {
        self.disturbed.send_modify(|count| *count += 1);
    }
}

impl Context {
    pub(super) fn new(config: RoleConfig, parts: Parts, models: HashMap<B256, Model>) -> Self {
        let Parts { store, ledger, engine, prover, signer, clock, journal } = parts;
        let domain = opg_receipts::receipt_domain(config.chain_id, config.proof_registry);
        let worker = format!("keeper {} since {}", std::process::id(), clock.now_ms());
        Self {
            unit_price: UnitPrice::of(config.fee_market),
            config,
            store,
            ledger,
            engine,
            prover,
            signer,
            clock,
            journal,
            domain,
            models,
            metrics: RoleMetrics::default(),
            signals: Signals::default(),
            worker,
            head: Mutex::new(None),
        }
    }

    /// The head, if every event up to it has been applied: before that, what looks open may long be closed.
    pub(super) fn head(&self) -> Option<Head> {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_head(&self, head: Option<Head>) {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = head;
    }

    /// Whether the operator is active with this keeper's key as of `head`. Tells the log when that changes.
    pub(super) async fn is_active(&self, head: Head) -> Result<bool, LedgerError> {
        let operator = self.config.operator;
        let registered = self.ledger.signer_of(operator, head.timestamp).await?;
        let active = registered == self.signer_address();
        if self.metrics.inactive.swap(u64::from(!active), Ordering::Relaxed) == u64::from(active) {
            if active {
                tracing::info!(%operator, "the operator is active: requests are taken again");
            } else {
                tracing::warn!(
                    %operator,
                    %registered,
                    "the operator is not active with this key: no requests are taken and no jobs begun; `opg doctor` \
                     says what to do"
                );
            }
        }
        Ok(active)
    }

    /// The key that receipts are signed with.
    pub(super) fn signer_address(&self) -> Address {
        self.signer.address()
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Context").field("config", &self.config).finish_non_exhaustive()
    }
}
