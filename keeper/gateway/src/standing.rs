//! Whether the operator may sign receipts: those of an operator that is not active, or by another key, count for nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use opg_chain::rpc_trait::Head;
use opg_node::{Clock, Progress, Service, ServiceError};

use crate::{ApiError, context::Context};

/// Pause between looks at the chain.
const LOOK: Duration = Duration::from_secs(3);
/// What callers are told to wait.
const WAIT: Duration = Duration::from_secs(60);

/// What the chain said last. Active until it says otherwise: whoever opened the gateway has asked it.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    inactive: AtomicBool,
    /// Unix time of the latest block.
    chain_time: Arc<AtomicU64>,
}

impl Standing {
    /// Notes the latest block. Its time replaces an earlier one even where it is before that: one node with a wrong block must
    /// not put receipts into the future for good.
    pub(crate) fn note(&self, head: Head) {
        self.chain_time.store(head.timestamp, Relaxed);
    }

    /// `clock`, but never before the latest block, by whose time receipts and payments are judged: where the clock is far
    /// behind, its receipts would be too old for a batch.
    pub(crate) fn corrected(&self, clock: Arc<dyn Clock>) -> Arc<dyn Clock> {
        Arc::new(Corrected { clock, chain_time: Arc::clone(&self.chain_time) })
    }

    /// Refuses what would need a new receipt while the operator may not sign any.
    pub(crate) fn check(&self) -> Result<(), ApiError> {
        if !self.inactive.load(Relaxed) {
            return Ok(());
        }
        let message = "the operator of this node is not active at present, so its receipts would not count; ask another node";
        Err(ApiError::unavailable("operator_inactive", message, WAIT))
    }

    /// What keeps requests from being answered, if anything.
    pub(crate) fn reason(&self) -> Option<String> {
        self.inactive.load(Relaxed).then(|| "the operator is not active with this node's key".to_owned())
    }
}

#[derive(Debug)]
struct Corrected {
    clock: Arc<dyn Clock>,
    chain_time: Arc<AtomicU64>,
}

impl Clock for Corrected {
    fn now_ms(&self) -> u64 {
        self.clock.now_ms().max(self.chain_time.load(Relaxed).saturating_mul(1_000))
    }
}

/// Asks the chain from time to time: for the operator's standing, and for the price of a compute unit.
pub(crate) struct Look {
    pub(crate) context: Arc<Context>,
}

#[async_trait]
impl Service for Look {
    fn name(&self) -> &'static str {
        "standing"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        let Context { ledger, config, signer, standing, .. } = &*self.context;
        let head = ledger.head().await?;
        standing.note(head);
        self.context.unit_price.refresh(async |market| ledger.unit_price(market).await).await?;
        let inactive = ledger.signer_of(config.operator, head.timestamp).await? != signer.address();
        if standing.inactive.swap(inactive, Relaxed) != inactive {
            if inactive {
                tracing::error!("the operator is not active with this key: nothing new is answered");
            } else {
                tracing::info!("the operator is active again");
            }
        }
        Ok(Progress::Wait(LOOK))
    }
}
