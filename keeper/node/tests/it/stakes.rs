//! Slashes carried out by several keepers against a contract that the tests control.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, atomic::Ordering},
    time::Duration,
};

use alloy::{
    primitives::{Address, B256, Bytes, U256, Uint},
    sol_types::SolCall as _,
};
use async_trait::async_trait;
use opg_chain::{
    bindings::{IMulticall, IRewards, IStaking, Slash},
    events::{ChainEvent, Cursor, LoggedEvent, Segment},
    rpc_trait::Head,
};
use opg_node::{
    Clock, LedgerError, Progress, Quote, Service as _,
    crank::stakes::{RewardsView, StakesConfig, StakesParts, StakesRole, StakingLedger, Surplus},
};
use opg_store::{Store, StoreError, staking};

const STAKING: Address = Address::repeat_byte(0x57);
const OPERATOR: Address = Address::repeat_byte(0x0b);
const WINDOW: u64 = 3_600;
const START: u64 = 1_700_000_000;
const FINALITY: u64 = 3;
/// 1 OPG.
const OPG: u128 = 1_000_000_000_000_000_000;

#[derive(Debug, Default)]
struct State {
    height: u64,
    time: u64,
    base_fee: u128,
    events: BTreeMap<u64, Vec<ChainEvent>>,
    open: BTreeMap<B256, u64>,
    /// What slashes took from accounts and still votes.
    surplus: BTreeMap<Address, u128>,
    ownerless: u128,
    /// Calls that were mined, and how many of them reverted.
    executed: Vec<B256>,
    synced: Vec<Address>,
    burned: u128,
    reverted: usize,
    rewards: RewardsView,
    compounded: usize,
    /// Epochs whose performance was booked.
    settled: Vec<u64>,
}

#[derive(Debug)]
struct FakeStaking(Mutex<State>);

