//! Reads of the staking contract.

use alloy::{
    primitives::{Address, B256, U256},
    sol_types::Eip712Domain,
};

use super::{Contracts, LedgerError};
use crate::bindings::{IStaking, OperatorView, Opg, PoolView, PositionView, StakingParameters, UnbondView};

/// The two pools of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pools {
    /// The operator's own stake.
    pub own: PoolView,
    /// That of its delegators.
    pub delegated: PoolView,
}

/// An open unbond with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenUnbond {
    /// Number, counted from one for each operator and account.
    pub id: u64,
    /// What it is.
    pub unbond: UnbondView,
}

impl PoolView {
    /// Shares that staking `amount` gives at the present price.
    #[must_use]
    pub fn shares_for(&self, amount: U256) -> U256 {
        if self.assets.is_zero() { amount } else { amount.saturating_mul(self.shares) / self.assets }
    }

    /// Fewest shares that are worth `amount` at the present price; `None` if the pool is worth nothing.
    #[must_use]
    pub fn shares_worth(&self, amount: U256) -> Option<U256> {
        (!self.assets.is_zero()).then(|| amount.saturating_mul(self.shares).div_ceil(self.assets))
    }

    /// OPG wei that `shares` are worth at the present price.
    #[must_use]
    pub fn worth(&self, shares: U256) -> U256 {
        if self.shares.is_zero() { U256::ZERO } else { shares.saturating_mul(self.assets) / self.shares }
    }
}

