//! The life of operators.

use super::{Model, Pool, Round, Ruling, require};
use crate::{rules, world::Who};

/// Where an operator is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Status {
    /// It never registered.
    #[default]
    None,
    /// It serves.
    Active,
    /// It may return.
    Jailed,
    /// It left.
    Retired,
}

/// An operator's commission, in 1/10,000.
#[derive(Debug, Clone, Copy, Default)]
pub struct Commission {
    /// That by which it is paid.
    pub paid: u16,
    /// That which it announced.
    pub next: u16,
    /// From when.
    pub from: u64,
}

impl Commission {
    /// That which counts at `now`, from the next settlement at the latest.
    pub fn at(&self, now: u64) -> u16 {
        if now < self.from { self.paid } else { self.next }
    }
}

/// An operator, or who may become one.
#[derive(Debug, Clone, Default)]
pub struct Operator {
    /// Where it is in its life.
    pub status: Status,
    /// When it may leave jail.
    pub jailed_until: u64,
    /// How often it was slashed.
    pub slashed: u32,
    /// Its own stake.
    pub own: Pool,
    /// That of its delegators.
    pub pool: Pool,
    /// Its commission.
    pub commission: Commission,
    /// Stake that backs it, from when on.
    pub weights: Vec<(u64, u128)>,
    /// By how much rounding may have left its weight behind its stake.
    pub slips: u128,
    /// Where the present cool-down of each offence began, and what was taken in it.
    pub windows: [(u64, u128); rules::OFFENCES.len()],
    /// Disputes about it that overlap.
    pub round: Round,
}

impl Operator {
    /// The pool in which the shares of an account are.
    pub fn pool_of(&mut self, own: bool) -> &mut Pool {
        if own { &mut self.own } else { &mut self.pool }
    }

    /// What backs it, by all that is staked now.
    pub fn backing(&self) -> u128 {
        if self.status == Status::Active { self.own.bonded() + self.pool.bonded() } else { 0 }
    }

    /// What is recorded as backing it from the next second on.
    pub fn weight(&self) -> u128 {
        self.weights.last().map_or(0, |(_, weight)| *weight)
    }

    /// What backed it at a time.
    pub fn weight_at(&self, time: u64) -> u128 {
        self.weights.iter().rev().find(|(from, _)| *from <= time).map_or(0, |(_, weight)| *weight)
    }

    fn is_serving(&self) -> bool {
        matches!(self.status, Status::Active | Status::Jailed)
    }

    /// A higher commission counts from the first settlement after its notice.
    pub(super) fn settle(&mut self, now: u64) {
        if now >= self.commission.from {
            self.commission.paid = self.commission.next;
        }
    }
}

impl Model {
    /// Takes over the weight that is recorded of an operator, if it is its stake up to what rounding allows.
    pub fn weigh(&mut self, operator: Who, recorded: u128) -> bool {
        let from = self.now + 1;
        let operator = &mut self.operators[operator];
        let backing = operator.backing();
        if backing == 0 {
            operator.slips = 0;
        }
        if recorded > backing || backing - recorded > operator.slips {
            return false;
        }
        if operator.weight() != recorded {
            operator.weights.retain(|(since, _)| *since != from);
            operator.weights.push((from, recorded));
        }
        true
    }

    /// Anyone has booked what an operator and its pool earned.
    pub fn settle(&mut self, who: Who) {
        let now = self.now;
        self.operators[who].settle(now);
        self.earnings.pending[who] = 0;
    }

    /// Somebody becomes an operator, or one again.
    pub fn register(&mut self, who: Who, commission: u16, amount: u128) -> Ruling<()> {
        let (now, open) = (self.now, self.open_slashes(who));
        let operator = &mut self.operators[who];
        let first = operator.status == Status::None;
        require(first || operator.status == Status::Retired, "OperatorAlreadyRegistered")?;
        require(now >= operator.jailed_until, "StillJailed")?;
        require(open == 0, "SlashOpen")?;
        operator.settle(now);
        operator.status = Status::Active;
        self.announce(who, commission, first)?;
        if amount != 0 {
            self.stake(who, who, who, amount)?;
        }
        self.require_self_stake(who)
    }

    /// An operator announces its commission.
    pub fn set_commission(&mut self, who: Who, commission: u16) -> Ruling<()> {
        let now = self.now;
        let operator = &mut self.operators[who];
        require(operator.is_serving(), "WrongOperatorStatus")?;
        operator.settle(now);
        self.announce(who, commission, false)
    }

    /// A higher commission needs notice, unless nobody can rely on an earlier one.
    fn announce(&mut self, who: Who, commission: u16, first: bool) -> Ruling<()> {
        require(commission <= rules::MAX_COMMISSION_BPS, "CommissionTooHigh")?;
        let now = self.now;
        let set = &mut self.operators[who].commission;
        let present = set.at(now);
        let rises = !first && commission > present;
        *set = Commission {
            paid: if rises { present } else { commission },
            next: commission,
            from: if rises { now + rules::COMMISSION_NOTICE } else { now },
        };
        Ok(())
    }

    /// An operator leaves: all of its own stake unbonds.
    pub fn retire(&mut self, who: Who) -> Ruling<Option<u64>> {
        let now = self.now;
        let operator = &mut self.operators[who];
        require(operator.is_serving(), "WrongOperatorStatus")?;
        operator.status = Status::Retired;
        operator.settle(now);
        let shares = operator.own.position(who);
        if shares == 0 { Ok(None) } else { self.open_unbond(who, who, shares).map(Some) }
    }

    /// An operator returns from jail.
    pub fn unjail(&mut self, who: Who) -> Ruling<()> {
        let now = self.now;
        require(self.operators[who].status == Status::Jailed, "WrongOperatorStatus")?;
        require(now >= self.operators[who].jailed_until, "StillJailed")?;
        require(self.open_slashes(who) == 0, "SlashOpen")?;
        self.require_self_stake(who)?;
        self.operators[who].settle(now);
        self.operators[who].status = Status::Active;
        Ok(())
    }

    /// The guardian jails.
    pub fn jail(&mut self, who: Who, period: u64) -> Ruling<()> {
        let now = self.now;
        require(period <= rules::MAX_JAIL, "ParameterOutOfBounds")?;
        let operator = &mut self.operators[who];
        require(operator.is_serving(), "WrongOperatorStatus")?;
        operator.settle(now);
        operator.status = Status::Jailed;
        operator.jailed_until = operator.jailed_until.max(now + period);
        Ok(())
    }

    pub(super) fn require_self_stake(&self, who: Who) -> Ruling<()> {
        require(self.operators[who].own.bonded() >= rules::MIN_SELF_STAKE, "SelfStakeTooLow")
    }
}
