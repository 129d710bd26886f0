//! Actions of those who stake.

use alloy_primitives::{Address, U256};

use crate::{
    abi::{IRewards, IStaking, Opg},
    actions::{Action, Kind},
    replay::{Difference, Replay, same},
    world::{OPERATORS, STRANGER, Who},
};

impl Replay<'_> {
    pub(super) fn unbond(
        &mut self,
        action: &Action,
        operator: Who,
        account: Who,
    ) -> Result<bool, Difference> {
        let account = if action.other.is_multiple_of(8) { account } else { self.staker(operator, account) };
        let shares = Self::amount(action, self.pool(operator, account).position(account));
        let call = IStaking::unbondCall {
            operator: self.world.address(operator),
            account: self.world.address(account),
            shares: U256::from(shares),
            leastAmount: U256::ZERO,
        };
        let by = Self::caller(action, account);
        let (from, to) = (self.world.address(by), self.world.staking);
        let done = self.agree(from, to, &call, |model| model.unbond(by, operator, account, shares))?;
        let Some((id, expected)) = done else { return Ok(false) };
        same(|| "number of the unbond".into(), id, U256::from(expected))?;
        Ok(true)
    }

    pub(super) fn cancel(
        &mut self,
        action: &Action,
        operator: Who,
        account: Who,
    ) -> Result<bool, Difference> {
        let (account, id) = self.leaver(action, operator, account);
        let (operator_, account_) = (self.world.address(operator), self.world.address(account));
        let call = IStaking::cancelUnbondCall { operator: operator_, account: account_, id: U256::from(id) };
        let by = Self::caller(action, account);
        let (from, to) = (self.world.address(by), self.world.staking);
        Ok(self.agree(from, to, &call, |model| model.cancel(by, operator, account, id))?.is_some())
    }

    pub(super) fn withdraw(
        &mut self,
        action: &Action,
        operator: Who,
        account: Who,
    ) -> Result<bool, Difference> {
        let (account, id) = self.leaver(action, operator, account);
        let recipient =
            if action.amount.is_multiple_of(5) { Self::person(action.amount >> 8) } else { account };
        let call = IStaking::withdrawCall {
            operator: self.world.address(operator),
            account: self.world.address(account),
            id: U256::from(id),
            to: self.world.address(recipient),
            leastAmount: U256::ZERO,
        };
        let by = Self::caller(action, account);
        let (from, to) = (self.world.address(by), self.world.staking);
        let done =
            self.agree(from, to, &call, |model| model.withdraw(by, operator, account, id, recipient))?;
        let Some((amount, expected)) = done else { return Ok(false) };
        same(|| "amount withdrawn".into(), amount, U256::from(expected))?;
        Ok(true)
    }

    pub(super) fn redelegate(
        &mut self,
        action: &Action,
        operator: Who,
        account: Who,
    ) -> Result<bool, Difference> {
        let (account, id) = self.leaver(action, operator, account);
        let next = (action.amount % OPERATORS as u64) as Who;
        let call = IStaking::redelegateCall {
            operator: self.world.address(operator),
            account: self.world.address(account),
            id: U256::from(id),
            toOperator: self.world.address(next),
            leastShares: U256::ZERO,
        };
        let by = Self::caller(action, account);
        let (from, to) = (self.world.address(by), self.world.staking);
        let done = self.agree(from, to, &call, |model| model.redelegate(by, operator, account, id, next))?;
        let Some((shares, expected)) = done else { return Ok(false) };
        same(|| "shares for an unbond".into(), shares, U256::from(expected))?;
        Ok(true)
    }

    pub(super) fn sync(&mut self, action: &Action, operator: Who, account: Who) -> Result<bool, Difference> {
        let mut ids = self.pool(operator, account).unbonds(account);
        ids.truncate((action.other % 4) as usize);
        // Naming one twice changes nothing.
        if let Some(first) = ids.first().copied() {
            ids.push(first);
        }
        let call = IStaking::syncCall {
            operator: self.world.address(operator),
            account: self.world.address(account),
            ids: ids.iter().map(|id| U256::from(*id)).collect(),
        };
        let done =
            self.agree(STRANGER, self.world.staking, &call, |model| Ok(model.sync(operator, account, &ids)))?;
        let Some((burned, expected)) = done else { return Ok(false) };
        same(|| "surplus".into(), burned, U256::from(expected))?;
        Ok(true)
    }

    pub(super) fn burn_ownerless(&mut self) -> Result<bool, Difference> {
        let call = IStaking::burnOwnerlessCall {};
        let done = self.agree(STRANGER, self.world.staking, &call, |model| Ok(model.burn_ownerless()))?;
        let Some((burned, expected)) = done else { return Ok(false) };
        same(|| "tokens burned".into(), burned, U256::from(expected))?;
        Ok(true)
    }

    pub(super) fn manage(&mut self, action: &Action, account: Who) -> Result<bool, Difference> {
        let other = Self::person(action.other);
        let from = self.world.address(account);
        let (staking, opg, rewards) = (self.world.staking, self.world.opg, self.world.rewards);
        let other_ = self.world.address(other);
        let allowed = !action.amount.is_multiple_of(3);
        Ok(match action.kind {
            Kind::Vote => {
                let call = Opg::delegateCall { delegatee: other_ };
                self.agree(from, opg, &call, |model| {
                    model.delegatee[account] = Some(other);
                    Ok(())
                })?
                .is_some()
            }
            Kind::Transfer => {
                let amount = Self::amount(action, self.model.held[account] / 8);
                let call = Opg::transferCall { to: other_, value: U256::from(amount) };
                self.agree(from, opg, &call, |model| model.transfer(account, other, amount))?.is_some()
            }
            Kind::SetAgent => {
                let call = IStaking::setAgentCall { agent: other_, allowed };
                self.agree(from, staking, &call, |model| {
                    if allowed {
                        model.agents.insert((account, other));
                    } else {
                        model.agents.remove(&(account, other));
                    }
                    Ok(())
                })?
                .is_some()
            }
            _ => {
                let claimer = if allowed { other_ } else { Address::ZERO };
                self.agree(from, rewards, &IRewards::setClaimerCall { claimer }, |model| {
                    model.claimer[account] = allowed.then_some(other);
                    Ok(())
                })?
                .is_some()
            }
        })
    }
}
