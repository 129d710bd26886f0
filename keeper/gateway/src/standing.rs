//! Whether the operator may sign receipts: those of an operator that is not active, or by another key, count for nothing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use async_trait::async_trait;
use opg_node::{Progress, Service, ServiceError};

use crate::{ApiError, context::Context};

/// Pause between looks at the chain.
const LOOK: Duration = Duration::from_secs(3);
/// What callers are told to wait.
const WAIT: Duration = Duration::from_secs(60);

/// What the chain said last. Active until it says otherwise: whoever opened the gateway has asked it.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    inactive: AtomicBool,
}

impl Standing {
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
