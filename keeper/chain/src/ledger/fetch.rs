//! A result, rebuilt from the chain alone.

use alloy::{
    primitives::{Address, B256, Bytes},
    rpc::types::Log,
};
use opg_receipts::{InferenceReceipt, MODE_ZERO_KNOWLEDGE, Request};
use serde::Serialize;

use super::{Contracts, LedgerError, RequestStatus};
use crate::{
    bindings::{Fulfilment, ModelSpec},
    events::{ChainEvent, decode},
};

/// Where on the chain something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Height of the block.
    pub block: u64,
    /// Unix time of the block.
    pub timestamp: u64,
    /// The transaction.
    pub transaction: B256,
    /// Position of the log in the block.
    pub log_index: u64,
}

/// Everything that the chain holds on one answered request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedResult {
    /// The chain.
    pub chain_id: u64,
    /// The InferenceHub.
    pub hub: Address,
    /// The ProofRegistry.
    pub proof_registry: Address,
    /// Identifier of the request.
    pub request_id: B256,
    /// Where the request stands now.
    pub status: RequestStatus,
    /// The request.
    pub request: Request,
    /// Its input.
    pub input: Bytes,
    /// Where it was made.
    pub requested: Place,
    /// The answer as delivered.
    pub fulfilment: Fulfilment,
    /// Where it was delivered.
    pub fulfilled: Place,
    /// The receipt, rebuilt from request and answer.
    pub receipt: InferenceReceipt,
    /// Digest that the ProofRegistry recorded.
    pub recorded_digest: Option<B256>,
    /// The operator's key when the receipt was issued.
    pub operator_key: Option<Address>,
    /// The model that the version belongs to.
    pub model_id: Option<B256>,
    /// The version's specification.
    pub spec: Option<ModelSpec>,
    /// The registered key for proofs of the version, where the result comes with one.
    pub zk_key: Option<Bytes>,
}

impl Contracts {
    /// Rebuilds the result of a request from the chain alone.
    ///
    /// # Errors
    /// If there is no such request or no result of it, the chain cannot be read, or its logs contradict each other.
    pub async fn fetch_result(&self, request_id: B256) -> Result<RecordedResult, LedgerError> {
        let logs = self.logs_of_request(request_id).await?;
        let (mut asked, mut answered) = (None, None);
        for log in &logs {
            let event = decode(&log.inner, &self.book)
                .map_err(|reason| LedgerError::Inconsistent { request_id, reason })?;
            match event {
                Some(ChainEvent::InferenceRequested { request_id: id, request, input })
                    if id == request_id =>
                {
                    asked = Some((request, input, log));
                }
                Some(ChainEvent::InferenceFulfilled { request_id: id, fulfilment, .. })
                    if id == request_id =>
                {
                    answered = Some((fulfilment, log));
                }
                _ => {}
            }
        }
        let Some((request, input, asked_in)) = asked else {
            return Err(LedgerError::UnknownRequest { request_id, chain_id: self.book.chain_id });
        };
        let status = self.status_of(request_id).await?;
        let Some((fulfilment, answered_in)) = answered else {
            return Err(LedgerError::NoResult { request_id, status });
        };
        let version = request.modelVersion;
        let spec = self.spec_of(version).await?;
        let zk_key = match &spec {
            Some(spec) if request.mode == MODE_ZERO_KNOWLEDGE => self.key_behind(spec.zkCommitment).await?,
            _ => None,
        };
        Ok(RecordedResult {
            chain_id: self.book.chain_id,
            hub: self.book.inference_hub,
            proof_registry: self.book.proof_registry,
            request_id,
            status,
            requested: self.place(request_id, asked_in).await?,
            fulfilled: self.place(request_id, answered_in).await?,
            receipt: fulfilment.receipt(request_id, &request),
            recorded_digest: self.result_of(request_id).await?,
            operator_key: self.signer_at(fulfilment.operator, fulfilment.issuedAt).await?,
            model_id: self.model_id_of(version).await?,
            spec,
            zk_key,
            request,
            input,
            fulfilment,
        })
    }

    async fn place(&self, request_id: B256, log: &Log) -> Result<Place, LedgerError> {
        let fail = |reason: &str| LedgerError::Inconsistent { request_id, reason: reason.to_owned() };
        let (Some(number), Some(hash), Some(transaction), Some(log_index)) =
            (log.block_number, log.block_hash, log.transaction_hash, log.log_index)
        else {
            return Err(fail("a log without its place on the chain"));
        };
        let block =
            self.rpc.block(number).await?.ok_or_else(|| fail("a log of a block that does not exist"))?;
        if block.hash != hash {
            return Err(fail("a log of a block that is not on the chain"));
        }
        Ok(Place { block: number, timestamp: block.timestamp, transaction, log_index })
    }
}
