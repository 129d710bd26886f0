//! Epochs that are over, the operator's part in them, and what it earned.

use std::sync::atomic::Ordering;

use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall as _,
};
use opg_chain::bindings::IRewards;

use super::{RewardsView, work::Work};
use crate::ServiceError;

/// Part of the shares expected now that must be had when rewards are staked, in 1/1,000.
const LEAST: u64 = 995;

impl Work<'_> {
    /// Ends the epoch, books the operator's performance, stakes what it earned: as far as that is due and wanted.
    pub(super) async fn rewards(&self) -> Result<(), ServiceError> {
        let config = &self.role.config;
        let Some(rewards) = config.rewards else { return Ok(()) };
        let view = self.role.parts.ledger.rewards(config.operator).await?;
        if self.head.timestamp >= view.ends_at {
            let key = format!("epoch:{rewards}:{}:{}", view.epoch, self.period().start);
            let call = IRewards::endEpochCall {}.abi_encode().into();
            if self.submit(rewards, key, format!("end epoch {}", view.epoch), call).await? {
                self.role.metrics.epochs.fetch_add(1, Ordering::Relaxed);
            }
        }
        for epoch in &view.unsettled {
            self.settle(rewards, *epoch).await?;
        }
        let may = config.signer == config.operator || view.claimer == Some(config.signer);
        if config.compound && may && view.claimable >= U256::from(config.min_amount.max(1)) {
            self.compound(rewards, &view).await?;
        }
        Ok(())
    }

    async fn settle(&self, rewards: Address, epoch: u64) -> Result<(), ServiceError> {
        let operator = self.role.config.operator;
        let key = format!("performance:{rewards}:{operator}:{epoch}:{}", self.period().start);
        let call = IRewards::settlePerformanceCall { operator, epoch: U256::from(epoch) };
        let purpose = format!("book the operator's performance in epoch {epoch}");
        self.submit(rewards, key, purpose, call.abi_encode().into()).await.map(drop)
    }

    async fn compound(&self, rewards: Address, view: &RewardsView) -> Result<(), ServiceError> {
        let operator = self.role.config.operator;
        let key = format!("compound:{rewards}:{operator}:{}", self.period().start);
        let least = view.shares.saturating_mul(U256::from(LEAST)).div_ceil(U256::from(1_000));
        let call = IRewards::compoundCall { operator, account: operator, leastShares: least };
        let purpose = "stake the operator's rewards".to_owned();
        if self.submit(rewards, key, purpose, call.abi_encode().into()).await? {
            self.role.metrics.compounds.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}