impl Contracts {
    /// The key that signed for `operator` at `timestamp`; `None` if it was not active then.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn signer_at(&self, operator: Address, timestamp: u64) -> Result<Option<Address>, LedgerError> {
        let signer = self.view(self.book.staking, &IStaking::signerAtCall { operator, timestamp }).await?;
        Ok((!signer.is_zero()).then_some(signer))
    }

    /// Weight of `operator` in the order of turns at `timestamp`.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn stake_at(&self, operator: Address, timestamp: u64) -> Result<U256, LedgerError> {
        self.view(self.book.staking, &IStaking::stakeAtCall { operator, timestamp }).await
    }

    /// Sum of the weights of all operators at `timestamp`.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn total_stake_at(&self, timestamp: u64) -> Result<U256, LedgerError> {
        self.view(self.book.staking, &IStaking::totalStakeAtCall { timestamp }).await
    }

    /// `operator` as it is now.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn operator(&self, operator: Address) -> Result<OperatorView, LedgerError> {
        self.view(self.book.staking, &IStaking::operatorOfCall { operator }).await
    }

    /// The active operators among registrations `from` to `from + count − 1`, with their stakes.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn active_operators(&self, from: u64, count: u64) -> Result<Vec<(Address, U256)>, LedgerError> {
        let call = IStaking::activeOperatorsCall { from: U256::from(from), count: U256::from(count) };
        let page = self.view(self.book.staking, &call).await?;
        Ok(page.operators.into_iter().zip(page.stakes).collect())
    }

    /// How many accounts ever registered as operators.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn operator_count(&self) -> Result<u64, LedgerError> {
        self.view(self.book.staking, &IStaking::operatorCountCall {}).await.map(|count| count.saturating_to())
    }

    /// The pools of `operator`.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn pools(&self, operator: Address) -> Result<Pools, LedgerError> {
        let pools = self.view(self.book.staking, &IStaking::poolsOfCall { operator }).await?;
        Ok(Pools { own: pools.own, delegated: pools.delegated })
    }

    /// What `account` has bonded at `operator`.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn position(&self, operator: Address, account: Address) -> Result<PositionView, LedgerError> {
        self.view(self.book.staking, &IStaking::positionOfCall { operator, account }).await
    }

    /// Unbond `id` of `account` at `operator`; `None` if it is not open.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn unbond(
        &self,
        operator: Address,
        account: Address,
        id: u64,
    ) -> Result<Option<UnbondView>, LedgerError> {
        let call = IStaking::unbondOfCall { operator, account, id: U256::from(id) };
        let unbond = self.view(self.book.staking, &call).await?;
        Ok((!unbond.shares.is_zero()).then_some(unbond))
    }

    /// The open unbonds of `account` at `operator`, oldest first. `position` is the account's at that operator: it says
    /// how many are to be found.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn unbonds(
        &self,
        operator: Address,
        account: Address,
        position: &PositionView,
    ) -> Result<Vec<OpenUnbond>, LedgerError> {
        let mut wanted: u64 = position.openUnbonds.saturating_to();
        let mut id: u64 = position.lastId.saturating_to();
        let mut found = Vec::new();
        while wanted > 0 && id > 0 {
            if let Some(unbond) = self.unbond(operator, account, id).await? {
                found.push(OpenUnbond { id, unbond });
                wanted -= 1;
            }
            id -= 1;
        }
        found.reverse();
        Ok(found)
    }

    /// What `sync` of `account` at `operator` with the unbonds `ids` would burn.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn surplus(
        &self,
        operator: Address,
        account: Address,
        ids: &[u64],
    ) -> Result<U256, LedgerError> {
        let ids = ids.iter().copied().map(U256::from).collect();
        self.view(self.book.staking, &IStaking::surplusOfCall { operator, account, ids }).await
    }

    /// When the slash can be executed; `None` if it is unknown, vetoed or executed.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn slash_executable_at(&self, slash_id: B256) -> Result<Option<u64>, LedgerError> {
        let at = self.view(self.book.staking, &IStaking::executableAtCall { slashId: slash_id }).await?;
        Ok((at > 0).then_some(at))
    }

    /// What governance set.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn staking_parameters(&self) -> Result<StakingParameters, LedgerError> {
        self.view(self.book.staking, &IStaking::parametersCall {}).await
    }

    /// The EIP-712 domain of the token's signed messages, and the number of the next permit of `owner`.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn permit_terms(&self, owner: Address) -> Result<(Eip712Domain, U256), LedgerError> {
        let domain = self.view(self.book.opg, &Opg::eip712DomainCall {}).await?;
        let domain = Eip712Domain {
            name: Some(domain.name.into()),
            version: Some(domain.version.into()),
            chain_id: Some(domain.chainId),
            verifying_contract: Some(domain.verifyingContract),
            salt: None,
        };
        Ok((domain, self.view(self.book.opg, &Opg::noncesCall { owner }).await?))
    }

    /// OPG wei in custody for `owner`; for the zero address, what waits to be burned.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn custodied(&self, owner: Address) -> Result<U256, LedgerError> {
        self.view(self.book.opg, &Opg::custodiedCall { owner }).await
    }

    /// Votes of `account` now.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn votes(&self, account: Address) -> Result<U256, LedgerError> {
        self.view(self.book.opg, &Opg::getVotesCall { account }).await
    }

    /// To whom `account` delegates its votes; `None` if to nobody.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn votes_go_to(&self, account: Address) -> Result<Option<Address>, LedgerError> {
        let delegatee = self.view(self.book.opg, &Opg::delegatesCall { account }).await?;
        Ok((!delegatee.is_zero()).then_some(delegatee))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(assets: u64, shares: u64) -> PoolView {
        PoolView {
            assets: U256::from(assets),
            shares: U256::from(shares),
            unbondingShares: U256::ZERO,
            escrowed: U256::ZERO,
            generation: U256::ZERO,
        }
    }

    #[test]
    fn shares_are_counted_as_the_contract_counts_them() {
        let [one, three, nine] = [1, 3, 9].map(U256::from);
        assert_eq!(pool(0, 0).shares_for(nine), nine);
        // A slash took two thirds: a share is worth a third.
        let slashed = pool(10, 30);
        assert_eq!((slashed.shares_for(three), slashed.worth(nine)), (nine, three));
        assert_eq!(slashed.shares_worth(three), Some(nine));
        assert_eq!(slashed.worth(U256::from(8)), U256::from(2));
        // Enough shares for what is asked, at any price.
        let odd = pool(7, 11);
        for amount in (1..7).map(U256::from) {
            let shares = odd.shares_worth(amount).unwrap();
            assert!(odd.worth(shares) >= amount && odd.worth(shares - one) < amount);
        }
        assert_eq!((pool(0, 5).shares_worth(one), pool(0, 5).worth(three)), (None, U256::ZERO));
    }
}
