//! The real chain behind `Ledger`.

use alloy::primitives::{Address, B256, Bytes, U256};
use async_trait::async_trait;
use opg_chain::{
    address_book::AddressBook,
    bindings::{Fulfilment, IFeeMarket, IInferenceHub, IModelRegistry, IStaking, ModelSpec},
    events::{Cursor, FollowError, Follower, FollowerConfig, Segment},
    fees::{FeeFloor, estimate_fees, l1_fee_upper_bound},
    ledger::registered_key,
    rpc::{Rpc, RpcError},
    rpc_trait::Head,
};
use opg_receipts::Request;

use super::{Ledger, LedgerError, Refusal};
use crate::quote::ENVELOPE;

/// The chain through the RPC policy of `opg-chain`.
#[derive(Debug)]
pub struct ChainLedger {
    rpc: Rpc,
    follower: Follower,
    contracts: AddressBook,
    floor: FeeFloor,
}

impl ChainLedger {
    /// Reads the deployment that `follower` names through `rpc`.
    #[must_use]
    pub fn new(rpc: Rpc, follower: FollowerConfig, floor: FeeFloor) -> Self {
        let contracts = follower.contracts.clone();
        Self { follower: Follower::new(rpc.clone(), follower), rpc, contracts, floor }
    }
}

#[async_trait]
impl Ledger for ChainLedger {
    async fn poll(&self, cursor: &Cursor) -> Result<Option<Segment>, LedgerError> {
        Ok(self.follower.poll(cursor).await?)
    }

    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(self.rpc.head().await?)
    }

    async fn model_spec(&self, version: B256) -> Result<ModelSpec, LedgerError> {
        let call = IModelRegistry::specOfCall { version };
        Ok(self.rpc.view(self.contracts.model_registry, &call).await?)
    }

    async fn zk_key(&self, spec: &ModelSpec) -> Result<Option<Bytes>, LedgerError> {
        Ok(registered_key(&self.rpc, &self.contracts, spec.zkCommitment).await?)
    }

    async fn signer_of(&self, operator: Address, at: u64) -> Result<Address, LedgerError> {
        let call = IStaking::signerAtCall { operator, timestamp: at };
        Ok(self.rpc.view(self.contracts.staking, &call).await?)
    }

    async fn turn_of(&self, request: &Request, operator: Address) -> Result<Option<u64>, LedgerError> {
        let hub = self.contracts.inference_hub;
        let call = IInferenceHub::turnOfCall { req: request.clone().into(), operator };
        let begins_at = self.rpc.view(hub, &call).await?;
        if begins_at != u64::MAX {
            return Ok(Some(begins_at));
        }
        // Not drawn yet, or an operator without stake then: the cap is the latest.
        let parameters = self.rpc.view(hub, &IInferenceHub::turnParametersCall {}).await?;
        let cap = request.requestedAt.saturating_add(parameters.turnCap.into());
        let head = self.rpc.head().await?;
        Ok((head.timestamp >= cap).then_some(cap))
    }

    async fn check(
        &self,
        request: &Request,
        fulfilment: &Fulfilment,
    ) -> Result<Option<Refusal>, LedgerError> {
        let call = IInferenceHub::checkCall { req: request.clone().into(), fulfilment: fulfilment.clone() };
        let refusal = self.rpc.view(self.contracts.inference_hub, &call).await?;
        Ok(Refusal::from_contract(refusal as u8))
    }

    async fn unit_price(&self, fee_market: Address) -> Result<u128, LedgerError> {
        Ok(self.rpc.view(fee_market, &IFeeMarket::priceCall {}).await?.saturating_to())
    }

    async fn cost(&self, gas: u64, calldata_length: usize) -> Result<U256, LedgerError> {
        let fees = estimate_fees(&self.rpc, self.floor).await?;
        let per_gas = U256::from(fees.base_fee.saturating_add(fees.max_priority_fee_per_gas));
        let data = l1_fee_upper_bound(&self.rpc, calldata_length + ENVELOPE).await?.wei();
        Ok(U256::from(gas).saturating_mul(per_gas).saturating_add(data))
    }
}

impl From<RpcError> for LedgerError {
    fn from(error: RpcError) -> Self {
        // What an endpoint says may be wrong; only our own settings cannot get better by asking again.
        let retryable = !matches!(error, RpcError::Config { .. } | RpcError::WrongChain { .. });
        Self::new(error.to_string(), retryable)
    }
}

impl From<FollowError> for LedgerError {
    fn from(error: FollowError) -> Self {
        match error {
            FollowError::Rpc(error) => error.into(),
            other => Self::new(other.to_string(), true),
        }
    }
}
