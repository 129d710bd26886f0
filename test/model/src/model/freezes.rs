//! Stake that stays while disputes about its operator are open.

use super::{Model, Ruling, require};
use crate::{
    numbers::part,
    rules::{self, BPS, OFFENCES},
    world::Who,
};

/// A dispute that is not decided.
#[derive(Debug, Clone)]
pub struct Dispute {
    /// Whom it is about.
    pub operator: Who,
    /// To which of the operator's rounds it belongs.
    pub round: u32,
    /// What it may cost.
    pub amount: u128,
}

/// Disputes about an operator that overlap.
#[derive(Debug, Clone, Copy, Default)]
pub struct Round {
    /// Counts from one.
    pub number: u32,
    /// When the first of them was opened.
    pub since: u64,
    /// When the last of them expires.
    pub until: u64,
}

impl Model {
    /// What has to stay of the stake of an operator.
    pub fn frozen(&self, operator: Who) -> u128 {
        let round = self.operators[operator].round;
        if self.now >= round.until {
            return 0;
        }
        let open =
            self.disputes.iter().filter(|open| open.operator == operator && open.round == round.number);
        open.map(|dispute| dispute.amount).sum()
    }

    /// Whether an offence of `captured` can be slashed: stake of that time has not left. While stake is frozen, time stands
    /// still.
    pub(super) fn is_provable(&self, operator: Who, captured: u64) -> bool {
        let round = self.operators[operator].round;
        let clock =
            if self.now < round.until { round.since.max(self.now - rules::MAX_FREEZE) } else { self.now };
        captured <= self.now && captured > clock - rules::UNBONDING
    }

    /// When the cool-down of an offence began to which one of `captured` belongs, what was taken in it, and what can still be.
    pub(super) fn slashable(&self, who: Who, offence: usize, captured: u64) -> (u64, u128, u128) {
        let (operator, rule) = (&self.operators[who], OFFENCES[offence]);
        let cap = part(operator.weight_at(captured), rule.cap_bps, BPS);
        let (start, taken) = operator.windows[offence];
        let one = captured <= start + rule.cool_down && captured + rule.cool_down >= start;
        let (start, taken) = if one { (start, taken) } else { (captured, 0) };
        (start, taken, cap.saturating_sub(taken))
    }

    /// A dispute is opened that may cost `amount`. Returns what stays for it, and its round.
    pub fn freeze(
        &mut self,
        who: Who,
        offence: usize,
        amount: u128,
        captured: u64,
        until: u64,
    ) -> (u128, u32) {
        if offence >= OFFENCES.len() || !self.is_provable(who, captured) {
            return (0, 0);
        }
        let amount = amount.min(self.slashable(who, offence, captured).2);
        let until = until.min(self.now + rules::MAX_FREEZE);
        if amount == 0 || until <= self.now {
            return (0, 0);
        }
        let round = &mut self.operators[who].round;
        if round.until <= self.now {
            *round = Round { number: round.number + 1, since: self.now, until };
        }
        round.until = round.until.max(until);
        let number = round.number;
        self.disputes.push(Dispute { operator: who, round: number, amount });
        (amount, number)
    }

    /// A dispute is decided. The last one ends its round.
    pub fn unfreeze(&mut self, index: usize) {
        let ended = self.disputes.remove(index);
        let more =
            self.disputes.iter().any(|open| open.operator == ended.operator && open.round == ended.round);
        let round = &mut self.operators[ended.operator].round;
        if round.number == ended.round && !more {
            round.until = 0;
        }
    }

    /// Refuses that an unbond due at `matures` leaves, if what is left of the stake might not do. Own stake pays first.
    pub(super) fn require_free(&self, who: Who, own: bool, matures: u64) -> Ruling<()> {
        let operator = &self.operators[who];
        if self.now >= matures + rules::MAX_FREEZE {
            return Ok(());
        }
        let left = operator.own.assets + if own { 0 } else { operator.pool.assets };
        require(left >= self.frozen(who), "StakeFrozen")
    }
}
