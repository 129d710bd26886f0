//! One step along the chain.

use alloy::primitives::{Address, B256};

use super::{
    Cursor, FollowError, LoggedEvent,
    ancestor::{Standing, standing},
    range::RangeSize,
};
use crate::{
    address_book::AddressBook,
    rpc::{BlockSource, Rpc},
    rpc_trait::Head,
};

/// Settings of a follower.
#[derive(Debug, Clone)]
pub struct FollowerConfig {
    /// Where the contracts are and in which block they begin.
    pub contracts: AddressBook,
    /// Blocks that must follow a block before it is applied. 0: the head is applied at once and rolled back after a
    /// reorganisation.
    pub confirmations: u64,
    /// Most blocks that one poll applies.
    pub max_range: u64,
}

impl FollowerConfig {
    /// Follows the head at once.
    #[must_use]
    pub fn new(contracts: AddressBook) -> Self {
        Self { contracts, confirmations: 0, max_range: 2_000 }
    }
}

/// What a poll found. The caller undoes everything above `rollback_to`, applies `events` and saves `cursor`, all in one
/// database transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The chain was reorganised: everything from blocks above this one never happened.
    pub rollback_to: Option<u64>,
    /// Events of the new blocks, in order.
    pub events: Vec<LoggedEvent>,
    /// The cursor after this segment.
    pub cursor: Cursor,
    /// Head of the chain as of this poll: how far there is to go.
    pub head: Head,
}

impl Segment {
    /// Blocks between the cursor and the head.
    #[must_use]
    pub fn behind(&self) -> u64 {
        self.cursor.tip().map_or(self.head.number, |(tip, _)| self.head.number.saturating_sub(tip))
    }
}

/// Follows the events of our contracts.
///
/// Holds nothing that matters: the same cursor and the same chain give the same segment, whoever polls.
#[derive(Debug)]
pub struct Follower {
    rpc: Rpc,
    pub(super) config: FollowerConfig,
    pub(super) addresses: Vec<Address>,
    pub(super) range: RangeSize,
}

impl Follower {
    /// Makes a follower.
    #[must_use]
    pub fn new(rpc: Rpc, config: FollowerConfig) -> Self {
        let contracts = &config.contracts;
        let addresses = vec![contracts.inference_hub, contracts.staking, contracts.model_registry];
        Self::of(rpc, config, addresses)
    }

    /// Makes a follower of some of the contracts.
    #[must_use]
    pub fn of(rpc: Rpc, config: FollowerConfig, addresses: Vec<Address>) -> Self {
        Self { rpc, addresses, range: RangeSize::new(config.max_range), config }
    }

    /// Takes the next step from `cursor`; `None` if there is nothing new. All answers of a step come from one endpoint;
    /// where they fail or contradict each other, the next endpoint is asked for the whole step.
    ///
    /// # Errors
    /// If no endpoint can serve the step. The cursor stands as it was.
    pub async fn poll(&self, cursor: &Cursor) -> Result<Option<Segment>, FollowError> {
        let mut last = None;
        for pin in self.rpc.pins() {
            match self.poll_on(&pin, pin.label(), cursor).await {
                Err(error) if error.is_endpoint_fault() => {
                    tracing::debug!(%error, "following on another RPC endpoint");
                    last = Some(error);
                }
                result => return result,
            }
        }
        last.map_or(Ok(None), Err)
    }

    pub(super) async fn poll_on<S: BlockSource + ?Sized>(
        &self,
        source: &S,
        label: &str,
        cursor: &Cursor,
    ) -> Result<Option<Segment>, FollowError> {
        let head = source.head().await?;
        let mut cursor = cursor.clone();
        let rollback_to = match standing(source, &cursor, &head).await? {
            Standing::OnChain => None,
            Standing::Ahead => return Ok(None),
            Standing::Forked(ancestor) => {
                let number = ancestor.map_or(self.start().saturating_sub(1), |(number, _)| number);
                match ancestor {
                    Some(_) => cursor.truncate(number),
                    None => cursor = Cursor::default(),
                }
                tracing::info!(to = number, head = head.number, "the chain was reorganised");
                Some(number)
            }
        };
        let from = cursor.tip().map_or(self.start(), |(tip, _)| tip + 1);
        let events = match head.number.checked_sub(self.config.confirmations) {
            Some(target) if from <= target => {
                self.advance(Step { source, label, head: &head, from, target }, &mut cursor).await?
            }
            _ if rollback_to.is_none() => return Ok(None),
            _ => Vec::new(),
        };
        Ok(Some(Segment { rollback_to, events, cursor, head }))
    }

    fn start(&self) -> u64 {
        self.config.contracts.deployment_block
    }
}

/// What a step works on.
pub(super) struct Step<'a, S: ?Sized> {
    pub(super) source: &'a S,
    pub(super) label: &'a str,
    pub(super) head: &'a Head,
    /// First block to apply.
    pub(super) from: u64,
    /// Last block that may be applied.
    pub(super) target: u64,
}

impl<S: BlockSource + ?Sized> Step<'_, S> {
    /// The block at `number`, which must exist.
    pub(super) async fn block(&self, number: u64) -> Result<Head, FollowError> {
        if number == self.head.number {
            return Ok(*self.head);
        }
        let block = self.source.block(number).await?;
        block.ok_or_else(|| {
            self.inconsistent(format!("head is {}, but there is no block {number}", self.head.number))
        })
    }

    /// Checks that `block` follows the cursor's last block, where that is the block before it.
    pub(super) fn check_parent(&self, tip: Option<(u64, B256)>, block: &Head) -> Result<(), FollowError> {
        match tip {
            Some((number, hash)) if number + 1 == block.number && hash != block.parent_hash => {
                Err(self.inconsistent(format!("block {} does not follow block {number}", block.number)))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn inconsistent(&self, reason: String) -> FollowError {
        FollowError::Inconsistent { endpoint: self.label.to_owned(), reason }
    }
}
