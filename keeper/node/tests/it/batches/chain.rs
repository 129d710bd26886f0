//! A chain with the contract of batches, and the journal that sends to it.

use std::sync::{Arc, Mutex, MutexGuard};

use alloy::{
    primitives::{Address, B256, U256, keccak256},
    signers::local::PrivateKeySigner,
    sol_types::SolCall as _,
};
use async_trait::async_trait;
use opg_chain::{
    batches::BatchStatus,
    bindings::IReceiptBatches::{answerLeafCall, postBatchCall},
    events::{ChainEvent, Cursor, LoggedEvent, Segment},
    rpc_trait::Head,
};
use opg_node::{
    Clock, LedgerError,
    batches::{BatchTimes, BatchesLedger},
};
use opg_receipts::batch::Batch;
use opg_store::{Store, StoreError};

pub(crate) const OPERATOR: Address = Address::repeat_byte(0x0b);

pub(crate) const REGISTRY: Address = Address::repeat_byte(0xba);
pub(crate) const PROOFS: Address = Address::repeat_byte(0xbb);
/// The operator's signing key.
pub(crate) fn key() -> PrivateKeySigner {
    PrivateKeySigner::from_bytes(&B256::repeat_byte(5)).unwrap()
}

pub(crate) const START: u64 = 1_700_000_000;
pub(crate) const AGE: u64 = 3_600;
pub(crate) const WINDOW: u64 = 86_400;
pub(crate) const FINALITY: u64 = 3;

#[derive(Debug, Clone)]
struct Block {
    hash: B256,
    time: u64,
    events: Vec<ChainEvent>,
    /// The journal's intent that was mined in it.
    intent: Option<i64>,
}

#[derive(Debug)]
struct State {
    blocks: Vec<Block>,
    time: u64,
    forks: u64,
    last_call: Vec<u8>,
    /// Seconds at which the operator was not active.
    jailed: std::ops::Range<u64>,
    /// What is posted now counts for nothing: the key was replaced while it was on its way.
    voiding: bool,
    void: Vec<B256>,
    /// The key that signs for the operator now, where it is not the keeper's.
    replaced: Option<Address>,
    /// It cannot be asked.
    away: bool,
    /// Seconds by which the keeper's clock is wrong.
    skew: i64,
}

#[derive(Debug)]
pub(crate) struct Shared(Mutex<State>);

#[derive(Debug, Clone)]
pub(crate) struct FakeChain(Arc<Shared>);

impl State {
    fn mine(&mut self, events: Vec<ChainEvent>, intent: Option<i64>) {
        let number = U256::from(self.blocks.len());
        let hash = keccak256([number.to_be_bytes::<32>(), U256::from(self.forks).to_be_bytes()].concat());
        self.blocks.push(Block { hash, time: self.time, events, intent });
    }

    fn head(&self) -> Head {
        let number = self.blocks.len() as u64 - 1;
        let last = self.blocks.last().unwrap();
        Head { number, hash: last.hash, parent_hash: B256::ZERO, timestamp: last.time, base_fee: 1 }
    }

    /// What the contract makes of a call; `None` if it reverts.
    fn call(&self, data: &[u8]) -> Option<ChainEvent> {
        if let Ok(call) = postBatchCall::abi_decode(data) {
            let batch = Batch {
                operator: call.operator,
                root: call.root,
                count: call.count,
                from: call.from,
                to: call.to,
                dataHash: call.dataHash,
            };
            let batch_id = batch.id(31_337, REGISTRY);
            let known = self.posted().iter().any(|(name, ..)| *name == batch_id);
            let in_time = call.to <= self.time && call.from + AGE >= self.time;
            let final_at = self.time + WINDOW;
            let event =
                ChainEvent::BatchPosted { batch_id, batch, poster: key().address(), uri: call.uri, final_at };
            return (!known && in_time).then_some(event);
        }
        let call = answerLeafCall::abi_decode(data).expect("a call of the contract");
        let batch_id = Batch::from(call.batch).id(31_337, REGISTRY);
        Some(ChainEvent::LeafAnswered { batch_id, index: call.index.to() })
    }

    fn posted(&self) -> Vec<(B256, Batch, String)> {
        let events = self.blocks.iter().flat_map(|block| &block.events);
        let posted = events.filter_map(|event| match event {
            ChainEvent::BatchPosted { batch_id, batch, uri, .. } => {
                Some((*batch_id, batch.clone(), uri.clone()))
            }
            _ => None,
        });
        posted.collect()
    }
}

impl FakeChain {
    pub(crate) fn new() -> Self {
        let mut state = State {
            blocks: Vec::new(),
            time: START + 1,
            forks: 0,
            last_call: Vec::new(),
            jailed: 0..0,
            voiding: false,
            void: Vec::new(),
            replaced: None,
            away: false,
            skew: 0,
        };
        state.mine(Vec::new(), None);
        Self(Arc::new(Shared(Mutex::new(state))))
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap()
    }

    /// The operator is not active in these seconds.
    pub(crate) fn jail(&self, seconds: std::ops::Range<u64>) {
        self.state().jailed = seconds;
    }

    /// Whether batches that are mined from now on are void.
    pub(crate) fn void(&self, voiding: bool) {
        self.state().voiding = voiding;
    }

    /// Another key signs for the operator, or the keeper's again.
    pub(crate) fn replace_key(&self, key: Option<Address>) {
        self.state().replaced = key;
    }

    /// Whether the RPC is away.
    pub(crate) fn away(&self, away: bool) {
        self.state().away = away;
    }

    /// Sets the keeper's clock wrong.
    pub(crate) fn skew(&self, seconds: i64) {
        self.state().skew = seconds;
    }

