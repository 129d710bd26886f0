//! A sequence of actions, on the contracts and on the model: both have to agree about each.

use std::collections::BTreeMap;

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;

use crate::{
    abi::{IRewards, IStaking},
    actions::{Action, Kind},
    chain::{Base, Chain, ChainError, Outcome},
    model::{Model, Ruling},
    rules,
    world::{OPERATORS, PEOPLE, STRANGER, Who, World, release},
};

/// Where contracts and model differ.
#[derive(Debug, thiserror::Error)]
pub enum Difference {
    /// One does what the other refuses.
    #[error("{action}: the contracts {contracts}, the model {model}")]
    Outcome {
        /// What was tried.
        action: String,
        /// What the contracts did.
        contracts: String,
        /// What the model did.
        model: String,
    },
    /// They say other numbers.
    #[error("{what}: {contracts} in the contracts, {model} in the model")]
    Number {
        /// What is counted.
        what: String,
        /// The number of the contracts.
        contracts: String,
        /// That of the model.
        model: String,
    },
    /// The contracts cannot be asked.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// Passes if two numbers are the same.
pub(crate) fn same<A: PartialEq<B> + std::fmt::Display, B: std::fmt::Display>(
    what: impl FnOnce() -> String,
    contracts: A,
    model: B,
) -> Result<(), Difference> {
    if contracts == model {
        return Ok(());
    }
    Err(Difference::Number { what: what(), contracts: contracts.to_string(), model: model.to_string() })
}

/// How often each kind of action was done, and refused.
pub type Tally = BTreeMap<Kind, [u64; 2]>;

/// Both worlds.
#[derive(Debug)]
pub struct Replay<'w> {
    pub(crate) world: &'w World,
    pub(crate) chain: Chain<&'w Base>,
    pub(crate) model: Model,
    /// Open slashes as the contracts returned them, in the order of the model's.
    pub(crate) slashes: Vec<IStaking::Slash>,
    /// Open disputes, in the order of the model's: whose stake is frozen, how much, in which round.
    pub(crate) disputes: Vec<(Who, u128, u32)>,
    /// What was done so far.
    pub tally: Tally,
}

impl<'w> Replay<'w> {
    /// Both worlds at the beginning: two operators have registered, and two people back them.
    pub fn begin(world: &'w World) -> Result<Self, Difference> {
        let chain = Chain::new(&world.base, rules::START);
        let mut replay = Self {
            world,
            chain,
            model: Model::default(),
            slashes: Vec::new(),
            disputes: Vec::new(),
            tally: Tally::new(),
        };
        for (operator, stake) in [(0, 20_000), (1, 50_000)] {
            replay.register(operator, 500, stake * rules::TOKEN)?;
        }
        for (operator, owner, stake) in [(0, 3, 30_000), (1, 4, 5_000), (0, 4, 1_000)] {
            replay.stake(operator, owner, owner, stake * rules::TOKEN)?;
        }
        replay.settle_up()?;
        // Rewards flow from the second epoch on.
        replay.pass(rules::EPOCH);
        replay.release()?;
        replay.agree(STRANGER, world.rewards, &IRewards::endEpochCall {}, |model| model.end_epoch())?;
        Ok(replay)
    }

    /// Lets time pass in both.
    pub(crate) fn pass(&mut self, seconds: u64) {
        self.model.pass(seconds);
        self.chain.warp(self.model.now);
    }

    /// Lets the rewards have what has vested. How much that is, is the vesting vault's concern.
    pub(crate) fn release(&mut self) -> Result<bool, Difference> {
        let call = release(&self.world.schedule);
        let Outcome::Done(amount) = self.chain.call(STRANGER, self.world.vesting, &call)? else {
            return Ok(false);
        };
        self.model.vested(amount.saturating_to());
        Ok(true)
    }

    /// Does a sequence in both, and compares all there is at its end and now and then.
    pub fn run(world: &'w World, actions: &[Action]) -> Result<Tally, Difference> {
        let mut replay = Self::begin(world)?;
        for (index, action) in actions.iter().enumerate() {
            let done = replay.act(action)?;
            replay.tally.entry(action.kind).or_default()[usize::from(!done)] += 1;
            replay.settle_up()?;
            if index % 16 == 15 {
                replay.compare()?;
            }
        }
        replay.compare()?;
        replay.compare_the_past(actions.first().map_or(0, |action| action.amount))?;
        Ok(replay.tally)
    }

