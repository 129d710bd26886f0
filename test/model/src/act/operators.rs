//! The life of operators, and slashes.

use alloy_primitives::{Address, U256};

use crate::{
    abi::IStaking::{self, Slash},
    actions::{Action, Kind},
    model::{Model, OpenSlash, Status},
    replay::{Difference, Replay, same},
    rules,
    world::{CHALLENGER, DISPUTES, GOVERNANCE, GUARDIAN, OPERATORS, PAYER, STRANGER, Who},
};

impl Replay<'_> {
    pub(super) fn live(&mut self, action: &Action, who: Who) -> Result<bool, Difference> {
        let wanted = match action.kind {
            Kind::Unjail => Status::Jailed,
            Kind::Register if action.other.is_multiple_of(2) => Status::Retired,
            _ => self.model.operators[who].status,
        };
        let who = (0..OPERATORS).find(|who| self.model.operators[*who].status == wanted).unwrap_or(who);
        let (from, to) = (self.world.address(who), self.world.staking);
        // Now and then more than is allowed.
        let commission = (action.amount % 2_100) as u16;
        Ok(match action.kind {
            Kind::Register => {
                let most = self.model.held[who];
                self.register(who, commission, Self::amount(action, most))?
            }
            Kind::Retire => {
                let done = self.agree(from, to, &IStaking::retireCall {}, |model| model.retire(who))?;
                let Some((id, expected)) = done else { return Ok(false) };
                same(|| "number of the unbond".into(), id, U256::from(expected.unwrap_or(0)))?;
                true
            }
            Kind::Unjail => {
                self.agree(from, to, &IStaking::unjailCall {}, |model| model.unjail(who))?.is_some()
            }
            _ => {
                let call = IStaking::setCommissionCall { commissionBps: commission };
                self.agree(from, to, &call, |model| model.set_commission(who, commission))?.is_some()
            }
        })
    }

    pub(super) fn slash(&mut self, action: &Action, operator: Who) -> Result<bool, Difference> {
        let offence = (action.other % 4) as usize;
        let backing = self.model.operators[operator].own.assets + self.model.operators[operator].pool.assets;
        let amount = Self::amount(action, backing);
        let captured = self.captured(action);
        let named = |bit: u64, who: Who| (action.account >> bit & 1 == 0).then_some(who);
        let (challenger, payer) = (named(8, CHALLENGER), named(9, PAYER));
        let address = |who: Option<Who>| who.map_or(Address::ZERO, |who| self.world.address(who));
        let call = IStaking::slashCall {
            operator: self.world.address(operator),
            offence: offence as u8 + 1,
            amount: U256::from(amount),
            capturedAt: captured,
            challenger: address(challenger),
            payer: address(payer),
        };
        let staking = self.world.staking;
        let rule = |model: &mut Model| model.slash(operator, offence, amount, captured, [challenger, payer]);
        let Some((done, expected)) = self.agree(DISPUTES, staking, &call, rule)? else { return Ok(false) };
        same_slash(&done.opened, &expected)?;
        self.slashes.push(done.opened);
        Ok(true)
    }

    /// Time of an offence. Most are young.
    fn captured(&self, action: &Action) -> u64 {
        let longest = rules::UNBONDING + if action.amount & 1 == 0 { rules::DAY } else { rules::MAX_FREEZE };
        let age = (action.other >> 8) % longest;
        let age = if action.other.is_multiple_of(3) { age } else { age % (2 * rules::DAY) };
        self.model.now - age.min(self.model.now - rules::START)
    }

    pub(super) fn dispute(&mut self, action: &Action, operator: Who) -> Result<bool, Difference> {
        let staking = self.world.staking;
        if action.kind == Kind::Unfreeze {
            let Some(length) = std::num::NonZero::new(self.disputes.len() as u64) else { return Ok(false) };
            let index = (action.other % length) as usize;
            let (operator, amount, round) = self.disputes.remove(index);
            let operator = self.world.address(operator);
            let call = IStaking::unfreezeCall { operator, amount: U256::from(amount), round };
            let rule = |model: &mut Model| {
                model.unfreeze(index);
                Ok(())
            };
            return Ok(self.agree(DISPUTES, staking, &call, rule)?.is_some());
        }
        // Mostly about all that there is, and about a time whose stake may be leaving now.
        let guided = !action.other.is_multiple_of(4);
        let offence = if guided { 0 } else { (action.other >> 2) as usize % 4 };
        let at = &self.model.operators[operator];
        let amount = Self::amount(action, at.own.assets + at.pool.assets);
        let oldest = self.model.now - (rules::UNBONDING - 1).min(self.model.now - rules::START);
        let captured = if guided { oldest } else { self.captured(action) };
        let until = self.model.now + (action.account >> 8) % (rules::MAX_FREEZE + rules::DAY);
        let call = IStaking::freezeCall {
            operator: self.world.address(operator),
            offence: offence as u8 + 1,
            amount: U256::from(amount),
            capturedAt: captured,
            until,
        };
        let rule = |model: &mut Model| Ok(model.freeze(operator, offence, amount, captured, until));
        let Some((done, (amount, round))) = self.agree(DISPUTES, staking, &call, rule)? else {
            return Ok(false);
        };
        same(|| "stake frozen".into(), done.frozen.to::<u128>(), amount)?;
        same(|| "round of a freeze".into(), done.round, round)?;
        if amount != 0 {
            self.disputes.push((operator, amount, round));
        }
        // What nothing can be slashed for freezes nothing.
        Ok(amount != 0)
    }

    pub(super) fn decide(&mut self, action: &Action) -> Result<bool, Difference> {
        if self.slashes.is_empty() {
            return Ok(false);
        }
        let mut index = (action.other % self.slashes.len() as u64) as usize;
        if action.kind == Kind::Execute && !action.amount.is_multiple_of(4) {
            let due = |slash: &OpenSlash| slash.executable_at <= self.model.now;
            index = self.model.slashes.iter().position(due).unwrap_or(index);
        }
        let slash_ = self.slashes[index].clone();
        let to = self.world.staking;
        let done = match action.kind {
            Kind::Suspend => {
                let call = IStaking::suspendSlashCall { slash_ };
                return Ok(self.agree(GUARDIAN, to, &call, |model| model.suspend(index))?.is_some());
            }
            Kind::Veto => self
                .agree(GOVERNANCE, to, &IStaking::vetoSlashCall { slash_ }, |model| model.veto(index))?
                .is_some(),
            _ => {
                let call = IStaking::executeSlashCall { slash_ };
                self.agree(STRANGER, to, &call, |model| model.execute(index))?.is_some()
            }
        };
        if done {
            self.slashes.remove(index);
        }
        Ok(done)
    }
}

fn same_slash(slash: &Slash, expected: &OpenSlash) -> Result<(), Difference> {
    let got = [
        u128::from(slash.number),
        u128::from(slash.offence),
        slash.windowStart.to(),
        slash.jailedUntil.to(),
        slash.jailedBefore.to(),
        slash.own.to(),
        slash.pool.to(),
        slash.poolShares.to(),
    ];
    let wanted = [
        u128::from(expected.number),
        expected.offence as u128 + 1,
        u128::from(expected.window),
        u128::from(expected.jailed_until),
        u128::from(expected.jailed_before),
        expected.own,
        expected.pool,
        expected.pool_shares,
    ];
    same(|| "slash".into(), format!("{got:?}"), format!("{wanted:?}"))
}