impl FakeStaking {
    fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(State { time: START, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn pass(&self, seconds: u64) {
        let mut state = self.state();
        state.height += 1;
        state.time += seconds;
    }

    fn delegate(&self, account: Address) {
        let mut state = self.state();
        let height = state.height;
        let event = ChainEvent::Delegated { operator: OPERATOR, owner: account };
        state.events.entry(height).or_default().push(event);
    }

    fn slash(&self, number: u32, pool: u128) -> B256 {
        let mut state = self.state();
        let slash = Slash {
            operator: OPERATOR,
            number,
            offence: 2,
            capturedAt: Uint::from(state.time),
            windowStart: Uint::from(state.time),
            jailedUntil: Uint::from(state.time),
            jailedBefore: Uint::ZERO,
            own: Uint::from(10 * OPG),
            pool: Uint::from(pool),
            poolShares: Uint::from(pool),
            challenger: Address::ZERO,
            payer: Address::ZERO,
            challengerBps: 0,
            payerBps: 0,
        };
        let (id, height, at) = (slash.id(), state.height, state.time + WINDOW);
        state.open.insert(id, at);
        state.events.entry(height).or_default().push(ChainEvent::SlashOpened { slash_id: id, slash });
        id
    }

    /// Executes a call; false if it reverts.
    fn call(&self, data: &[u8]) -> bool {
        let mut state = self.state();
        if let Ok(call) = IStaking::executeSlashCall::abi_decode(data) {
            let id = call.slash_.id();
            let due = state.open.get(&id).is_some_and(|at| state.time >= *at);
            if due {
                state.open.remove(&id);
                state.executed.push(id);
                state.ownerless += 10 * OPG;
            }
            return due;
        }
        if let Ok(call) = IMulticall::multicallCall::abi_decode(data) {
            drop(state);
            return call.data.iter().all(|call| self.call(call));
        }
        if let Ok(call) = IStaking::syncCall::abi_decode(data) {
            let surplus = state.surplus.insert(call.account, 0).unwrap_or_default();
            state.ownerless += surplus;
            state.synced.push(call.account);
            return true;
        }
        if IRewards::endEpochCall::abi_decode(data).is_ok() {
            state.rewards.epoch += 1;
            state.rewards.ends_at = state.time + 3_600;
            return true;
        }
        if let Ok(call) = IRewards::compoundCall::abi_decode(data) {
            assert!(call.leastShares <= state.rewards.shares && !call.leastShares.is_zero());
            state.rewards.claimable = U256::ZERO;
            state.compounded += 1;
            return true;
        }
        if let Ok(call) = IRewards::settlePerformanceCall::abi_decode(data) {
            assert_eq!(call.operator, OPERATOR);
            let epoch = call.epoch.to::<u64>();
            let due = state.rewards.unsettled.contains(&epoch);
            state.rewards.unsettled.retain(|unsettled| *unsettled != epoch);
            state.settled.push(epoch);
            return due;
        }
        assert!(IStaking::burnOwnerlessCall::abi_decode(data).is_ok());
        state.burned += std::mem::take(&mut state.ownerless);
        true
    }

    fn would_revert(&self, data: &[u8]) -> bool {
        let state = self.state();
        if IRewards::endEpochCall::abi_decode(data).is_ok() {
            return state.time < state.rewards.ends_at;
        }
        IStaking::executeSlashCall::abi_decode(data)
            .is_ok_and(|call| state.open.get(&call.slash_.id()).is_none_or(|at| state.time < *at))
    }
}

impl Clock for FakeStaking {
    fn now_ms(&self) -> u64 {
        self.state().time * 1_000
    }
}

#[async_trait]
impl StakingLedger for FakeStaking {
    async fn poll(&self, cursor: &Cursor) -> Result<Option<Segment>, LedgerError> {
        let state = self.state();
        let from = cursor.tip().map_or(0, |(tip, _)| tip + 1);
        if from > state.height {
            return Ok(None);
        }
        let hash = |number: u64| B256::from(U256::from(number + 1));
        let logged = |(block, events): (&u64, &Vec<ChainEvent>)| {
            let place = (*block, hash(*block));
            let make = move |(index, event): (usize, &ChainEvent)| LoggedEvent {
                event: event.clone(),
                block: place.0,
                block_hash: place.1,
                transaction: B256::ZERO,
                log_index: index as u64,
            };
            events.iter().enumerate().map(make).collect::<Vec<_>>()
        };
        let events = state.events.range(from..).flat_map(logged).collect();
        let cursor = Cursor::from_blocks(vec![(state.height, hash(state.height))]);
        Ok(Some(Segment { rollback_to: None, events, cursor, head: head(&state) }))
    }

    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(head(&self.state()))
    }

    async fn executable_at(&self, slash: B256) -> Result<Option<u64>, LedgerError> {
        Ok(self.state().open.get(&slash).copied())
    }

    async fn surplus(&self, _: Address, account: Address) -> Result<Surplus, LedgerError> {
        let amount = self.state().surplus.get(&account).copied().unwrap_or_default();
        Ok(Surplus { amount: U256::from(amount), unbonds: vec![1] })
    }

    async fn ownerless(&self) -> Result<U256, LedgerError> {
        Ok(U256::from(self.state().ownerless))
    }

    async fn operators(&self) -> Result<Vec<Address>, LedgerError> {
        Ok(vec![OPERATOR])
    }

    async fn rewards(&self, _: Address) -> Result<RewardsView, LedgerError> {
        Ok(self.state().rewards.clone())
    }

    async fn quote(&self, _: Address, calldata: &Bytes) -> Result<Quote, LedgerError> {
        if self.would_revert(calldata) {
            return Ok(Quote::Reverts("UnknownSlash".to_owned()));
        }
        Ok(Quote::Gas { gas: 150_000, l1_fee: U256::ZERO })
    }
}

fn head(state: &State) -> Head {
    Head {
        number: state.height,
        hash: B256::from(U256::from(state.height + 1)),
        parent_hash: B256::from(U256::from(state.height)),
        timestamp: state.time,
        base_fee: state.base_fee,
    }
}

/// A keeper with a journal that mines everything at once, or when it is told to.
struct Keeper {
    chain: Arc<FakeStaking>,
    store: Store,
    config: StakesConfig,
    role: StakesRole,
}

impl Keeper {
    fn new(number: u8, chain: &Arc<FakeStaking>) -> Self {
        let signer = Address::repeat_byte(number);
        let mut config = StakesConfig::new(STAKING, signer, signer);
        config.min_amount = OPG;
        config.finality = FINALITY;
        config.poll_interval = Duration::from_secs(1);
        let store = Store::in_memory().unwrap();
        let role = Self::role(&config, &store, chain);
        Self { chain: Arc::clone(chain), store, config, role }
    }

