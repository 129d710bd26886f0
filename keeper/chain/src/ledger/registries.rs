//! Reads of the registries of models and operators.

use alloy::primitives::{Address, B256, U256};

use super::{Contracts, LedgerError};
use crate::bindings::{BondedOperators, IModelRegistry, ModelSpec, Operator};

impl Contracts {
    /// The model that `version` is a version of; `None` if the registry does not know the version.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn model_id_of(&self, version: B256) -> Result<Option<B256>, LedgerError> {
        let call = IModelRegistry::modelIdOfCall { version };
        known(self.view(self.book.model_registry, &call).await)
            .map(|model_id| model_id.filter(|model_id| !model_id.is_zero()))
    }

    /// The specification of `version`; `None` if the registry does not know the version.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn spec_of(&self, version: B256) -> Result<Option<ModelSpec>, LedgerError> {
        known(self.view(self.book.model_registry, &IModelRegistry::specOfCall { version }).await)
    }

    /// Whether new requests may name `version` with `mode`.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn is_requestable(&self, version: B256, mode: u8) -> Result<bool, LedgerError> {
        self.view(self.book.model_registry, &IModelRegistry::isRequestableCall { version, mode }).await
    }

    /// Who receives the royalty of `version`, and how much of each fee in basis points; `None` for an unknown version.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn royalty_of(&self, version: B256) -> Result<Option<(Address, u16)>, LedgerError> {
        let royalty =
            known(self.view(self.book.model_registry, &IModelRegistry::royaltyOfCall { version }).await)?;
        Ok(royalty.map(|royalty| (royalty.recipient, royalty.royaltyBps)))
    }

    /// The key that signed for `operator` at `timestamp`; `None` if it was not active then.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn signer_at(&self, operator: Address, timestamp: u64) -> Result<Option<Address>, LedgerError> {
        let call = BondedOperators::signerAtCall { operator, timestamp };
        let signer = self.view(self.book.operators, &call).await?;
        Ok((!signer.is_zero()).then_some(signer))
    }

    /// Weight of `operator` in the order of turns at `timestamp`.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn stake_at(&self, operator: Address, timestamp: u64) -> Result<U256, LedgerError> {
        self.view(self.book.operators, &BondedOperators::stakeAtCall { operator, timestamp }).await
    }

    /// Sum of the weights of all operators at `timestamp`.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn total_stake_at(&self, timestamp: u64) -> Result<U256, LedgerError> {
        self.view(self.book.operators, &BondedOperators::totalStakeAtCall { timestamp }).await
    }

    /// What the registry holds of `operator` now.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn operator(&self, operator: Address) -> Result<Operator, LedgerError> {
        self.view(self.book.operators, &BondedOperators::operatorOfCall { operator }).await
    }

    /// OPG wei that an operator has to bond.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn operator_bond(&self) -> Result<U256, LedgerError> {
        self.view(self.book.operators, &BondedOperators::bondCall {}).await
    }
}

/// The registry reverts for a version that it does not know.
fn known<T>(result: Result<T, LedgerError>) -> Result<Option<T>, LedgerError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(LedgerError::Rpc(error))
            if error.revert().is_some_and(|revert| revert.name == "UnknownModelVersion") =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
