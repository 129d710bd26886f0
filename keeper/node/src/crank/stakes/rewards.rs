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
        if view.unsettled {
            self.settle(rewards, &view).await?;
        }
        let may = config.signer == config.operator || view.claimer == Some(config.signer);
        if config.compound && may && view.claimable >= U256::from(config.min_amount.max(1)) {
            self.compound(rewards, &view).await?;
        }
        Ok(())
    }

    /// The contract refuses where the operator had no fees in the epoch.
    async fn settle(&self, rewards: Address, view: &RewardsView) -> Result<(), ServiceError> {
        let (operator, last) = (self.role.config.operator, view.epoch.saturating_sub(1));
        let key = format!("performance:{rewards}:{operator}:{last}:{}", self.period().start);
        let call = IRewards::settlePerformanceCall { operator, epoch: U256::from(last) };
        let purpose = format!("book the operator's performance in epoch {last}");
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
