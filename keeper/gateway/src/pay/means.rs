//! From a request's headers to how it is paid.

use axum::http::HeaderMap;
use opg_chain::x402::{self, CHANNELS, EXACT, Paid, Requirements};
use opg_receipts::http_request_id;
use opg_store::channels as stored;

use super::{
    Means,
    channels::{Channels, code, deposit, offer, payload::Payload, shown::Shown},
    quote,
    settle::{self, Standing},
    verify::{self, refuse},
};
use crate::{
    ApiError,
    api::Prepared,
    config::Payments,
    context::{Caller, Context},
    serve::throttle,
};

/// The payment in `headers`, checked against what is offered. A flat payment is bound to the request by this; a deposit
/// that comes with a voucher is made.
pub(crate) async fn read(
    context: &Context,
    headers: &HeaderMap,
    prepared: &Prepared,
) -> Result<Means, ApiError> {
    let Some(header) = headers.get(x402::PAYMENT) else {
        let price = quote::price(context, prepared);
        let message = format!("this request costs {price} wei of OPG at most; pay it by x402");
        return Err(ApiError::payment("payment_required", message));
    };
    let paid = verify::open(header.as_bytes())?;
    match (paid.accepted.scheme.as_str(), &context.channels) {
        (EXACT, _) => flat(context, paid, prepared).await,
        (CHANNELS, Some(channels)) => by_voucher(context, channels, paid, prepared).await,
        (_, channels) => {
            let schemes = if channels.is_some() { format!("{EXACT}, {CHANNELS}") } else { EXACT.to_owned() };
            let reason = format!("its scheme is not one that is taken here: {schemes}");
            Err(refuse("unsupported_scheme", reason))
        }
    }
}

async fn flat(context: &Context, paid: Paid, prepared: &Prepared) -> Result<Means, ApiError> {
    let asked = quote::exact(context, prepared).ok_or_else(nobody_pays)?;
    let payment = verify::read(context, paid, &asked)?;
    let operator = context.config.operator;
    let request_id = http_request_id(payment.payer, operator, payment.nonce, prepared.input_hash);
    let mut standing = settle::standing(context, &payment, request_id).await?;
    if standing == Standing::New {
        context.standing.check()?;
        payment.check_on_chain(context).await?;
        throttle(context, Caller::Payer(payment.payer))?;
        standing = settle::hold(context, &payment, request_id).await?;
    }
    Ok(Means::Flat(payment, standing))
}

async fn by_voucher(
    context: &Context,
    channels: &Channels,
    paid: Paid,
    prepared: &Prepared,
) -> Result<Means, ApiError> {
    let Payments::X402 { asset, .. } = context.config.payments else { return Err(nobody_pays()) };
    let (cap, receiver) = (quote::price(context, prepared), prepared.model.pay_to);
    let accepted = &paid.accepted;
    // The client's word for what it signed for this request. Below the price it would be told a sum that it does not expect.
    let enough = accepted.amount.parse::<u128>().is_ok_and(|amount| amount >= cap);
    for (code, differs, what) in [
        ("invalid_network", accepted.network != quote::network(context), "network"),
        ("invalid_asset", accepted.asset != asset, "asset"),
        ("invalid_pay_to", accepted.pay_to != receiver, "payTo"),
        ("invalid_amount", !enough, "amount"),
    ] {
        if differs {
            let reason =
                format!("its {what} is not the one that this request costs; ask for the price again");
            return Err(refuse(code, reason));
        }
    }
    let payload = serde_json::from_value(paid.payload).map_err(|error| refuse(code::PAYLOAD, error))?;
    let (config, voucher, signed) = match payload {
        Payload::Voucher { config, voucher } => (config, voucher, None),
        Payload::Deposit { config, voucher, deposit } => (config, voucher, Some(deposit)),
        Payload::Refund { .. } => {
            let path = format!("/v1/channels/{}", prepared.model.name);
            return Err(refuse(code::PAYLOAD, format!("refunds are asked for at {path}")));
        }
    };
    let shown = Shown::read(context, channels, receiver, config, voucher)?;
    shown.check_signature(context, channels).await?;
    throttle(context, Caller::Payer(shown.terms.payer))?;
    if let Some(signed) = signed {
        deposit::make(context, channels, &shown, cap, signed).await?;
    }
    Ok(Means::Voucher { shown: Box::new(shown), cap })
}

fn nobody_pays() -> ApiError {
    refuse("unsupported_scheme", "nobody pays here")
}

/// Adds to the offers what a client needs whose voucher did not fit: where its channel stands.
pub(crate) fn correct(context: &Context, offers: &mut [Requirements], headers: &HeaderMap, error: &ApiError) {
    if error.code() != code::MISMATCH {
        return;
    }
    let shown = headers.get(x402::PAYMENT).and_then(|header| verify::open(header.as_bytes()).ok());
    let payload = shown.and_then(|paid| serde_json::from_value(paid.payload).ok());
    let id = match payload {
        Some(
            Payload::Voucher { voucher, .. }
            | Payload::Deposit { voucher, .. }
            | Payload::Refund { voucher, .. },
        ) => voucher.channel_id,
        None => return,
    };
    // The voucher was good but for its sum, so whoever showed it may know where its channel stands.
    let channel = context.store.read(|tx| stored::by_id(tx, id)).ok().flatten();
    if let (Some(channel), Some(offer)) = (channel, offers.iter_mut().find(|offer| offer.scheme == CHANNELS))
    {
        offer::correct(offer, &channel);
    }
}
