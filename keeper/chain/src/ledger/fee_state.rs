//! Everything that the chain says of an operator's fees, as of one block: sums that are read one after the other while the chain
//! goes on would not add up.

use alloy::{
    eips::BlockId,
    primitives::{Address, B256, U256},
};
use futures::future::try_join_all;

use super::{Contracts, LedgerError, UnsettledFees};
use crate::{
    bindings::{IFeeMarket, IFeeRouter, IInferenceHub, Opg},
    channels::{self, ChannelState},
};

/// What is asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeeQuestion {
    /// Whose fees.
    pub operator: Address,
    /// For which model versions, with their vaults.
    pub vaults: Vec<(B256, Address)>,
    /// Payment channels into these vaults.
    pub channels: Vec<B256>,
    /// Payments that may have been taken: payer and nonce.
    pub payments: Vec<(Address, B256)>,
    /// Whether anything was ever paid by vouchers. The contract of channels need not exist otherwise.
    pub vouchers: bool,
}

/// What the chain says, in OPG wei, in the order of the question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeeState {
    /// Of each vault.
    pub vaults: Vec<VaultState>,
    /// Of each channel.
    pub channels: Vec<ChannelState>,
    /// Whether each payment was taken.
    pub taken: Vec<bool>,
    /// Divided and not collected by the operator.
    pub owed: u128,
    /// How much may be divided.
    pub unsettled: UnsettledFees,
    /// What the fee market says, where the deployment has one.
    pub market: Option<MarketState>,
}

/// Fees for one model version.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VaultState {
    /// Owed by the hub.
    pub hub: u128,
    /// In the vault.
    pub vault: u128,
    /// Ever claimed for the vault from payment channels.
    pub claimed: u128,
    /// Of that, paid to it.
    pub settled: u128,
}

/// The fee market from an operator's side. Capacities are in compute units per second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MarketState {
    /// OPG wei per compute unit.
    pub price: u128,
    /// What the operator declared.
    pub capacity: u128,
    /// Most that its own stake lets it declare.
    pub most: u128,
    /// What all operators declared.
    pub total: u128,
}

impl Contracts {
    /// What the chain says at the block with this hash.
    ///
    /// # Errors
    /// If the deployment has no fee router, the block is not on the chain, its state is not kept any more, or the chain cannot be
    /// read.
    pub async fn fee_state(&self, block: B256, asked: &FeeQuestion) -> Result<FeeState, LedgerError> {
        let at = BlockId::from(block);
        let (router, operator) = (self.fee_router()?, asked.operator);
        let vaults = try_join_all(asked.vaults.iter().map(|of| self.vault_state(at, *of, asked)));
        let taken = try_join_all(asked.payments.iter().map(|(authorizer, nonce)| async move {
            let call = Opg::authorizationStateCall { authorizer: *authorizer, nonce: *nonce };
            self.rpc.view_at(at, self.book.opg, &call).await.map_err(LedgerError::from)
        }));
        let channels = async {
            let read = channels::read_at(&self.rpc, at, &asked.channels).await;
            read.map_err(LedgerError::from)
        };
        let account = async {
            let owed = self.rpc.view_at(at, router, &IFeeRouter::owedCall { account: operator }).await?;
            let read = self.rpc.view_at(at, router, &IFeeRouter::unsettledOfCall { operator }).await?;
            Ok::<_, LedgerError>((owed, UnsettledFees { unsettled: read.unsettled, most: read.most }))
        };
        let (vaults, taken, channels, (owed, unsettled), market) =
            tokio::try_join!(vaults, taken, channels, account, self.market_state(at, operator))?;
        Ok(FeeState { vaults, channels, taken, owed: wei(owed), unsettled, market })
    }

    async fn vault_state(
        &self,
        at: BlockId,
        (version, vault): (B256, Address),
        asked: &FeeQuestion,
    ) -> Result<VaultState, LedgerError> {
        let (rpc, book) = (&self.rpc, &self.book);
        let of_hub = IInferenceHub::feesOfCall { operator: asked.operator, modelVersion: version };
        let hub = rpc.view_at(at, book.inference_hub, &of_hub).await?;
        let held = rpc.view_at(at, book.opg, &Opg::balanceOfCall { account: vault }).await?;
        let (claimed, settled) = match asked.vouchers {
            true => channels::received_at(rpc, at, vault, book.opg).await?,
            false => (0, 0),
        };
        Ok(VaultState { hub: wei(hub), vault: wei(held), claimed, settled })
    }

    async fn market_state(&self, at: BlockId, operator: Address) -> Result<Option<MarketState>, LedgerError> {
        let Some(market) = self.book.fee_market else { return Ok(None) };
        let now = self.rpc.view_at(at, market, &IFeeMarket::marketCall {}).await?;
        let own = self.rpc.view_at(at, market, &IFeeMarket::capacityOfCall { operator }).await?;
        let most = self.rpc.view_at(at, market, &IFeeMarket::mostCapacityOfCall { operator }).await?;
        Ok(Some(MarketState {
            price: wei(now.price),
            capacity: wei(own.capacity),
            most: wei(most),
            total: wei(now.capacity),
        }))
    }

    /// Hash of the creation code of the fee router's vaults.
    ///
    /// # Errors
    /// If the deployment has no fee router, or the chain cannot be read.
    pub async fn vault_code_hash(&self) -> Result<B256, LedgerError> {
        self.view(self.fee_router()?, &IFeeRouter::vaultInitCodeHashCall {}).await
    }
}

/// No sum of OPG exceeds its supply.
fn wei(sum: U256) -> u128 {
    sum.saturating_to()
}
