//! Fees: what is paid for work, and who gets it.

use super::{Model, Ruling, require};
use crate::{
    numbers::{part, part_up},
    rules::{self, BPS},
    world::{HOLDERS, MODEL_OWNER, OPERATORS, ROUTER, VERIFIERS, Who},
};

/// Fees on their way.
#[derive(Debug, Clone, Default)]
pub struct Fees {
    /// Paid for each operator, and not divided yet.
    pub waiting: [u128; OPERATORS],
    /// Owed to everyone.
    pub owed: [u128; HOLDERS],
    /// Burned in this epoch of what active operators were paid.
    pub burned: [u128; OPERATORS],
    /// All that was ever divided for each operator, with its time.
    divided: [Vec<(u64, u128)>; OPERATORS],
    /// When the present window of each operator's count began.
    window: [u64; OPERATORS],
}

impl Model {
    /// Somebody pays for work.
    pub fn pay(&mut self, from: Who, operator: Who, amount: u128) -> Ruling<()> {
        require(self.held[from] >= amount, "ERC20InsufficientBalance")?;
        self.held[from] -= amount;
        self.fees.waiting[operator] += amount;
        Ok(())
    }

    /// When the window began in which an operator's fees count now. Windows follow each other without a gap, and anew
    /// from the next fee on after two in which there was none.
    fn window_of(&self, operator: Who) -> u64 {
        let began = self.fees.window[operator];
        match (self.now - began) / rules::CAP_WINDOW {
            0 => began,
            1 => began + rules::CAP_WINDOW,
            _ => self.now,
        }
    }

    /// Fees of an operator that count as unsettled: those of this window and of the one before.
    pub fn unsettled(&self, operator: Who) -> u128 {
        let since = self.window_of(operator) - rules::CAP_WINDOW;
        self.fees.divided[operator].iter().filter(|(at, _)| *at >= since).map(|(_, amount)| amount).sum()
    }

    /// Most that they may be.
    pub fn most_unsettled(&self, operator: Who) -> u128 {
        let own = &self.operators[operator].own;
        let bonded = own.lots.get(&(operator, 0)).map_or(0, |lot| own.worth(lot));
        part(bonded, rules::CAP_PER_STAKE_BPS, BPS).max(rules::CAP_LEAST)
    }

    /// Anyone has what was paid divided, as far as the operator's stake answers for it.
    pub fn sweep(&mut self, operator: Who) -> Ruling<u128> {
        let waiting = self.fees.waiting[operator];
        require(waiting != 0, "NothingToSweep")?;
        let (unsettled, most) = (self.unsettled(operator), self.most_unsettled(operator));
        require(unsettled < most, "UnsettledFeesAtCap")?;
        let amount = waiting.min(most - unsettled);
        self.fees.waiting[operator] -= amount;
        self.fees.window[operator] = self.window_of(operator);
        self.fees.divided[operator].push((self.now, amount));
        let burned = part_up(amount, rules::BURN_BPS, BPS);
        let kept = amount - burned;
        let verifiers = part(amount, rules::VERIFICATION_BPS, BPS).min(kept);
        let owner = part(amount, rules::ROYALTY_BPS, BPS).min(kept - verifiers);
        self.fees.owed[VERIFIERS] += verifiers;
        self.fees.owed[MODEL_OWNER] += owner;
        self.fees.owed[operator] += kept - verifiers - owner;
        self.held[ROUTER] += kept;
        self.supply -= burned;
        if self.operators[operator].weight_at(self.now) != 0 {
            self.fees.burned[operator] += burned;
        }
        Ok(amount)
    }

    /// Somebody is paid its part.
    pub fn collect(&mut self, who: Who) -> Ruling<u128> {
        let amount = std::mem::take(&mut self.fees.owed[who]);
        require(amount != 0, "NothingToCollect")?;
        self.transfer(ROUTER, who, amount)?;
        Ok(amount)
    }
}