    fn role(config: &StakesConfig, store: &Store, chain: &Arc<FakeStaking>) -> StakesRole {
        let parts =
            StakesParts { store: store.clone(), ledger: chain.clone(), clock: chain.clone(), journal: None };
        StakesRole::new(config.clone(), parts)
    }

    /// Forgets what is held in memory.
    fn restart(&mut self) {
        self.role = Self::role(&self.config, &self.store, &self.chain);
    }

    async fn work(&self) {
        while self.role.pass().await.unwrap() == Progress::More {}
    }

    fn intents(&self) -> Vec<(i64, Vec<u8>)> {
        let sql = "SELECT id, calldata FROM journal_intents WHERE state = 'queued' ORDER BY id";
        self.store
            .read(|tx| {
                let mut statement = tx.prepare(sql)?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok::<_, StoreError>(rows.collect::<Result<_, _>>()?)
            })
            .unwrap()
    }

    /// What the journal does: simulates and sends. Between the two, another keeper's call may have been mined.
    fn send(&self, simulate: bool) {
        for (id, data) in self.intents() {
            let refused = simulate && self.chain.would_revert(&data);
            if !refused && !self.chain.call(&data) {
                self.chain.state().reverted += 1;
            }
            let sql =
                "UPDATE journal_intents SET state = 'failed', reason = 'ended', closed_at = 1 WHERE id = ?";
            self.store.write(|tx| Ok::<_, StoreError>(tx.execute(sql, [id])?)).unwrap();
        }
    }

