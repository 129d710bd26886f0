//! The canonical chain as one head tells it: block by block down its parent hashes, so that answers of nodes that disagree
//! are never mixed.

use std::collections::HashMap;

use alloy::primitives::B256;

use super::JournalError;
use crate::rpc_trait::{ChainRpc, Head, RpcError};

/// Headers followed down from a head at most. What lies deeper is older than any reorg the journal provides for, and is
/// asked for by number.
const LONGEST_WALK: u64 = 512;

/// Headers seen, by hash.
#[derive(Debug, Default)]
pub(super) struct Lineage {
    parents: HashMap<B256, (u64, B256)>,
}

impl Lineage {
    /// Hash of the block at `number` on the branch of `head`; `None` above it.
    pub(super) async fn ancestor(
        &mut self,
        rpc: &dyn ChainRpc,
        head: &Head,
        number: u64,
    ) -> Result<Option<B256>, JournalError> {
        if number > head.number {
            return Ok(None);
        }
        if head.number - number > LONGEST_WALK {
            return Ok(rpc.block(number).await?.map(|block| block.hash));
        }
        self.parents.insert(head.hash, (head.number, head.parent_hash));
        let (mut height, mut hash) = (head.number, head.hash);
        while height > number {
            let parent = match self.parents.get(&hash) {
                Some((_, parent)) => *parent,
                None => self.fetch(rpc, height, hash).await?,
            };
            (height, hash) = (height - 1, parent);
        }
        Ok(Some(hash))
    }

    /// Asks for a header that must have this hash, and returns its parent.
    async fn fetch(&mut self, rpc: &dyn ChainRpc, height: u64, hash: B256) -> Result<B256, JournalError> {
        match rpc.block(height).await? {
            Some(block) if block.hash == hash => {
                self.parents.insert(hash, (height, block.parent_hash));
                Ok(block.parent_hash)
            }
            _ => Err(JournalError::Rpc(RpcError::Unreachable {
                method: "eth_getBlockByNumber",
                reason: format!(
                    "block {height} is not the one below the head: the node lags or has changed its mind"
                ),
            })),
        }
    }

    /// Forgets what no walk from `head` reaches.
    pub(super) fn prune(&mut self, head: u64) {
        self.parents.retain(|_, (number, _)| *number + LONGEST_WALK >= head);
    }
}