    /// After an action: the weights that the contracts recorded are the stakes of the model.
    fn settle_up(&mut self) -> Result<(), Difference> {
        for operator in 0..OPERATORS {
            let call = IStaking::operatorOfCall { operator: self.world.address(operator) };
            let view = self.chain.view(self.world.staking, &call)?;
            let recorded = view.stake.saturating_to();
            if !self.model.weigh(operator, recorded) {
                return Err(Difference::Number {
                    what: format!("weight of operator {operator}"),
                    contracts: recorded.to_string(),
                    model: self.model.operators[operator].backing().to_string(),
                });
            }
        }
        self.model.allow_rounding();
        Ok(())
    }

    /// Does one thing in both. Returns what each came to, or nothing if both refused.
    pub(crate) fn agree<C: SolCall + std::fmt::Debug, T>(
        &mut self,
        from: Address,
        to: Address,
        call: &C,
        rule: impl FnOnce(&mut Model) -> Ruling<T>,
    ) -> Result<Option<(C::Return, T)>, Difference> {
        let mut next = self.model.clone();
        let ruling = rule(&mut next);
        let differ = |contracts: String, model: String| {
            Err(Difference::Outcome { action: format!("{from} {call:?}"), contracts, model })
        };
        match (self.chain.call(from, to, call)?, ruling) {
            (Outcome::Done(done), Ok(expected)) => {
                self.model = next;
                Ok(Some((done, expected)))
            }
            (Outcome::Refused(data), Err(_)) if is_typed(&data) => Ok(None),
            (Outcome::Refused(data), Err(reason)) => {
                differ(format!("failed without a reason of their own: {data}"), format!("says {}", reason.0))
            }
            (Outcome::Done(_), Err(reason)) => differ("did it".into(), format!("says {}", reason.0)),
            (Outcome::Refused(data), Ok(_)) => differ(format!("refused: {data}"), "did it".into()),
        }
    }

    /// Registers an operator, with the key of nobody in particular.
    pub(crate) fn register(&mut self, who: Who, commission: u16, amount: u128) -> Result<bool, Difference> {
        let call = IStaking::registerCall {
            signer: Address::repeat_byte(0xee),
            roles: 1,
            commissionBps: commission,
            amount: U256::from(amount),
            endpoint: String::new(),
            metadataUri: String::new(),
        };
        let (from, to) = (self.world.address(who), self.world.staking);
        Ok(self.agree(from, to, &call, |model| model.register(who, commission, amount))?.is_some())
    }

    /// Stakes, and compares the shares.
    pub(crate) fn stake(
        &mut self,
        operator: Who,
        payer: Who,
        owner: Who,
        amount: u128,
    ) -> Result<bool, Difference> {
        let call = IStaking::delegateForCall {
            operator: self.world.address(operator),
            owner: self.world.address(owner),
            amount: U256::from(amount),
            leastShares: U256::ZERO,
        };
        let (from, to) = (self.world.address(payer), self.world.staking);
        let done = self.agree(from, to, &call, |model| model.stake(operator, payer, owner, amount))?;
        let Some((shares, expected)) = done else { return Ok(false) };
        same(|| "shares for stake".into(), shares, U256::from(expected))?;
        Ok(true)
    }

    /// An amount up to `most`: often all of it, often little, seldom too much.
    pub(crate) fn amount(action: &Action, most: u128) -> u128 {
        let x = u128::from(action.amount >> 8);
        match action.amount % 16 {
            0..=3 => most,
            4 => x % 1_000,
            5 => most.saturating_add(1),
            6..=9 => (most / 1_000).saturating_mul(x % 1_000),
            _ => (most / 100).saturating_mul(x % 100) + x % 1_000_000_007,
        }
    }

    /// One of the people who may be operators.
    pub(crate) fn operator(action: &Action) -> Who {
        // The third is a newcomer: seldom.
        if action.operator.is_multiple_of(8) { 2 } else { (action.operator % 2) as Who }
    }

    /// One of all people.
    pub(crate) fn person(number: u64) -> Who {
        (number % PEOPLE as u64) as Who
    }
}

/// Whether a refusal is one of the contracts' errors, not a failure that nobody foresaw.
fn is_typed(data: &Bytes) -> bool {
    const PANIC: [u8; 4] = [0x4e, 0x48, 0x7b, 0x71];
    const ERROR: [u8; 4] = [0x08, 0xc3, 0x79, 0xa0];
    data.len() >= 4 && data[..4] != PANIC && data[..4] != ERROR
}
