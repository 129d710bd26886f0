//! Proofs of execution: the registered keys, and what a proof has to be bound to.

use alloy::primitives::{B256, Bytes};
use opg_receipts::{InferenceReceipt, SIGNATURE_LENGTH};
use opg_zkml_verifier::{Statement, evm};

use super::{Contracts, LedgerError, RecordedResult};
use crate::{
    address_book::AddressBook,
    bindings::IVerifyingKeys,
    rpc::{Rpc, RpcError},
};

/// Bytes of a proof.
pub const PROOF_LENGTH: usize = 256;

/// The key that is registered behind `commitment`, as [`evm::decode_key`] takes it; `None` where there is none.
///
/// # Errors
/// If the chain cannot be read.
pub async fn registered_key(
    rpc: &Rpc,
    book: &AddressBook,
    commitment: B256,
) -> Result<Option<Bytes>, RpcError> {
    let Some(keys) = book.verifying_keys.filter(|_| !commitment.is_zero()) else { return Ok(None) };
    let key = rpc.view(keys, &IVerifyingKeys::keyOfCall { commitment }).await?;
    if key.pointer.is_zero() {
        return Ok(None);
    }
    let code = rpc.code(key.pointer).await?;
    // The first byte stops whoever would call the key.
    Ok(Some(code.slice(1.min(code.len())..)))
}

impl Contracts {
    /// As [`registered_key`].
    ///
    /// # Errors
    /// If the chain cannot be read.
    pub async fn key_behind(&self, commitment: B256) -> Result<Option<Bytes>, LedgerError> {
        Ok(registered_key(&self.rpc, &self.book, commitment).await?)
    }
}

/// What the proof of a receipt is bound to beside input and output.
#[must_use]
pub fn statement_of(
    chain_id: u64,
    registry: alloy::primitives::Address,
    receipt: &InferenceReceipt,
) -> Statement {
    Statement {
        chain_id,
        verifying_contract: registry,
        model_version: receipt.modelVersion,
        request_id: receipt.requestId,
        operator: receipt.operator,
        batch_index: 0,
        batch_size: 1,
    }
}

/// What the hub is given as evidence of an answer that is proved.
#[must_use]
pub fn proved_evidence(signature: &[u8], proof: &[u8], input: &[u8], output: &[u8]) -> Bytes {
    [signature, proof, input, output].concat().into()
}

/// Checks the proof in the evidence of `result` with the key that the chain has for the model's version.
pub(super) fn check_proof(result: &RecordedResult) -> Result<String, String> {
    let key = result.zk_key.as_ref().ok_or("the registry has no key for the model's version")?;
    let key = evm::decode_key(key).map_err(|error| format!("the registered key is unusable: {error}"))?;
    let rest = result.fulfilment.evidence.get(SIGNATURE_LENGTH..).unwrap_or_default();
    let (proof, values) = rest.split_at_checked(PROOF_LENGTH).ok_or_else(|| {
        format!("the evidence has {} bytes, too few for a proof", result.fulfilment.evidence.len())
    })?;
    let (input, output) = (&result.input, &result.fulfilment.output);
    if values != [input.as_ref(), output.as_ref()].concat() {
        return Err("the evidence is for another input or output".to_owned());
    }
    let proof = evm::decode_proof(proof).map_err(|error| error.to_string())?;
    let statement = statement_of(result.chain_id, result.proof_registry, &result.receipt);
    if !key.verify(statement.digest(input, output), input, output, &proof) {
        return Err(
            "it does not show that the model turns this input into this output for this request".to_owned()
        );
    }
    Ok(format!("the model turns these {} bytes into these {}", input.len(), output.len()))
}
