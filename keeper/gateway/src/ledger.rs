//! What the gateway asks the chain.

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol,
};
use async_trait::async_trait;
use opg_chain::{
    address_book::AddressBook,
    bindings::{IFeeMarket, IModelRegistry, IStaking, ModelSpec, Opg},
    channels::{self, ChannelState},
    rpc::Rpc,
    rpc_trait::{self, CallRequest, ChainRpc, Head},
};
use opg_node::LedgerError;

sol! {
    /// Of `IFeeRouter`.
    #[derive(Debug)]
    function vaultInitCodeHash() external pure returns (bytes32);
}

/// The chain, as far as the gateway looks at it.
#[async_trait]
pub trait GatewayLedger: Send + Sync + std::fmt::Debug {
    /// The latest block.
    async fn head(&self) -> Result<Head, LedgerError>;

    /// The published specification of a model version.
    async fn model_spec(&self, version: B256) -> Result<ModelSpec, LedgerError>;

    /// The key that signs for `operator` at unix time `at`, zero if the operator is not active then.
    async fn signer_of(&self, operator: Address, at: u64) -> Result<Address, LedgerError>;

    /// Name and version of the EIP-712 domain of a token.
    async fn token_domain(&self, asset: Address) -> Result<(String, String), LedgerError>;

    /// Hash of the creation code of the vaults of a fee router.
    async fn vault_code_hash(&self, fee_router: Address) -> Result<B256, LedgerError>;

    /// OPG wei that a compute unit costs now, by a fee market.
    async fn unit_price(&self, fee_market: Address) -> Result<u128, LedgerError>;

    /// Whether an account has code, so that it can answer for a signature itself.
    async fn has_code(&self, account: Address) -> Result<bool, LedgerError>;

    /// Wei of a token that an account holds.
    async fn balance(&self, asset: Address, account: Address) -> Result<U256, LedgerError>;

    /// Whether an authorization of ERC-3009 was used or cancelled.
    async fn authorization_used(
        &self,
        asset: Address,
        payer: Address,
        nonce: B256,
    ) -> Result<bool, LedgerError>;

    /// What the chain says of a payment channel; all zero where nothing was ever deposited.
    async fn channel(&self, id: B256) -> Result<ChannelState, LedgerError>;

    /// Whether the code of an account takes a signature for one of its own (ERC-1271) now.
    async fn accepts(&self, account: Address, digest: B256, signature: Bytes) -> Result<bool, LedgerError>;

    /// Whether a call would succeed now: `Err` inside with the reason if it would revert.
    async fn simulate(
        &self,
        from: Address,
        to: Address,
        calldata: Bytes,
    ) -> Result<Result<(), String>, LedgerError>;
}

/// The real chain.
#[derive(Debug, Clone)]
pub struct ChainGatewayLedger {
    rpc: Rpc,
    registry: Address,
    staking: Address,
}

impl ChainGatewayLedger {
    /// Reads the deployment of `book` through `rpc`.
    #[must_use]
    pub fn new(rpc: Rpc, book: &AddressBook) -> Self {
        Self { rpc, registry: book.model_registry, staking: book.staking }
    }
}

#[async_trait]
impl GatewayLedger for ChainGatewayLedger {
    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(self.rpc.head().await?)
    }

    async fn model_spec(&self, version: B256) -> Result<ModelSpec, LedgerError> {
        Ok(self.rpc.view(self.registry, &IModelRegistry::specOfCall { version }).await?)
    }

    async fn signer_of(&self, operator: Address, at: u64) -> Result<Address, LedgerError> {
        Ok(self.rpc.view(self.staking, &IStaking::signerAtCall { operator, timestamp: at }).await?)
    }

    async fn token_domain(&self, asset: Address) -> Result<(String, String), LedgerError> {
        let domain = self.rpc.view(asset, &Opg::eip712DomainCall {}).await?;
        Ok((domain.name, domain.version))
    }

    async fn vault_code_hash(&self, fee_router: Address) -> Result<B256, LedgerError> {
        Ok(self.rpc.view(fee_router, &vaultInitCodeHashCall {}).await?)
    }

    async fn unit_price(&self, fee_market: Address) -> Result<u128, LedgerError> {
        Ok(self.rpc.view(fee_market, &IFeeMarket::priceCall {}).await?.saturating_to())
    }

    async fn has_code(&self, account: Address) -> Result<bool, LedgerError> {
        Ok(!self.rpc.code(account).await?.is_empty())
    }

    async fn balance(&self, asset: Address, account: Address) -> Result<U256, LedgerError> {
        Ok(self.rpc.view(asset, &Opg::balanceOfCall { account }).await?)
    }

    async fn authorization_used(
        &self,
        asset: Address,
        payer: Address,
        nonce: B256,
    ) -> Result<bool, LedgerError> {
        let call = Opg::authorizationStateCall { authorizer: payer, nonce };
        Ok(self.rpc.view(asset, &call).await?)
    }

    async fn channel(&self, id: B256) -> Result<ChannelState, LedgerError> {
        let states = channels::read(&self.rpc, &[id]).await?;
        states.first().copied().ok_or_else(|| LedgerError::new("the chain said nothing of a channel", true))
    }

    async fn accepts(&self, account: Address, digest: B256, signature: Bytes) -> Result<bool, LedgerError> {
        let judged = channels::accepts(&self.rpc, account, digest, signature).await;
        judged.map_err(|error| LedgerError::new(error.to_string(), true))
    }

    async fn simulate(
        &self,
        from: Address,
        to: Address,
        calldata: Bytes,
    ) -> Result<Result<(), String>, LedgerError> {
        let call = CallRequest { from, to, value: U256::ZERO, data: calldata };
        match self.rpc.call(&call).await {
            Ok(_) => Ok(Ok(())),
            Err(rpc_trait::RpcError::Reverted { reason, .. }) => Ok(Err(reason)),
            Err(error) => Err(LedgerError::new(error.to_string(), true)),
        }
    }
}
