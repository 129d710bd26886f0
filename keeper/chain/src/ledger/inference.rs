//! Reads of the InferenceHub and the ProofRegistry.

use alloy::primitives::{Address, B256, Bytes, U256};
use opg_receipts::{InferenceReceipt, Request};

use super::{Contracts, LedgerError, Refusal, RequestStatus, TurnParameters};
use crate::bindings::{Fulfilment, IInferenceHub, IProofRegistry};

impl Contracts {
    /// Where a request stands.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn status_of(&self, request_id: B256) -> Result<RequestStatus, LedgerError> {
        let call = IInferenceHub::statusOfCall { requestId: request_id };
        RequestStatus::try_from(self.view(self.book.inference_hub, &call).await?)
    }

    /// Unix time from which `operator` may fulfil `request`. `None`: the block that decides it is not yet mined, or the
    /// operator had no stake.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn turn_of(&self, request: &Request, operator: Address) -> Result<Option<u64>, LedgerError> {
        let call = IInferenceHub::turnOfCall { req: request.clone().into(), operator };
        let begins_at = self.view(self.book.inference_hub, &call).await?;
        Ok((begins_at != u64::MAX).then_some(begins_at))
    }

    /// Over how long turns are spread.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn turn_parameters(&self) -> Result<TurnParameters, LedgerError> {
        let parameters = self.view(self.book.inference_hub, &IInferenceHub::turnParametersCall {}).await?;
        Ok(TurnParameters { window: parameters.turnWindow, cap: parameters.turnCap })
    }

    /// Why the hub would refuse `fulfilment`; `None` if it would accept it.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn check(
        &self,
        request: &Request,
        fulfilment: &Fulfilment,
    ) -> Result<Option<Refusal>, LedgerError> {
        let call = IInferenceHub::checkCall { req: request.clone().into(), fulfilment: fulfilment.clone() };
        Ok(Refusal::from_contract(self.view(self.book.inference_hub, &call).await?))
    }

    /// OPG wei that `account` may withdraw from the hub.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn credit_of(&self, account: Address) -> Result<U256, LedgerError> {
        self.view(self.book.inference_hub, &IInferenceHub::creditOfCall { account }).await
    }

    /// Digest of the recorded receipt of a request, if there is one.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn result_of(&self, request_id: B256) -> Result<Option<B256>, LedgerError> {
        let call = IProofRegistry::resultOfCall { requestId: request_id };
        let digest = self.view(self.book.proof_registry, &call).await?;
        Ok((!digest.is_zero()).then_some(digest))
    }

    /// The contract's digest of a receipt.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn digest_of(&self, receipt: &InferenceReceipt) -> Result<B256, LedgerError> {
        let call = IProofRegistry::digestOfCall { receipt: receipt.clone().into() };
        self.view(self.book.proof_registry, &call).await
    }

    /// The contract's judgement of a receipt: `None` if it is valid, otherwise the name of the fault.
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn verify(
        &self,
        receipt: &InferenceReceipt,
        evidence: &Bytes,
    ) -> Result<Option<&'static str>, LedgerError> {
        let call = IProofRegistry::verifyCall { receipt: receipt.clone().into(), evidence: evidence.clone() };
        Ok(match self.view(self.book.proof_registry, &call).await? {
            0 => None,
            1 => Some("unsupported mode"),
            2 => Some("operator inactive"),
            3 => Some("wrong signature"),
            4 => Some("issued in the future"),
            5 => Some("wrong proof"),
            value => return Err(LedgerError::UnknownValue { what: "the fault of a receipt", value }),
        })
    }
}
