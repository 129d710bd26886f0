//! From a completion to a signed answer.

use alloy::primitives::Bytes;
use opg_chain::{bindings::Fulfilment, ledger::proved_evidence, signer::sign_receipt};
use opg_engine::Completion;
use opg_receipts::{InferenceReceipt, canonical_json, content_hash};
use opg_store::jobs::{Answer, Job, Offer};

use super::{config::millis, context::Context, models::Model};

/// Builds and signs the receipt for `completion`.
///
/// `issuedAt` is a time that the chain has already reached, so that no clock of ours can make the hub take the receipt
/// for one from the future.
pub(super) async fn sign_answer(
    context: &Context,
    job: &Job,
    offer: &Offer,
    model: &Model,
    completion: &Completion,
    chain_time: u64,
) -> Result<Answer, String> {
    let output = Bytes::from(completion.output.encode());
    let trace = canonical_json(&completion.trace).map_err(|error| format!("its trace: {error}"))?;
    let usage = completion.usage;
    let request = &job.request;
    let coefficients = &model.coefficients;
    let receipt = InferenceReceipt {
        requestId: job.request_id,
        payer: request.payer,
        operator: context.config.operator,
        modelVersion: request.modelVersion,
        inputHash: request.inputHash,
        outputHash: content_hash(&output),
        traceHash: content_hash(&trace),
        inputUnits: coefficients.input_units(usage.input_tokens),
        outputUnits: coefficients.output_units(usage.output_tokens),
        unitPrice: offer.unit_price,
        fee: coefficients.fee(usage.input_tokens, usage.output_tokens, offer.unit_price, request.maxFee),
        mode: request.mode,
        issuedAt: chain_time.max(request.requestedAt),
    };
    let signed = sign_receipt(&*context.signer, receipt, &context.domain)
        .await
        .map_err(|error| format!("the receipt cannot be signed: {error}"))?;
    let timings = completion.timings;
    Ok(Answer { signed, output, trace: trace.into(), model_ms: millis(timings.prefill + timings.decode) })
}

/// Signs the receipt of `answer` again with a newer time of issue.
pub(super) async fn renew(context: &Context, answer: &Answer, chain_time: u64) -> Result<Answer, String> {
    let receipt = InferenceReceipt { issuedAt: chain_time, ..answer.signed.receipt().clone() };
    let signed = sign_receipt(&*context.signer, receipt, &context.domain)
        .await
        .map_err(|error| format!("the receipt cannot be signed again: {error}"))?;
    Ok(Answer { signed, ..answer.clone() })
}

/// What the hub is given; `proved` holds proof and input where the request asks for a proof.
pub(super) fn fulfilment(answer: &Answer, proved: Option<(&[u8], &[u8])>) -> Fulfilment {
    let signature = answer.signed.signature_bytes();
    let evidence = match proved {
        None => Bytes::copy_from_slice(&signature),
        Some((proof, input)) => proved_evidence(&signature, proof, input, &answer.output),
    };
    let receipt = answer.signed.receipt();
    Fulfilment {
        operator: receipt.operator,
        traceHash: receipt.traceHash,
        inputUnits: receipt.inputUnits,
        outputUnits: receipt.outputUnits,
        unitPrice: receipt.unitPrice,
        fee: receipt.fee,
        issuedAt: receipt.issuedAt,
        output: answer.output.clone(),
        evidence,
    }
}
