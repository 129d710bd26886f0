//! What a client is told about the voucher that it paid with.

use serde_json::{Value, json};

use super::{super::Settlement, offer, shown::Shown};
use crate::{ApiError, context::Context};

/// Where the channel of `shown` stands now, after `fee` was charged to it.
pub(crate) fn settlement(
    context: &Context,
    shown: &Shown,
    fee: Option<u128>,
) -> Result<Settlement, ApiError> {
    let id = shown.channel;
    let channel = context.store.read(|tx| opg_store::channels::by_id(tx, id))?;
    let channel = channel.ok_or_else(|| ApiError::internal(format!("channel {id} is gone")))?;
    Ok(Settlement::Voucher { channel: Box::new(channel), fee })
}

/// The same in the words of the scheme. Before a stream nothing is charged yet: clients then learn the sum from the answer to
/// their next request.
pub(crate) fn extra(channel: &opg_store::channels::Channel, fee: Option<u128>) -> Value {
    match fee {
        Some(fee) => json!({ "channelState": offer::charged(channel), "chargedAmount": fee.to_string() }),
        None => json!({ "channelState": offer::on_chain(channel), "chargedAmount": "0" }),
    }
}
