//! From the queue to a nonce: simulated, priced, affordable, and only then committed to.

use alloy::primitives::U256;
use futures::join;
use opg_store::journal::{self as table, IntentRecord, SlotState};

use super::{
    Alert, JournalError,
    fees::{Fees, Market},
    pass::Pass,
    refusal::Refusal,
    send::{Exposure, broadcast},
    sign::{Draft, encoded_len, sign},
};
use crate::rpc_trait::{CallRequest, RpcError};

/// What the chain says about sending a call now.
pub(super) enum Priced {
    /// It can be sent on these terms.
    Ready { gas_limit: u64, fees: Fees, l1_fee: U256 },
    /// Not now.
    Unfit(Unfit),
}

/// Why a call cannot be sent now.
pub(super) enum Unfit {
    /// The simulation fails for a reason of the call's own.
    Reverts { reason: String, transient: bool },
    /// It can never be sent.
    Hopeless(String),
    /// Something else has to change first.
    Waits { hold: String, alert: Option<Alert> },
}

/// Gives nonces to queued intents, oldest first, as far as the limits allow. Returns how many remain queued.
pub(super) async fn admit_queued(pass: &mut Pass<'_>) -> Result<usize, JournalError> {
    let signer = pass.core.address;
    let queued = pass.core.store.read(|tx| table::queued(tx, signer))?;
    let mut remaining = queued.len();
    if remaining == 0 {
        return Ok(0);
    }
    let open: Vec<_> = pass.load()?.into_iter().filter(|one| one.slot.state == SlotState::Open).collect();
    let mut in_flight = open.len();
    let mut committed = open.iter().fold(U256::ZERO, |sum, one| {
        let value = one.intent.as_ref().map_or(U256::ZERO, |intent| intent.intent.value);
        let cost = one.slot.attempts.iter().map(table::Attempt::cost_bound).max().unwrap_or(U256::ZERO);
        sum.saturating_add(cost).saturating_add(value)
    });
    let head_hash = pass.head.hash;
    pass.memory.unfit.retain(|(_, head)| *head == head_hash);
    let mut paused = false;
    for record in &queued {
        if pass.late(record) {
            let reason = match &record.hold {
                Some(hold) => format!("the deadline passed before it could be sent: {hold}"),
                None => "the deadline passed before it could be sent".to_owned(),
            };
            remaining -= usize::from(fail(pass, record, &reason)?);
            continue;
        }
        let known_unfit = pass.memory.unfit.contains(&(record.id.0, head_hash));
        if paused || known_unfit || in_flight >= pass.core.config.max_in_flight {
            continue;
        }
        let (gas_limit, fees, l1_fee) = match price_call(pass, record).await? {
            Priced::Ready { gas_limit, fees, l1_fee } => (gas_limit, fees, l1_fee),
            Priced::Unfit(unfit) => {
                remaining -= usize::from(turn_away(pass, record, unfit)?);
                continue;
            }
        };
        let cost = U256::from(gas_limit)
            .saturating_mul(U256::from(fees.max_fee))
            .saturating_add(l1_fee)
            .saturating_add(record.intent.value);
        let needed = committed.saturating_add(cost).saturating_add(pass.core.config.min_balance);
        if needed > pass.balance {
            // Those behind it wait too: a smaller one slipping past could starve it for ever.
            paused = true;
            let alert = Alert::InsufficientFunds { balance: pass.balance, needed };
            hold(pass, record, &alert.to_string(), record.revert_since)?;
            pass.alert(alert);
            continue;
        }
        let draft = Draft { nonce: 0, call: Some(&record.intent), gas_limit, fees, l1_fee };
        if send_new(pass, record, draft).await? {
            in_flight += 1;
            committed = committed.saturating_add(cost);
        }
        remaining -= 1;
    }
    Ok(remaining)
}

/// Takes a nonce, signs, sends: each step durable before the next. False if the intent is no longer queued.
async fn send_new(
    pass: &mut Pass<'_>,
    record: &IntentRecord,
    draft: Draft<'_>,
) -> Result<bool, JournalError> {
    let (signer, count, head) = (pass.core.address, pass.count, pass.head.number);
    let nonce = pass.core.commit(|tx, now| {
        let nonce = table::next_nonce(tx, signer)?.max(count);
        Ok(table::assign(tx, signer, record.id, nonce, head, now)?.then_some(nonce))
    })?;
    let Some(nonce) = nonce else { return Ok(false) };
    let attempt = sign(pass, Draft { nonce, ..draft }).await?;
    broadcast(pass, nonce, Some(record.id), &attempt, Exposure::Fresh).await?;
    Ok(true)
}

