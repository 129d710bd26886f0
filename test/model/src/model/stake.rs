//! Stake of accounts: in, across and out.

use super::{Model, Ruling, Status, require};
use crate::{numbers::part, rules, world::Who};

impl Model {
    /// `payer` stakes for `owner`.
    pub fn stake(&mut self, operator: Who, payer: Who, owner: Who, amount: u128) -> Ruling<u128> {
        let shares = self.enter(operator, owner, amount)?;
        require(self.held[payer] >= amount, "ERC20InsufficientBalance")?;
        self.held[payer] -= amount;
        Ok(shares)
    }

    /// Tokens in custody become stake.
    fn enter(&mut self, operator: Who, owner: Who, amount: u128) -> Ruling<u128> {
        let own = owner == operator;
        let open = self.open_slashes(operator);
        let now = self.now;
        let at = &mut self.operators[operator];
        require(amount != 0, "AmountZero")?;
        require(at.status == Status::Active || (own && at.status == Status::Jailed), "WrongOperatorStatus")?;
        require(open == 0, "SlashOpen")?;
        require(!at.pool_of(own).is_diluted(), "PoolDiluted")?;
        at.settle(now);
        Ok(at.pool_of(own).enter(owner, amount, if own { 0 } else { amount }))
    }

    /// Shares begin to unbond. An active operator keeps the minimum.
    pub fn unbond(&mut self, by: Who, operator: Who, account: Who, shares: u128) -> Ruling<u64> {
        self.require_owner_or_agent(by, account)?;
        let id = self.open_unbond(operator, account, shares)?;
        if account == operator && self.operators[operator].status == Status::Active {
            self.require_self_stake(operator)?;
        }
        Ok(id)
    }

    pub(super) fn open_unbond(&mut self, operator: Who, account: Who, shares: u128) -> Ruling<u64> {
        let now = self.now;
        let at = &mut self.operators[operator];
        let pool = at.pool_of(account == operator);
        require(shares != 0, "AmountZero")?;
        require(shares <= pool.position(account), "InsufficientShares")?;
        require(pool.unbonds(account).len() < rules::MAX_UNBONDS, "TooManyUnbonds")?;
        let id = pool.unbond(account, shares, now + rules::UNBONDING);
        at.settle(now);
        Ok(id)
    }

    /// An unbond is taken back.
    pub fn cancel(&mut self, by: Who, operator: Who, account: Who, id: u64) -> Ruling<()> {
        self.require_owner_or_agent(by, account)?;
        let now = self.now;
        let at = &mut self.operators[operator];
        let pool = at.pool_of(account == operator);
        let generation = pool.lots.get(&(account, id)).filter(|_| id != 0).map(|lot| lot.generation);
        require(generation.is_some(), "UnknownUnbond")?;
        require(generation == Some(pool.generation), "UnbondWorthless")?;
        pool.cancel(account, id);
        at.settle(now);
        Ok(())
    }

    /// A matured unbond is paid out. What slashes took of it waits to be burned.
    pub fn withdraw(&mut self, by: Who, operator: Who, account: Who, id: u64, to: Who) -> Ruling<u128> {
        self.require_owner_or_agent(by, account)?;
        require(to == account || by == account, "NotOwnerNorAgent")?;
        let amount = self.leave(operator, account, id)?;
        self.held[to] += amount;
        Ok(amount)
    }

    /// A matured unbond is staked elsewhere, without leaving custody.
    pub fn redelegate(&mut self, by: Who, operator: Who, account: Who, id: u64, to: Who) -> Ruling<u128> {
        self.require_owner_or_agent(by, account)?;
        let amount = self.leave(operator, account, id)?;
        self.enter(to, account, amount)
    }

    fn leave(&mut self, operator: Who, account: Who, id: u64) -> Ruling<u128> {
        let now = self.now;
        let own = account == operator;
        let at = &mut self.operators[operator];
        let pool = at.pool_of(own);
        let matures = pool.lots.get(&(account, id)).filter(|_| id != 0).map(|lot| lot.matures);
        require(matures.is_some(), "UnknownUnbond")?;
        require(matures.is_some_and(|time| time <= now), "NotMature")?;
        let (amount, rest) = pool.leave(account, id, !own);
        if amount != 0 {
            self.require_free(operator, own, matures.unwrap_or(0))?;
        }
        if !own {
            self.ownerless += rest;
            let pending = self.earnings.pending[operator];
            let price = part(2, pending, self.operators[operator].pool.assets + 1);
            self.earnings.leeway[operator] += price + 1;
        }
        self.operators[operator].slips += 2;
        Ok(amount)
    }

    /// Burns the votes of what slashes took from a position and from the unbonds named.
    pub fn sync(&mut self, operator: Who, account: Who, ids: &[u64]) -> u128 {
        if account == operator {
            return 0;
        }
        let pool = &mut self.operators[operator].pool;
        let mut burned = 0;
        for id in [0].iter().chain(ids) {
            let Some(lot) = pool.lots.get(&(account, *id)) else { continue };
            let surplus = pool.surplus(lot);
            burned += surplus;
            if let Some(lot) = pool.lots.get_mut(&(account, *id)) {
                lot.booked -= surplus;
            }
        }
        self.ownerless += burned;
        burned
    }

    /// Destroys what nobody owns.
    pub fn burn_ownerless(&mut self) -> u128 {
        let amount = std::mem::take(&mut self.ownerless);
        self.supply -= amount;
        amount
    }
}
