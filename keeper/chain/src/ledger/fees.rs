//! Reads of the fee router and the fee market, and of the fees that the hub holds.

use alloy::primitives::{Address, B256, U256};

use super::{Contracts, LedgerError};
use crate::{
    address_book::AddressBook,
    bindings::{IFeeMarket, IFeeRouter, IInferenceHub, Opg},
};

/// Fees of an operator for one model version that are not divided yet, in OPG wei.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaitingFees {
    /// Owed by the hub for answers on the chain.
    pub hub: U256,
    /// In the vault: paid over HTTP, or left there when the operator was at its cap.
    pub vault: U256,
}

impl WaitingFees {
    /// Both together.
    #[must_use]
    pub fn sum(&self) -> U256 {
        self.hub + self.vault
    }
}

/// What stands between an operator and its fees, in OPG wei.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnsettledFees {
    /// Divided for work that can still be shown to be wrong.
    pub unsettled: U256,
    /// Most of them that the operator may have.
    pub most: U256,
}

impl UnsettledFees {
    /// How much may be divided now.
    #[must_use]
    pub fn room(&self) -> U256 {
        self.most.saturating_sub(self.unsettled)
    }
}

impl Contracts {
    /// Fees that wait to be divided.
    ///
    /// # Errors
    /// If the deployment has no fee router, or the chain cannot be read.
    pub async fn waiting_fees(&self, operator: Address, version: B256) -> Result<WaitingFees, LedgerError> {
        let vault = self.vault_of(operator, version).await?;
        let of_hub = IInferenceHub::feesOfCall { operator, modelVersion: version };
        let in_vault = Opg::balanceOfCall { account: vault };
        let (hub, vault) = tokio::try_join!(
            self.view(self.book.inference_hub, &of_hub),
            self.view(self.book.opg, &in_vault)
        )?;
        Ok(WaitingFees { hub, vault })
    }

    /// Address that is paid for answers of `operator` by `version`.
    ///
    /// # Errors
    /// If the deployment has no fee router, or the chain cannot be read.
    pub async fn vault_of(&self, operator: Address, version: B256) -> Result<Address, LedgerError> {
        self.view(self.fee_router()?, &IFeeRouter::vaultOfCall { operator, version }).await
    }

    /// OPG wei of divided fees that `account` can collect.
    ///
    /// # Errors
    /// If the deployment has no fee router, or the chain cannot be read.
    pub async fn owed_fees(&self, account: Address) -> Result<U256, LedgerError> {
        self.view(self.fee_router()?, &IFeeRouter::owedCall { account }).await
    }

    /// How many of an operator's fees are unsettled, and how many may be.
    ///
    /// # Errors
    /// If the deployment has no fee router, or the chain cannot be read.
    pub async fn unsettled_fees(&self, operator: Address) -> Result<UnsettledFees, LedgerError> {
        let read = self.view(self.fee_router()?, &IFeeRouter::unsettledOfCall { operator }).await?;
        Ok(UnsettledFees { unsettled: read.unsettled, most: read.most })
    }

    /// OPG wei that a compute unit costs now.
    ///
    /// # Errors
    /// If the deployment has no fee market, or the chain cannot be read.
    pub async fn unit_price(&self) -> Result<U256, LedgerError> {
        self.view(self.fee_market()?, &IFeeMarket::priceCall {}).await
    }

    /// Compute units per second that `operator` declared, and the most that its own stake lets it declare.
    ///
    /// # Errors
    /// If the deployment has no fee market, or the chain cannot be read.
    pub async fn capacity(&self, operator: Address) -> Result<(U256, U256), LedgerError> {
        let market = self.fee_market()?;
        let declared = self.view(market, &IFeeMarket::capacityOfCall { operator }).await?;
        let most = self.view(market, &IFeeMarket::mostCapacityOfCall { operator }).await?;
        Ok((declared.capacity, most))
    }

    /// The fee market of the deployment.
    ///
    /// # Errors
    /// If it has none.
    pub fn fee_market(&self) -> Result<Address, LedgerError> {
        present("feeMarket", self.book.fee_market)
    }

    /// The fee router of the deployment.
    ///
    /// # Errors
    /// If it has none.
    pub fn fee_router(&self) -> Result<Address, LedgerError> {
        fee_router(&self.book)
    }
}

fn fee_router(book: &AddressBook) -> Result<Address, LedgerError> {
    present("feeRouter", book.fee_router)
}

fn present(field: &'static str, address: Option<Address>) -> Result<Address, LedgerError> {
    address.ok_or(LedgerError::NotDeployed { field })
}
