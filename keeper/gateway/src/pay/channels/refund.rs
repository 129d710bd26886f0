//! Cooperative refunds: `GET /v1/channels/{model}` asks for what was not charged back, at once. Clients of x402 ask there
//! twice, first without a payment to learn the terms.

use std::sync::Arc;

use alloy::primitives::{B256, U256};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, header},
};
use opg_chain::{
    bindings::ChannelConfig,
    channels::{SETTLEMENT, refund_calldata},
    journal::{Intent, IntentState},
    x402::{self, CHANNELS, Requirements, Settled},
};
use opg_store::channels::{self, Channel};
use serde_json::json;

use super::{
    super::{
        quote,
        verify::{self, refuse},
    },
    Channels, code, deposit, offer,
    payload::Payload,
    shown::Shown,
    state,
};
use crate::{ApiError, context::Context, model::Model};

/// What the offer of this address costs; nothing is paid here, but x402 knows no price of zero.
const NOTHING: u128 = 0;

/// The channels that may be refunded here: those that pay for `model`.
pub(crate) fn offer(context: &Context, model: &Model) -> Result<Requirements, ApiError> {
    offer::requirements(context, model.pay_to, NOTHING).ok_or_else(|| {
        ApiError::not_found("channels_not_taken", "this node takes no vouchers, so it has no channels")
    })
}

/// Gives back what the header asks for, or says what it should ask.
pub(crate) async fn answer(
    context: &Arc<Context>,
    model: &Model,
    headers: &HeaderMap,
) -> Result<Response<Body>, ApiError> {
    let Some(header) = headers.get(x402::PAYMENT) else {
        let message = "send a payment of type refund to have back what is left of a channel";
        return Err(ApiError::payment("payment_required", message));
    };
    let Some(channels) = &context.channels else {
        return Err(refuse("unsupported_scheme", "this node takes no vouchers"));
    };
    let (shown, amount) = read(context, channels, model, header.as_bytes()).await?;
    let channel = state::refresh(context, shown.channel, &shown.terms)
        .await?
        .ok_or_else(|| refuse(code::NO_CHANNEL, "nothing was ever deposited into this channel"))?;
    let amount = judge(&channel, &shown, amount.as_deref())?;
    let (transaction, channel) = give_back(context, channels, &channel, amount).await?;
    let settled = Settled {
        success: true,
        payer: channel.terms.payer,
        transaction: transaction.to_string(),
        network: quote::network(context),
        amount: amount.to_string(),
        extra: Some(json!({ "channelState": offer::charged(&channel) })),
    };
    let body = json!({ "channelId": channel.id, "refunded": amount.to_string(), "transaction": transaction });
    let mut response = Response::new(Body::from(body.to_string()));
    let head = response.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Ok(value) = HeaderValue::from_str(&x402::encode(&settled)) {
        head.insert(x402::RESPONSE, value);
    }
    Ok(response)
}

async fn read(
    context: &Context,
    channels: &Channels,
    model: &Model,
    header: &[u8],
) -> Result<(Shown, Option<String>), ApiError> {
    let paid = verify::open(header)?;
    if paid.accepted.scheme != CHANNELS {
        return Err(refuse("unsupported_scheme", format!("refunds are of scheme {CHANNELS}")));
    }
    let payload = serde_json::from_value(paid.payload).map_err(|error| refuse(code::PAYLOAD, error))?;
    let Payload::Refund { config, voucher, amount } = payload else {
        return Err(refuse(code::PAYLOAD, "it is not of type refund"));
    };
    let shown = Shown::read(context, channels, model.pay_to, config, voucher)?;
    shown.check_signature(context, channels).await?;
    Ok((shown, amount))
}

/// How much is given back: what was asked for, as far as it was not charged. Whoever asks shows a voucher of exactly what
/// was charged. Vouchers of requests allow more, and once they were claimed with, anybody can show them.
fn judge(channel: &Channel, shown: &Shown, asked: Option<&str>) -> Result<u128, ApiError> {
    let reported = offer::reported(channel);
    if shown.maximum != reported {
        let reason =
            format!("a refund takes a voucher over what was charged, {reported} wei, not {}", shown.maximum);
        return Err(refuse(code::MISMATCH, reason));
    }
    let left = channel.seen.balance.saturating_sub(channel.charged.max(channel.seen.claimed));
    if left == 0 {
        return Err(refuse(code::NOTHING_TO_REFUND, "everything in the channel was charged"));
    }
    match asked.map(str::parse::<u128>) {
        None => Ok(left),
        Some(Ok(asked)) if asked > 0 => Ok(asked.min(left)),
        Some(_) => Err(refuse(code::REFUND_AMOUNT, "the amount is not a number of wei above zero")),
    }
}

/// Refunds through the journal. Returns the transaction, and the channel after it.
async fn give_back(
    context: &Context,
    Channels { holds, .. }: &Channels,
    channel: &Channel,
    amount: u128,
) -> Result<(B256, Channel), ApiError> {
    let (id, signer, now) = (channel.id, context.signer.address(), context.now());
    let intent = Intent {
        key: format!("x402:refund:{id}:{}", B256::from(rand::random::<[u8; 32]>())),
        purpose: format!("give back what is left of channel {id}"),
        to: SETTLEMENT,
        calldata: refund_calldata(&ChannelConfig::from(&channel.terms), amount),
        value: U256::ZERO,
        deadline: None,
        max_cost: None,
    };
    let Some(kept_out) = holds.keep_out(id) else {
        let message = "requests that this channel pays are being answered; ask for the refund after them";
        return Err(ApiError::too_many("channel_busy", message, std::time::Duration::from_secs(1)));
    };
    let enqueue = context.writer.write(move |tx| {
        // Handed back, so that vouchers are kept out until the refund is in the store.
        Ok((channels::enqueue_refund(tx, &kept_out, signer, &intent, now)?, kept_out))
    });
    let (intent, kept_out) = enqueue.await?;
    drop(kept_out);
    if let Some(journal) = &context.journal {
        journal.wake();
    }
    let outcome = deposit::settled(context, intent).await?;
    let after = state::refresh(context, id, &channel.terms).await?;
    context.writer.write(move |tx| channels::note_refunded(tx, id, intent)).await?;
    match (outcome, after) {
        (IntentState::Confirmed { hash, success: true, .. }, Some(after)) => {
            tracing::info!(channel = %id, amount, transaction = %hash, "a channel was refunded");
            Ok((hash, after))
        }
        (IntentState::Failed { reason }, _) => Err(refuse(code::REFUND_FAILED, reason)),
        _ => Err(refuse(code::REFUND_FAILED, "the transaction reverted")),
    }
}
