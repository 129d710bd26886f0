//! What is final and old is removed, where the operator wants that.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use opg_chain::rpc_trait::Head;
use opg_store::batches;

use super::{BatchTimes, BatchesRole};
use crate::ServiceError;

/// Receipts that are removed in one transaction: some milliseconds, for which nobody else can write.
const STEP: u32 = 128;
/// Steps of one pass: a batch of the usual size. What else there is to do comes in between.
const STEPS: usize = 32;
/// Least pause between steps. It is as long as the step before where that took longer, so that others have half of the time.
const PAUSE: Duration = Duration::from_millis(2);

impl BatchesRole {
    /// Removes receipts and answers of final batches that are older than wanted. True if there is more to do.
    pub(super) async fn prune(&self, head: Head, times: BatchTimes) -> Result<bool, ServiceError> {
        let Some(keep) = self.config.keep else { return Ok(false) };
        // The times of challenges can have been prolonged since the start.
        let keep = keep.max(times.least_keep());
        // What is removed is gone: the clock and the chain both have to say that it is time.
        let now = head.timestamp.min(self.parts.clock.now_ms() / 1_000);
        let store = &self.parts.store;
        for _ in 0..STEPS {
            let limit = now.saturating_sub(keep);
            let Some(batch) = store.read(|tx| batches::next_to_prune(tx, limit))? else { return Ok(false) };
            let since = Instant::now();
            let pruned = store.write(|tx| batches::prune(tx, batch.id, STEP))?;
            let took = since.elapsed();
            self.metrics.pruned_receipts.fetch_add(pruned.receipts as u64, Relaxed);
            if pruned.done {
                self.metrics.pruned.fetch_add(1, Relaxed);
                tracing::info!(batch = %batch.name, count = batch.commitment.count, "a final batch was pruned");
            }
            tokio::time::sleep(took.max(PAUSE)).await;
        }
        Ok(true)
    }
}
