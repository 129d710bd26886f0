//! Deposits that come with a voucher: the payer signs, the keeper sends.

use std::time::{Duration, Instant};

use alloy::primitives::{B256, Bytes, U256};
use opg_chain::{
    bindings::ChannelConfig,
    channels::{SETTLEMENT, deposit_calldata, deposit_nonce},
    journal::{self, Intent, IntentId, IntentState},
};
use opg_store::channels;

use super::{super::verify::refuse, Channels, code, payload, shown::Shown, state};
use crate::{ApiError, config::Payments, context::Context};

/// How long a request waits for its deposit before the client is asked to repeat it.
const PATIENCE: Duration = Duration::from_secs(180);
/// Pause between looks at a transaction under way.
const LOOK: Duration = Duration::from_millis(100);

/// Sees to it that a signed deposit is in the channel of `shown`, which is to pay `cap` then. Whether it is now, the channel
/// says: others may have sent the same deposit, and one that failed may not have been needed.
pub(crate) async fn make(
    context: &Context,
    channels: &Channels,
    shown: &Shown,
    cap: u128,
    deposit: payload::Deposit,
) -> Result<(), ApiError> {
    let signed = deposit.authorization.erc3009;
    let nonce = deposit_nonce(shown.channel, signed.salt);
    let channel = shown.channel;
    let known = context.store.read(|tx| channels::deposit(tx, channel, nonce))?;
    let intent = match known {
        Some(intent) => intent,
        None => {
            context.standing.check()?;
            let amount = deposit.amount.parse().map_err(|_| {
                refuse(code::PAYLOAD, format!("{:?} is not an amount in wei", deposit.amount))
            })?;
            let call = check(context, channels, shown, (amount, cap), &signed).await?;
            submit(context, shown, (nonce, amount), call).await?
        }
    };
    let outcome = settled(context, intent).await?;
    if let IntentState::Failed { reason } = outcome {
        tracing::warn!(%channel, reason, "a deposit was not made");
    }
    state::refresh(context, channel, &shown.terms).await?;
    Ok(())
}

/// Everything that can be told before gas is spent on it. Returns the call and until when it can be sent.
async fn check(
    context: &Context,
    channels: &Channels,
    shown: &Shown,
    (amount, cap): (u128, u128),
    signed: &payload::Erc3009,
) -> Result<(Bytes, u64), ApiError> {
    let Payments::X402 { settlement_time, .. } = context.config.payments else {
        return Err(refuse(code::PAYLOAD, "nobody pays here"));
    };
    if amount == 0 || amount < channels.policy.min_deposit {
        let reason = format!("a deposit has to be of {} wei at least", channels.policy.min_deposit.max(1));
        return Err(refuse(code::DEPOSIT_SMALL, reason));
    }
    let time = |name: &str, text: &str| {
        text.parse::<u64>().map_err(|_| refuse(code::PAYLOAD, format!("{name} {text:?} is not a time")))
    };
    let (after, before) =
        (time("validAfter", &signed.valid_after)?, time("validBefore", &signed.valid_before)?);
    if before < context.now().saturating_add(settlement_time) {
        let reason =
            format!("the deposit has to be valid for {settlement_time} s more, so that it can be made");
        return Err(refuse(code::DEPOSIT_EXPIRES, reason));
    }
    let known = state::known(context, shown.channel, &shown.terms).await?;
    let (charged, seen) = known.map_or_else(Default::default, |channel| (channel.charged, channel.seen));
    let needed = charged.saturating_add(cap);
    if shown.maximum.saturating_add(channels.policy.credit) < needed {
        let reason = format!("a voucher over {} wei in all does not allow {cap} more", shown.maximum);
        return Err(refuse(code::MISMATCH, reason));
    }
    let withdrawn = seen.withdrawal.map_or(0, |(wanted, _)| wanted);
    if seen.balance.saturating_add(amount).saturating_sub(withdrawn) < needed {
        return Err(refuse(code::UNCOVERED, "the deposit does not cover the request; deposit more"));
    }
    let config = ChannelConfig::from(&shown.terms);
    let call = deposit_calldata(&config, amount, (after, before), signed.salt, &signed.signature);
    match context.ledger.simulate(context.signer.address(), SETTLEMENT, call.clone()).await? {
        Ok(()) => Ok((call, before)),
        Err(reason) => {
            Err(refuse(code::DEPOSIT_REFUSED, format!("the contract would refuse the deposit: {reason}")))
        }
    }
}

async fn submit(
    context: &Context,
    shown: &Shown,
    (nonce, amount): (B256, u128),
    (calldata, deadline): (Bytes, u64),
) -> Result<IntentId, ApiError> {
    let channel = shown.channel;
    let intent = Intent {
        key: format!("x402:deposit:{channel}:{nonce}"),
        purpose: format!("deposit of {} into channel {channel}", shown.terms.payer),
        to: SETTLEMENT,
        calldata,
        value: U256::ZERO,
        deadline: Some(deadline),
        max_cost: None,
    };
    let (signer, now) = (context.signer.address(), context.now());
    let id = context
        .writer
        .write(move |tx| channels::enqueue_deposit(tx, (channel, nonce, amount), signer, &intent, now))
        .await?;
    if let Some(journal) = &context.journal {
        journal.wake();
    }
    Ok(id)
}

/// Waits for the end of a transaction of the journal.
pub(super) async fn settled(context: &Context, intent: IntentId) -> Result<IntentState, ApiError> {
    let since = Instant::now();
    loop {
        let state = context.store.read(|tx| journal::outcome(tx, intent))?;
        if matches!(state, IntentState::Confirmed { .. } | IntentState::Failed { .. }) {
            return Ok(state);
        }
        if since.elapsed() > PATIENCE || context.abort.is_cancelled() {
            let message =
                "the transaction is still under way; repeat the request as it is, nothing is paid twice";
            return Err(ApiError::unavailable("settlement_pending", message, Duration::from_secs(5)));
        }
        tokio::time::sleep(LOOK).await;
    }
}
