//! Reads of the registry of models.

use alloy::primitives::{Address, B256};

use super::{Contracts, LedgerError};
use crate::bindings::{IModelRegistry, ModelSpec};

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
