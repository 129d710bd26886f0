//! A chain of blocks with logs, served over JSON-RPC, that a test can reorganise.

use std::sync::{Arc, Mutex, MutexGuard};

use alloy::{
    primitives::{Address, B256, U64, keccak256},
    sol_types::SolEvent,
};
use opg_chain::bindings::IInferenceHub::CallbackFailed;
use serde_json::{Value, json};

use super::server::Reply;

/// A block. The logs are `CallbackFailed` events of these requests.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub(crate) hash: B256,
    pub(crate) parent: B256,
    pub(crate) requests: Vec<B256>,
}

/// The chain and how it is served.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) hub: Address,
    pub(crate) blocks: Vec<Block>,
    /// Longest range of logs that is served.
    pub(crate) range_limit: u64,
    /// Longest range asked for so far.
    pub(crate) longest_range: u64,
    counter: u64,
}

impl State {
    /// Adds a block with `logs` logs.
    pub(crate) fn mine(&mut self, logs: u64) {
        self.counter += 1;
        let counter = self.counter;
        let id = |log: u64| keccak256([counter.to_be_bytes(), log.to_be_bytes()].concat());
        let parent = self.blocks.last().map_or(B256::ZERO, |block| block.hash);
        let requests = (0..logs).map(|log| id(log + 1)).collect();
        self.blocks.push(Block { hash: id(0), parent, requests });
    }

    /// Drops the last `depth` blocks, never the first.
    pub(crate) fn drop_blocks(&mut self, depth: usize) {
        let keep = self.blocks.len().saturating_sub(depth).max(1);
        self.blocks.truncate(keep);
    }

    /// All logs with the height of their block.
    pub(crate) fn events(&self) -> Vec<(u64, B256)> {
        let with_height = self.blocks.iter().zip(0..);
        with_height.flat_map(|(block, number)| block.requests.iter().map(move |id| (number, *id))).collect()
    }

    fn header(&self, number: u64) -> Value {
        let Some(block) = self.blocks.get(number as usize) else { return Value::Null };
        json!({
            "number": U64::from(number),
            "hash": block.hash,
            "parentHash": block.parent,
            "timestamp": U64::from(1_000_000 + 2 * number),
            "baseFeePerGas": "0x1",
        })
    }

    fn logs(&self, number: u64) -> Vec<Value> {
        let block = &self.blocks[number as usize];
        let log = |(index, request): (u64, &B256)| {
            json!({
                "address": self.hub,
                "topics": [CallbackFailed::SIGNATURE_HASH, request, B256::ZERO],
                "data": "0x",
                "blockNumber": U64::from(number),
                "blockHash": block.hash,
                "transactionHash": request,
                "transactionIndex": "0x0",
                "logIndex": U64::from(index),
                "removed": false,
            })
        };
        (0..).zip(&block.requests).map(log).collect()
    }
}

/// A chain that servers and the test share.
#[derive(Debug, Clone)]
pub(crate) struct FakeChain(Arc<Mutex<State>>);

impl FakeChain {
    /// A chain with a first block and no limits.
    pub(crate) fn new(hub: Address) -> Self {
        let mut state = State { hub, blocks: vec![], range_limit: u64::MAX, longest_range: 0, counter: 0 };
        state.mine(0);
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Answers a call as a node would whose head is `lag` blocks behind.
    pub(crate) fn answer(&self, method: &str, parameters: &Value, lag: u64) -> Reply {
        let mut state = self.state();
        let head = (state.blocks.len() as u64 - 1).saturating_sub(lag);
        let number = |value: &Value| match value.as_str() {
            Some("latest") => head,
            _ => serde_json::from_value::<U64>(value.clone()).unwrap().to(),
        };
        match method {
            "eth_getBlockByNumber" => {
                let number = number(&parameters[0]);
                Reply::Result(if number <= head { state.header(number) } else { Value::Null })
            }
            "eth_getLogs" => {
                let filter = &parameters[0];
                if let Ok(hash) = serde_json::from_value::<B256>(filter["blockHash"].clone()) {
                    let found = state.blocks.iter().position(|block| block.hash == hash);
                    return match found {
                        Some(number) if number as u64 <= head => {
                            Reply::Result(json!(state.logs(number as u64)))
                        }
                        _ => Reply::error(-32000, "unknown block"),
                    };
                }
                let (from, to) = (number(&filter["fromBlock"]), number(&filter["toBlock"]));
                let span = to - from + 1;
                state.longest_range = state.longest_range.max(span);
                if span > state.range_limit {
                    return Reply::error(-32005, "query returned more than 10000 results");
                }
                // As real nodes do: blocks beyond the head are silently empty.
                let logs: Vec<_> = (from..=to.min(head)).flat_map(|number| state.logs(number)).collect();
                Reply::Result(json!(logs))
            }
            _ => Reply::error(-32601, "method not found"),
        }
    }
}
