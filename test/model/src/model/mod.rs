//! What staking and rewards do, by docs/staking.md and docs/rewards.md, the simple way: every question is answered by looking
//! at everybody. Nothing is cached, no sum is carried along, and no action knows how the contracts store anything.

mod earnings;
mod fees;
mod freezes;
mod operators;
mod pool;
mod slashes;
mod stake;

use std::collections::BTreeSet;

pub use earnings::{Earnings, Epoch};
pub use fees::Fees;
pub use freezes::{Dispute, Round};
pub use operators::{Operator, Status};
pub use pool::Pool;
pub use slashes::OpenSlash;

use crate::{
    rules,
    world::{HOLDERS, OPERATORS, PEOPLE, TREASURY, Who},
};

/// Why an action is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(pub &'static str);

/// Whether an action is possible, and what it comes to.
pub type Ruling<T> = Result<T, Refused>;

/// Passes if `condition` holds.
fn require(condition: bool, reason: &'static str) -> Ruling<()> {
    if condition { Ok(()) } else { Err(Refused(reason)) }
}

/// Everything that is the case.
#[derive(Debug, Clone)]
pub struct Model {
    /// Unix time.
    pub now: u64,
    /// Operators, and who may become one.
    pub operators: [Operator; OPERATORS],
    /// Tokens that everyone holds, apart from stake.
    pub held: [u128; HOLDERS],
    /// To whom everyone gave its votes.
    pub delegatee: [Option<Who>; PEOPLE],
    /// Tokens in the vault that wait to be burned.
    pub ownerless: u128,
    /// All tokens.
    pub supply: u128,
    /// Slashes that wait.
    pub slashes: Vec<OpenSlash>,
    /// Disputes that are open.
    pub disputes: Vec<Dispute>,
    /// Who may act for whom: owner and agent.
    pub agents: BTreeSet<(Who, Who)>,
    /// Who may claim for whom.
    pub claimer: [Option<Who>; PEOPLE],
    /// What stake and work earn.
    pub earnings: Earnings,
    /// What was paid for work.
    pub fees: Fees,
}

impl Default for Model {
    /// The world after the deployment.
    fn default() -> Self {
        let mut held = [0; HOLDERS];
        held[..PEOPLE].fill(rules::ENDOWMENT);
        held[TREASURY] = rules::SUPPLY - rules::VESTED - PEOPLE as u128 * rules::ENDOWMENT;
        Self {
            now: rules::START,
            operators: Default::default(),
            held,
            delegatee: [None; PEOPLE],
            ownerless: 0,
            supply: rules::SUPPLY,
            slashes: Vec::new(),
            disputes: Vec::new(),
            agents: BTreeSet::new(),
            claimer: [None; PEOPLE],
            earnings: Earnings::new(),
            fees: Fees::default(),
        }
    }
}

impl Model {
    /// Lets time pass, in which nothing changes: stake earns by what it is.
    pub fn pass(&mut self, seconds: u64) {
        self.stream(seconds);
        self.now += seconds;
    }

    /// Tokens in custody for an account: what is booked for its positions and unbonds, and, of an operator, its own stake
    /// with what open slashes hold of it.
    pub fn custody(&self, who: Who) -> u128 {
        let booked = |operator: &Operator| operator.pool.booked_for(who);
        let mut sum: u128 = self.operators.iter().map(booked).sum();
        if let Some(operator) = self.operators.get(who) {
            sum += operator.own.assets;
            sum += self
                .slashes
                .iter()
                .filter(|slash| slash.operator == who)
                .map(|slash| slash.own)
                .sum::<u128>();
        }
        sum
    }

    /// Votes of an account: what those who delegate to it hold and have in custody.
    pub fn votes(&self, who: Who) -> u128 {
        let voters = (0..PEOPLE).filter(|&voter| self.delegatee[voter] == Some(who));
        voters.map(|voter| self.held[voter] + self.custody(voter)).sum()
    }

    /// Tokens in the vault.
    pub fn in_vault(&self) -> u128 {
        (0..PEOPLE).map(|who| self.custody(who)).sum::<u128>() + self.ownerless
    }

    /// Slashes of an operator that wait.
    pub fn open_slashes(&self, operator: Who) -> usize {
        self.slashes.iter().filter(|slash| slash.operator == operator).count()
    }

    /// Whether `by` may move the stake of `account`.
    fn require_owner_or_agent(&self, by: Who, account: Who) -> Ruling<()> {
        require(by == account || self.agents.contains(&(account, by)), "NotOwnerNorAgent")
    }

    /// Moves tokens that are held.
    pub fn transfer(&mut self, from: Who, to: Who, amount: u128) -> Ruling<()> {
        require(self.held[from] >= amount, "ERC20InsufficientBalance")?;
        self.held[from] -= amount;
        self.held[to] += amount;
        Ok(())
    }
}
