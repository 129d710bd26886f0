//! What is known of a channel.

use alloy::primitives::B256;
use opg_store::channels::{self, Channel, Terms};

use crate::{ApiError, context::Context};

/// Seconds for which the chain's word is relied on, at most. A withdrawal takes at least three times as long.
const FRESH: u64 = 300;

/// Since when the chain must have been asked about a channel with these terms.
pub(crate) fn fresh_since(context: &Context, terms: &Terms) -> u64 {
    context.now().saturating_sub(FRESH.min(terms.withdraw_delay / 3))
}

/// The channel, as the chain had it not long ago; `None` if nothing was ever deposited.
pub(crate) async fn known(context: &Context, id: B256, terms: &Terms) -> Result<Option<Channel>, ApiError> {
    let stored = context.store.read(|tx| channels::by_id(tx, id))?;
    match stored {
        Some(channel) if channel.seen.at >= fresh_since(context, terms) => Ok(Some(channel)),
        _ => refresh(context, id, terms).await,
    }
}

/// The channel, as the chain has it now.
pub(crate) async fn refresh(context: &Context, id: B256, terms: &Terms) -> Result<Option<Channel>, ApiError> {
    let seen = context.ledger.channel(id).await?.seen(terms.withdraw_delay, context.now());
    let terms = terms.clone();
    let stored = context.writer.write(move |tx| {
        // Nobody can fill the store with channels that do not exist.
        if seen.balance > 0 || channels::by_id(tx, id)?.is_some() {
            channels::note_seen(tx, id, &terms, &seen)?;
        }
        channels::by_id(tx, id)
    });
    Ok(stored.await?)
}
