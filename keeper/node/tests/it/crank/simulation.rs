//! Years of releases with everything going wrong that can: nodes that are away, transactions that get lost, restarts,
//! reorganisations, several keepers, beneficiaries and governance with a will of their own.

use std::sync::Arc;

use opg_node::crank::Period;
use opg_store::vesting::Known;

use super::{
    keeper::{FINALITY, Keeper},
    vault::{Dice, FakeGenesis, FakeVault, MONTH, TGE},
};

/// The longest curve ends 84 months after the TGE.
const MONTHS: u64 = 96;

struct Trouble {
    faults: u64,
    lost: u64,
    restarts: u64,
    reorgs: u64,
    /// What beneficiaries, governance and passers-by do.
    others: u64,
}

const NONE: Trouble = Trouble { faults: 0, lost: 0, restarts: 0, reorgs: 0, others: 0 };
const MUCH: Trouble = Trouble { faults: 15, lost: 20, restarts: 10, reorgs: 15, others: 15 };

struct World {
    vault: Arc<FakeVault>,
    keepers: Vec<Keeper>,
    dice: Dice,
    trouble: Trouble,
}

impl World {
    async fn new(seed: u64, keepers: usize, trouble: Trouble) -> Self {
        eprintln!("seed {seed}, {keepers} keepers");
        let mut dice = Dice::new(seed);
        let vault = Arc::new(FakeVault::new(FakeGenesis::random(&mut dice), seed));
        let mut world = Self { vault: Arc::clone(&vault), keepers: Vec::new(), dice, trouble };
        for number in 0..keepers {
            let mut keeper = Keeper::new(number, &vault, 5 * 86_400);
            keeper.start().await.unwrap();
            world.keepers.push(keeper);
        }
        world
    }

    /// A few blocks close together, with keepers at work between them.
    async fn burst(&mut self) {
        for _ in 0..4 + FINALITY {
            self.vault.chain().faults = self.trouble.faults;
            for keeper in &mut self.keepers {
                if self.dice.percent(self.trouble.restarts) {
                    // A node that is away may keep it from starting; then it starts later.
                    while keeper.start().await.is_err() {}
                }
                keeper.pass().await;
                keeper.journal(self.trouble.lost).await;
            }
            self.vault.chain().faults = 0;
            self.vault.mine(200);
            if self.dice.percent(self.trouble.reorgs) {
                self.vault.reorg(1 + self.dice.below(FINALITY - 1) as usize);
            }
            if self.dice.percent(self.trouble.others) {
                self.somebody_acts();
            }
        }
    }

    /// The next period, in which the chain gets to the turn of each keeper in time.
    async fn take_turns(&mut self) {
        let config = &self.keepers[0].config;
        let now = self.vault.chain().time();
        let period = Period::at(Period::at(now, config.interval).end, config.interval);
        let operators: Vec<_> = self.keepers.iter().map(|keeper| keeper.config.signer).collect();
        self.vault.chain().operators = operators.clone();
        let turns = operators.iter().map(|signer| period.turn(*signer, &operators));
        let mut turns: Vec<_> = turns.collect();
        turns.sort_unstable();
        for turn in turns {
            let now = self.vault.chain().time();
            self.vault.mine(turn.saturating_sub(now).max(1));
            // The batches of a turn are pending at the same time, and mined before the next turn begins.
            for _ in 0..2 + FINALITY {
                for keeper in &self.keepers {
                    keeper.pass().await;
                    keeper.journal(0).await;
                }
                self.vault.mine(2);
            }
        }
    }

    fn somebody_acts(&mut self) {
        let all: Vec<_> = self.vault.genesis.all().map(|(schedule, curve)| (*schedule, curve)).collect();
        let (schedule, curve) = all[self.dice.below(all.len() as u64) as usize];
        let now = self.vault.chain().time();
        let vested = schedule.vested_at(&curve, now + 1);
        let act = self.dice.below(3);
        self.vault.change(schedule.id(), |state: &mut Known| match act {
            0 => state.manual = !state.manual,
            1 if schedule.revocable && state.revoked_total.is_none() => state.revoked_total = Some(vested),
            _ => state.released = vested.min(state.revoked_total.unwrap_or(vested)).max(state.released),
        });
    }

    async fn live(&mut self, months: u64) {
        while self.vault.chain().time() < TGE + months * MONTH {
            self.burst().await;
            // Sometimes days, sometimes months without a look.
            let months = [1, 1, 7][self.dice.below(3) as usize];
            let pause = 1 + self.dice.below(MONTH * months);
            self.vault.mine(pause);
        }
    }

    /// Everybody stops to make trouble; nobody is manual any more.
    async fn calm_down(&mut self) {
        self.trouble = NONE;
        let all: Vec<_> = self.vault.genesis.all().map(|(schedule, _)| schedule.id()).collect();
        for id in all {
            self.vault.change(id, |state| state.manual = false);
        }
        for _ in 0..6 {
            self.vault.mine(31 * 86_400);
            self.burst().await;
        }
    }

    fn everybody_got_everything(&self) {
        for (schedule, _) in self.vault.genesis.all() {
            let state = self.vault.chain().state(schedule.id());
            let total = state.revoked_total.unwrap_or(schedule.amount);
            assert_eq!(state.released, total, "{schedule:?} {state:?}");
        }
    }
}

#[tokio::test]
async fn after_96_months_of_trouble_everybody_has_exactly_its_amount() {
    for seed in 1..=25 {
        let mut world = World::new(seed, 1 + (seed % 3) as usize, MUCH).await;
        world.live(MONTHS).await;
        world.calm_down().await;
        world.everybody_got_everything();
        for keeper in &world.keepers {
            assert!(
                keeper.rows().iter().all(|row| row.intent.is_none()),
                "seed {seed}: something is still in flight"
            );
        }
    }
}

#[tokio::test]
async fn keepers_that_race_waste_no_transaction_and_no_row() {
    for seed in 100..115 {
        let mut world = World::new(seed, 3, NONE).await;
        while world.vault.chain().time() < TGE + MONTHS * MONTH {
            world.take_turns().await;
            let pause = world.dice.below(2 * MONTH);
            world.vault.mine(1 + pause);
        }
        world.everybody_got_everything();
        let chain = world.vault.chain();
        assert!(chain.mined().count() > 0);
        for mined in chain.mined() {
            let done = (mined.paid, mined.skipped);
            assert!(
                mined.paid > 0 && mined.skipped == 0,
                "seed {seed}, keeper {}: {done:?}",
                mined.sent.keeper
            );
        }
    }
}

#[tokio::test]
async fn a_keeper_whose_work_is_done_asks_only_for_the_head() {
    let mut world = World::new(7, 1, NONE).await;
    world.live(MONTHS).await;
    world.calm_down().await;
    let before = world.vault.chain().questions;
    for _ in 0..50 {
        world.vault.mine(40 * 86_400);
        world.keepers[0].pass().await;
    }
    assert_eq!(world.vault.chain().questions - before, 50);
    assert!(world.keepers[0].rows().iter().all(|row| row.look.look_at.is_none()));
}
