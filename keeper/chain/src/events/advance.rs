//! Reading blocks: many at once far behind the head, one by one near it.

use super::{Cursor, FollowError, Follower, LoggedEvent, follower::Step, logs};
use crate::rpc::BlockSource;

/// Blocks before the target that are read one by one, each by its hash. An endpoint asked for a *range* that it has not
/// indexed to the end answers with fewer logs and no error; asked for an unknown *hash* it fails.
const TAIL: u64 = 16;

impl Follower {
    pub(super) async fn advance<S: BlockSource + ?Sized>(
        &self,
        step: Step<'_, S>,
        cursor: &mut Cursor,
    ) -> Result<Vec<LoggedEvent>, FollowError> {
        if step.target - step.from < TAIL {
            self.block_by_block(&step, cursor).await
        } else {
            self.range(&step, cursor).await
        }
    }

    async fn block_by_block<S: BlockSource + ?Sized>(
        &self,
        step: &Step<'_, S>,
        cursor: &mut Cursor,
    ) -> Result<Vec<LoggedEvent>, FollowError> {
        let mut events = Vec::new();
        for number in step.from..=step.target {
            let block = step.block(number).await?;
            step.check_parent(cursor.tip(), &block)?;
            let logs = step.source.logs_of_block(block.hash, &self.addresses).await?;
            events.extend(self.checked(step, logs, (number, number), &[(number, block.hash)])?);
            cursor.push(number, block.hash);
        }
        Ok(events)
    }

    async fn range<S: BlockSource + ?Sized>(
        &self,
        step: &Step<'_, S>,
        cursor: &mut Cursor,
    ) -> Result<Vec<LoggedEvent>, FollowError> {
        let first = step.block(step.from).await?;
        step.check_parent(cursor.tip(), &first)?;
        let mut span = self.range.get().min(step.target - TAIL - step.from + 1);
        let (to, last, logs) = loop {
            let to = step.from + span - 1;
            let last = step.block(to).await?;
            match step.source.logs_of_range(step.from, to, &self.addresses).await {
                Ok(logs) => break (to, last, logs),
                Err(error) if span > 1 && error.is_too_much() => {
                    span = self.range.refused(span);
                    tracing::debug!(%error, span, "asking for fewer blocks");
                }
                Err(error) => return Err(error.into()),
            }
        };
        self.range.served(span);
        // The same last block before and after: the logs in between are of one chain.
        if step.source.block(to).await?.map(|block| block.hash) != Some(last.hash) {
            return Err(step.inconsistent(format!("block {to} changed while its logs were read")));
        }
        let known = [(step.from, first.hash), (to, last.hash)];
        let events = self.checked(step, logs, (step.from, to), &known)?;
        cursor.push(to, last.hash);
        Ok(events)
    }

    fn checked<S: BlockSource + ?Sized>(
        &self,
        step: &Step<'_, S>,
        logs: Vec<alloy::rpc::types::Log>,
        range: (u64, u64),
        known: &[(u64, alloy::primitives::B256)],
    ) -> Result<Vec<LoggedEvent>, FollowError> {
        logs::events(logs, range, known, &self.addresses, &self.config.contracts)
            .map_err(|reason| step.inconsistent(reason))
    }
}
