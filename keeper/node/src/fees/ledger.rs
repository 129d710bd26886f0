//! What the service needs from the chain.

use alloy::primitives::{Address, B256, Bytes};
use async_trait::async_trait;
use opg_chain::{
    events::{Cursor, Follower, FollowerConfig, Segment},
    ledger::{Contracts, FeeQuestion, FeeState},
    rpc_trait::Head,
    x402,
};

use crate::{LedgerError, Quote, quote::quote};

/// Fee router, hub and market, as far as the service looks at them.
#[async_trait]
pub trait FeesLedger: Send + Sync + std::fmt::Debug {
    /// The next step of the contracts' events from `cursor`; `None` if there is nothing new.
    async fn poll(&self, cursor: &Cursor) -> Result<Option<Segment>, LedgerError>;

    /// The latest block.
    async fn head(&self) -> Result<Head, LedgerError>;

    /// Where fees for `version` arrive.
    fn vault(&self, operator: Address, version: B256) -> Address;

    /// What the chain says at the block with this hash.
    async fn state(&self, block: B256, asked: &FeeQuestion) -> Result<FeeState, LedgerError>;

    /// What a call of the contract `to` would cost now.
    async fn quote(&self, to: Address, calldata: &Bytes) -> Result<Quote, LedgerError>;
}

/// The real contracts.
#[derive(Debug)]
pub struct ChainFees {
    contracts: Contracts,
    follower: Follower,
    router: Address,
    code_hash: B256,
    signer: Address,
}

impl ChainFees {
    /// The fee router of `contracts`, as `signer` would call it. `follower` is where and how events are read.
    ///
    /// # Errors
    /// If the deployment has no fee router, or the chain cannot be read.
    pub async fn open(
        contracts: Contracts,
        follower: FollowerConfig,
        signer: Address,
    ) -> Result<Self, LedgerError> {
        let router = contracts.fee_router()?;
        let code_hash = contracts.vault_code_hash().await?;
        let addresses = vec![contracts.addresses().inference_hub, router];
        let follower = Follower::of(contracts.rpc().clone(), follower, addresses);
        Ok(Self { contracts, follower, router, code_hash, signer })
    }
}

#[async_trait]
impl FeesLedger for ChainFees {
    async fn poll(&self, cursor: &Cursor) -> Result<Option<Segment>, LedgerError> {
        Ok(self.follower.poll(cursor).await?)
    }

    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(self.contracts.rpc().head().await?)
    }

    fn vault(&self, operator: Address, version: B256) -> Address {
        x402::vault(self.router, self.code_hash, operator, version)
    }

    async fn state(&self, block: B256, asked: &FeeQuestion) -> Result<FeeState, LedgerError> {
        Ok(self.contracts.fee_state(block, asked).await?)
    }

    async fn quote(&self, to: Address, calldata: &Bytes) -> Result<Quote, LedgerError> {
        quote(self.contracts.rpc(), self.signer, to, calldata).await
    }
}
