//! A chain with one account: blocks, a pool, reorgs, fees and a balance.

use std::collections::BTreeMap;

use alloy::{
    consensus::{Transaction as _, TxEnvelope},
    eips::eip2718::Decodable2718,
    primitives::{Address, B256, U256, keccak256},
};
use rand::{Rng, rngs::StdRng};

use super::calls;

/// A transaction of the account.
#[derive(Clone, Debug)]
pub(super) struct Tx {
    pub(super) hash: B256,
    pub(super) nonce: u64,
    pub(super) gas_limit: u64,
    pub(super) max_fee: u128,
    pub(super) priority_fee: u128,
    pub(super) value: u128,
    pub(super) to: Address,
    pub(super) call: Option<(u64, calls::Behaviour)>,
    /// Sent by somebody else who has the key.
    pub(super) foreign: bool,
}

impl Tx {
    pub(super) fn decode(raw: &[u8]) -> Self {
        let envelope = TxEnvelope::decode_2718(&mut &*raw).expect("the journal sends valid encodings");
        Self {
            hash: *envelope.tx_hash(),
            nonce: envelope.nonce(),
            gas_limit: envelope.gas_limit(),
            max_fee: envelope.max_fee_per_gas(),
            priority_fee: envelope.max_priority_fee_per_gas().unwrap_or_default(),
            value: envelope.value().to(),
            to: envelope.to().expect("calls only"),
            call: calls::decode(envelope.input()),
            foreign: false,
        }
    }

    fn upfront(&self) -> u128 {
        u128::from(self.gas_limit) * self.max_fee + self.value
    }
}

#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) number: u64,
    pub(super) hash: B256,
    pub(super) parent: B256,
    pub(super) timestamp: u64,
    pub(super) base_fee: u128,
    pub(super) txs: Vec<Tx>,
    /// Transactions of the account up to here.
    pub(super) count: u64,
    pub(super) balance: u128,
}

/// Canonical blocks, the pool, and the branch the last reorg left.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) blocks: Vec<Block>,
    pub(super) pool: BTreeMap<u64, Tx>,
    pub(super) orphaned: Option<Vec<Block>>,
    pub(super) highest: u64,
    pub(super) base_fee: u128,
    /// What a mined transaction pays for its data.
    pub(super) l1_fee: u128,
    /// Everything a node ever took: somebody may still hold it and send it again.
    held: Vec<Tx>,
    salt: u64,
}

impl Chain {
    pub(super) fn new(balance: u128, start_count: u64, now: u64) -> Self {
        let genesis = Block {
            number: 0,
            hash: keccak256("genesis"),
            parent: B256::ZERO,
            timestamp: now,
            base_fee: 1000,
            txs: Vec::new(),
            count: start_count,
            balance,
        };
        Self {
            blocks: vec![genesis],
            pool: BTreeMap::new(),
            orphaned: None,
            highest: 0,
            base_fee: 1000,
            l1_fee: 500_000,
            held: Vec::new(),
            salt: 0,
        }
    }

    pub(super) fn tip(&self) -> &Block {
        self.blocks.last().unwrap()
    }

    pub(super) fn mined(&self, hash: B256) -> Option<(&Block, &Tx)> {
        self.blocks.iter().find_map(|block| Some((block, block.txs.iter().find(|tx| tx.hash == hash)?)))
    }

    /// Every mined transaction that carries this call.
    pub(super) fn executions(&self, number: u64) -> Vec<(u64, B256, bool)> {
        let all = self.blocks.iter().flat_map(|block| block.txs.iter().map(move |tx| (block, tx)));
        all.filter(|(_, tx)| tx.call.is_some_and(|(called, _)| called == number))
            .map(|(block, tx)| (block.number, tx.hash, succeeds(tx)))
            .collect()
    }

