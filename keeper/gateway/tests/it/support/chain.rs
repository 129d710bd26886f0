//! A chain with one token, and a journal that settles at once.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::SolCall,
};
use async_trait::async_trait;
use opg_chain::{
    bindings::{ModelSpec, Opg},
    journal::IntentId,
    rpc_trait::Head,
};
use opg_gateway::GatewayLedger;
use opg_node::LedgerError;
use opg_store::{Store, StoreError, http};

#[derive(Debug)]
pub(crate) struct FakeChain {
    store: Store,
    pub(crate) down: AtomicBool,
    pub(crate) balances: Mutex<HashMap<Address, U256>>,
    pub(crate) used: Mutex<HashSet<(Address, B256)>>,
    /// Accounts with code, which accept any signature that begins with this byte.
    pub(crate) wallets: Mutex<HashMap<Address, u8>>,
    pub(crate) transfers: AtomicUsize,
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
        under_way.len()
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
        Ok(Head { number: 1, hash: B256::ZERO, parent_hash: B256::ZERO, timestamp: now(), base_fee: 1 })
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

    async fn token_domain(&self, _asset: Address) -> Result<(String, String), LedgerError> {
        Ok(("OpenGradient".to_owned(), "1".to_owned()))
    }

    async fn vault_code_hash(&self, _fee_router: Address) -> Result<B256, LedgerError> {
        Ok(B256::repeat_byte(9))
    }

    async fn has_code(&self, account: Address) -> Result<bool, LedgerError> {
        self.up()?;
        Ok(self.wallets.lock().unwrap().contains_key(&account))
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
