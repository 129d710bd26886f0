//! Fees and rewards.

use alloy_primitives::U256;

use crate::{
    abi::{IFeeRouter, IRewards, Opg},
    actions::{Action, Kind},
    model::Epoch,
    replay::{Difference, Replay, same},
    world::{HOLDERS, OPERATORS, STRANGER, Who},
};

impl Replay<'_> {
    pub(super) fn trade(&mut self, action: &Action, operator: Who, account: Who) -> Result<bool, Difference> {
        let (operator_, version) = (self.world.address(operator), self.world.version);
        let router = self.world.router;
        Ok(match action.kind {
            Kind::Pay => {
                let vault =
                    self.chain.view(router, &IFeeRouter::vaultOfCall { operator: operator_, version })?;
                let amount = Self::amount(action, self.model.held[account] / 50);
                let call = Opg::transferCall { to: vault, value: U256::from(amount) };
                let (from, to) = (self.world.address(account), self.world.opg);
                self.agree(from, to, &call, |model| model.pay(account, operator, amount))?.is_some()
            }
            Kind::Sweep => {
                let waiting = |operator: &Who| self.model.fees.waiting[*operator] != 0;
                let operator = (0..OPERATORS).find(waiting).unwrap_or(operator);
                let operator_ = self.world.address(operator);
                let call = IFeeRouter::sweepCall { operator: operator_, version };
                let done = self.agree(STRANGER, router, &call, |model| model.sweep(operator))?;
                let Some((amount, expected)) = done else { return Ok(false) };
                same(|| "fees divided".into(), amount, U256::from(expected))?;
                true
            }
            _ => {
                let owed = |who: &Who| self.model.fees.owed[*who] != 0;
                let first = (action.other % HOLDERS as u64) as Who;
                let who = (0..HOLDERS).map(|step| (first + step) % HOLDERS).find(owed).unwrap_or(first);
                let account = self.world.address(who);
                let call = IFeeRouter::collectCall { account, to: account };
                let done = self.agree(STRANGER, router, &call, |model| model.collect(who))?;
                let Some((amount, expected)) = done else { return Ok(false) };
                same(|| "fees collected".into(), amount, U256::from(expected))?;
                true
            }
        })
    }

    pub(super) fn divide(&mut self, action: &Action, operator: Who) -> Result<bool, Difference> {
        let rewards = self.world.rewards;
        Ok(match action.kind {
            Kind::Fund => {
                let giver = Self::person(action.account);
                let amount = Self::amount(action, self.model.held[giver] / 100);
                let call = IRewards::fundCall { amount: U256::from(amount) };
                self.agree(self.world.address(giver), rewards, &call, |model| model.fund(giver, amount))?
                    .is_some()
            }
            Kind::Release => self.release()?,
            Kind::EndEpoch => {
                let call = IRewards::endEpochCall {};
                self.agree(STRANGER, rewards, &call, |model| model.end_epoch())?.is_some()
            }
            _ => {
                let epochs = &self.model.earnings.epochs;
                let due = |epoch: &Epoch| epoch.burned[operator] != 0 && !epoch.settled[operator];
                let any = epochs.len().saturating_sub((action.other % 4) as usize);
                let epoch =
                    epochs.iter().position(due).filter(|_| !action.amount.is_multiple_of(4)).unwrap_or(any);
                let operator_ = self.world.address(operator);
                let call = IRewards::settlePerformanceCall { operator: operator_, epoch: U256::from(epoch) };
                let done =
                    self.agree(STRANGER, rewards, &call, |model| model.settle_performance(operator, epoch))?;
                let Some((amount, expected)) = done else { return Ok(false) };
                same(|| "rewards for work".into(), amount, U256::from(expected))?;
                true
            }
        })
    }

    pub(super) fn claim(&mut self, action: &Action, operator: Who, account: Who) -> Result<bool, Difference> {
        let base = self.base_rewards(operator, account)?;
        if !self.model.earnings.is_due(operator, account, base) {
            // The comparison says it in full.
            self.compare()?;
        }
        let (operator_, account_) = (self.world.address(operator), self.world.address(account));
        let by = Self::caller(action, account);
        let (from, rewards) = (self.world.address(by), self.world.rewards);
        if action.kind == Kind::Compound {
            let call =
                IRewards::compoundCall { operator: operator_, account: account_, leastShares: U256::ZERO };
            let done =
                self.agree(from, rewards, &call, |model| model.compound(by, operator, account, base))?;
            let Some((got, (amount, shares))) = done else { return Ok(false) };
            same(|| "rewards compounded".into(), got.amount, U256::from(amount))?;
            same(|| "shares for rewards".into(), got.shares, U256::from(shares))?;
            return Ok(true);
        }
        let to = Self::person(action.other);
        let call = IRewards::claimCall { operator: operator_, account: account_, to: self.world.address(to) };
        let done = self.agree(from, rewards, &call, |model| model.claim(by, operator, account, to, base))?;
        let Some((amount, expected)) = done else { return Ok(false) };
        same(|| "rewards claimed".into(), amount, U256::from(expected))?;
        Ok(true)
    }
}
