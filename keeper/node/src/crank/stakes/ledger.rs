//! What this part of the crank needs from the chain.

use alloy::primitives::{Address, B256, Bytes, U256};
use async_trait::async_trait;
use opg_chain::{
    events::{Cursor, Follower, FollowerConfig, Segment},
    ledger::{Contracts, LedgerError as ReadError},
    rpc_trait::Head,
};

use super::super::ledger::REGISTRATIONS;
use crate::{LedgerError, Quote, quote::quote};

/// Epochs that a keeper looks back: it may have been off for a while. Nothing expires; what is older is booked by hand.
const LOOK_BACK: u64 = 4;

/// What slashes took from an account at an operator and still votes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surplus {
    /// OPG wei.
    pub amount: U256,
    /// Its open unbonds there.
    pub unbonds: Vec<u64>,
}

/// Rewards, as far as one operator's keeper has to do with them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RewardsView {
    /// Number of the present epoch.
    pub epoch: u64,
    /// Unix time from which it can be ended.
    pub ends_at: u64,
    /// The latest epochs in which the operator had fees and its performance is not booked, the oldest first.
    pub unsettled: Vec<u64>,
    /// OPG wei that the operator earned and can claim.
    pub claimable: U256,
    /// Shares of its own pool that they buy now.
    pub shares: U256,
    /// Who may decide about them besides the operator.
    pub claimer: Option<Address>,
}

/// The staking contract, as far as the crank looks at it.
#[async_trait]
pub trait StakingLedger: Send + Sync + std::fmt::Debug {
    /// The next step of the contract's events from `cursor`; `None` if there is nothing new.
    async fn poll(&self, cursor: &Cursor) -> Result<Option<Segment>, LedgerError>;

    /// The latest block.
    async fn head(&self) -> Result<Head, LedgerError>;

    /// When a slash can be executed; `None` if it was decided or never opened.
    async fn executable_at(&self, slash: B256) -> Result<Option<u64>, LedgerError>;

    /// What slashes took from `account` at `operator` and still votes.
    async fn surplus(&self, operator: Address, account: Address) -> Result<Surplus, LedgerError>;

    /// OPG wei that wait to be burned.
    async fn ownerless(&self) -> Result<U256, LedgerError>;

    /// Active operators among those who registered first: keepers that most likely have this role too.
    async fn operators(&self) -> Result<Vec<Address>, LedgerError>;

    /// What there is to know of the rewards of `operator`.
    async fn rewards(&self, operator: Address) -> Result<RewardsView, LedgerError>;

    /// What a call of the contract `to` would cost now.
    async fn quote(&self, to: Address, calldata: &Bytes) -> Result<Quote, LedgerError>;
}

/// The real contract.
#[derive(Debug)]
pub struct ChainStaking {
    contracts: Contracts,
    follower: Follower,
    signer: Address,
}

impl ChainStaking {
    /// The staking contract of `contracts`, as `signer` would call it. `follower` is where and how its events are read.
    #[must_use]
    pub fn new(contracts: Contracts, follower: FollowerConfig, signer: Address) -> Self {
        let staking = contracts.addresses().staking;
        let follower = Follower::of(contracts.rpc().clone(), follower, vec![staking]);
        Self { contracts, follower, signer }
    }
}

#[async_trait]
impl StakingLedger for ChainStaking {
    async fn poll(&self, cursor: &Cursor) -> Result<Option<Segment>, LedgerError> {
        Ok(self.follower.poll(cursor).await?)
    }

    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(self.contracts.rpc().head().await?)
    }

    async fn executable_at(&self, slash: B256) -> Result<Option<u64>, LedgerError> {
        Ok(self.contracts.slash_executable_at(slash).await?)
    }

    async fn surplus(&self, operator: Address, account: Address) -> Result<Surplus, LedgerError> {
        let position = self.contracts.position(operator, account).await?;
        let open = self.contracts.unbonds(operator, account, &position).await?;
        let unbonds: Vec<_> = open.iter().map(|open| open.id).collect();
        let amount = self.contracts.surplus(operator, account, &unbonds).await?;
        Ok(Surplus { amount, unbonds })
    }

    async fn ownerless(&self) -> Result<U256, LedgerError> {
        Ok(self.contracts.custodied(Address::ZERO).await?)
    }

    async fn operators(&self) -> Result<Vec<Address>, LedgerError> {
        let active = self.contracts.active_operators(0, REGISTRATIONS.into()).await?;
        Ok(active.into_iter().map(|(operator, _)| operator).collect())
    }

    async fn rewards(&self, operator: Address) -> Result<RewardsView, LedgerError> {
        let contracts = &self.contracts;
        let (epoch, ends_at) = contracts.epoch().await?;
        let mut unsettled = Vec::new();
        for past in epoch.saturating_sub(LOOK_BACK)..epoch {
            let settled = contracts.is_settled(operator, past).await?;
            if !settled && !contracts.burned_fees(operator, past).await?.is_zero() {
                unsettled.push(past);
            }
        }
        let claimable = contracts.claimable(operator, operator).await?;
        let shares = contracts.pools(operator).await?.own.shares_for(claimable);
        let claimer = contracts.claimer_of(operator).await?;
        Ok(RewardsView { epoch, ends_at, unsettled, claimable, shares, claimer })
    }

    async fn quote(&self, to: Address, calldata: &Bytes) -> Result<Quote, LedgerError> {
        quote(self.contracts.rpc(), self.signer, to, calldata).await
    }
}

impl From<ReadError> for LedgerError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Rpc(error) => error.into(),
            other => Self::new(other.to_string(), other.is_retryable()),
        }
    }
}