    /// What a node answers to a transaction; `Ok` if it is in the pool now.
    pub(super) fn accept(&mut self, tx: Tx, strict: bool) -> Result<(), &'static str> {
        assert!(tx.gas_limit <= 16_777_216, "above the transaction gas cap: {tx:?}");
        assert!(tx.priority_fee <= tx.max_fee, "nonsensical fees: {tx:?}");
        let waiting = self.pool.get(&tx.nonce);
        if waiting.is_some_and(|waiting| waiting.hash == tx.hash) {
            return Err("already known");
        }
        if tx.nonce < self.tip().count {
            return Err("nonce too low");
        }
        if tx.upfront() > self.tip().balance {
            return Err("insufficient funds for gas * price + value");
        }
        if strict && tx.max_fee < self.base_fee {
            return Err("max fee per gas less than block base fee");
        }
        if let Some(waiting) = waiting {
            let enough = |new: u128, old: u128| new > old && new * 100 >= old * 110;
            if !enough(tx.max_fee, waiting.max_fee) || !enough(tx.priority_fee, waiting.priority_fee) {
                return Err("replacement transaction underpriced");
            }
        }
        self.held.push(tx.clone());
        self.pool.insert(tx.nonce, tx);
        Ok(())
    }

    /// Mines a block of what the pool holds, or an empty one.
    pub(super) fn mine(&mut self, now: u64, include: bool) -> Vec<Tx> {
        let base_fee = self.base_fee;
        let parent = self.tip();
        let (mut count, mut balance) = (parent.count, parent.balance);
        let (number, parent_hash) = (parent.number + 1, parent.hash);
        let timestamp = now.max(parent.timestamp + 1);
        let mut txs = Vec::new();
        while let Some(tx) = self.pool.get(&count).filter(|_| include) {
            let cost = tx.upfront() + self.l1_fee;
            if tx.max_fee < base_fee || cost > balance {
                break;
            }
            let tx = self.pool.remove(&count).unwrap();
            let price = tx.max_fee.min(base_fee + tx.priority_fee);
            balance -= u128::from(tx.gas_limit) * price + self.l1_fee;
            count += 1;
            txs.push(tx);
        }
        self.push(number, parent_hash, timestamp, txs, count, balance)
    }

    /// Mines a block that holds somebody else's transaction first.
    pub(super) fn mine_foreign(&mut self, now: u64) -> Tx {
        let parent = self.tip().clone();
        let tx = self.foreign(parent.count, self.base_fee * 3);
        self.pool.remove(&parent.count);
        let timestamp = now.max(parent.timestamp + 1);
        self.push(
            parent.number + 1,
            parent.hash,
            timestamp,
            vec![tx.clone()],
            parent.count + 1,
            parent.balance,
        );
        tx
    }

    /// A transaction of somebody else who has the key.
    pub(super) fn foreign(&mut self, nonce: u64, max_fee: u128) -> Tx {
        self.salt += 1;
        let hash = keccak256(format!("foreign {}", self.salt));
        let (gas_limit, priority_fee) = (21_000, max_fee / 2);
        Tx {
            hash,
            nonce,
            gas_limit,
            max_fee,
            priority_fee,
            value: 0,
            to: Address::ZERO,
            call: None,
            foreign: true,
        }
    }

    fn push(
        &mut self,
        number: u64,
        parent: B256,
        timestamp: u64,
        txs: Vec<Tx>,
        count: u64,
        balance: u128,
    ) -> Vec<Tx> {
        self.salt += 1;
        let hash = keccak256(format!("block {number} {}", self.salt));
        let mined = txs.clone();
        let base_fee = self.base_fee;
        self.blocks.push(Block { number, hash, parent, timestamp, base_fee, txs, count, balance });
        self.highest = self.highest.max(number);
        mined
    }

    /// Removes the last `depth` blocks; their transactions go back to the pool or are forgotten. Returns them.
    pub(super) fn orphan(&mut self, depth: usize, rng: &mut StdRng) -> Vec<Tx> {
        let keep = self.blocks.len() - depth;
        self.orphaned = Some(self.blocks.clone());
        let removed: Vec<Tx> = self.blocks.split_off(keep).into_iter().flat_map(|block| block.txs).collect();
        for tx in &removed {
            if rng.random_bool(0.6) {
                self.pool.entry(tx.nonce).or_insert_with(|| tx.clone());
            }
        }
        self.gossip(rng);
        removed
    }

    /// Old transactions come back from nodes that still hold them.
    pub(super) fn gossip(&mut self, rng: &mut StdRng) {
        let count = self.tip().count;
        for tx in self.held.iter().filter(|tx| tx.nonce >= count) {
            if rng.random_bool(0.3) {
                self.pool.entry(tx.nonce).or_insert_with(|| tx.clone());
            }
        }
    }

    /// Pays the account or takes from it, as of the latest block.
    pub(super) fn set_balance(&mut self, balance: u128) {
        self.blocks.last_mut().unwrap().balance = balance;
    }
}

pub(super) fn succeeds(tx: &Tx) -> bool {
    !matches!(tx.call, Some((_, calls::Behaviour::RevertsOnChain | calls::Behaviour::Reverts)))
}

/// Wei as the journal counts them.
pub(super) fn wei(amount: u128) -> U256 {
    U256::from(amount)
}