    fn rows(&self) -> usize {
        self.store.read(staking::slashes).unwrap().len()
    }
}

#[tokio::test]
async fn racing_keepers_execute_a_slash_once_and_end_all_votes() {
    let chain = FakeStaking::new();
    let members: Vec<_> = (1..=120).map(Address::with_last_byte).collect();
    for member in &members {
        chain.delegate(*member);
    }
    let id = chain.slash(0, 60 * OPG);
    let mut keepers: Vec<_> = (1..=3).map(|number| Keeper::new(number, &chain)).collect();
    for keeper in &keepers {
        keeper.work().await;
        assert!(keeper.intents().is_empty(), "the veto window is not over");
    }
    // All see it due at once, and all have it in their journals before any is mined.
    chain.pass(WINDOW + 3_600);
    for keeper in &keepers {
        keeper.work().await;
    }
    assert_eq!(keepers.iter().map(|keeper| keeper.intents().len()).sum::<usize>(), 3);
    for member in &members[..60] {
        chain.state().surplus.insert(*member, OPG);
    }
    // Less than it is worth, so it is left to whoever withdraws.
    chain.state().surplus.insert(members[60], OPG - 1);
    keepers.iter().for_each(|keeper| keeper.send(true));
    assert_eq!(chain.state().executed, [id]);
    assert_eq!(chain.state().reverted, 0);

    for round in 0..20 {
        chain.pass(900);
        for keeper in &mut keepers {
            keeper.work().await;
            if round % 3 == 0 {
                keeper.restart();
            }
        }
        keepers.iter().for_each(|keeper| keeper.send(true));
    }
    let state = chain.state();
    let mut synced = state.synced.clone();
    synced.sort_unstable();
    synced.dedup();
    assert_eq!(synced, members[..60]);
    assert_eq!((state.burned, state.ownerless, state.executed.len()), (70 * OPG, 0, 1));
    drop(state);
    assert!(keepers.iter().all(|keeper| keeper.rows() == 0), "nothing is left to do");
}

#[tokio::test]
async fn a_slash_that_vanishes_and_returns_is_executed_all_the_same() {
    let chain = FakeStaking::new();
    let id = chain.slash(0, 0);
    let keeper = Keeper::new(1, &chain);
    chain.pass(WINDOW + 3_600);
    keeper.work().await;
    keeper.send(true);
    assert_eq!(chain.state().executed, [id]);
    // It counts as decided only once that is final: here a reorganisation takes the execution back.
    keeper.work().await;
    let at = chain.state().time;
    chain.state().open.insert(id, at);
    chain.pass(3_600);
    keeper.work().await;
    keeper.send(true);
    assert_eq!(chain.state().executed, [id, id]);
    for _ in 0..=FINALITY {
        chain.pass(2);
        keeper.work().await;
    }
    assert_eq!(keeper.rows(), 0);
}

#[tokio::test]
async fn nothing_is_sent_while_gas_is_dear_or_after_a_veto() {
    let chain = FakeStaking::new();
    let vetoed = chain.slash(0, OPG);
    let dear = chain.slash(1, OPG);
    let keeper = Keeper::new(1, &chain);
    keeper.work().await;
    chain.state().open.remove(&vetoed);
    chain.state().base_fee = keeper.config.max_gas_price + 1;
    chain.pass(WINDOW + 3_600);
    keeper.work().await;
    assert!(keeper.intents().is_empty());
    chain.state().base_fee = 0;
    keeper.work().await;
    keeper.send(true);
    assert_eq!(chain.state().executed, [dear]);
}

#[tokio::test]
async fn a_failed_transaction_is_tried_again_in_the_next_period() {
    let chain = FakeStaking::new();
    let id = chain.slash(0, 0);
    let keeper = Keeper::new(1, &chain);
    chain.pass(WINDOW + 3_600);
    keeper.work().await;
    // It never arrives, and its intent ends.
    let lost = keeper.intents().len();
    let sql = "UPDATE journal_intents SET state = 'failed', reason = 'late', closed_at = 1";
    keeper.store.write(|tx| Ok::<_, StoreError>(tx.execute(sql, [])?)).unwrap();
    keeper.work().await;
    assert_eq!((lost, keeper.intents().len()), (1, 0), "once in a period");
    chain.pass(3_600);
    keeper.work().await;
    keeper.send(true);
    assert_eq!(chain.state().executed, [id]);
}

#[tokio::test]
async fn epochs_are_ended_once_and_rewards_staked_where_the_signer_may() {
    let chain = FakeStaking::new();
    let mut keepers: Vec<_> = (1..=2).map(|number| Keeper::new(number, &chain)).collect();
    for keeper in &mut keepers {
        keeper.config.rewards = Some(Address::repeat_byte(0x99));
        keeper.config.compound = true;
        keeper.restart();
    }
    keepers[1].config.operator = OPERATOR;
    keepers[1].restart();
    chain.state().rewards = RewardsView {
        ends_at: START + 60,
        claimable: U256::from(5 * OPG),
        shares: U256::from(5 * OPG),
        ..RewardsView::default()
    };
    for _ in 0..8 {
        chain.pass(450);
        for keeper in &keepers {
            keeper.work().await;
        }
        keepers.iter().for_each(|keeper| keeper.send(true));
    }
    let state = chain.state();
    // The second keeper's operator has not named it as its claimer.
    assert_eq!((state.rewards.epoch, state.compounded, state.reverted), (1, 1, 0));
    assert_eq!(keepers[1].role.metrics().compounds.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_keeper_that_was_off_books_every_epoch_that_it_missed() {
    let chain = FakeStaking::new();
    let mut keeper = Keeper::new(1, &chain);
    keeper.config.rewards = Some(Address::repeat_byte(0x99));
    keeper.config.operator = OPERATOR;
    keeper.restart();
    chain.state().rewards =
        RewardsView { epoch: 9, ends_at: START + 86_400, unsettled: vec![6, 8], ..RewardsView::default() };
    for _ in 0..8 {
        chain.pass(450);
        keeper.work().await;
        keeper.send(true);
    }
    let state = chain.state();
    assert_eq!((state.settled.as_slice(), state.reverted), ([6, 8].as_slice(), 0));
}
