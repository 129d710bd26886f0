//! What must hold of an answer.

use alloy::primitives::{Address, B256, U256};
use opg_chain::address_book::AddressBook;
use opg_receipts::{SignedReceipt, content_hash, hub_request_id, receipt_domain};
use serde::Serialize;

use super::Evidence;

/// One property and whether it holds.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    /// What is claimed.
    pub(crate) name: &'static str,
    pub(crate) holds: bool,
    /// The values that were compared.
    pub(crate) detail: String,
}

/// Makes every check; the answer is good if all of them hold.
pub(crate) fn check(evidence: &Evidence, book: &AddressBook) -> Vec<Check> {
    let Evidence { request_id, request, receipt, fulfilment, .. } = evidence;
    let rebuilt = hub_request_id(book.chain_id, book.inference_hub, request);
    let domain = receipt_domain(book.chain_id, book.proof_registry);
    let digest = receipt.digest(&domain);
    let recovered = SignedReceipt::from_bytes(receipt.clone(), &fulfilment.evidence)
        .and_then(|signed| signed.recover(&domain));
    let signer = match &recovered {
        Ok(address) => address.to_string(),
        Err(error) => error.to_string(),
    };
    let ceiling = U256::from(receipt.unitPrice)
        * (U256::from(receipt.inputUnits) + U256::from(receipt.outputUnits));
    let version = evidence.spec.version_of(evidence.model_id);
    let flat = evidence.spec.unitsPerRequest;
    vec![
        same("the request id commits to the request", *request_id, rebuilt),
        same("the input is the one that was asked", request.inputHash, content_hash(&evidence.input)),
        same("the model version commits to its specification", request.modelVersion, version),
        same("the recorded digest is that of the receipt", evidence.recorded, digest),
        check_that(
            "the operator was active when the receipt was issued",
            evidence.signer != Address::ZERO,
            format!("{} with key {}", receipt.operator, evidence.signer),
        ),
        check_that(
            "the operator's key signed the receipt",
            recovered.is_ok_and(|address| address == evidence.signer),
            format!("signed by {signer}, registered {}", evidence.signer),
        ),
        check_that(
            "the receipt was issued after the request and before its answer",
            request.requestedAt <= receipt.issuedAt && receipt.issuedAt <= evidence.block_time,
            format!("{} ≤ {} ≤ {}", request.requestedAt, receipt.issuedAt, evidence.block_time),
        ),
        check_that(
            "the answer came before the deadline",
            evidence.block_time <= request.deadline,
            format!("{} ≤ {}", evidence.block_time, request.deadline),
        ),
        check_that(
            "the fee is within the maximum of the payer",
            receipt.fee <= request.maxFee,
            format!("{} ≤ {} wei", receipt.fee, request.maxFee),
        ),
        check_that(
            "the fee is within unit price times units",
            U256::from(receipt.fee) <= ceiling,
            format!("{} ≤ {ceiling} wei", receipt.fee),
        ),
        check_that(
            "the units contain the model's flat part",
            receipt.inputUnits >= flat,
            format!("{} ≥ {flat}", receipt.inputUnits),
        ),
        check_that(
            "the contract's own verification agrees",
            evidence.fault == 0,
            format!("fault {}", evidence.fault),
        ),
    ]
}

fn same(name: &'static str, claimed: B256, found: B256) -> Check {
    let detail = if claimed == found { claimed.to_string() } else { format!("{claimed}, but found {found}") };
    Check { name, holds: claimed == found, detail }
}

const fn check_that(name: &'static str, holds: bool, detail: String) -> Check {
    Check { name, holds, detail }
}
