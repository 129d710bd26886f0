//! What the service needs from the chain.

use alloy::primitives::{Address, B256, U256};
use async_trait::async_trait;
use opg_chain::{
    channels::{self, ChannelState, Claim, SETTLEMENT, claim_calldata},
    rpc::Rpc,
    rpc_trait::{CallRequest, ChainRpc as _, RpcError},
};

use crate::LedgerError;

/// The contract of channels.
#[async_trait]
pub trait ChannelsLedger: Send + Sync + std::fmt::Debug {
    /// What the chain says of these channels, in order.
    async fn states(&self, ids: &[B256]) -> Result<Vec<ChannelState>, LedgerError>;

    /// Why the chain would not take these claims now; `None` if it would.
    async fn refuses(&self, claims: &[Claim]) -> Result<Option<String>, LedgerError>;
}

/// The real contract.
#[derive(Debug, Clone)]
pub struct ChainChannels {
    rpc: Rpc,
    signer: Address,
}

impl ChainChannels {
    /// The contract as `rpc` has it, with claims by `signer`.
    #[must_use]
    pub fn new(rpc: Rpc, signer: Address) -> Self {
        Self { rpc, signer }
    }
}

#[async_trait]
impl ChannelsLedger for ChainChannels {
    async fn states(&self, ids: &[B256]) -> Result<Vec<ChannelState>, LedgerError> {
        Ok(channels::read(&self.rpc, ids).await?)
    }

    async fn refuses(&self, claims: &[Claim]) -> Result<Option<String>, LedgerError> {
        let data = claim_calldata(claims);
        let call = CallRequest { from: self.signer, to: SETTLEMENT, value: U256::ZERO, data };
        match self.rpc.call(&call).await {
            Ok(_) => Ok(None),
            Err(RpcError::Reverted { reason, .. }) => Ok(Some(reason)),
            Err(error) => Err(LedgerError::new(error.to_string(), true)),
        }
    }
}
