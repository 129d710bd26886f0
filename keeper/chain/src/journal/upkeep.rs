//! Nonces in flight: sent, sent again, replaced or cancelled until the chain decides.

use opg_store::journal::{self as table, Attempt, AttemptKind, IntentRecord, Slot, SlotState};

use super::{
    Alert, JournalError, LatePolicy,
    admit::{Priced, price_call},
    fees::Fees,
    pass::{Pass, Watched},
    refusal::Refusal,
    send::{Exposure, broadcast},
    sign::{Draft, TRANSFER_GAS, encoded_len, sign},
};

/// Looks after every nonce the chain has not decided on, lowest first. An error with one does not keep the others waiting.
pub(super) async fn keep_open_nonces_moving(
    pass: &mut Pass<'_>,
    watched: &[Watched],
) -> Result<(), JournalError> {
    let mut first_error = None;
    for one in watched {
        // A nonce that is used but not yet explained is left alone.
        if one.slot.state != SlotState::Open || pass.count > one.slot.nonce {
            continue;
        }
        match keep_moving(pass, one).await {
            Err(error) if error.is_retryable() => {
                first_error.get_or_insert(error);
            }
            other => other?,
        }
    }
    first_error.map_or(Ok(()), Err)
}

async fn keep_moving(pass: &mut Pass<'_>, one: &Watched) -> Result<(), JournalError> {
    let slot = &one.slot;
    let intent = match &one.intent {
        Some(intent) => match give_up_if_late(pass, slot, intent)? {
            Verdict::Gone => return Ok(()),
            Verdict::Wanted => Some(intent),
            Verdict::Unwanted => None,
        },
        None => None,
    };
    let id = slot.intent;
    let Some(latest) = slot.attempts.last() else {
        return first_attempt(pass, slot, intent).await;
    };
    let kind = if intent.is_some() { AttemptKind::Call } else { AttemptKind::Void };
    let forced = intent.is_some_and(|intent| intent.bump);
    if forced || latest.kind != kind || overtaken(pass, slot, latest) {
        match replacement(pass, slot, intent).await? {
            Some(draft) => {
                let attempt = sign(pass, draft).await?;
                return broadcast(pass, slot.nonce, id, &attempt, Exposure::Fresh).await;
            }
            None => {
                pass.alert(Alert::FeeLimit { nonce: slot.nonce });
                give_up_if_stuck(pass, slot, intent, latest)?;
            }
        }
    }
    if due_for_resend(pass, slot.nonce, latest).await? {
        broadcast(pass, slot.nonce, id, latest, Exposure::Possible).await?;
    }
    Ok(())
}

/// Whether an intent that holds a nonce is still to happen.
enum Verdict {
    /// Yes.
    Wanted,
    /// No: its nonce is to be used up by a transaction without effect.
    Unwanted,
    /// No, and nothing was signed: it has failed and its nonce is free.
    Gone,
}

fn give_up_if_late(pass: &Pass<'_>, slot: &Slot, intent: &IntentRecord) -> Result<Verdict, JournalError> {
    let reason = match &intent.cancel {
        Some(reason) => reason.clone(),
        None if pass.late(intent) => "the deadline passed before it was mined".to_owned(),
        None => return Ok(Verdict::Wanted),
    };
    let signer = pass.core.address;
    if slot.attempts.is_empty() {
        pass.core.commit(|tx, now| table::release(tx, signer, intent.id, slot.nonce, Some(&reason), now))?;
        return Ok(Verdict::Gone);
    }
    if intent.cancel.is_none() {
        if pass.core.config.late == LatePolicy::Accept {
            return Ok(Verdict::Wanted);
        }
        pass.core.commit(|tx, now| table::request_cancel(tx, intent.id, &reason, now))?;
    }
    Ok(Verdict::Unwanted)
}

/// A call that its limits do not let be mined holds up every nonce above it: after a while it is cancelled.
fn give_up_if_stuck(
    pass: &Pass<'_>,
    slot: &Slot,
    intent: Option<&IntentRecord>,
    latest: &Attempt,
) -> Result<(), JournalError> {
    let Some(record) = intent.filter(|_| overtaken(pass, slot, latest)) else { return Ok(()) };
    let blocks = pass.head.number.saturating_sub(latest.signed_block);
    if !pass.late(record) && blocks < pass.core.config.give_up_after_blocks {
        return Ok(());
    }
    let reason = format!("not mined within {blocks} blocks, and its limits allow no higher fee");
    pass.core.commit(|tx, now| table::request_cancel(tx, record.id, &reason, now))?;
    Ok(())
}

