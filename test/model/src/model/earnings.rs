//! What stake and work earn: every second everybody gets a part, and somebody writes it down.

use super::{Model, Refused, Ruling, require};
use crate::{
    numbers::{U512, part},
    rules::{self, BPS},
    world::{OPERATORS, PEOPLE, REWARDS, Who},
};

/// Parts of a wei in which earnings are counted, as a power of two.
const FRACTION_BITS: usize = 64;

/// An epoch that is over.
#[derive(Debug, Clone)]
pub struct Epoch {
    /// When it ended.
    pub ended_at: u64,
    /// Set aside for those who worked in it.
    pub reserved: u128,
    /// Burned of fees, for each operator.
    pub burned: [u128; OPERATORS],
    /// Whose part was settled.
    pub settled: [bool; OPERATORS],
}

/// Rewards.
#[derive(Debug, Clone)]
pub struct Earnings {
    /// Wei per second for all active stake.
    pub rate: u128,
    /// Seconds for which it still flows.
    pub left: u64,
    /// For stake, but less than a wei per second.
    pub unstreamed: u128,
    /// For work, and not reserved.
    pub carried: u128,
    /// Came in and was not divided yet.
    pub undivided: u128,
    /// When the present epoch may end.
    pub ends_at: u64,
    /// Those that did.
    pub epochs: Vec<Epoch>,
    /// What everyone ever earned by stake at each operator, in fractions of a wei.
    base: [[U512; PEOPLE]; OPERATORS],
    /// What was paid of it, in wei.
    paid: [[u128; PEOPLE]; OPERATORS],
    /// What operators earned by work and have not claimed.
    pub performance: [u128; OPERATORS],
    /// By how much rounding in the contracts may have changed an amount at each operator.
    pub leeway: [u128; OPERATORS],
    /// Wei that flowed to the delegators of each operator since it was last settled.
    pub pending: [u128; OPERATORS],
    /// Wei that ever flowed.
    pub flowed: u128,
}

impl Earnings {
    pub(super) fn new() -> Self {
        Self {
            rate: 0,
            left: 0,
            unstreamed: 0,
            carried: 0,
            undivided: 0,
            ends_at: rules::START + rules::EPOCH,
            epochs: Vec::new(),
            base: Default::default(),
            paid: Default::default(),
            performance: [0; OPERATORS],
            leeway: [0; OPERATORS],
            pending: [0; OPERATORS],
            flowed: 0,
        }
    }

    /// What somebody earned by stake and was not paid, rounded down.
    pub fn owed(&self, operator: Who, who: Who) -> u128 {
        let earned: u128 = (self.base[operator][who] >> FRACTION_BITS).saturating_to();
        earned.saturating_sub(self.paid[operator][who])
    }

    /// Whether what the contracts owe somebody is what it earned. Rounding favours nobody but the operator.
    pub fn is_due(&self, operator: Who, who: Who, amount: u128) -> bool {
        let (owed, leeway) = (self.owed(operator, who), self.leeway[operator]);
        owed.saturating_sub(leeway) <= amount && amount <= owed + leeway
    }

    /// What all were paid of what stake earned.
    pub fn paid_in_all(&self) -> u128 {
        self.paid.iter().flatten().sum()
    }
}

impl Model {
    /// The stream flows to all that is active, by weight; in each pool by shares, less the commission, which is the
    /// operator's. It waits while nobody is active.
    pub(super) fn stream(&mut self, seconds: u64) {
        let total: u128 = self.operators.iter().map(|operator| operator.weight()).sum();
        let seconds = seconds.min(self.earnings.left);
        if total == 0 || seconds == 0 {
            return;
        }
        self.earnings.left -= seconds;
        let flow = self.earnings.rate * u128::from(seconds);
        self.earnings.flowed += flow;
        for (index, operator) in self.operators.iter().enumerate() {
            let weight = operator.weight();
            if weight == 0 {
                continue;
            }
            let all = (U512::from(flow) << FRACTION_BITS) * U512::from(weight) / U512::from(total);
            let kept = BPS - u128::from(operator.commission.paid);
            let shares = operator.pool.shares();
            let mut given = U512::ZERO;
            for who in (0..PEOPLE).filter(|who| *who != index) {
                let position = operator.pool.position(who);
                if position == 0 {
                    continue;
                }
                let product = (U512::from(flow) << FRACTION_BITS)
                    * U512::from(operator.pool.assets)
                    * U512::from(position)
                    * U512::from(kept);
                let earned = product / (U512::from(shares) * U512::from(total) * U512::from(BPS));
                self.earnings.base[index][who] += earned;
                given += earned;
            }
            self.earnings.base[index][index] += all.saturating_sub(given);
            self.earnings.pending[index] += part(flow, operator.pool.assets, total);
        }
    }

