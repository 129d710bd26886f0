//! Finding the logs of one request among all blocks.

use alloy::{
    primitives::B256,
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};

use super::{Contracts, LedgerError};
use crate::{
    bindings::IInferenceHub::{InferenceFulfilled, InferenceRequested},
    rpc::LogPages,
};

impl Contracts {
    /// Logs of the request and its fulfilment since the deployment, in order.
    pub(super) async fn logs_of_request(&self, request_id: B256) -> Result<Vec<Log>, LedgerError> {
        let filter = Filter::new()
            .address(self.book.inference_hub)
            .event_signature(vec![InferenceRequested::SIGNATURE_HASH, InferenceFulfilled::SIGNATURE_HASH])
            .topic1(request_id);
        let head = self.rpc.head().await?.number;
        let mut pages = LogPages::new(&self.rpc, filter, self.book.deployment_block, head);
        let mut logs = Vec::new();
        while let Some(page) = pages.next().await? {
            logs.extend(page);
        }
        Ok(logs)
    }
}
