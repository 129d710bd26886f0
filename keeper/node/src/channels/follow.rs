//! What the chain says, and what became of transactions.

use std::sync::atomic::Ordering::Relaxed;

use alloy::primitives::B256;
use opg_chain::journal::{self, IntentId, IntentState};
use opg_store::{StoreError, channels};

use super::ChannelsRole;
use crate::ServiceError;

/// Seconds after which a channel is noted as seen although nothing has changed. The gateway relies on what was seen for a
/// few minutes.
const NOTED: u64 = 60;

/// Transactions that ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// Claims that the chain took.
    taken: Vec<(i64, B256)>,
    /// Claims that it did not take, and why.
    failed: Vec<(i64, String)>,
    /// Refunds, in whatever way.
    refunds: Vec<(B256, IntentId)>,
}

impl ChannelsRole {
    /// Notes what the chain says of every channel that something can still happen to.
    pub(super) async fn look(&self) -> Result<(), ServiceError> {
        let store = &self.parts.store;
        let live = store.read(channels::live)?;
        let ids: Vec<_> = live.iter().map(|channel| channel.id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let states = self.parts.ledger.states(&ids).await?;
        let now = self.now();
        let news: Vec<_> = live
            .iter()
            .zip(&states)
            .map(|(channel, state)| (channel, state.seen(channel.terms.withdraw_delay, now)))
            .filter(|(channel, seen)| {
                let same = channels::Seen { at: channel.seen.at, ..*seen } == channel.seen;
                !same || now.saturating_sub(channel.seen.at) >= NOTED
            })
            .collect();
        for (channel, seen) in &news {
            if let (None, Some((amount, at))) = (channel.seen.withdrawal, seen.withdrawal) {
                tracing::warn!(channel = %channel.id, amount, at, "a payer wants to withdraw");
            }
            if seen.claimed < channel.seen.claimed {
                tracing::warn!(channel = %channel.id, "a claim was undone; it is made again");
            }
        }
        if !news.is_empty() {
            store.write(|tx| {
                for (channel, seen) in &news {
                    channels::note_seen(tx, channel.id, &channel.terms, seen)?;
                }
                Ok::<_, StoreError>(())
            })?;
        }
        Ok(())
    }

    /// Claims and refunds whose transactions ended.
    pub(super) fn ended(&self) -> Result<Ended, StoreError> {
        self.parts.store.read(|tx| {
            let mut ended = Ended::default();
            for claim in channels::open_claims(tx)? {
                match journal::outcome(tx, claim.intent)? {
                    IntentState::Confirmed { hash, success: true, .. } => ended.taken.push((claim.id, hash)),
                    IntentState::Confirmed { hash, .. } => {
                        ended.failed.push((claim.id, format!("transaction {hash} reverted")));
                    }
                    IntentState::Failed { reason } => ended.failed.push((claim.id, reason)),
                    _ => {}
                }
            }
            for (channel, intent) in channels::refunds(tx)? {
                let state = journal::outcome(tx, intent)?;
                if matches!(state, IntentState::Confirmed { .. } | IntentState::Failed { .. }) {
                    ended.refunds.push((channel, intent));
                }
            }
            Ok(ended)
        })
    }

    /// Frees their channels: for other claims, and for vouchers.
    pub(super) fn close(&self, ended: &Ended) -> Result<(), StoreError> {
        let store = &self.parts.store;
        for (claim, transaction) in &ended.taken {
            store.write(|tx| channels::end_claim(tx, *claim))?;
            self.metrics.taken.fetch_add(1, Relaxed);
            tracing::info!(claim, %transaction, "a claim was taken");
        }
        for (claim, reason) in &ended.failed {
            self.fail(*claim, reason)?;
        }
        for (channel, intent) in &ended.refunds {
            store.write(|tx| channels::note_refunded(tx, *channel, *intent))?;
        }
        Ok(())
    }

    /// The channels of a claim that was not taken rest a little: something differs between the simulation and the block.
    fn fail(&self, claim: i64, reason: &str) -> Result<(), StoreError> {
        let until = self.now().saturating_add(self.config.retry / 10);
        self.parts.store.write(|tx| {
            for channel in channels::in_claim(tx, claim)? {
                channels::refuse(tx, channel.id, Some((reason, until)))?;
            }
            channels::fail_claim(tx, claim)
        })?;
        self.metrics.failed.fetch_add(1, Relaxed);
        tracing::warn!(claim, reason, "a claim was not taken; its channels go into others");
        Ok(())
    }
}
