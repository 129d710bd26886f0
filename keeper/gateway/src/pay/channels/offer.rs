//! What a client is told: how to pay by a channel, and where its channel stands.

use alloy::primitives::{Address, hex};
use opg_chain::x402::{CHANNELS, Requirements};
use opg_store::channels::Channel;
use serde_json::{Map, Value, json};

use super::{super::quote, Channels};
use crate::{config::Payments, context::Context};

/// Requests that a deposit is suggested for.
const REQUESTS_PER_DEPOSIT: u128 = 5;

/// How to pay at most `price` to `receiver` by a voucher; `None` where vouchers are not taken.
pub(crate) fn requirements(context: &Context, receiver: Address, price: u128) -> Option<Requirements> {
    let Payments::X402 { asset, max_timeout, .. } = context.config.payments else { return None };
    let (token, Channels { policy, .. }) = (context.token.as_ref()?, context.channels.as_ref()?);
    // A voucher pays for one request. Two that are signed on the same base differ by these wei, which are never charged.
    let amount = price.saturating_add(1).saturating_add(rand::random::<u32>().into());
    let mut extra = Map::new();
    extra.insert("name".to_owned(), json!(token.name));
    extra.insert("version".to_owned(), json!(token.version));
    extra.insert("receiverAuthorizer".to_owned(), json!(context.signer.address()));
    extra.insert("withdrawDelay".to_owned(), json!(policy.withdraw_delay));
    if policy.min_deposit > 0 {
        let least = policy.min_deposit.max(amount.saturating_mul(REQUESTS_PER_DEPOSIT));
        extra.insert("minDeposit".to_owned(), json!(least.to_string()));
    }
    Some(Requirements {
        scheme: CHANNELS.to_owned(),
        network: quote::network(context),
        asset,
        amount: amount.to_string(),
        pay_to: receiver,
        max_timeout_seconds: max_timeout,
        extra,
    })
}

/// What clients are told was charged in all. Never more than they signed or the chain shows: they would not believe it.
pub(crate) fn reported(channel: &Channel) -> u128 {
    channel.charged.min(channel.maximum.max(channel.seen.claimed))
}

/// What the chain says of a channel, in the words of the scheme.
pub(crate) fn on_chain(channel: &Channel) -> Value {
    let asked = |(_, at): (u128, u64)| at.saturating_sub(channel.terms.withdraw_delay);
    json!({
        "channelId": channel.id,
        "balance": channel.seen.balance.to_string(),
        "totalClaimed": channel.seen.claimed.to_string(),
        "withdrawRequestedAt": channel.seen.withdrawal.map_or(0, asked),
    })
}

/// The same, and what was charged.
pub(crate) fn charged(channel: &Channel) -> Value {
    let mut state = on_chain(channel);
    state["chargedCumulativeAmount"] = json!(reported(channel).to_string());
    state
}

/// Adds to an offer where the client's channel stands, with the voucher that proves it. Without one, clients ask the chain.
pub(crate) fn correct(offer: &mut Requirements, channel: &Channel) {
    if channel.maximum < reported(channel) || channel.signature.is_empty() {
        offer.extra.insert("channelState".to_owned(), on_chain(channel));
        return;
    }
    offer.extra.insert("channelState".to_owned(), charged(channel));
    let voucher = json!({
        "signedMaxClaimable": channel.maximum.to_string(),
        "signature": hex::encode_prefixed(&channel.signature),
    });
    offer.extra.insert("voucherState".to_owned(), voucher);
}
