//! Hub, fee router and market in memory, and the journal that sends to them.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard},
};

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::SolCall as _,
};
use async_trait::async_trait;
use opg_chain::{
    bindings::{
        Fulfilment,
        IFeeMarket::declareCapacityCall,
        IFeeRouter::{collectCall, sweepCall},
        IInferenceHub::routeFeesCall,
        IMulticall::multicallCall,
    },
    events::{ChainEvent, Cursor, FeeParts, LoggedEvent, Segment},
    ledger::{FeeQuestion, FeeState, MarketState, UnsettledFees, VaultState},
    rpc_trait::Head,
};
use opg_node::{Clock, LedgerError, Quote, fees::FeesLedger};
use opg_store::{Store, StoreError};

pub(crate) const OPERATOR: Address = Address::repeat_byte(0x0b);
pub(crate) const SIGNER: Address = Address::repeat_byte(0x51);
pub(crate) const ROUTER: Address = Address::repeat_byte(0xfe);
pub(crate) const HUB: Address = Address::repeat_byte(0xcc);
pub(crate) const MARKET: Address = Address::repeat_byte(0x3a);
const OWNER: Address = Address::repeat_byte(0x99);
const START: u64 = 1_700_000_000;

/// Where the fees for a version arrive.
pub(crate) fn vault(version: B256) -> Address {
    Address::from_slice(&keccak256(version)[12..])
}

/// What the contracts hold after a block.
#[derive(Debug, Clone, Default)]
struct Books {
    hub: BTreeMap<B256, u128>,
    vaults: BTreeMap<B256, u128>,
    owed: u128,
    collected: u128,
    unsettled: u128,
    capacity: u128,
}

#[derive(Debug, Clone)]
struct Block {
    hash: B256,
    events: Vec<ChainEvent>,
    intents: Vec<i64>,
    after: Books,
}

#[derive(Debug)]
struct State {
    blocks: Vec<Block>,
    books: Books,
    forks: u64,
    now: u64,
    most: u128,
    most_capacity: u128,
    unpublished: Vec<B256>,
    refused: usize,
}

#[derive(Debug)]
pub(crate) struct Contracts(Mutex<State>);

impl State {
    fn mine(&mut self, events: Vec<ChainEvent>, intents: Vec<i64>) {
        let number = U256::from(self.blocks.len());
        let hash = keccak256([number.to_be_bytes::<32>(), U256::from(self.forks).to_be_bytes()].concat());
        self.blocks.push(Block { hash, events, intents, after: self.books.clone() });
    }

    /// What the contracts make of a call; `None` if it reverts, and then nothing has changed.
    fn call(&mut self, data: &[u8]) -> Option<Vec<ChainEvent>> {
        let before = self.books.clone();
        let done = self.attempt(data);
        if done.is_none() {
            self.books = before;
        }
        done
    }

    fn attempt(&mut self, data: &[u8]) -> Option<Vec<ChainEvent>> {
        if let Ok(call) = multicallCall::abi_decode(data) {
            return call
                .data
                .iter()
                .map(|data| self.attempt(data))
                .collect::<Option<Vec<_>>>()
                .map(|all| all.concat());
        }
        if let Ok(call) = declareCapacityCall::abi_decode(data) {
            self.books.capacity = call.capacity.to();
            return Some(Vec::new());
        }
        if let Ok(call) = collectCall::abi_decode(data) {
            assert_eq!(call.account, call.to, "only the account itself may have it paid elsewhere");
            let amount = std::mem::take(&mut self.books.owed);
            self.books.collected += amount;
            let event =
                ChainEvent::FeesCollected { account: call.account, to: call.to, amount: U256::from(amount) };
            return (amount > 0).then_some(vec![event]);
        }
        if let Ok(call) = routeFeesCall::abi_decode(data) {
            let fees = self.books.hub.remove(&call.modelVersion).filter(|fees| *fees > 0)?;
            *self.books.vaults.entry(call.modelVersion).or_default() += fees;
            return self.sweep(call.operator, call.modelVersion).map(|event| vec![event]);
        }
        let call = sweepCall::abi_decode(data).expect("a call of the contracts");
        self.sweep(call.operator, call.version).map(|event| vec![event])
    }

    fn sweep(&mut self, operator: Address, version: B256) -> Option<ChainEvent> {
        let held = self.books.vaults.get_mut(&version).filter(|held| **held > 0)?;
        let amount = (*held).min(self.most - self.books.unsettled.min(self.most));
        if amount == 0 || self.unpublished.contains(&version) {
            return None;
        }
        *held -= amount;
        self.books.unsettled += amount;
        let (burned, verification, model_owner) =
            ((amount * 5).div_ceil(100), amount * 3 / 100, amount * 2 / 100);
        let own = amount - burned - verification - model_owner;
        self.books.owed += own;
        let parts = FeeParts {
            operator: U256::from(own),
            model_owner: U256::from(model_owner),
            verification: U256::from(verification),
            burned: U256::from(burned),
        };
        Some(ChainEvent::FeesRouted { operator, version, model_owner: OWNER, parts })
    }

