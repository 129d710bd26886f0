//! One random schedule: work, faults and crashes, then quiet, then the reckoning.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{Arc, Mutex},
};

use alloy::{primitives::U256, signers::local::PrivateKeySigner};
use futures::executor::block_on;
use opg_chain::journal::{
    self, Alert, Asked, FeePolicy, IntentId, IntentState, Journal, JournalConfig, JournalError, LatePolicy,
    Slot, SlotState, Status,
};
use opg_store::{Store, StoreError};
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::{
    calls::{self, Behaviour, TOO_EARLY},
    coverage::{Coverage, Event},
    fake_chain::{Chain, Tx},
    fake_rpc::{Crash, Faults, FaultySigner, Shared, World},
};

const RICH: u128 = 10_000_000_000_000;
const START: u64 = 1_000_000;
const FINALITY: u64 = 6;

pub(super) struct Schedule {
    world: Shared,
    store: Store,
    signer: Arc<FaultySigner>,
    config: JournalConfig,
    journal: Journal,
    intents: Vec<(IntentId, u64, Behaviour)>,
    /// What was unchangeable when it was last looked at.
    ended: HashMap<IntentId, IntentState>,
    rng: StdRng,
}

impl Schedule {
    pub(super) fn new(seed: u64, store: &Store, key: &PrivateKeySigner, coverage: Coverage) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let level = [0.0, 0.02, 0.08][rng.random_range(0..3)];
        let faults = Faults { error: level, stale: level * 2.0, missing: level * 3.0, signer: level / 2.0 };
        let world = World {
            chain: Chain::new(RICH, rng.random_range(0..4), START),
            rng: StdRng::seed_from_u64(seed ^ 0x5eed),
            now: START,
            crash_in: None,
            faults,
            outage: false,
            strict: rng.random_bool(0.5),
            coverage,
            store: store.clone(),
        };
        let world = Shared(Arc::new(Mutex::new(world)));
        let config = config(&mut rng);
        let signer = Arc::new(FaultySigner { key: key.clone(), world: world.clone() });
        let journal = open(store, &world, &signer, &config);
        let (store, intents) = (store.clone(), Vec::new());
        Self { world, store, signer, config, journal, intents, ended: HashMap::new(), rng }
    }

    pub(super) fn run(mut self) -> Coverage {
        let wanted = self.rng.random_range(1..6);
        for _ in 0..self.rng.random_range(20..45) {
            self.world.lock().now += self.rng.random_range(0..3);
            match self.rng.random_range(0..100) {
                0..14 if self.intents.len() < wanted => self.enqueue(),
                0..50 => self.pass(),
                50..72 => self.mine(),
                72..77 => self.reorg(),
                77..81 => self.drop_pool(),
                81..84 => self.foreign(),
                84..88 => self.change_base_fee(),
                88..91 => self.change_balance(),
                91..93 => self.outage(),
                93..96 => self.cancel(),
                96..98 => self.bump(),
                _ => self.world.lock().now += 20,
            }
        }
        while self.intents.len() < wanted {
            self.enqueue();
        }
        self.calm();
        self.reckon();
        self.world.lock().coverage.clone()
    }

    fn enqueue(&mut self) {
        let now = self.world.lock().now;
        let number = self.intents.len() as u64;
        let behaviour = match self.rng.random_range(0..20) {
            0 => Behaviour::RevertsOnChain,
            1 => Behaviour::Reverts,
            2 => Behaviour::TooEarly(now + self.rng.random_range(1..20)),
            3 => Behaviour::TooBig,
            _ => Behaviour::Works,
        };
        let mut intent = calls::intent(number, behaviour);
        if self.rng.random_bool(0.1) {
            intent.max_cost = Some(U256::from(self.rng.random_range(1_000_000_000_u64..3_000_000_000)));
        }
        if self.rng.random_bool(0.25) {
            intent.deadline = Some(now + self.rng.random_range(0..25));
            if self.rng.random_bool(0.3) {
                intent.max_cost = Some(U256::from(self.rng.random_range(40_000_000_u64..200_000_000)));
            }
        }
        let signer = self.journal.signer();
        // Callers repeat themselves after their own crashes.
        for _ in 0..self.rng.random_range(1..3) {
            let id = self.db(|tx| journal::enqueue(tx, signer, &intent, now));
            if self.intents.last().is_none_or(|last| last.0 != id) {
                self.intents.push((id, number, behaviour));
            }
        }
        if self.rng.random_bool(0.7) {
            self.pass();
        }
    }

    /// One pass, which the process may not survive.
    fn pass(&mut self) {
        if self.rng.random_bool(0.2) {
            self.world.lock().crash_in = Some(self.rng.random_range(0..25));
        }
        let outcome = catch_unwind(AssertUnwindSafe(|| block_on(self.journal.tick())));
        self.world.lock().crash_in = None;
        match outcome {
            Ok(outcome) => self.judge_pass(outcome),
            Err(panic) if panic.is::<Crash>() => {
                self.journal = open(&self.store, &self.world, &self.signer, &self.config);
            }
            Err(panic) => resume_unwind(panic),
        }
        if self.rng.random_bool(0.1) {
            self.nothing_final_changed();
        }
    }

    fn judge_pass(&mut self, outcome: Result<Status, JournalError>) {
        match outcome {
            Ok(status) => {
                let poor = |alert: &Alert| matches!(alert, Alert::InsufficientFunds { .. });
                if status.queued > 0 && status.alerts.iter().any(poor) {
                    self.world.lock().coverage.note(Event::FundGuard);
                }
            }
            Err(error) => {
                assert!(error.is_retryable(), "{error}");
                let mut world = self.world.lock();
                if world.outage {
                    world.coverage.note(Event::RpcDown);
                }
            }
        }
    }

    fn mine(&mut self) {
        let include = self.rng.random_bool(0.8);
        let slots = self.slots();
        let mut world = self.world.lock();
        let now = world.now;
        if !include && world.chain.pool.contains_key(&world.chain.tip().count) {
            world.coverage.note(Event::Censored);
        }
        let mined = world.chain.mine(now, include);
        for tx in &mined {
            note_mined(&mut world.coverage, &slots, tx, self.signer.key.address());
        }
    }

    fn reorg(&mut self) {
        let slots = self.slots();
        let intents: HashMap<IntentId, IntentState> = slots
            .iter()
            .filter_map(|slot| slot.intent)
            .map(|id| (id, self.db(|tx| journal::outcome(tx, id))))
            .collect();
        let mut world = self.world.lock();
        let world = &mut *world;
        // Nothing that was ever `FINALITY` deep may go: deeper reorgs are beyond what the journal promises.
        let floor = world.chain.highest.saturating_sub(FINALITY - 1);
        let deepest = world.chain.tip().number.saturating_sub(floor) as usize;
        if deepest == 0 {
            return;
        }
        let depth = self.rng.random_range(1..=deepest);
        for tx in world.chain.orphan(depth, &mut self.rng) {
            let Some(slot) = slots.iter().find(|slot| slot.nonce == tx.nonce) else { continue };
            match slot.intent.and_then(|id| intents.get(&id)) {
                Some(IntentState::Mined { .. }) => world.coverage.note(Event::ReorgMined),
                Some(IntentState::Confirmed { .. }) => world.coverage.note(Event::ReorgConfirmed),
                _ if matches!(slot.state, SlotState::Foreign(_)) => {
                    world.coverage.note(Event::ForeignReorged);
                }
                _ => {}
            }
        }
        let new = self.rng.random_range(0..=depth + 1);
        if new < depth {
            world.coverage.note(Event::ReorgShorter);
        }
        for _ in 0..new {
            let include = self.rng.random_bool(0.5);
            for tx in world.chain.mine(world.now, include) {
                note_mined(&mut world.coverage, &slots, &tx, self.signer.key.address());
            }
        }
    }

    fn drop_pool(&mut self) {
        let mut world = self.world.lock();
        if !world.chain.pool.is_empty() {
            world.coverage.note(Event::Dropped);
        }
        if self.rng.random_bool(0.5) {
            world.chain.pool.clear();
        } else {
            world.chain.pool.pop_first();
        }
        if self.rng.random_bool(0.3) {
            world.coverage.note(Event::Gossip);
            world.chain.gossip(&mut self.rng);
        }
    }

    /// Somebody else has the key.
    fn foreign(&mut self) {
        let slots = self.slots();
        let mut world = self.world.lock();
        let world = &mut *world;
        let ours = |nonce: u64| slots.iter().any(|slot| slot.nonce == nonce && !slot.attempts.is_empty());
        if self.rng.random_bool(0.6) {
            let tx = world.chain.mine_foreign(world.now);
            if ours(tx.nonce) {
                world.coverage.note(Event::ForeignMined);
            }
            return;
        }
        let nonce = world.chain.tip().count;
        let fee = world.chain.pool.get(&nonce).map_or(3_000, |tx| tx.max_fee * 2);
        let tx = world.chain.foreign(nonce, fee);
        if ours(nonce) {
            world.coverage.note(Event::ForeignPooled);
        }
        world.chain.pool.insert(nonce, tx);
    }

    fn change_base_fee(&mut self) {
        let mut world = self.world.lock();
        world.chain.base_fee = [1_000, 500, 3_000, 20_000][self.rng.random_range(0..4)];
        if world.chain.pool.values().any(|tx| tx.max_fee < world.chain.base_fee) {
            world.coverage.note(Event::BaseFeeRise);
        }
    }

    fn change_balance(&mut self) {
        let balance = if self.rng.random_bool(0.5) { RICH } else { self.rng.random_range(0..200_000_000) };
        self.world.lock().chain.set_balance(balance);
    }

    fn outage(&mut self) {
        let mut world = self.world.lock();
        world.outage = !world.outage;
        world.now += 60;
    }

    fn cancel(&mut self) {
        let Some((id, ..)) = self.any_intent() else { return };
        let now = self.world.lock().now;
        let asked = self.db(|tx| journal::request_cancel(tx, id, "not wanted any more", now));
        match asked {
            Asked::Done => self.world.lock().coverage.note(Event::CancelQueued),
            Asked::Noted => self.world.lock().coverage.note(Event::CancelSent),
            _ => {}
        }
    }

    fn bump(&mut self) {
        let Some((id, ..)) = self.any_intent() else { return };
        let now = self.world.lock().now;
        if self.db(|tx| journal::request_bump(tx, id, now)) == Asked::Noted {
            self.world.lock().coverage.note(Event::Bumped);
        }
    }

    fn any_intent(&mut self) -> Option<(IntentId, u64, Behaviour)> {
        let count = self.intents.len();
        (count > 0).then(|| self.intents[self.rng.random_range(0..count)])
    }

    /// All faults cease; everything must come to an end.
    fn calm(&mut self) {
        {
            let mut world = self.world.lock();
            world.faults = Faults::default();
            world.outage = false;
            world.chain.orphaned = None;
            // It may stay high for good: waiting for it to fall is not enough.
            world.chain.base_fee = [1_000, 1_000, 20_000][self.rng.random_range(0..3)];
            world.chain.set_balance(RICH);
        }
        for _ in 0..150 {
            let slots = self.slots();
            {
                let mut world = self.world.lock();
                world.now += 2;
                let now = world.now;
                for tx in world.chain.mine(now, true) {
                    note_mined(&mut world.coverage, &slots, &tx, self.signer.key.address());
                }
            }
            let status = block_on(self.journal.tick()).expect("nothing is wrong any more");
            if status.in_flight == 0 && status.watched == 0 && status.queued == 0 {
                return;
            }
        }
        let open: Vec<_> = self.db(|tx| journal::list(tx, Some(self.journal.signer()), false, 100));
        panic!(
            "does not come to an end: {open:#?}\n{:#?}\n{:?}",
            self.slots(),
            self.journal.status().borrow()
        );
    }

    /// Each intent on-chain exactly once, or failed and not on-chain.
    fn reckon(&mut self) {
        self.nothing_final_changed();
        for (id, number, behaviour) in self.intents.clone() {
            let details = self.db(|tx| journal::show(tx, id));
            let mut world = self.world.lock();
            let world = &mut *world;
            let executions = world.chain.executions(number);
            assert!(details.record.closed_at.is_some(), "not closed: {details:#?}");
            match &details.record.state {
                IntentState::Confirmed { hash, block, success } => {
                    assert_eq!(executions, [(*block, *hash, *success)], "{details:#?}");
                    assert_eq!(*success, behaviour != Behaviour::RevertsOnChain, "{details:#?}");
                    match behaviour {
                        Behaviour::RevertsOnChain => world.coverage.note(Event::RevertMined),
                        Behaviour::TooEarly(_) => world.coverage.note(Event::TooEarly),
                        Behaviour::Works => {}
                        Behaviour::Reverts | Behaviour::TooBig => panic!("was sent: {details:#?}"),
                    }
                    if details.record.cancel.is_some() {
                        world.coverage.note(Event::CancelLost);
                    }
                }
                IntentState::Failed { reason } => {
                    assert_eq!(executions, [], "reported as failed: {details:#?}");
                    match behaviour {
                        Behaviour::Reverts if reason.contains("revert") => {
                            world.coverage.note(Event::RevertSimulated);
                        }
                        Behaviour::TooBig => world.coverage.note(Event::GasCap),
                        _ if reason.starts_with("the deadline passed before it could") => {
                            world.coverage.note(Event::LateUnsent);
                        }
                        _ if reason.starts_with("the deadline passed before it was mined") => {
                            world.coverage.note(Event::LateSent);
                        }
                        _ if reason.starts_with("not mined within") => {
                            world.coverage.note(Event::StuckAtLimit);
                        }
                        _ => {
                            let excuse = details.record.cancel.is_some()
                                || reason.contains("not wanted")
                                || behaviour == Behaviour::Reverts;
                            assert!(excuse, "failed without need: {details:#?}");
                        }
                    }
                }
                other => panic!("ended as {other:?}"),
            }
            if details.slots.len() > 1 {
                world.coverage.note(Event::Requeued);
            }
        }
    }

    fn nothing_final_changed(&mut self) {
        for record in self.db(|tx| journal::list(tx, Some(self.journal.signer()), true, 100)) {
            if record.closed_at.is_some() {
                let before = self.ended.insert(record.id, record.state.clone());
                assert!(before.is_none_or(|before| before == record.state), "closed twice: {record:?}");
            } else {
                assert!(!self.ended.contains_key(&record.id), "was closed: {record:?}");
            }
        }
    }

    fn slots(&self) -> Vec<Slot> {
        self.db(|tx| opg_store::journal::watched(tx, self.journal.signer()))
    }

    fn db<T>(&self, work: impl FnOnce(&journal::Transaction<'_>) -> Result<T, StoreError>) -> T {
        self.store.write(work).unwrap()
    }
}

