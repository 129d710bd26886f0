//! Where the cursor and the chain part.

use alloy::primitives::B256;

use super::{Cursor, FollowError};
use crate::{rpc::BlockSource, rpc_trait::Head};

/// How a cursor stands to the chain of a source.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Its last block is on the chain.
    OnChain,
    /// The source has not got to its last block yet.
    Ahead,
    /// The chain was reorganised below its last block; this is the last common block, if there is one.
    Forked(Option<(u64, B256)>),
}

/// Compares `cursor`, which has a last block, with the chain that ends in `head`.
pub(super) async fn standing<S: BlockSource + ?Sized>(
    source: &S,
    cursor: &Cursor,
    head: &Head,
) -> Result<Standing, FollowError> {
    let Some((tip, hash)) = cursor.tip() else { return Ok(Standing::OnChain) };
    if tip == head.number && hash == head.hash || tip + 1 == head.number && hash == head.parent_hash {
        return Ok(Standing::OnChain);
    }
    let below = cursor.blocks().iter().rev().filter(|(number, _)| *number <= head.number);
    for (number, hash) in below.copied() {
        let on_chain = if number == head.number {
            head.hash == hash
        } else {
            source.block(number).await?.is_some_and(|block| block.hash == hash)
        };
        if !on_chain {
            continue;
        }
        return Ok(if number == tip {
            Standing::OnChain
        } else if highest_at_or_below(cursor, head.number) == Some(number) {
            // Nothing contradicts the cursor: the source is behind it.
            Standing::Ahead
        } else {
            Standing::Forked(Some((number, hash)))
        });
    }
    // A source whose head is below every remembered block says nothing about them.
    Ok(if highest_at_or_below(cursor, head.number).is_none() {
        Standing::Ahead
    } else {
        Standing::Forked(None)
    })
}

fn highest_at_or_below(cursor: &Cursor, limit: u64) -> Option<u64> {
    cursor.blocks().iter().rev().map(|(number, _)| *number).find(|number| *number <= limit)
}
