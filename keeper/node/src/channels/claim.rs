//! What is claimed, and when.

use std::sync::atomic::Ordering::Relaxed;

use alloy::primitives::U256;
use opg_chain::{
    bindings::ChannelConfig,
    channels::{Claim, SETTLEMENT, claim_calldata},
    journal::Intent,
};
use opg_store::{
    StoreError,
    channels::{self, Channel, NewClaim},
};

use super::ChannelsRole;
use crate::ServiceError;

impl ChannelsRole {
    /// Hands what is due to the journal.
    pub(super) async fn claim(&self) -> Result<(), ServiceError> {
        let (config, store, now) = (&self.config, &self.parts.store, self.now());
        let mut worth = store.read(|tx| channels::claimable(tx, config.signer, now))?;
        worth.retain(|channel| channel.claimable() >= config.min_claim.max(1));
        let sum = worth.iter().fold(0_u128, |sum, channel| sum.saturating_add(channel.claimable()));
        let old = |channel: &Channel| {
            channel.unclaimed_since.is_some_and(|since| since.saturating_add(config.claim_age) <= now)
        };
        if sum < config.claim_amount && !worth.iter().any(old) {
            worth.retain(|channel| self.presses(channel));
        }
        // An account's code may answer the simulation otherwise than the block. Alone, it hurts nobody but itself.
        let (alone, together): (Vec<_>, Vec<_>) =
            worth.into_iter().partition(|channel| channel.terms.payer_authorizer.is_zero());
        for rows in together.chunks(config.max_rows).chain(alone.chunks(1)) {
            let good = self.sift(rows).await?;
            self.hand_over(&good)?;
        }
        Ok(())
    }

    /// Whether a channel is claimed although there is little in it: its payer could soon take back what it owes, or has
    /// half of the credit that it gets.
    fn presses(&self, channel: &Channel) -> bool {
        let withdrawn = channel.seen.withdrawal.map_or(0, |(wanted, _)| wanted);
        let leaves = channel.claimable_total().saturating_add(withdrawn) > channel.seen.balance;
        let by_account = channel.terms.payer_authorizer.is_zero();
        (withdrawn > 0 && leaves) || (by_account && channel.unclaimed() >= self.config.wallet_limit / 2)
    }

    /// Those rows that the chain would take now. One bad row reverts a whole claim, so the bad ones are searched by halves.
    async fn sift(&self, rows: &[Channel]) -> Result<Vec<Channel>, ServiceError> {
        let (mut open, mut good) = (vec![rows], Vec::new());
        while let Some(rows) = open.pop() {
            let Some(reason) = self.parts.ledger.refuses(&claims(rows)).await? else {
                good.extend_from_slice(rows);
                continue;
            };
            if let [row] = rows {
                self.refuse(row, &reason)?;
            } else {
                let (one, other) = rows.split_at(rows.len() / 2);
                open.extend([other, one]);
            }
        }
        Ok(good)
    }

    fn refuse(&self, row: &Channel, reason: &str) -> Result<(), StoreError> {
        let until = self.now().saturating_add(self.config.retry);
        self.parts.store.write(|tx| channels::refuse(tx, row.id, Some((reason, until))))?;
        self.metrics.refused.fetch_add(1, Relaxed);
        tracing::error!(
            channel = %row.id, payer = %row.terms.payer, amount = row.claimable(), reason,
            "the chain would not take the claim of a channel; it is left out and tried again later"
        );
        Ok(())
    }

    fn hand_over(&self, rows: &[Channel]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let new = NewClaim {
            channels: rows.iter().map(|row| row.id).collect(),
            amount: rows.iter().fold(0, |sum, row| sum.saturating_add(row.claimable())),
        };
        let intent = |id| Intent {
            key: format!("x402:claim:{id}"),
            purpose: format!("claim {} wei of {} channels", new.amount, rows.len()),
            to: SETTLEMENT,
            calldata: claim_calldata(&claims(rows)),
            value: U256::ZERO,
            deadline: None,
            max_cost: None,
        };
        let (id, _) = self.parts.store.write(|tx| {
            for row in rows.iter().filter(|row| row.refused_until.is_some()) {
                channels::refuse(tx, row.id, None)?;
            }
            channels::make_claim(tx, &new, self.config.signer, intent, self.now())
        })?;
        self.metrics.claims.fetch_add(1, Relaxed);
        self.metrics.rows.fetch_add(rows.len() as u64, Relaxed);
        tracing::info!(claim = id, channels = rows.len(), amount = new.amount, "channels are being claimed");
        if let Some(journal) = &self.parts.journal {
            journal.wake();
        }
        Ok(())
    }
}

fn claims(rows: &[Channel]) -> Vec<Claim> {
    let claim = |row: &Channel| Claim {
        config: ChannelConfig::from(&row.terms),
        maximum: row.maximum,
        signature: row.signature.clone(),
        total: row.claimable_total(),
    };
    rows.iter().map(claim).collect()
}
