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
}

impl Model {
    /// Somebody pays for work.
    pub fn pay(&mut self, from: Who, operator: Who, amount: u128) -> Ruling<()> {
        require(self.held[from] >= amount, "ERC20InsufficientBalance")?;
        self.held[from] -= amount;
        self.fees.waiting[operator] += amount;
        Ok(())
    }

    /// Anyone has what was paid divided.
    pub fn sweep(&mut self, operator: Who) -> Ruling<u128> {
        let amount = std::mem::take(&mut self.fees.waiting[operator]);
        require(amount != 0, "NothingToSweep")?;
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
