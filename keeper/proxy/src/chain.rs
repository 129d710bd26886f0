//! What the proxy asks the chain.

use std::collections::HashMap;

use alloy::{
    primitives::{Address, B256, U256},
    rpc::types::Filter,
    sol,
    sol_types::SolEvent as _,
};
use async_trait::async_trait;
use opg_chain::{
    bindings::{IStaking, Opg},
    ledger::{Contracts, LedgerError},
    rpc::{LogPages, RpcError},
};
use tokio::sync::Mutex;

/// Operators that are read at once.
const PAGE: u64 = 100;
/// Blocks that are read again at each look, in case they were reorganised.
const UNSETTLED: u64 = 64;

sol! {
    /// Of `IFeeRouter`.
    #[derive(Debug)]
    function vaultInitCodeHash() external pure returns (bytes32);
}

/// The chain cannot be asked, or not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the chain cannot be asked: {0}; check chain.rpc, or add a second endpoint")]
pub struct ChainError(pub String);

impl From<RpcError> for ChainError {
    fn from(error: RpcError) -> Self {
        Self(error.to_string())
    }
}

impl From<LedgerError> for ChainError {
    fn from(error: LedgerError) -> Self {
        Self(error.to_string())
    }
}

/// What does not change while a proxy runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deployment {
    /// The chain.
    pub chain_id: u64,
    /// The token that pays.
    pub opg: Address,
    /// In whose domain receipts are signed.
    pub proof_registry: Address,
    /// Whose vaults are paid; without it the operators' own accounts.
    pub fee_router: Option<Address>,
}

/// What is signed with a payment, and who is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTerms {
    /// Name of the token's EIP-712 domain.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Hash of the creation code of the fee router's vaults.
    pub vault_code_hash: Option<B256>,
}

/// An active operator, as the registry has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// Its account.
    pub operator: Address,
    /// What it can lose, in OPG wei.
    pub stake: U256,
    /// Where it says that it is reached; anything may stand here.
    pub url: String,
}

/// What a model version was published with; it never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelTerms {
    /// The modes in which it is offered, a bit each.
    pub modes: u8,
    /// Units that each request costs.
    pub per_request: u64,
    /// Units that each token of the input costs.
    pub per_input_token: u64,
    /// Units that each token of the output costs.
    pub per_output_token: u64,
}

/// The chain, as far as the proxy looks at it.
#[async_trait]
pub trait ProxyChain: Send + Sync + std::fmt::Debug {
    /// Where the contracts are.
    fn deployment(&self) -> Deployment;

    /// Time of the newest block.
    async fn now(&self) -> Result<u64, ChainError>;

    /// The active operators that announce an address.
    async fn operators(&self) -> Result<Vec<Announced>, ChainError>;

    /// The key that signs for `operator` at unix time `at`; nothing if the operator is not active then.
    async fn signer_of(&self, operator: Address, at: u64) -> Result<Option<Address>, ChainError>;

    /// What a model version was published with; nothing if it never was.
    async fn model(&self, version: B256) -> Result<Option<ModelTerms>, ChainError>;

    /// What payments are made of.
    async fn token(&self) -> Result<TokenTerms, ChainError>;

    /// OPG wei of an account.
    async fn balance(&self, account: Address) -> Result<U256, ChainError>;

    /// Whether an authorization of `payer` was used or cancelled.
    async fn authorization_used(&self, payer: Address, nonce: B256) -> Result<bool, ChainError>;
}

/// The contracts of a deployment.
#[derive(Debug)]
pub struct ContractsChain {
    contracts: Contracts,
    announced: Mutex<Endpoints>,
}

/// What operators announced last, up to a block.
#[derive(Debug, Default)]
struct Endpoints {
    next: u64,
    of: HashMap<Address, String>,
}

impl ContractsChain {
    /// Reads `contracts`.
    #[must_use]
    pub fn new(contracts: Contracts) -> Self {
        let next = contracts.addresses().deployment_block;
        Self { contracts, announced: Mutex::new(Endpoints { next, of: HashMap::new() }) }
    }

    /// Reads on where the last look ended.
    async fn endpoints(&self) -> Result<HashMap<Address, String>, ChainError> {
        let (rpc, book) = (self.contracts.rpc(), self.contracts.addresses());
        let mut known = self.announced.lock().await;
        let topics =
            vec![IStaking::OperatorRegistered::SIGNATURE_HASH, IStaking::EndpointSet::SIGNATURE_HASH];
        let filter = Filter::new().address(book.staking).event_signature(topics);
        let last = rpc.head().await?.number;
        let mut pages = LogPages::new(rpc, filter, known.next, last);
        while let Some(logs) = pages.next().await? {
            for log in logs {
                if let Ok(event) = IStaking::EndpointSet::decode_log(&log.inner) {
                    known.of.insert(event.data.operator, event.data.endpoint);
                } else if let Ok(event) = IStaking::OperatorRegistered::decode_log(&log.inner) {
                    known.of.insert(event.data.operator, event.data.endpoint);
                }
            }
        }
        known.next = last.saturating_sub(UNSETTLED).max(book.deployment_block);
        Ok(known.of.clone())
    }
}

#[async_trait]
impl ProxyChain for ContractsChain {
    fn deployment(&self) -> Deployment {
        let book = self.contracts.addresses();
        Deployment {
            chain_id: book.chain_id,
            opg: book.opg,
            proof_registry: book.proof_registry,
            fee_router: book.fee_router,
        }
    }

    async fn now(&self) -> Result<u64, ChainError> {
        Ok(self.contracts.rpc().head().await?.timestamp)
    }

    async fn operators(&self) -> Result<Vec<Announced>, ChainError> {
        let mut endpoints = self.endpoints().await?;
        let count = self.contracts.operator_count().await?;
        let mut found = Vec::new();
        let mut from = 0;
        while from < count {
            for (operator, stake) in self.contracts.active_operators(from, PAGE).await? {
                if let Some(url) = endpoints.remove(&operator).filter(|url| !url.is_empty()) {
                    found.push(Announced { operator, stake, url });
                }
            }
            from += PAGE;
        }
        Ok(found)
    }

    async fn signer_of(&self, operator: Address, at: u64) -> Result<Option<Address>, ChainError> {
        Ok(self.contracts.signer_at(operator, at).await?)
    }

    async fn model(&self, version: B256) -> Result<Option<ModelTerms>, ChainError> {
        let spec = self.contracts.spec_of(version).await?;
        Ok(spec.map(|spec| ModelTerms {
            modes: spec.modes,
            per_request: spec.unitsPerRequest,
            per_input_token: spec.unitsPerInputToken,
            per_output_token: spec.unitsPerOutputToken,
        }))
    }

    async fn token(&self) -> Result<TokenTerms, ChainError> {
        let (rpc, book) = (self.contracts.rpc(), self.contracts.addresses());
        let domain = rpc.view(book.opg, &Opg::eip712DomainCall {}).await?;
        let vault_code_hash = match book.fee_router {
            Some(router) => Some(rpc.view(router, &vaultInitCodeHashCall {}).await?),
            None => None,
        };
        Ok(TokenTerms { name: domain.name, version: domain.version, vault_code_hash })
    }

    async fn balance(&self, account: Address) -> Result<U256, ChainError> {
        Ok(self.contracts.opg_balance(account).await?)
    }

    async fn authorization_used(&self, payer: Address, nonce: B256) -> Result<bool, ChainError> {
        let call = Opg::authorizationStateCall { authorizer: payer, nonce };
        Ok(self.contracts.rpc().view(self.contracts.addresses().opg, &call).await?)
    }
}