    fn head(&self) -> Head {
        let number = self.blocks.len() as u64 - 1;
        let last = self.blocks.last().unwrap();
        let base_fee = 1_000_000_000;
        Head { number, hash: last.hash, parent_hash: B256::ZERO, timestamp: self.now, base_fee }
    }
}

impl Contracts {
    pub(crate) fn new() -> Self {
        let mut state = State {
            blocks: Vec::new(),
            books: Books::default(),
            forks: 0,
            now: START,
            most: 1_000_000_000_000_000_000_000_000,
            most_capacity: 1_000_000,
            unpublished: Vec::new(),
            refused: 0,
        };
        state.mine(Vec::new(), Vec::new());
        Self(Mutex::new(state))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn mine(&self, events: Vec<ChainEvent>) {
        self.state().mine(events, Vec::new());
    }

    pub(crate) fn later(&self, seconds: u64) {
        self.state().now += seconds;
    }

    pub(crate) fn height(&self) -> u64 {
        self.state().head().number
    }

    /// Most unsettled fees that the operator may have.
    pub(crate) fn cap(&self, most: u128) {
        self.state().most = most;
    }

    pub(crate) fn most_capacity(&self, most: u128) {
        self.state().most_capacity = most;
    }

    pub(crate) fn capacity(&self) -> u128 {
        self.state().books.capacity
    }

    pub(crate) fn collected(&self) -> u128 {
        self.state().books.collected
    }

    /// Transactions that reverted.
    pub(crate) fn refused(&self) -> usize {
        self.state().refused
    }

    /// The registry does not know the version.
    pub(crate) fn unpublish(&self, version: B256) {
        self.state().unpublished.push(version);
    }

    /// Somebody pays the vault.
    pub(crate) fn pay(&self, version: B256, wei: u128) {
        let mut state = self.state();
        *state.books.vaults.entry(version).or_default() += wei;
        state.mine(Vec::new(), Vec::new());
    }

    /// Tokens vanish from the vault.
    pub(crate) fn lose(&self, version: B256, wei: u128) {
        *self.state().books.vaults.get_mut(&version).unwrap() -= wei;
    }

    /// The operator answers a request on the chain that cost `fee` of twice as much.
    pub(crate) fn answer(&self, version: B256, fee: u128) {
        let mut state = self.state();
        *state.books.hub.entry(version).or_default() += fee;
        let request_id = B256::repeat_byte(0x77);
        let credit = |account| ChainEvent::Credited { account, request_id, amount: U256::from(fee) };
        let fulfilment = Fulfilment {
            operator: OPERATOR,
            traceHash: B256::ZERO,
            inputUnits: 0,
            outputUnits: 0,
            unitPrice: 0,
            fee,
            issuedAt: 0,
            output: Bytes::new(),
            evidence: Bytes::new(),
        };
        let fulfilled = ChainEvent::InferenceFulfilled { request_id, operator: OPERATOR, fulfilment };
        let payer = Address::repeat_byte(0x44);
        state.mine(vec![credit(vault(version)), credit(payer), fulfilled], Vec::new());
    }

    fn intents(store: &Store) -> Vec<(i64, Vec<u8>)> {
        let sql = "SELECT id, calldata FROM journal_intents WHERE state = 'queued' ORDER BY id";
        store
            .read(|tx| {
                let mut statement = tx.prepare(sql)?;
                let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok::<_, StoreError>(rows.collect::<Result<_, _>>()?)
            })
            .unwrap()
    }

    pub(crate) fn queued(&self, store: &Store) -> usize {
        Self::intents(store).len()
    }

    /// What the journal may pay for those that it has, where that is bounded.
    pub(crate) fn max_costs(&self, store: &Store) -> Vec<Vec<u8>> {
        store
            .read(|tx| {
                let mut all =
                    tx.prepare("SELECT max_cost FROM journal_intents WHERE max_cost IS NOT NULL")?;
                let rows = all.query_map([], |row| row.get(0))?;
                Ok::<_, StoreError>(rows.collect::<Result<_, _>>()?)
            })
            .unwrap()
    }

    fn set(&self, store: &Store, id: i64, change: &str) {
        let now = self.state().now;
        let sql = format!("UPDATE journal_intents SET {change}, updated_at = {now} WHERE id = ?");
        store.write(|tx| Ok::<_, StoreError>(tx.execute(&sql, [id])?)).unwrap();
    }

    /// Sends everything that the journal has, each in a block. Returns how many transactions were mined.
    pub(crate) fn send(&self, store: &Store) -> usize {
        let intents = Self::intents(store);
        for (id, data) in &intents {
            let mut state = self.state();
            let done = state.call(data);
            let success = done.is_some();
            state.refused += usize::from(!success);
            state.mine(done.unwrap_or_default(), vec![*id]);
            let block = state.head().number;
            drop(state);
            let change = format!(
                "state = 'confirmed', tx_hash = zeroblob(32), block = {block}, success = {}",
                u8::from(success)
            );
            self.set(store, *id, &change);
        }
        intents.len()
    }

    /// Ends everything that the journal has without sending it. Returns how many there were.
    pub(crate) fn fail_all(&self, store: &Store) -> usize {
        let intents = Self::intents(store);
        for (id, _) in &intents {
            self.set(store, *id, "state = 'failed', reason = 'too dear', closed_at = 1");
        }
        intents.len()
    }

    /// Replaces all blocks above `height`; what was sent in them is the journal's to send again.
    pub(crate) fn reorganise(&self, store: &Store, height: u64) {
        let undone = {
            let mut state = self.state();
            state.forks += 1;
            let undone = state.blocks.split_off(height as usize + 1);
            state.books = state.blocks.last().unwrap().after.clone();
            state.mine(Vec::new(), Vec::new());
            undone
        };
        for id in undone.into_iter().flat_map(|block| block.intents) {
            self.set(store, id, "state = 'queued', tx_hash = NULL, block = NULL, success = NULL");
        }
    }
}

impl Clock for Contracts {
    fn now_ms(&self) -> u64 {
        self.state().now * 1_000
    }
}

#[async_trait]
impl FeesLedger for Contracts {
    async fn poll(&self, cursor: &Cursor) -> Result<Option<Segment>, LedgerError> {
        let state = self.state();
        let on_chain = |(number, hash): &&(u64, B256)| {
            state.blocks.get(*number as usize).is_some_and(|block| block.hash == *hash)
        };
        let known = cursor.blocks().iter().rev().find(on_chain).map(|(number, _)| *number);
        let rollback_to = (known != cursor.tip().map(|(tip, _)| tip)).then_some(known.unwrap_or_default());
        let from = known.map_or(0, |number| number as usize + 1);
        if from >= state.blocks.len() && rollback_to.is_none() {
            return Ok(None);
        }
        let mut events = Vec::new();
        for (number, block) in state.blocks.iter().enumerate().skip(from) {
            events.extend((0..).zip(&block.events).map(|(log_index, event)| LoggedEvent {
                event: event.clone(),
                block: number as u64,
                block_hash: block.hash,
                transaction: block.hash,
                log_index,
            }));
        }
        let blocks = (0_u64..).zip(&state.blocks).map(|(number, block)| (number, block.hash)).collect();
        Ok(Some(Segment { rollback_to, events, cursor: Cursor::from_blocks(blocks), head: state.head() }))
    }

    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(self.state().head())
    }