    /// After each action: what its rounding may have cost. One step of the stream loses less than 2^-64 of all stake,
    /// a settlement as much of the pool's shares, and each booking less than a wei.
    pub fn allow_rounding(&mut self) {
        let total: u128 = self.operators.iter().map(|operator| operator.weight()).sum();
        for (index, operator) in self.operators.iter().enumerate() {
            self.earnings.leeway[index] +=
                ((2 * total) >> FRACTION_BITS) + (operator.pool.shares() >> FRACTION_BITS) + 2;
        }
    }

    /// Rewards come in.
    pub fn fund(&mut self, from: Who, amount: u128) -> Ruling<()> {
        require(amount != 0, "AmountZero")?;
        self.transfer(from, REWARDS, amount)?;
        self.earnings.undivided += amount;
        Ok(())
    }

    /// Rewards come in that have vested.
    pub fn vested(&mut self, amount: u128) {
        self.held[REWARDS] += amount;
        self.earnings.undivided += amount;
    }

    /// An epoch ends: what came in is divided between stake and work.
    pub fn end_epoch(&mut self) -> Ruling<()> {
        let earnings = &mut self.earnings;
        require(self.now >= earnings.ends_at, "EpochNotOver")?;
        earnings.ends_at = self.now + rules::EPOCH;
        let inflow = std::mem::take(&mut earnings.undivided);
        let base = part(inflow, rules::BASE_BPS, BPS);

        let burned = std::mem::take(&mut self.fees.burned);
        let pot = earnings.carried + inflow - base;
        let reserved = pot.min(part(burned.iter().sum(), rules::PERFORMANCE_BPS, BPS));
        earnings.carried = pot - reserved;
        earnings.epochs.push(Epoch { ended_at: self.now, reserved, burned, settled: [false; OPERATORS] });

        let budget = earnings.unstreamed + base + earnings.rate * u128::from(earnings.left);
        let length = u128::from(rules::EPOCH);
        earnings.rate = (budget / length).min(u128::from(u64::MAX));
        earnings.left = rules::EPOCH;
        earnings.unstreamed = budget - earnings.rate * length;
        Ok(())
    }

    /// An operator gets its part of an epoch, if it was active at the end.
    pub fn settle_performance(&mut self, operator: Who, epoch: usize) -> Ruling<u128> {
        let Some(ended) = self.earnings.epochs.get_mut(epoch) else { return Err(Refused("EpochNotEnded")) };
        require(!ended.settled[operator], "AlreadySettled")?;
        require(ended.burned[operator] != 0, "NothingToSettle")?;
        ended.settled[operator] = true;
        let amount = part(ended.reserved, ended.burned[operator], ended.burned.iter().sum());
        if self.operators[operator].weight_at(ended.ended_at) == 0 {
            self.earnings.carried += amount;
        } else {
            self.earnings.performance[operator] += amount;
        }
        Ok(amount)
    }

    /// Somebody is paid what it is owed: `base` for stake, as the contracts count it, and what its work earned.
    fn take(&mut self, by: Who, operator: Who, account: Who, base: u128) -> Ruling<u128> {
        require(by == account || self.claimer[account] == Some(by), "NotOwnerNorClaimer")?;
        let mut amount = base;
        if account == operator {
            self.operators[operator].settle(self.now);
            amount += std::mem::take(&mut self.earnings.performance[operator]);
        }
        require(amount != 0, "NothingToClaim")?;
        self.earnings.paid[operator][account] += base;
        Ok(amount)
    }

    /// Rewards are paid out.
    pub fn claim(&mut self, by: Who, operator: Who, account: Who, to: Who, base: u128) -> Ruling<u128> {
        let amount = self.take(by, operator, account, base)?;
        self.transfer(REWARDS, to, amount)?;
        Ok(amount)
    }

    /// Rewards become stake.
    pub fn compound(&mut self, by: Who, operator: Who, account: Who, base: u128) -> Ruling<(u128, u128)> {
        let amount = self.take(by, operator, account, base)?;
        let shares = self.stake(operator, REWARDS, account, amount)?;
        Ok((amount, shares))
    }
}