fn open(store: &Store, world: &Shared, signer: &Arc<FaultySigner>, config: &JournalConfig) -> Journal {
    let (rpc, clock) = (Arc::new(world.clone()), Arc::new(world.clone()));
    Journal::with_clock(store.clone(), rpc, Arc::clone(signer) as _, config.clone(), clock).unwrap()
}

fn config(rng: &mut StdRng) -> JournalConfig {
    JournalConfig {
        confirmations: 2,
        finality: FINALITY,
        max_in_flight: rng.random_range(1..5),
        fees: FeePolicy {
            ceiling: 100_000,
            priority_ceiling: 50_000,
            priority_floor: 1,
            base_fee_percent: 200,
            bump_permille: 125,
        },
        bump_after_blocks: 2,
        give_up_after_blocks: 10,
        resend_after: 2,
        recheck_after: 4,
        gap_patience: 4,
        behind_patience: 20,
        revert_blocks: 3,
        transient_errors: vec![TOO_EARLY],
        late: if rng.random_bool(0.7) { LatePolicy::Cancel } else { LatePolicy::Accept },
        min_balance: U256::from(rng.random_range(0..2) * 50_000_000),
        ..JournalConfig::new(31337)
    }
}

/// What a mined transaction says about the nonce it used.
fn note_mined(coverage: &mut Coverage, slots: &[Slot], tx: &Tx, signer: alloy::primitives::Address) {
    let Some(slot) = slots.iter().find(|slot| slot.nonce == tx.nonce) else { return };
    if tx.foreign {
        return coverage.note(Event::ForeignMined);
    }
    if tx.to == signer {
        coverage.note(if slot.intent.is_some() { Event::CancelWon } else { Event::GapFilled });
    }
    if slot.attempts.first().is_some_and(|first| first.hash != tx.hash) {
        coverage.note(Event::Replaced);
    }
    if slot.attempts.last().is_some_and(|last| last.hash != tx.hash) {
        coverage.note(Event::EarlierMined);
    }
}