    fn vault(&self, _: Address, version: B256) -> Address {
        vault(version)
    }

    async fn state(&self, block: B256, asked: &FeeQuestion) -> Result<FeeState, LedgerError> {
        let state = self.state();
        let Some(at) = state.blocks.iter().find(|known| known.hash == block) else {
            return Err(LedgerError::new("the block is not on the chain", true));
        };
        let of = |sums: &BTreeMap<B256, u128>, version| sums.get(version).copied().unwrap_or_default();
        let vaults = asked.vaults.iter().map(|(version, _)| VaultState {
            hub: of(&at.after.hub, version),
            vault: of(&at.after.vaults, version),
            ..VaultState::default()
        });
        Ok(FeeState {
            vaults: vaults.collect(),
            owed: at.after.owed,
            unsettled: UnsettledFees {
                unsettled: U256::from(at.after.unsettled),
                most: U256::from(state.most),
            },
            market: Some(MarketState {
                price: 1_000,
                capacity: at.after.capacity,
                most: state.most_capacity,
                total: at.after.capacity,
            }),
            ..FeeState::default()
        })
    }

    async fn quote(&self, _: Address, calldata: &Bytes) -> Result<Quote, LedgerError> {
        let mut state = self.state();
        let before = state.books.clone();
        let done = state.call(calldata);
        state.books = before;
        Ok(match done {
            Some(_) => Quote::Gas { gas: 200_000, l1_fee: U256::ZERO },
            None => Quote::Reverts("NothingToSweep".to_owned()),
        })
    }
}
