//! From a held payment to money on the chain.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use alloy::primitives::{Address, B256, U256, keccak256};
use async_trait::async_trait;
use opg_chain::{
    journal::{self, Intent, IntentState},
    x402::EXACT,
};
use opg_node::{Progress, Service, ServiceError};
use opg_store::{
    StoreError,
    http::{self, Held, NewPayment, PaymentState},
};

use super::verify::Payment;
use crate::{ApiError, context::Context};

/// How long a request waits for its settlement before the client is asked to repeat it.
const PATIENCE: Duration = Duration::from_secs(180);
/// Pause between looks at settlements under way.
const LOOK: Duration = Duration::from_millis(50);
/// The same while there are none.
const IDLE: Duration = Duration::from_secs(1);
/// Seconds for which a payment that was never settled is remembered after its end.
const KEPT: u64 = 3_600;

/// Where a payment stands for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Not seen before: ask the chain about it, then hold it.
    New,
    /// Bound to this request, not settled.
    Held,
    /// Settled for this request by this transaction.
    Settled(B256),
}

/// What is known of a payment that is shown for `request_id`.
pub(crate) async fn standing(
    context: &Context,
    payment: &Payment,
    request_id: B256,
) -> Result<Standing, ApiError> {
    let (payer, nonce) = (payment.payer, payment.nonce);
    let known = context.writer.write(move |tx| http::payment(tx, payer, nonce)).await?;
    known.map_or(Ok(Standing::New), |known| judge(known, payment, request_id))
}

/// Binds a payment to a request, for ever.
pub(crate) async fn hold(
    context: &Context,
    payment: &Payment,
    request_id: B256,
) -> Result<Standing, ApiError> {
    let new = NewPayment {
        payer: payment.payer,
        nonce: payment.nonce,
        scheme: EXACT,
        request_id,
        asset: payment.asset,
        pay_to: payment.pay_to,
        amount: payment.amount,
        call_hash: keccak256(payment.settlement()),
        valid_before: payment.valid_before,
    };
    let now = context.now();
    match context.writer.write(move |tx| http::hold(tx, &new, now)).await? {
        Held::New => Ok(Standing::Held),
        Held::Again(known) | Held::OfAnother(known) => judge(known, payment, request_id),
    }
}

fn judge(known: http::Payment, payment: &Payment, request_id: B256) -> Result<Standing, ApiError> {
    if known.request_id != request_id {
        let message =
            "the payment is refused: it was used for another request; sign a new one for this request";
        return Err(ApiError::payment("payment_already_used", message));
    }
    // Payer and nonce are public once a payment is settled; its signature is what only the payer could show first.
    if known.call_hash != keccak256(payment.settlement()) {
        let message = "the payment is refused: it was shown before with another signature or validity";
        return Err(ApiError::payment("payment_already_used", message));
    }
    match known.state {
        PaymentState::Held | PaymentState::Settling(_) => Ok(Standing::Held),
        PaymentState::Settled { transaction } => Ok(Standing::Settled(transaction)),
        PaymentState::Failed { reason } => {
            Err(ApiError::payment("settlement_failed", format!("the payment could not be settled: {reason}")))
        }
    }
}

/// Hands a held payment to the journal. From here on it will be settled, whether anybody waits or not.
pub(crate) async fn submit(context: &Context, payment: &Payment) -> Result<(), ApiError> {
    let intent = Intent {
        key: format!("x402:{}:{}", payment.payer, payment.nonce),
        purpose: format!("take the payment of {}", payment.payer),
        to: payment.asset,
        calldata: payment.settlement(),
        value: U256::ZERO,
        deadline: Some(payment.valid_before),
        max_cost: None,
    };
    let (payer, nonce, signer, now) = (payment.payer, payment.nonce, context.signer.address(), context.now());
    context.writer.write(move |tx| http::settle(tx, payer, nonce, signer, &intent, now)).await?;
    if let Some(journal) = &context.journal {
        journal.wake();
    }
    // The watcher may be asleep for want of settlements.
    context.settlements.send_modify(|count| *count += 1);
    Ok(())
}

/// Waits until the chain has taken a payment that was submitted; returns the transaction.
pub(crate) async fn wait(context: &Context, payment: &Payment, request_id: B256) -> Result<B256, ApiError> {
    let since = Instant::now();
    let mut changes = context.settlements.subscribe();
    let settled = async {
        loop {
            if let Standing::Settled(transaction) = standing(context, payment, request_id).await? {
                return Ok(transaction);
            }
            // The bound is for a change that came between the look and the wait.
            let _ = tokio::time::timeout(IDLE, changes.changed()).await;
        }
    };
    tokio::select! {
        settled = settled => {
            context.metrics.settlement_seconds.observe(since.elapsed());
            settled
        }
        () = tokio::time::sleep(PATIENCE) => Err(still_settling()),
        () = context.abort.cancelled() => Err(still_settling()),
    }
}

fn still_settling() -> ApiError {
    let message = "the payment is still being settled; repeat the request with the same payment, it is not charged twice";
    ApiError::unavailable("settlement_pending", message, Duration::from_secs(5))
}

/// Notes what became of settlements, also of those that an earlier run of the keeper began.
pub(crate) struct Watch {
    context: Arc<Context>,
}

impl Watch {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self { context }
    }

    fn note(&self, payer: Address, nonce: B256, state: IntentState) -> Result<bool, StoreError> {
        let (store, metrics) = (&self.context.store, &self.context.metrics);
        let failed = match state {
            IntentState::Confirmed { hash, success: true, .. } => {
                store.write(|tx| http::note_settled(tx, payer, nonce, hash))?;
                metrics.settled_payments.fetch_add(1, Relaxed);
                tracing::info!(%payer, %nonce, transaction = %hash, "a payment was settled");
                return Ok(true);
            }
            IntentState::Confirmed { hash, .. } => format!("transaction {hash} reverted"),
            IntentState::Failed { reason } => reason,
            _ => return Ok(false),
        };
        store.write(|tx| http::note_failed(tx, payer, nonce, &failed))?;
        metrics.failed_payments.fetch_add(1, Relaxed);
        tracing::warn!(%payer, %nonce, reason = failed, "a payment was not settled");
        Ok(true)
    }
}

#[async_trait]
impl Service for Watch {
    fn name(&self) -> &'static str {
        "settlements"
    }

    async fn pass(&self) -> Result<Progress, ServiceError> {
        let store = &self.context.store;
        let under_way = store.read(http::settling)?;
        let mut changed = false;
        for (payer, nonce, intent) in &under_way {
            let state = store.read(|tx| journal::outcome(tx, *intent))?;
            changed |= self.note(*payer, *nonce, state)?;
        }
        if changed {
            self.context.settlements.send_modify(|count| *count += 1);
        }
        if under_way.is_empty() {
            let now = self.context.now();
            store.write(|tx| http::forget_expired(tx, now.saturating_sub(KEPT)))?;
        }
        Ok(Progress::Wait(if under_way.is_empty() { IDLE } else { LOOK }))
    }

    async fn woken(&self) {
        let _ = self.context.settlements.subscribe().changed().await;
    }
}