/// A nonce without a transaction: one to fill, or an intent whose process died between taking the nonce and signing.
async fn first_attempt(
    pass: &mut Pass<'_>,
    slot: &Slot,
    intent: Option<&IntentRecord>,
) -> Result<(), JournalError> {
    let draft = if let Some(record) = intent {
        match price_call(pass, record).await? {
            Priced::Ready { gas_limit, fees, l1_fee } => {
                Draft { nonce: slot.nonce, call: Some(&record.intent), gas_limit, fees, l1_fee }
            }
            // It may have to wait for long, and must not keep higher nonces waiting: back into the queue.
            Priced::Unfit(_) => {
                let signer = pass.core.address;
                pass.core.commit(|tx, now| table::release(tx, signer, record.id, slot.nonce, None, now))?;
                return Ok(());
            }
        }
    } else {
        let policy = pass.core.config.fees;
        let l1_fee = pass.core.rpc.l1_fee_upper_bound(encoded_len(pass, None)).await?;
        let market = pass.market().await?;
        let Some(fees) = policy.first(market, policy.caps_for_void()) else {
            pass.alert(Alert::FeesTooHigh { base_fee: market.base_fee });
            return Ok(());
        };
        Draft { nonce: slot.nonce, call: None, gas_limit: TRANSFER_GAS, fees, l1_fee }
    };
    let attempt = sign(pass, draft).await?;
    broadcast(pass, slot.nonce, slot.intent, &attempt, Exposure::Fresh).await
}

/// Whether the latest transaction has to offer more to be mined.
fn overtaken(pass: &Pass<'_>, slot: &Slot, latest: &Attempt) -> bool {
    let new_blocks = pass.head.number.saturating_sub(latest.signed_block);
    match pass.memory.refusals.get(&slot.nonce) {
        Some(Refusal::Underpriced) => return true,
        // Offering more does not help an account that cannot pay what it offers.
        Some(Refusal::InsufficientFunds) => return false,
        _ => {}
    }
    if latest.max_fee < pass.head.base_fee && new_blocks > 0 {
        return true;
    }
    // Only the next in line can be stuck by itself; those above it wait for it. Without an answer from the pool the
    // same bytes are repeated first.
    let doublings = slot.attempts.len().saturating_sub(1).min(4);
    pass.count == slot.nonce
        && latest.tried_at.is_some()
        && latest.error.is_none()
        && new_blocks >= pass.core.config.bump_after_blocks << doublings
}

/// The transaction that takes the place of all before it; `None` if the fee limits do not allow one.
async fn replacement<'a>(
    pass: &mut Pass<'_>,
    slot: &Slot,
    intent: Option<&'a IntentRecord>,
) -> Result<Option<Draft<'a>>, JournalError> {
    let policy = pass.core.config.fees;
    let call = intent.map(|record| &record.intent);
    let l1_fee = pass.core.rpc.l1_fee_upper_bound(encoded_len(pass, call)).await?;
    let market = pass.market().await?;
    let gas_limit = if call.is_some() {
        slot.attempts.iter().map(|attempt| attempt.gas_limit).max().unwrap_or(TRANSFER_GAS)
    } else {
        TRANSFER_GAS
    };
    let expected = gas_limit.saturating_sub(pass.core.config.gas_headroom).max(TRANSFER_GAS);
    let caps = call.map_or_else(
        || policy.caps_for_void(),
        |intent| policy.caps_for_call(expected, l1_fee, intent.max_cost),
    );
    let outbidden = pass.memory.refusals.get(&slot.nonce) == Some(&Refusal::Underpriced);
    let fees = match slot.attempts.last() {
        Some(latest) if outbidden => {
            let refused = Fees { max_fee: latest.max_fee, priority_fee: latest.priority_fee };
            policy.outbid(refused, market, caps)
        }
        _ => {
            // Above every earlier one, refused or not: no two transactions of a nonce may be the same.
            let offered = Fees {
                max_fee: slot.attempts.iter().map(|attempt| attempt.max_fee).max().unwrap_or(0),
                priority_fee: slot.attempts.iter().map(|attempt| attempt.priority_fee).max().unwrap_or(0),
            };
            policy.replacement(offered, market, caps)
        }
    };
    Ok(fees.map(|fees| Draft { nonce: slot.nonce, call, gas_limit, fees, l1_fee }))
}

/// Whether the same bytes have to be sent again: never sent, failed a while ago, or no longer in the pool.
async fn due_for_resend(pass: &mut Pass<'_>, nonce: u64, latest: &Attempt) -> Result<bool, JournalError> {
    let Some(tried_at) = latest.tried_at else { return Ok(true) };
    let config = &pass.core.config;
    if latest.error.is_some() {
        return Ok(pass.now >= tried_at + config.resend_after);
    }
    let seen_at = pass.memory.pooled.get(&nonce).copied().unwrap_or(0).max(tried_at);
    if pass.now < seen_at + config.recheck_after {
        return Ok(false);
    }
    let pooled = pass.core.rpc.knows_transaction(latest.hash).await?;
    if pooled {
        pass.memory.pooled.insert(nonce, pass.now);
    }
    Ok(!pooled)
}
