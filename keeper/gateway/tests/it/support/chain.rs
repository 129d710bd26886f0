//! A chain with one token, and a journal that settles at once.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::SolCall,
};
use async_trait::async_trait;
use opg_chain::{
    bindings::{
        IBatchSettlement::{depositCall, refundCall},
        ModelSpec, Opg,
    },
    channels::{ChannelState, SETTLEMENT, channel_id, domain},
    journal::IntentId,
    rpc_trait::Head,
};
use opg_gateway::GatewayLedger;
use opg_node::LedgerError;
use opg_store::{Store, StoreError, http};

use super::CHAIN_ID;

#[derive(Debug)]
pub(crate) struct FakeChain {
    store: Store,
    pub(crate) down: AtomicBool,
    pub(crate) balances: Mutex<HashMap<Address, U256>>,
    pub(crate) used: Mutex<HashSet<(Address, B256)>>,
    /// Accounts with code, which accept any signature that begins with this byte.
    pub(crate) wallets: Mutex<HashMap<Address, u8>>,
    pub(crate) transfers: AtomicUsize,
    /// Payment channels.
    pub(crate) channels: Mutex<HashMap<B256, ChannelState>>,
    /// What the fee market says.
    pub(crate) unit_price: Mutex<u128>,
    /// Seconds by which the chain is ahead of this machine's clock.
    pub(crate) ahead: AtomicI64,
    /// The operator's registered key; zero while it is not active.
    pub(crate) signer: Mutex<Address>,
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

impl FakeChain {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            down: AtomicBool::new(false),
            balances: Mutex::default(),
            used: Mutex::default(),
            wallets: Mutex::default(),
            transfers: AtomicUsize::new(0),
            channels: Mutex::default(),
            unit_price: Mutex::new(2_000),
            ahead: AtomicI64::new(0),
            signer: Mutex::default(),
        }
    }

    pub(crate) fn fund(&self, account: Address) {
        self.balances.lock().unwrap().insert(account, U256::from(10).pow(U256::from(24)));
    }

    fn up(&self) -> Result<(), LedgerError> {
        if self.down.load(Ordering::SeqCst) {
            return Err(LedgerError::new("the node is away", true));
        }
        Ok(())
    }

    /// Mines every settlement that the journal has been given. Returns how many there were.
    pub(crate) fn mine(&self) -> usize {
        let under_way = self.store.read(http::settling).unwrap();
        for (payer, nonce, intent) in &under_way {
            let first = self.used.lock().unwrap().insert((*payer, *nonce));
            if first {
                self.transfers.fetch_add(1, Ordering::SeqCst);
            }
            self.confirm(*intent, true);
        }
        under_way.len() + self.mine_channels()
    }

    /// The same for deposits and refunds.
    fn mine_channels(&self) -> usize {
        let sql = "SELECT id, calldata FROM journal_intents WHERE target = ? AND state = 'queued'";
        let calls: Vec<(i64, Vec<u8>)> = self
            .store
            .read(|tx| {
                let mut statement = tx.prepare(sql)?;
                let rows = statement.query_map([SETTLEMENT.0.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok::<_, StoreError>(rows.collect::<Result<_, _>>()?)
            })
            .unwrap();
        for (intent, calldata) in &calls {
            let mut channels = self.channels.lock().unwrap();
            let id = |config| channel_id(&domain(CHAIN_ID), config);
            let done = if let Ok(call) = depositCall::abi_decode(calldata) {
                channels.entry(id(&call.config)).or_default().balance += call.amount;
                true
            } else if let Ok(call) = refundCall::abi_decode(calldata) {
                let state = channels.entry(id(&call.config)).or_default();
                state.balance -= call.amount.min(state.balance - state.claimed);
                true
            } else {
                false
            };
            drop(channels);
            self.confirm(IntentId(*intent), done);
        }
        calls.len()
    }

    /// What the journal would note of a mined transaction.
    fn confirm(&self, intent: IntentId, success: bool) {
        let hash = keccak256(intent.0.to_be_bytes());
        // A full disk is the journal's trouble, too; it tries again.
        let _ = self
            .store
            .write(|tx| {
                tx.execute(
                    "UPDATE journal_intents SET state = 'confirmed', tx_hash = ?2, block = 1, success = ?3 WHERE id = ?1",
                    (intent.0, hash.0, success),
                )?;
                Ok::<_, StoreError>(())
            });
    }
}

#[async_trait]
impl GatewayLedger for FakeChain {
    async fn head(&self) -> Result<Head, LedgerError> {
        self.up()?;
        let timestamp = now().saturating_add_signed(self.ahead.load(Ordering::SeqCst));
        Ok(Head { number: 1, hash: B256::ZERO, parent_hash: B256::ZERO, timestamp, base_fee: 1 })
    }

    async fn model_spec(&self, version: B256) -> Result<ModelSpec, LedgerError> {
        let task: &[u8] = match version[0] {
            1 => b"chat/1",
            2 => b"embedding/1",
            _ => b"tensor/1",
        };
        let mut name = [0; 32];
        name[..task.len()].copy_from_slice(task);
        Ok(ModelSpec {
            task: name.into(),
            weightsDigest: version,
            unitsPerRequest: 100,
            unitsPerInputToken: 1,
            unitsPerOutputToken: 4,
            modes: 1,
            tokenizerDigest: B256::ZERO,
            configDigest: B256::ZERO,
            engineProfile: B256::ZERO,
            zkCommitment: B256::ZERO,
            royaltyBps: 0,
            licence: String::new(),
            uri: String::new(),
        })
    }

    async fn signer_of(&self, _operator: Address, _at: u64) -> Result<Address, LedgerError> {
        self.up()?;
        Ok(*self.signer.lock().unwrap())
    }

    async fn unit_price(&self, _fee_market: Address) -> Result<u128, LedgerError> {
        self.up()?;
        Ok(*self.unit_price.lock().unwrap())
    }

    async fn token_domain(&self, _asset: Address) -> Result<(String, String), LedgerError> {
        Ok(("OpenGradient".to_owned(), "1".to_owned()))
    }

    async fn vault_code_hash(&self, _fee_router: Address) -> Result<B256, LedgerError> {
        Ok(B256::repeat_byte(9))
    }

    async fn has_code(&self, account: Address) -> Result<bool, LedgerError> {
        self.up()?;
        Ok(account == SETTLEMENT || self.wallets.lock().unwrap().contains_key(&account))
    }

    async fn balance(&self, _asset: Address, account: Address) -> Result<U256, LedgerError> {
        self.up()?;
        Ok(self.balances.lock().unwrap().get(&account).copied().unwrap_or_default())
    }

    async fn authorization_used(
        &self,
        _asset: Address,
        payer: Address,
        nonce: B256,
    ) -> Result<bool, LedgerError> {
        self.up()?;
        Ok(self.used.lock().unwrap().contains(&(payer, nonce)))
    }

    async fn channel(&self, id: B256) -> Result<ChannelState, LedgerError> {
        self.up()?;
        Ok(self.channels.lock().unwrap().get(&id).copied().unwrap_or_default())
    }

    async fn accepts(&self, account: Address, _: B256, signature: Bytes) -> Result<bool, LedgerError> {
        self.up()?;
        let accepted = self.wallets.lock().unwrap().get(&account).copied();
        Ok(accepted.is_some() && signature.first().copied() == accepted)
    }

    async fn simulate(
        &self,
        _from: Address,
        _to: Address,
        calldata: Bytes,
    ) -> Result<Result<(), String>, LedgerError> {
        self.up()?;
        let Ok(call) = Opg::transferWithAuthorization_0Call::abi_decode(&calldata) else { return Ok(Ok(())) };
        let accepts = self.wallets.lock().unwrap().get(&call.from).copied();
        Ok(if call.signature.first().copied() == accepts {
            Ok(())
        } else {
            Err("ERC3009InvalidSignature".into())
        })
    }
}
