//! One endpoint, so that several answers fit together.

use std::{sync::Arc, time::Instant};

use alloy::{
    primitives::{Address, B256, U64},
    rpc::types::{Filter, Log},
};
use async_trait::async_trait;
use serde_json::json;

use super::{RpcError, endpoint::Endpoint, header::Header};
use crate::rpc_trait::Head;

/// Where blocks and logs come from: one view of the chain, as far as one endpoint has one.
#[async_trait]
pub trait BlockSource: Send + Sync {
    /// The latest block.
    async fn head(&self) -> Result<Head, RpcError>;

    /// The block at `number`, or `None` if the source has none there.
    async fn block(&self, number: u64) -> Result<Option<Head>, RpcError>;

    /// Logs of `addresses` in the block with `hash`. Fails if the source does not know the block.
    async fn logs_of_block(&self, hash: B256, addresses: &[Address]) -> Result<Vec<Log>, RpcError>;

    /// Logs of `addresses` from block `from` to block `to`, both included.
    async fn logs_of_range(&self, from: u64, to: u64, addresses: &[Address]) -> Result<Vec<Log>, RpcError>;
}

/// A source whose answers all come from one endpoint.
#[derive(Debug, Clone)]
pub struct Pinned {
    endpoint: Arc<Endpoint>,
}

impl Pinned {
    pub(super) fn new(endpoint: Arc<Endpoint>) -> Self {
        Self { endpoint }
    }

    /// Name of the endpoint, redacted.
    #[must_use]
    pub fn label(&self) -> &str {
        self.endpoint.label()
    }

    async fn logs(&self, filter: Filter) -> Result<Vec<Log>, RpcError> {
        self.endpoint.call("eth_getLogs", json!([filter])).await
    }
}

#[async_trait]
impl BlockSource for Pinned {
    async fn head(&self) -> Result<Head, RpcError> {
        let method = "eth_getBlockByNumber";
        let before = self.endpoint.health().head();
        let block: Option<Header> = self.endpoint.call(method, json!(["latest", false])).await?;
        let head = block.ok_or_else(|| self.endpoint.bad(method, "no latest block".to_owned()))?;
        self.endpoint.health().saw_head(before, head.number.to(), Instant::now());
        Ok(head.into())
    }

    async fn block(&self, number: u64) -> Result<Option<Head>, RpcError> {
        let method = "eth_getBlockByNumber";
        let tag = U64::from(number);
        let block: Option<Header> = self.endpoint.call(method, json!([tag, false])).await?;
        match block {
            Some(block) if block.number != tag => {
                Err(self.endpoint.bad(method, format!("block {} instead of block {number}", block.number)))
            }
            block => Ok(block.map(Head::from)),
        }
    }

    async fn logs_of_block(&self, hash: B256, addresses: &[Address]) -> Result<Vec<Log>, RpcError> {
        self.logs(Filter::new().at_block_hash(hash).address(addresses.to_vec())).await
    }

    async fn logs_of_range(&self, from: u64, to: u64, addresses: &[Address]) -> Result<Vec<Log>, RpcError> {
        self.logs(Filter::new().from_block(from).to_block(to).address(addresses.to_vec())).await
    }
}
