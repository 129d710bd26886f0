//! From what the engine produced to a signed receipt, and from that to what clients see.

use alloy::primitives::{Address, B256, Bytes};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use opg_chain::signer::sign_receipt;
use opg_engine::{Completion, Trace};
use opg_receipts::{InferenceReceipt, MODE_OPERATOR_SIGNED, SignedReceipt, canonical_json, content_hash};
use opg_store::http::Answer;
use serde::Serialize;

use crate::{
    ApiError,
    api::Prepared,
    context::Context,
    pay::{Fee, quote},
};

/// Who asked for what at which price: what a receipt says besides the answer.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    pub(crate) request_id: B256,
    /// Zero where nobody pays.
    pub(crate) payer: Address,
    /// What it costs.
    pub(crate) fee: Fee,
}

/// Signs the receipt for `completions`.
pub(crate) async fn sign(
    context: &Context,
    prepared: &Prepared,
    terms: &Terms,
    completions: &[Completion],
) -> Result<Answer, ApiError> {
    let output = prepared.output(completions);
    let output = canonical_json(&output).map_err(ApiError::internal)?;
    let traces: Vec<&Trace> = completions.iter().map(|completion| &completion.trace).collect();
    let trace = match traces.as_slice() {
        [one] => canonical_json(one),
        several => canonical_json(several),
    }
    .map_err(ApiError::internal)?;
    let sum = |of: fn(&Completion) -> u32| completions.iter().map(of).fold(0, u32::saturating_add);
    let input_tokens = sum(|completion| completion.usage.input_tokens);
    let output_tokens = sum(|completion| completion.usage.output_tokens);
    let coefficients = &prepared.model.coefficients;
    let unit_price = quote::unit_price(context);
    let receipt = InferenceReceipt {
        requestId: terms.request_id,
        payer: terms.payer,
        operator: context.config.operator,
        modelVersion: prepared.model.version,
        inputHash: prepared.input_hash,
        outputHash: content_hash(&output),
        traceHash: content_hash(&trace),
        inputUnits: coefficients.input_units(input_tokens),
        outputUnits: coefficients.output_units(output_tokens),
        unitPrice: unit_price,
        fee: match terms.fee {
            Fee::Flat(fee) => fee,
            Fee::Usage { cap } => coefficients.fee(input_tokens, output_tokens, unit_price, cap),
        },
        mode: MODE_OPERATOR_SIGNED,
        issuedAt: context.now(),
    };
    let signed =
        sign_receipt(&*context.signer, receipt, &context.domain).await.map_err(ApiError::internal)?;
    Ok(Answer { signed, output: output.into(), trace: trace.into(), input_tokens, output_tokens })
}

/// What is under `opg` in a body: the receipt, its signature, and where they count.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Extension<'a> {
    chain_id: u64,
    proof_registry: Address,
    receipt: &'a InferenceReceipt,
    signature: Bytes,
}

impl<'a> Extension<'a> {
    /// For a signed receipt.
    pub(crate) fn of(context: &Context, signed: &'a SignedReceipt) -> Self {
        Self {
            chain_id: context.config.chain_id,
            proof_registry: context.config.proof_registry,
            receipt: signed.receipt(),
            signature: signed.signature_bytes().into(),
        }
    }
}

/// The same for a header, from its JSON.
pub(crate) fn header(extension: &str) -> String {
    BASE64_STANDARD.encode(extension)
}
