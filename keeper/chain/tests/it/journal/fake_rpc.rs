//! The fake chain behind the journal's traits, with every call a chance to fail, to lie or to be the last.

use std::{
    panic::resume_unwind,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use alloy::{
    consensus::SignableTransaction,
    network::TxSigner,
    primitives::{Address, B256, Bytes, Signature, U256},
    signers::local::PrivateKeySigner,
};
use async_trait::async_trait;
use opg_chain::{
    journal::Clock,
    rpc_trait::{CallRequest, ChainRpc, Head, MinedTransaction, RpcError, SentTransaction},
};
use opg_store::Store;
use rand::{Rng, rngs::StdRng};

use super::{
    calls::{self, Behaviour, TOO_EARLY},
    coverage::{Coverage, Event},
    fake_chain::{Block, Chain, Tx, succeeds, wei},
};

/// Unwinds out of a pass in place of `kill -9`.
pub(super) struct Crash;

/// Chances of a fault per call.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faults {
    pub(super) error: f64,
    pub(super) stale: f64,
    pub(super) missing: f64,
    pub(super) signer: f64,
}

/// Everything outside the journal.
#[derive(Debug)]
pub(super) struct World {
    pub(super) chain: Chain,
    pub(super) rng: StdRng,
    pub(super) now: u64,
    pub(super) crash_in: Option<u32>,
    pub(super) faults: Faults,
    pub(super) outage: bool,
    /// Whether nodes refuse what the present base fee does not admit.
    pub(super) strict: bool,
    pub(super) coverage: Coverage,
    pub(super) store: Store,
}

impl World {
    /// A place where the process may die.
    fn boundary(&mut self, event: Event) {
        match self.crash_in {
            Some(0) => {
                self.crash_in = None;
                self.coverage.note(event);
                resume_unwind(Box::new(Crash));
            }
            Some(more) => self.crash_in = Some(more - 1),
            None => {}
        }
    }

    /// The blocks that the node which happens to answer knows.
    fn view(&mut self) -> &[Block] {
        let stale = self.faults.stale > 0.0 && self.rng.random_bool(self.faults.stale);
        let mut blocks = &self.chain.blocks;
        if let Some(orphaned) = &self.chain.orphaned
            && stale
            && self.rng.random_bool(0.3)
        {
            self.coverage.note(Event::OrphanNode);
            blocks = orphaned;
        }
        let mut length = blocks.len();
        if stale && length > 1 {
            self.coverage.note(Event::StaleHead);
            length -= self.rng.random_range(0..length.min(4));
        }
        &blocks[..length]
    }
}

/// Shares the world between the node, the clock and the signer.
#[derive(Clone, Debug)]
pub(super) struct Shared(pub(super) Arc<Mutex<World>>);

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, method: &'static str) -> Result<MutexGuard<'_, World>, RpcError> {
        let mut world = self.lock();
        world.boundary(Event::CrashBefore);
        let error = world.faults.error;
        if world.outage || (error > 0.0 && world.rng.random_bool(error)) {
            world.coverage.note(if method == "send" { Event::SendLostBefore } else { Event::ReadFailed });
            return Err(silence(method));
        }
        Ok(world)
    }

    fn leave<T>(mut world: MutexGuard<'_, World>, value: T) -> Result<T, RpcError> {
        world.boundary(Event::CrashAfter);
        Ok(value)
    }
}

fn silence(method: &'static str) -> RpcError {
    RpcError::Unreachable { method, reason: "connection reset".into() }
}

fn header(block: &Block) -> Head {
    Head {
        number: block.number,
        hash: block.hash,
        parent_hash: block.parent,
        timestamp: block.timestamp,
        base_fee: block.base_fee,
    }
}

#[async_trait]
impl ChainRpc for Shared {
    async fn chain_id(&self) -> Result<u64, RpcError> {
        Self::leave(self.enter("chain id")?, 31337)
    }

    async fn head(&self) -> Result<Head, RpcError> {
        let mut world = self.enter("head")?;
        let head = header(world.view().last().unwrap());
        Self::leave(world, head)
    }

    async fn block(&self, number: u64) -> Result<Option<Head>, RpcError> {
        let mut world = self.enter("block")?;
        let block = world.view().get(number as usize).map(header);
        Self::leave(world, block)
    }

    async fn transaction_count(&self, _: Address) -> Result<u64, RpcError> {
        let mut world = self.enter("count")?;
        let count = world.view().last().unwrap().count;
        Self::leave(world, count)
    }

    async fn transaction_count_at(&self, _: Address, number: u64) -> Result<u64, RpcError> {
        let mut world = self.enter("count at")?;
        match world.view().get(number as usize).map(|block| block.count) {
            Some(count) => Self::leave(world, count),
            None => Err(silence("count at")),
        }
    }

    async fn transactions_from(&self, _: Address, number: u64) -> Result<Vec<SentTransaction>, RpcError> {
        let mut world = self.enter("transactions")?;
        let view = world.view();
        let block = view.get(number as usize).ok_or_else(|| silence("transactions"))?;
        let sent = |tx: &Tx| SentTransaction { nonce: tx.nonce, hash: tx.hash, block_hash: block.hash };
        let sent = block.txs.iter().map(sent).collect();
        Self::leave(world, sent)
    }

