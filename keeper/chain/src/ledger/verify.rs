//! Judges a result with nothing but what it contains.

use alloy::primitives::{U256, hex};
use opg_receipts::{
    MODE_OPERATOR_SIGNED, MODE_ZERO_KNOWLEDGE, SIGNATURE_LENGTH, SignedReceipt, canonicalize, content_hash,
    hub_request_id, receipt_domain,
};
use serde::{Deserialize, Serialize};

use super::{RecordedResult, proved::check_proof};

/// Seconds for which the hub accepts a receipt.
pub const MAX_RECEIPT_AGE: u64 = 3600;

/// One thing that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What, in a word or two.
    pub name: &'static str,
    /// Whether it holds.
    pub ok: bool,
    /// The values compared, or why it does not hold.
    pub detail: String,
}

/// Checks `result` completely: identifier, hashes, digest, signature, model version, fee, times, the proof of execution where
/// the request asked for one and, where it is given, the trace: its hash, and that it was computed in the execution profile
/// that the version is registered with. `trace` is the JSON text of the trace in any formatting.
///
/// Nothing is taken from the operator's word: the identifier is recomputed from the request, the digest from the
/// receipt, the version from the specification.
#[must_use]
pub fn verify_result(result: &RecordedResult, trace: Option<&[u8]>) -> Vec<Check> {
    let mut checks = vec![
        request_id(result),
        input(result),
        output(result),
        digest(result),
        signature(result),
        model(result),
        maximum_fee(result),
        usage_fee(result),
        times(result),
    ];
    checks.extend((result.receipt.mode == MODE_ZERO_KNOWLEDGE).then(|| proof(result)));
    if let Some(trace) = trace {
        checks.extend([trace_hash(result, trace), profile(result, trace)]);
    }
    checks
}

fn check(name: &'static str, ok: bool, detail: impl Into<String>) -> Check {
    Check { name, ok, detail: detail.into() }
}

fn request_id(result: &RecordedResult) -> Check {
    let computed = hub_request_id(result.chain_id, result.hub, &result.request);
    let ok = computed == result.request_id && result.receipt.requestId == computed;
    check(
        "request id",
        ok,
        format!("request hashes to {computed}, receipt names {}", result.receipt.requestId),
    )
}

fn input(result: &RecordedResult) -> Check {
    let computed = content_hash(&result.input);
    let ok = computed == result.request.inputHash && computed == result.receipt.inputHash;
    check("input hash", ok, format!("input hashes to {computed}, receipt says {}", result.receipt.inputHash))
}

fn output(result: &RecordedResult) -> Check {
    let computed = content_hash(&result.fulfilment.output);
    let ok = computed == result.receipt.outputHash;
    check(
        "output hash",
        ok,
        format!("output hashes to {computed}, receipt says {}", result.receipt.outputHash),
    )
}

fn digest(result: &RecordedResult) -> Check {
    let computed = result.receipt.digest(&receipt_domain(result.chain_id, result.proof_registry));
    let recorded = result.recorded_digest.map_or("nothing".to_owned(), |digest| digest.to_string());
    let ok = result.recorded_digest == Some(computed);
    check("recorded digest", ok, format!("receipt has {computed}, ProofRegistry recorded {recorded}"))
}

fn signature(result: &RecordedResult) -> Check {
    let name = "signature";
    let evidence = match result.receipt.mode {
        MODE_OPERATOR_SIGNED => result.fulfilment.evidence.as_ref(),
        // The proof follows.
        MODE_ZERO_KNOWLEDGE => result.fulfilment.evidence.get(..SIGNATURE_LENGTH).unwrap_or_default(),
        mode => return check(name, false, format!("mode {mode} cannot be checked by this version")),
    };
    let Some(key) = result.operator_key else {
        return check(
            name,
            false,
            format!("operator {} was not active at {}", result.receipt.operator, result.receipt.issuedAt),
        );
    };
    let domain = receipt_domain(result.chain_id, result.proof_registry);
    let verified = SignedReceipt::from_bytes(result.receipt.clone(), evidence)
        .and_then(|signed| signed.verify(&domain, key));
    match verified {
        Ok(()) => check(
            name,
            true,
            format!(
                "by {key}, the key of operator {} at {}",
                result.receipt.operator, result.receipt.issuedAt
            ),
        ),
        Err(error) => check(name, false, error.to_string()),
    }
}