/// Simulates a call and finds an offer for it.
pub(super) async fn price_call(pass: &mut Pass<'_>, record: &IntentRecord) -> Result<Priced, JournalError> {
    let config = &pass.core.config;
    let intent = &record.intent;
    let call = CallRequest {
        from: pass.core.address,
        to: intent.to,
        value: intent.value,
        data: intent.calldata.clone(),
    };
    // Asked together: the time from enqueue to broadcast is round trips.
    let (rpc, known) = (&pass.core.rpc, pass.market);
    let (gas, l1_fee, priority_fee) =
        join!(rpc.estimate_gas(&call), rpc.l1_fee_upper_bound(encoded_len(pass, Some(intent))), async {
            match known {
                Some(market) => Ok(market.priority_fee),
                None => rpc.priority_fee().await,
            }
        });
    let gas = match gas {
        Ok(gas) => gas,
        Err(error) => return simulation_failed(pass, error).map(Priced::Unfit),
    };
    let l1_fee = l1_fee?;
    let market = Market { base_fee: pass.head.base_fee, priority_fee: priority_fee? };
    pass.market = Some(market);
    if gas > config.gas_cap {
        let reason = format!("it needs {gas} gas, one transaction may use {}", config.gas_cap);
        return Ok(Priced::Unfit(Unfit::Hopeless(reason)));
    }
    let expected = (gas.saturating_mul(100 + config.gas_margin_percent) / 100).min(config.gas_cap);
    let gas_limit = expected.saturating_add(config.gas_headroom).min(config.gas_cap);
    let policy = config.fees;
    if let Some(fees) = policy.first(market, policy.caps_for_call(expected, l1_fee, intent.max_cost)) {
        return Ok(Priced::Ready { gas_limit, fees, l1_fee });
    }
    let dear_for_all = policy.first(market, policy.caps_for_call(expected, l1_fee, None)).is_none();
    let alert = dear_for_all.then_some(Alert::FeesTooHigh { base_fee: market.base_fee });
    let hold = alert.as_ref().map_or_else(
        || format!("{expected} gas at the base fee of {} wei would exceed its maximum cost", market.base_fee),
        ToString::to_string,
    );
    Ok(Priced::Unfit(Unfit::Waits { hold, alert }))
}

fn simulation_failed(pass: &Pass<'_>, error: RpcError) -> Result<Unfit, JournalError> {
    match error {
        RpcError::Unreachable { .. } => Err(error.into()),
        RpcError::Refused { .. } if Refusal::of(&error) == Refusal::InsufficientFunds => {
            let alert = Alert::InsufficientFunds { balance: pass.balance, needed: pass.balance };
            Ok(Unfit::Waits { hold: error.to_string(), alert: Some(alert) })
        }
        RpcError::Refused { .. } => Ok(Unfit::Reverts { reason: error.to_string(), transient: false }),
        RpcError::Reverted { ref data, .. } => {
            let transient =
                pass.core.config.transient_errors.iter().any(|selector| data.starts_with(selector));
            Ok(Unfit::Reverts { reason: error.to_string(), transient })
        }
    }
}

/// Notes why an intent is not sent, or fails it if waiting is pointless. True if it failed.
fn turn_away(pass: &mut Pass<'_>, record: &IntentRecord, unfit: Unfit) -> Result<bool, JournalError> {
    pass.memory.unfit.insert((record.id.0, pass.head.hash));
    match unfit {
        Unfit::Hopeless(reason) => fail(pass, record, &reason),
        Unfit::Waits { hold: text, alert } => {
            if let Some(alert) = alert {
                pass.alert(alert);
            }
            hold(pass, record, &text, None).map(|()| false)
        }
        // One revert may be the work of a lagging node, or of a transaction ahead that is not mined yet.
        Unfit::Reverts { reason, transient } => {
            let since = record.revert_since.unwrap_or(pass.head.number);
            if !transient && pass.head.number >= since.saturating_add(pass.core.config.revert_blocks) {
                return fail(pass, record, &reason);
            }
            hold(pass, record, &reason, Some(since)).map(|()| false)
        }
    }
}

fn fail(pass: &Pass<'_>, record: &IntentRecord, reason: &str) -> Result<bool, JournalError> {
    tracing::warn!(intent = %record.id, key = record.intent.key, reason, "intent failed");
    pass.core.commit(|tx, now| table::fail_queued(tx, record.id, reason, now))
}

fn hold(
    pass: &Pass<'_>,
    record: &IntentRecord,
    text: &str,
    revert_since: Option<u64>,
) -> Result<(), JournalError> {
    if record.hold.as_deref() == Some(text) && record.revert_since == revert_since {
        return Ok(());
    }
    pass.core.commit(|tx, now| table::set_hold(tx, record.id, Some(text), revert_since, now))
}
