//! Slashes: what they take, and how they end.

use super::{Model, Ruling, Status, require};
use crate::{
    numbers::part,
    rules::{self, BPS, OFFENCES},
    world::Who,
};

/// A slash that waits to be vetoed or executed.
#[derive(Debug, Clone)]
pub struct OpenSlash {
    /// Who is slashed.
    pub operator: Who,
    /// How many slashes it had before.
    pub number: u32,
    /// Row of the slash table, from zero.
    pub offence: usize,
    /// Time of the offence that began the cool-down.
    pub window: u64,
    /// Taken from the operator's own stake.
    pub own: u128,
    /// Taken from its delegators.
    pub pool: u128,
    /// Shares that the delegators had.
    pub pool_shares: u128,
    /// End of the jail that it set.
    pub jailed_until: u64,
    /// End of the jail before.
    pub jailed_before: u64,
    /// From when it can be executed.
    pub executable_at: u64,
    /// Whether it was postponed.
    pub suspended: bool,
    /// Who showed the offence.
    pub challenger: Option<Who>,
    /// Who was harmed.
    pub payer: Option<Who>,
}

impl Model {
    /// A dispute contract slashes for an offence of `captured`, by at most `amount`.
    pub fn slash(
        &mut self,
        who: Who,
        offence: usize,
        amount: u128,
        captured: u64,
        [challenger, payer]: [Option<Who>; 2],
    ) -> Ruling<OpenSlash> {
        let now = self.now;
        require(offence < OFFENCES.len(), "UnknownOffence")?;
        require(self.is_provable(who, captured), "OffenceOutOfWindow")?;

        // Offences within one cool-down share one cap: that of the stake at this one.
        let (start, taken, left) = self.slashable(who, offence, captured);
        let most = amount.min(left);
        let rule = OFFENCES[offence];
        let operator = &mut self.operators[who];

        // The operator's own stake pays first.
        let own = most.min(operator.own.assets);
        let pool = (most - own).min(operator.pool.assets);
        require(own + pool != 0, "NothingToSlash")?;
        operator.settle(now);
        operator.windows[offence] = (start, taken + own + pool);
        let pool_shares = operator.pool.shares();
        operator.own.assets -= own;
        operator.pool.slash(pool);

        let jailed_before = operator.jailed_until;
        operator.jailed_until = jailed_before.max(now + rule.jail);
        if operator.status == Status::Active {
            operator.status = Status::Jailed;
        }
        let number = operator.slashed;
        operator.slashed += 1;
        let opened = OpenSlash {
            operator: who,
            number,
            offence,
            window: start,
            own,
            pool,
            pool_shares,
            jailed_until: operator.jailed_until,
            jailed_before,
            executable_at: now + rules::VETO_WINDOW,
            suspended: false,
            challenger,
            payer,
        };
        self.slashes.push(opened.clone());
        Ok(opened)
    }

    /// The guardian postpones a slash, once.
    pub fn suspend(&mut self, index: usize) -> Ruling<()> {
        let now = self.now;
        let slash = &mut self.slashes[index];
        require(now < slash.executable_at, "VetoWindowOver")?;
        require(!slash.suspended, "AlreadySuspended")?;
        slash.suspended = true;
        slash.executable_at += rules::SUSPENSION;
        Ok(())
    }

    /// Governance returns what a slash took to those who are still here.
    pub fn veto(&mut self, index: usize) -> Ruling<()> {
        require(self.now < self.slashes[index].executable_at, "VetoWindowOver")?;
        let slash = self.slashes.remove(index);
        let last = self.open_slashes(slash.operator) == 0;
        let operator = &mut self.operators[slash.operator];
        operator.pool.assets += operator.pool.release(slash.pool, slash.pool_shares, last);
        if slash.own != 0 {
            if operator.own.shares() == 0 {
                // The operator has taken out all that was left: it gets shares for what comes back.
                operator.own.assets = 0;
                operator.own.enter(slash.operator, slash.own, 0);
            } else {
                operator.own.assets += slash.own;
            }
        }
        let (start, taken) = &mut operator.windows[slash.offence];
        if *start == slash.window {
            *taken -= slash.own + slash.pool;
        }
        if operator.jailed_until == slash.jailed_until {
            operator.jailed_until = slash.jailed_before;
        }
        Ok(())
    }

    /// Anyone ends a slash whose veto window is over: the own part is paid, the rest has no owner any more.
    pub fn execute(&mut self, index: usize) -> Ruling<()> {
        require(self.now >= self.slashes[index].executable_at, "NotExecutableYet")?;
        let slash = self.slashes.remove(index);
        let last = self.open_slashes(slash.operator) == 0;
        self.operators[slash.operator].pool.release(slash.pool, slash.pool_shares, last);
        let rule = OFFENCES[slash.offence];
        let mut burned = slash.own;
        for (recipient, bps) in [(slash.challenger, rule.challenger_bps), (slash.payer, rule.payer_bps)] {
            let Some(recipient) = recipient else { continue };
            let paid = part(slash.own, bps, BPS);
            self.held[recipient] += paid;
            burned -= paid;
        }
        self.ownerless += burned;
        Ok(())
    }
}