    async fn balance(&self, _: Address) -> Result<U256, RpcError> {
        let mut world = self.enter("balance")?;
        let balance = world.view().last().unwrap().balance;
        Self::leave(world, wei(balance))
    }

    async fn receipt(&self, hash: B256) -> Result<Option<MinedTransaction>, RpcError> {
        let mut world = self.enter("receipt")?;
        let view = world.view();
        let found = view.iter().find_map(|block| Some((block, block.txs.iter().find(|tx| tx.hash == hash)?)));
        let mut receipt = found.map(|(block, tx)| MinedTransaction {
            block: block.number,
            block_hash: block.hash,
            success: succeeds(tx),
            gas_used: tx.gas_limit,
            effective_gas_price: tx.max_fee.min(block.base_fee + tx.priority_fee),
        });
        let missing = world.faults.missing;
        if receipt.is_some() && missing > 0.0 && world.rng.random_bool(missing) {
            world.coverage.note(Event::MissingReceipt);
            receipt = None;
        }
        Self::leave(world, receipt)
    }

    async fn knows_transaction(&self, hash: B256) -> Result<bool, RpcError> {
        let world = self.enter("transaction")?;
        let known = world.chain.pool.values().any(|tx| tx.hash == hash) || world.chain.mined(hash).is_some();
        Self::leave(world, known)
    }

    async fn priority_fee(&self) -> Result<u128, RpcError> {
        Self::leave(self.enter("priority fee")?, 10)
    }

    async fn estimate_gas(&self, call: &CallRequest) -> Result<u64, RpcError> {
        let world = self.enter("estimate")?;
        let (_, behaviour) = calls::decode(&call.data).expect("calls of the simulation only");
        let revert = |reason: &str, data: &[u8]| {
            Err(RpcError::Reverted { reason: reason.into(), data: Bytes::copy_from_slice(data) })
        };
        match behaviour {
            Behaviour::Reverts => revert("never works", &[1, 2, 3, 4]),
            Behaviour::TooEarly(until) if world.now < until => revert("too early", &TOO_EARLY),
            Behaviour::TooBig => Self::leave(world, 20_000_000),
            _ => Self::leave(world, 40_000),
        }
    }

    async fn call(&self, _: &CallRequest) -> Result<Bytes, RpcError> {
        Self::leave(self.enter("call")?, Bytes::new())
    }

    async fn l1_fee_upper_bound(&self, raw_len: usize) -> Result<U256, RpcError> {
        let mut world = self.enter("l1 fee")?;
        world.coverage.note(Event::L1Fee);
        Self::leave(world, U256::from(raw_len) * U256::from(5_000))
    }

    async fn send_raw(&self, raw: &Bytes) -> Result<B256, RpcError> {
        let mut world = self.enter("send")?;
        let tx = Tx::decode(raw);
        let hash = tx.hash;
        let durable: bool = world
            .store
            .read(|db| -> Result<bool, opg_store::StoreError> {
                let sql = "SELECT EXISTS (SELECT 1 FROM journal_attempts WHERE hash = ?1 AND raw = ?2)";
                Ok(db.prepare_cached(sql)?.query_row((hash.as_slice(), raw.as_ref()), |row| row.get(0))?)
            })
            .unwrap();
        assert!(durable, "transaction {hash} is sent before its bytes are durable");
        let strict = world.strict;
        match world.chain.accept(tx, strict) {
            Ok(()) => {
                let lost = world.faults.error;
                if lost > 0.0 && world.rng.random_bool(lost) {
                    world.coverage.note(Event::SendLostAfter);
                    return Err(silence("send"));
                }
                world.boundary(Event::CrashSend);
                Ok(hash)
            }
            Err(message) => {
                world.coverage.note(match message {
                    "already known" => Event::AlreadyKnown,
                    "nonce too low" => Event::NonceTooLow,
                    "replacement transaction underpriced" => Event::Underpriced,
                    "max fee per gas less than block base fee" => Event::BelowBaseFee,
                    _ => Event::InsufficientFunds,
                });
                Err(RpcError::Refused { method: "send", code: -32000, message: message.into() })
            }
        }
    }
}

impl Clock for Shared {
    fn now(&self) -> u64 {
        let mut world = self.lock();
        world.boundary(Event::CrashCommit);
        world.now
    }
}

/// A key that sometimes does not sign.
pub(super) struct FaultySigner {
    pub(super) key: PrivateKeySigner,
    pub(super) world: Shared,
}

#[async_trait]
impl TxSigner<Signature> for FaultySigner {
    fn address(&self) -> Address {
        self.key.address()
    }

    async fn sign_transaction(
        &self,
        tx: &mut dyn SignableTransaction<Signature>,
    ) -> alloy::signers::Result<Signature> {
        {
            let mut world = self.world.lock();
            world.boundary(Event::CrashSign);
            let fault = world.faults.signer;
            if fault > 0.0 && world.rng.random_bool(fault) {
                world.coverage.note(Event::SignerFault);
                return Err(alloy::signers::Error::message("key service unavailable"));
            }
        }
        self.key.sign_transaction(tx).await
    }
}