fn proof(result: &RecordedResult) -> Check {
    let (ok, detail) = match check_proof(result) {
        Ok(detail) => (true, detail),
        Err(reason) => (false, reason),
    };
    check("proof of execution", ok, detail)
}

fn model(result: &RecordedResult) -> Check {
    let name = "model version";
    let version = result.receipt.modelVersion;
    let (Some(model_id), Some(spec)) = (result.model_id, &result.spec) else {
        return check(name, false, format!("the registry does not know version {version}"));
    };
    let computed = spec.version_of(model_id);
    let ok = computed == version && version == result.request.modelVersion;
    check(name, ok, format!("specification hashes to {computed}, receipt says {version}"))
}

fn maximum_fee(result: &RecordedResult) -> Check {
    let (fee, maximum) = (result.receipt.fee, result.request.maxFee);
    check("fee within maximum", fee <= maximum, format!("{fee} of at most {maximum}"))
}

fn usage_fee(result: &RecordedResult) -> Check {
    let receipt = &result.receipt;
    let units = U256::from(receipt.inputUnits) + U256::from(receipt.outputUnits);
    let usage = U256::from(receipt.unitPrice) * units;
    let (fee, price) = (receipt.fee, receipt.unitPrice);
    check(
        "fee within usage",
        U256::from(fee) <= usage,
        format!("{fee} of at most {price} × {units} = {usage}"),
    )
}

fn times(result: &RecordedResult) -> Check {
    let issued = result.receipt.issuedAt;
    let (requested, fulfilled) = (result.request.requestedAt, result.fulfilled.timestamp);
    let ok = requested == result.requested.timestamp
        && result.request.blockNumber == result.requested.block
        && requested <= issued
        && issued <= fulfilled
        && fulfilled - issued <= MAX_RECEIPT_AGE
        && fulfilled <= result.request.deadline;
    let deadline = result.request.deadline;
    check(
        "times",
        ok,
        format!("requested {requested}, issued {issued}, delivered {fulfilled}, deadline {deadline}"),
    )
}

fn trace_hash(result: &RecordedResult, trace: &[u8]) -> Check {
    let name = "trace hash";
    match canonicalize(trace) {
        Ok(canonical) => {
            let computed = content_hash(canonical.as_ref());
            let claimed = result.receipt.traceHash;
            check(name, computed == claimed, format!("trace hashes to {computed}, receipt says {claimed}"))
        }
        Err(error) => check(name, false, format!("the trace is not usable: {error}")),
    }
}

/// An operator that computes otherwise than registered gives other answers, however well it signs them.
fn profile(result: &RecordedResult, trace: &[u8]) -> Check {
    let name = "execution profile";
    let Some(spec) = &result.spec else {
        return check(
            name,
            false,
            format!("the registry does not know version {}", result.receipt.modelVersion),
        );
    };
    let registered = hex::encode(spec.engineProfile);
    let stated = serde_json::from_slice::<Profiled>(trace).map(|trace| trace.profile);
    match stated {
        Ok(stated) if stated.is_empty() => check(name, false, "the trace names none"),
        Ok(stated) => {
            check(name, stated == registered, format!("trace names {stated}, the version has {registered}"))
        }
        Err(error) => check(name, false, format!("the trace is not usable: {error}")),
    }
}

/// The part of a trace that says how it was computed.
#[derive(Deserialize)]
struct Profiled {
    #[serde(default)]
    profile: String,
}
