//! Reads of the rewards contract.

use alloy::primitives::{Address, U256};

use super::{Contracts, LedgerError};
use crate::bindings::{IFeeRouter, IRewards};

impl Contracts {
    /// Whether there is a rewards contract: a deployment may be older.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn has_rewards(&self) -> Result<bool, LedgerError> {
        Ok(!self.rpc.code(self.book.rewards).await?.is_empty())
    }

    /// OPG wei that `account` earned at `operator` and can claim.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn claimable(&self, operator: Address, account: Address) -> Result<U256, LedgerError> {
        self.view(self.book.rewards, &IRewards::claimableCall { operator, account }).await
    }

    /// Who may decide about the rewards of `account` besides it.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn claimer_of(&self, account: Address) -> Result<Option<Address>, LedgerError> {
        let claimer = self.view(self.book.rewards, &IRewards::claimerOfCall { account }).await?;
        Ok((!claimer.is_zero()).then_some(claimer))
    }

    /// Number of the present epoch, and the unix time from which it can be ended.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn epoch(&self) -> Result<(u64, u64), LedgerError> {
        let epoch = self.view(self.book.rewards, &IRewards::currentEpochCall {}).await?;
        Ok((epoch.epoch.saturating_to(), epoch.endsAt.saturating_to()))
    }

    /// Whether the performance of `operator` in `epoch` is booked.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn is_settled(&self, operator: Address, epoch: u64) -> Result<bool, LedgerError> {
        let call = IRewards::isSettledCall { operator, epoch: U256::from(epoch) };
        self.view(self.book.rewards, &call).await
    }

    /// OPG wei burned in `epoch` of the fees of `operator` that count for its performance.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn burned_fees(&self, operator: Address, epoch: u64) -> Result<U256, LedgerError> {
        let router = self.view(self.book.rewards, &IRewards::feeRouterCall {}).await?;
        let call = IFeeRouter::feesOfCall { epoch_: U256::from(epoch), operator };
        Ok(self.view(router, &call).await?.burned)
    }
}
