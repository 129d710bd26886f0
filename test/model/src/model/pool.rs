//! Stake that is slashed as one, as a list of who has how many shares of it.

use std::collections::BTreeMap;

use crate::{
    numbers::{part, part_up},
    rules,
    world::Who,
};

/// Shares of one owner that move together: its position, or one of its unbonds.
#[derive(Debug, Clone, Default)]
pub struct Lot {
    /// Shares.
    pub shares: u128,
    /// Tokens in custody for them.
    pub booked: u128,
    /// When it can be withdrawn, if it is an unbond.
    pub matures: u64,
    /// Generation of the pool that the shares are of.
    pub generation: u64,
}

/// A pool.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    /// What all shares are worth.
    pub assets: u128,
    /// What slashes took and a veto may return.
    pub escrow: u128,
    /// How often it began anew.
    pub generation: u64,
    /// Positions, under 0, and unbonds, under their numbers.
    pub lots: BTreeMap<(Who, u64), Lot>,
    /// How many unbonds everyone has opened.
    pub opened: BTreeMap<Who, u64>,
}

impl Pool {
    fn alive(&self) -> impl Iterator<Item = (&(Who, u64), &Lot)> {
        self.lots.iter().filter(|(_, lot)| lot.generation == self.generation)
    }

    /// All shares.
    pub fn shares(&self) -> u128 {
        self.alive().map(|(_, lot)| lot.shares).sum()
    }

    /// Those that are unbonding.
    pub fn unbonding(&self) -> u128 {
        self.alive().filter(|((_, id), _)| *id != 0).map(|(_, lot)| lot.shares).sum()
    }

    /// What the shares that are not unbonding are worth.
    pub fn bonded(&self) -> u128 {
        let shares = self.shares();
        part(shares - self.unbonding(), self.assets, shares)
    }

    /// Bonded shares of an account.
    pub fn position(&self, who: Who) -> u128 {
        self.lots.get(&(who, 0)).filter(|lot| lot.generation == self.generation).map_or(0, |lot| lot.shares)
    }

    /// Numbers of the open unbonds of an account.
    pub fn unbonds(&self, who: Who) -> Vec<u64> {
        self.lots.range((who, 1)..=(who, u64::MAX)).map(|((_, id), _)| *id).collect()
    }

    /// What is booked for an account.
    pub fn booked_for(&self, who: Who) -> u128 {
        self.lots.range((who, 0)..=(who, u64::MAX)).map(|(_, lot)| lot.booked).sum()
    }

    /// What a lot is worth.
    pub fn worth(&self, lot: &Lot) -> u128 {
        if lot.generation == self.generation { part(lot.shares, self.assets, self.shares()) } else { 0 }
    }

    /// What is booked for a lot above what it is worth, or would be after vetoes.
    pub fn surplus(&self, lot: &Lot) -> u128 {
        let alive = lot.generation == self.generation && lot.shares != 0;
        let worth = if alive { part_up(lot.shares, self.assets + self.escrow, self.shares()) } else { 0 };
        lot.booked.saturating_sub(worth)
    }

    /// Whether slashes have left too little for stake to enter.
    pub fn is_diluted(&self) -> bool {
        self.assets != 0 && self.shares() > self.assets * rules::MAX_SHARES_PER_WEI
    }

    /// Stake enters. A pool without assets begins anew; who had shares of it has none of the new one.
    pub fn enter(&mut self, who: Who, amount: u128, booked: u128) -> u128 {
        let shares = self.shares();
        let minted = if self.assets == 0 { amount } else { part(amount, shares, self.assets) };
        if self.assets == 0 && shares != 0 {
            self.generation += 1;
            self.escrow = 0;
        }
        self.assets += amount;
        self.add(who, minted, booked);
        minted
    }

    /// Adds to a position. What is booked for shares of an earlier generation stays.
    fn add(&mut self, who: Who, shares: u128, booked: u128) {
        let generation = self.generation;
        let lot = self.lots.entry((who, 0)).or_default();
        if lot.generation != generation {
            (lot.generation, lot.shares) = (generation, 0);
        }
        lot.shares += shares;
        lot.booked += booked;
    }

    /// A part of a position becomes an unbond. The caller has checked that it is there.
    pub fn unbond(&mut self, who: Who, shares: u128, matures: u64) -> u64 {
        let available = self.position(who);
        let generation = self.generation;
        let position = self.lots.entry((who, 0)).or_default();
        let booked = part(position.booked, shares, available);
        position.shares = available - shares;
        position.booked -= booked;
        let id = self.opened.entry(who).or_default();
        *id += 1;
        self.lots.insert((who, *id), Lot { shares, booked, matures, generation });
        *id
    }

    /// An unbond becomes bonded again. The caller has checked that it is of this generation.
    pub fn cancel(&mut self, who: Who, id: u64) {
        if let Some(lot) = self.lots.remove(&(who, id)) {
            self.add(who, lot.shares, lot.booked);
        }
    }

    /// An unbond leaves, with at most what is booked for it where `capped`, and gives up its part of the escrow. Returns
    /// what leaves, and what is booked beyond that.
    pub fn leave(&mut self, who: Who, id: u64, capped: bool) -> (u128, u128) {
        let shares = self.shares();
        let Some(lot) = self.lots.get(&(who, id)).cloned() else { return (0, 0) };
        let mut amount = self.worth(&lot);
        if capped {
            amount = amount.min(lot.booked);
        }
        self.lots.remove(&(who, id));
        if lot.generation == self.generation {
            let left = shares - lot.shares;
            self.escrow = part(self.escrow, left, shares);
            self.assets = if left == 0 { 0 } else { self.assets - amount };
        }
        (amount, lot.booked.saturating_sub(amount))
    }

    /// A slash takes from all.
    pub fn slash(&mut self, amount: u128) {
        self.assets -= amount;
        self.escrow += amount;
    }

    /// Ends the escrow of a slash that took `amount` from `shares`. Returns what of it belongs to those who are still here.
    pub fn release(&mut self, amount: u128, shares: u128, last: bool) -> u128 {
        let released = part(amount, self.shares(), shares).min(self.escrow);
        self.escrow = if last { 0 } else { self.escrow - released };
        released
    }
}
