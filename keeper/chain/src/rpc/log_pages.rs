//! Logs of many blocks, in as many calls as the endpoints need.

use alloy::rpc::types::{Filter, Log};

use super::{Rpc, RpcError};

/// Reads logs in the order of blocks: all blocks at once first, then in halves where an endpoint limits the range. For
/// filters with an indexed topic, which nodes answer fast over any range.
///
/// Blocks near the head may be reorganised while this reads; whoever acts on events follows them with
/// [`crate::events::Follower`] instead.
#[derive(Debug)]
pub struct LogPages<'a> {
    rpc: &'a Rpc,
    filter: Filter,
    next: u64,
    last: u64,
    span: u64,
}

impl<'a> LogPages<'a> {
    /// Logs that match `filter`, whose range is ignored, from block `first` to block `last`.
    #[must_use]
    pub fn new(rpc: &'a Rpc, filter: Filter, first: u64, last: u64) -> Self {
        Self { rpc, filter, next: first, last, span: last.saturating_sub(first).saturating_add(1) }
    }

    /// Logs of the next blocks, perhaps none; `None` after the last block.
    ///
    /// # Errors
    /// If no endpoint can serve even a single block. The same page can be asked for again.
    pub async fn next(&mut self) -> Result<Option<Vec<Log>>, RpcError> {
        while self.next <= self.last {
            let to = self.last.min(self.next.saturating_add(self.span - 1));
            match self.rpc.logs(&self.filter.clone().from_block(self.next).to_block(to)).await {
                Ok(logs) => {
                    self.next = to + 1;
                    return Ok(Some(logs));
                }
                Err(error) if self.span > 1 && error.is_too_much() => self.span /= 2,
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }
}
