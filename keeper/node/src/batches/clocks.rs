//! The keeper's clock beside the chain's time, by which receipts are judged.

use std::sync::{PoisonError, atomic::Ordering::Relaxed};

use opg_chain::rpc_trait::Head;

use super::BatchesRole;

/// Seconds of difference that are not worth a word: blocks are some seconds old when they are seen.
const TOLERATED: u64 = 30;

/// How the keeper's clock stands to the latest block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Standing {
    /// They agree as far as one can expect.
    #[default]
    Agrees,
    /// The clock is ahead, or the node that answers lags.
    Ahead,
    /// The clock is behind.
    Behind,
}

impl BatchesRole {
    /// Counts the difference, and tells when it begins or ends to matter. What is done about it is done elsewhere: the gateway
    /// signs no receipt with a time before the latest block's, and those from ahead of the chain wait.
    pub(super) fn compare_clocks(&self, head: Head) {
        let now = self.parts.clock.now_ms() / 1_000;
        let (ahead, behind) = (now.saturating_sub(head.timestamp), head.timestamp.saturating_sub(now));
        self.metrics.clock_ahead.store(ahead, Relaxed);
        self.metrics.clock_behind.store(behind, Relaxed);
        let standing = match (ahead > TOLERATED, behind > TOLERATED) {
            (true, _) => Standing::Ahead,
            (_, true) => Standing::Behind,
            _ => Standing::Agrees,
        };
        let before =
            std::mem::replace(&mut *self.clocks.lock().unwrap_or_else(PoisonError::into_inner), standing);
        if before == standing {
            return;
        }
        match standing {
            Standing::Ahead => tracing::warn!(
                seconds = ahead,
                block = head.number,
                "this machine's clock is ahead of the chain's latest block: receipts that are signed now wait until the \
                 chain has come that far; synchronise the clock (NTP), or use a node that is not behind"
            ),
            Standing::Behind => tracing::warn!(
                seconds = behind,
                block = head.number,
                "this machine's clock is behind the chain: receipts are signed with the time of the latest block instead; \
                 synchronise the clock (NTP)"
            ),
            Standing::Agrees => tracing::info!("this machine's clock agrees with the chain again"),
        }
    }
}
