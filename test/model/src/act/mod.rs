//! From the numbers of an action to calls, at an operator and by accounts that it may concern.

mod money;
mod operators;
mod stake;

use crate::{
    abi::IStaking,
    actions::{Action, Kind},
    model::{Model, Pool},
    replay::{Difference, Replay},
    rules,
    world::{GUARDIAN, PEOPLE, STRANGER, Who},
};

impl Replay<'_> {
    /// Does an action in both worlds. Returns whether it was possible.
    pub(crate) fn act(&mut self, action: &Action) -> Result<bool, Difference> {
        let (operator, account) = (Self::operator(action), Self::person(action.account));
        match action.kind {
            Kind::Stake => {
                let owner =
                    if action.other.is_multiple_of(4) { Self::person(action.other >> 8) } else { account };
                let amount = Self::amount(action, self.model.held[account] / 2);
                self.stake(operator, account, owner, amount)
            }
            Kind::Unbond => self.unbond(action, operator, account),
            Kind::Cancel => self.cancel(action, operator, account),
            Kind::Withdraw => self.withdraw(action, operator, account),
            Kind::Redelegate => self.redelegate(action, operator, account),
            Kind::Sync => self.sync(action, operator, account),
            Kind::BurnOwnerless => self.burn_ownerless(),
            Kind::Register | Kind::Retire | Kind::Unjail | Kind::SetCommission => self.live(action, operator),
            Kind::Slash => self.slash(action, operator),
            Kind::Freeze | Kind::Unfreeze => self.dispute(action, operator),
            Kind::Suspend | Kind::Veto | Kind::Execute => self.decide(action),
            Kind::Jail => {
                // Seldom for long, or for too long.
                let most = if action.other.is_multiple_of(8) {
                    rules::MAX_JAIL + rules::DAY
                } else {
                    4 * rules::DAY
                };
                let period = action.amount % most;
                let call =
                    IStaking::jailCall { operator: self.world.address(operator), period: period as u32 };
                Ok(self
                    .agree(GUARDIAN, self.world.staking, &call, |model| model.jail(operator, period))?
                    .is_some())
            }
            Kind::Vote | Kind::Transfer | Kind::SetAgent | Kind::SetClaimer => self.manage(action, account),
            Kind::Pass => {
                let seconds = self.seconds(action);
                self.pass(seconds);
                Ok(true)
            }
            Kind::Settle => {
                let call = IStaking::settleCall { operator: self.world.address(operator) };
                let rule = |model: &mut Model| {
                    model.settle(operator);
                    Ok(())
                };
                Ok(self.agree(STRANGER, self.world.staking, &call, rule)?.is_some())
            }
            Kind::Pay | Kind::Sweep | Kind::Collect => self.trade(action, operator, account),
            Kind::Fund | Kind::Release | Kind::EndEpoch | Kind::SettlePerformance => {
                self.divide(action, operator)
            }
            Kind::Claim | Kind::Compound => self.claim(action, operator, account),
        }
    }

    /// How much time passes: some, or until something that waits is due, or a second less or more.
    fn seconds(&self, action: &Action) -> u64 {
        let (x, model) = (action.other, &self.model);
        match action.amount % 8 {
            0 => return x % 60,
            1 => return x % rules::DAY,
            2 | 3 => return x % (8 * rules::DAY),
            _ => {}
        }
        let pools = model.operators.iter().flat_map(|operator| [&operator.own, &operator.pool]);
        let mut due: Vec<u64> = pools.flat_map(|pool| pool.lots.values()).map(|lot| lot.matures).collect();
        due.extend(
            model.operators.iter().flat_map(|operator| [operator.jailed_until, operator.commission.from]),
        );
        due.extend(model.slashes.iter().map(|slash| slash.executable_at));
        due.extend(model.operators.iter().map(|operator| operator.round.until));
        due.push(model.earnings.ends_at);
        due.retain(|time| *time > model.now);
        let Some(time) = due.get((x % due.len().max(1) as u64) as usize) else { return x % rules::DAY };
        (time - model.now + (x >> 8) % 3).saturating_sub(1)
    }

    /// Who acts for an account: mostly itself.
    fn caller(action: &Action, account: Who) -> Who {
        if action.operator >> 8 & 7 == 0 { Self::person(action.operator >> 16) } else { account }
    }

    fn pool(&self, operator: Who, account: Who) -> &Pool {
        let at = &self.model.operators[operator];
        if operator == account { &at.own } else { &at.pool }
    }

    /// Unbonds of an account that can leave; if there are none, all it has.
    fn ripe(&self, operator: Who, account: Who) -> (bool, Vec<u64>) {
        let (pool, now) = (self.pool(operator, account), self.model.now);
        let all = pool.unbonds(account);
        let ripe = |id: &u64| pool.lots.get(&(account, *id)).is_some_and(|lot| lot.matures <= now);
        let matured: Vec<u64> = all.iter().copied().filter(ripe).collect();
        if matured.is_empty() { (false, all) } else { (true, matured) }
    }

    /// An account with an unbond, and which. Mostly one that can leave, if there is any, so that exits lead somewhere.
    fn leaver(&self, action: &Action, operator: Who, account: Who) -> (Who, u64) {
        let choose = |ids: &[u64]| match ids.len() {
            0 => action.other % 3,
            length => ids[(action.other % length as u64) as usize],
        };
        let guided = action.other >> 8 & 7 != 0;
        let people = (0..PEOPLE).map(|step| (account + step) % PEOPLE);
        let found = people.filter(|_| guided).map(|who| (who, self.ripe(operator, who)));
        let best = found.filter(|(_, (_, ids))| !ids.is_empty()).max_by_key(|(_, (matured, _))| *matured);
        let (who, ids) =
            best.map_or_else(|| (account, self.ripe(operator, account).1), |(who, (_, ids))| (who, ids));
        (who, choose(&ids))
    }

    /// An account that has stake at the operator, if there is one.
    fn staker(&self, operator: Who, account: Who) -> Who {
        let mut people = (0..PEOPLE).map(|step| (account + step) % PEOPLE);
        people.find(|who| self.pool(operator, *who).position(*who) != 0).unwrap_or(account)
    }
}