    /// What the gateway signs as the time of a receipt: its clock, but nothing before the latest block.
    pub(crate) fn issue_time(&self) -> u64 {
        let state = self.state();
        state.time.saturating_add_signed(state.skew).max(state.head().timestamp)
    }

    /// Whether a batch counts for nothing.
    pub(crate) fn is_void(&self, name: B256) -> bool {
        self.state().void.contains(&name)
    }

    /// Mines an empty block after some time.
    pub(crate) fn pass(&self, seconds: u64) {
        let mut state = self.state();
        state.time += seconds;
        state.mine(Vec::new(), None);
    }

    pub(crate) fn demand(&self, batch_id: B256, index: u32) {
        let mut state = self.state();
        let (deadline, final_at) = (state.time + 3_600, state.time + WINDOW);
        state.mine(vec![ChainEvent::LeafDemanded { batch_id, index, deadline, final_at }], None);
    }

    pub(crate) fn posted(&self) -> Vec<(B256, Batch)> {
        self.state().posted().into_iter().map(|(name, batch, _)| (name, batch)).collect()
    }

    pub(crate) fn uri(&self, name: B256) -> String {
        self.state().posted().into_iter().find(|(posted, ..)| *posted == name).unwrap().2
    }

    pub(crate) fn last_call(&self) -> Vec<u8> {
        self.state().last_call.clone()
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

    /// What the journal does: simulates, sends, and notes. Returns how many were mined.
    pub(crate) fn send(&self, store: &Store) -> usize {
        let mut mined = 0;
        for (id, data) in Self::intents(store) {
            let mut state = self.state();
            let Some(event) = state.call(&data) else {
                drop(state);
                fail(store, id);
                continue;
            };
            if let (true, ChainEvent::BatchPosted { batch_id, .. }) = (state.voiding, &event) {
                state.void.push(*batch_id);
            }
            state.last_call = data;
            state.time += 2;
            state.mine(vec![event], Some(id));
            let block = state.blocks.len() as i64 - 1;
            let sql = "UPDATE journal_intents SET state = 'confirmed', tx_hash = ?2, block = ?3, success = 1 WHERE id = ?1";
            let hash = keccak256(id.to_be_bytes());
            store.write(|tx| Ok::<_, StoreError>(tx.execute(sql, (id, hash.0, block))?)).unwrap();
            mined += 1;
        }
        mined
    }

    /// Ends everything that the journal holds without sending it. Returns how many there were.
    pub(crate) fn refuse(&self, store: &Store) -> usize {
        let intents = Self::intents(store);
        intents.iter().for_each(|(id, _)| fail(store, *id));
        intents.len()
    }

    /// Replaces the last `depth` blocks; what was sent in them is the journal's to send again.
    pub(crate) fn reorganise(&self, store: &Store, depth: u64) {
        let mut state = self.state();
        state.forks += 1;
        let keep = state.blocks.len().saturating_sub(depth as usize).max(1);
        for block in state.blocks.split_off(keep) {
            if let Some(id) = block.intent {
                let sql = "UPDATE journal_intents SET state = 'queued', tx_hash = NULL, block = NULL, success = NULL WHERE id = ?";
                store.write(|tx| Ok::<_, StoreError>(tx.execute(sql, [id])?)).unwrap();
            }
        }
        state.mine(Vec::new(), None);
    }
}

fn fail(store: &Store, id: i64) {
    let sql = "UPDATE journal_intents SET state = 'failed', reason = 'refused', closed_at = 1 WHERE id = ?";
    store.write(|tx| Ok::<_, StoreError>(tx.execute(sql, [id])?)).unwrap();
}

impl Shared {
    fn reached(&self) -> Result<MutexGuard<'_, State>, LedgerError> {
        let state = self.0.lock().unwrap();
        if state.away { Err(LedgerError::new("the RPC is away", true)) } else { Ok(state) }
    }
}

impl Clock for Shared {
    fn now_ms(&self) -> u64 {
        let state = self.0.lock().unwrap();
        state.time.saturating_add_signed(state.skew) * 1_000
    }
}

#[async_trait]
impl BatchesLedger for Shared {
    async fn poll(&self, cursor: &Cursor) -> Result<Option<Segment>, LedgerError> {
        let state = self.reached()?;
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
            events.extend(block.events.iter().map(|event| LoggedEvent {
                event: event.clone(),
                block: number as u64,
                block_hash: block.hash,
                transaction: block.hash,
                log_index: 0,
            }));
        }
        let blocks = (0_u64..).zip(&state.blocks).map(|(number, block)| (number, block.hash)).collect();
        Ok(Some(Segment { rollback_to, events, cursor: Cursor::from_blocks(blocks), head: state.head() }))
    }

    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(self.reached()?.head())
    }

    async fn times(&self) -> Result<BatchTimes, LedgerError> {
        Ok(BatchTimes { receipt_age: AGE, window: WINDOW })
    }

    async fn status(&self, batch: &Batch) -> Result<BatchStatus, LedgerError> {
        let (state, name) = (self.reached()?, batch.id(31_337, REGISTRY));
        let posted = state.posted().iter().any(|(posted, ..)| *posted == name);
        Ok(match (posted, state.void.contains(&name)) {
            (false, _) => BatchStatus::Unknown,
            (true, true) => BatchStatus::Void,
            (true, false) => BatchStatus::Pending,
        })
    }

    async fn signer_of(&self, operator: Address, at: u64) -> Result<Option<Address>, LedgerError> {
        assert_eq!(operator, OPERATOR);
        let state = self.reached()?;
        let now = state.head().timestamp;
        assert!(at < now, "that second is not over");
        let last = at + 1 == now;
        let signer = if last { state.replaced.unwrap_or(key().address()) } else { key().address() };
        Ok((!state.jailed.contains(&at)).then_some(signer))
    }
}
