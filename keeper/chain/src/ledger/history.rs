//! Finding the logs of one request among all blocks.

use alloy::{
    primitives::B256,
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};

use super::{Contracts, LedgerError};
use crate::{
    bindings::IInferenceHub::{InferenceFulfilled, InferenceRequested},
    rpc::{Rejection, RpcError},
};

impl Contracts {
    /// Logs of the request and its fulfilment since the deployment, in order. Nodes index topics, so all blocks are
    /// asked for at once, and in halves where an endpoint limits the range.
    pub(super) async fn logs_of_request(&self, request_id: B256) -> Result<Vec<Log>, LedgerError> {
        let head = self.rpc.head().await?.number;
        let mut logs = Vec::new();
        let mut from = self.book.deployment_block;
        let mut span = head.saturating_sub(from) + 1;
        while from <= head {
            let to = head.min(from.saturating_add(span - 1));
            let filter = Filter::new()
                .address(self.book.inference_hub)
                .event_signature(vec![InferenceRequested::SIGNATURE_HASH, InferenceFulfilled::SIGNATURE_HASH])
                .topic1(request_id)
                .from_block(from)
                .to_block(to);
            match self.rpc.logs(&filter).await {
                Ok(found) => {
                    logs.extend(found);
                    from = to + 1;
                }
                Err(error) if span > 1 && is_too_much(&error) => span /= 2,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(logs)
    }
}

fn is_too_much(error: &RpcError) -> bool {
    matches!(error, RpcError::Timeout { .. } | RpcError::BadResponse { .. })
        || matches!(error.rejection(), Some(Rejection::RangeTooLarge(_)))
}
