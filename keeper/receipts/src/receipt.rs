//! The receipt and its EIP-712 digest.

use alloy_primitives::{Address, B256};
use alloy_sol_types::{eip712_domain, sol};

use crate::TypedDomain;

/// Name in the EIP-712 domain of receipts.
pub const DOMAIN_NAME: &str = "OPG Inference";

/// Version in the EIP-712 domain of receipts.
pub const DOMAIN_VERSION: &str = "1";

/// Verification mode of a receipt that rests on the operator's signature alone.
pub const MODE_OPERATOR_SIGNED: u8 = 0;

/// Verification mode of a receipt that comes with a proof of execution.
pub const MODE_ZERO_KNOWLEDGE: u8 = 2;

sol! {
    /// What an operator signs about one inference.
    ///
    /// Field names and order are part of the EIP-712 type and must equal those of the ProofRegistry contract.
    #[derive(Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct InferenceReceipt {
        /// Identifies the request: see `hub_request_id` and `http_request_id`.
        bytes32 requestId;
        /// Account that pays for the inference.
        address payer;
        /// Account of the operator: holds its bond and credits. Not the key that signs.
        address operator;
        /// Version of the model that produced the answer.
        bytes32 modelVersion;
        /// keccak-256 of the input.
        bytes32 inputHash;
        /// keccak-256 of the output.
        bytes32 outputHash;
        /// Commitment to what a re-executing verifier needs beyond the text.
        bytes32 traceHash;
        /// Compute units charged for the input, the flat part of the request included.
        #[serde(with = "crate::decimal")]
        uint64 inputUnits;
        /// Compute units charged for the output.
        #[serde(with = "crate::decimal")]
        uint64 outputUnits;
        /// OPG wei per compute unit.
        #[serde(with = "crate::decimal")]
        uint128 unitPrice;
        /// OPG wei charged.
        #[serde(with = "crate::decimal")]
        uint128 fee;
        /// How the receipt can be verified: 0 operator-signed, 1 enclave-signed, 2 zero-knowledge.
        uint8 mode;
        /// Unix time in seconds at which the receipt was signed.
        #[serde(with = "crate::decimal")]
        uint64 issuedAt;
    }
}

/// An EIP-712 domain of receipts.
pub type ReceiptDomain = TypedDomain<InferenceReceipt>;

impl InferenceReceipt {
    /// The 32 bytes that the operator's key signs.
    #[must_use]
    pub fn digest(&self, domain: &ReceiptDomain) -> B256 {
        domain.digest(self)
    }
}

/// The EIP-712 domain of the receipts that `proof_registry` on chain `chain_id` accepts.
#[must_use]
pub fn receipt_domain(chain_id: u64, proof_registry: Address) -> ReceiptDomain {
    TypedDomain::new(&eip712_domain! {
        name: DOMAIN_NAME,
        version: DOMAIN_VERSION,
        chain_id: chain_id,
        verifying_contract: proof_registry,
    })
}
