//! A chain that says what a test put into it.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
};

use alloy::primitives::{Address, B256, U256};
use async_trait::async_trait;
use opg_proxy::{Announced, ChainError, Deployment, ModelTerms, ProxyChain, TokenTerms};

use super::{CHAIN_ID, Node, OPG, REGISTRY, now};

#[derive(Debug)]
pub(crate) struct FakeChain {
    payer: Address,
    pub(crate) operators: Mutex<Vec<Announced>>,
    pub(crate) signers: Mutex<HashMap<Address, Address>>,
    pub(crate) used: Mutex<HashSet<B256>>,
    pub(crate) balance: Mutex<U256>,
    pub(crate) is_down: AtomicBool,
    /// Seconds by which its clock is ahead.
    pub(crate) ahead: AtomicU64,
}

impl FakeChain {
    pub(crate) fn new(payer: Address) -> Self {
        Self {
            payer,
            operators: Mutex::default(),
            signers: Mutex::default(),
            used: Mutex::default(),
            balance: Mutex::new(U256::from(u64::MAX)),
            is_down: AtomicBool::new(false),
            ahead: AtomicU64::new(0),
        }
    }

    pub(crate) fn register(&self, node: &Node) {
        let announced =
            Announced { operator: node.operator, stake: U256::from(node.stake), url: node.url.clone() };
        self.operators.lock().unwrap().push(announced);
        self.signers.lock().unwrap().insert(node.operator, node.key.address());
    }

    fn up(&self) -> Result<(), ChainError> {
        if self.is_down.load(SeqCst) { Err(ChainError("it is away".to_owned())) } else { Ok(()) }
    }
}

#[async_trait]
impl ProxyChain for FakeChain {
    fn deployment(&self) -> Deployment {
        Deployment { chain_id: CHAIN_ID, opg: OPG, proof_registry: REGISTRY, fee_router: None }
    }

    async fn now(&self) -> Result<u64, ChainError> {
        self.up().map(|()| now() + self.ahead.load(SeqCst))
    }

    async fn operators(&self) -> Result<Vec<Announced>, ChainError> {
        self.up().map(|()| self.operators.lock().unwrap().clone())
    }

    async fn signer_of(&self, operator: Address, _at: u64) -> Result<Option<Address>, ChainError> {
        self.up().map(|()| self.signers.lock().unwrap().get(&operator).copied())
    }

    async fn model(&self, version: B256) -> Result<Option<ModelTerms>, ChainError> {
        self.up()?;
        let terms = ModelTerms { modes: 1, per_request: 100, per_input_token: 1, per_output_token: 10 };
        Ok((version[0] < 9).then_some(terms))
    }

    async fn token(&self) -> Result<TokenTerms, ChainError> {
        Ok(TokenTerms { name: "OpenGradient".to_owned(), version: "1".to_owned(), vault_code_hash: None })
    }

    async fn balance(&self, account: Address) -> Result<U256, ChainError> {
        assert_eq!(account, self.payer);
        self.up().map(|()| *self.balance.lock().unwrap())
    }

    async fn authorization_used(&self, payer: Address, nonce: B256) -> Result<bool, ChainError> {
        assert_eq!(payer, self.payer);
        self.up().map(|()| self.used.lock().unwrap().contains(&nonce))
    }
}
