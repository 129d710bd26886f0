//! What identifies a request.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolValue, sol};

sol! {
    /// An on-chain request as the hub's event gives it: the preimage of its identifier.
    ///
    /// Field types and order must equal those of `Request` in `contracts/interfaces/IInferenceHub.sol`.
    #[derive(Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Request {
        /// Who asked, pays and is refunded.
        address payer;
        /// Number of the request, unique in its hub.
        #[serde(with = "crate::decimal")]
        uint64 nonce;
        /// Version of the model that must answer.
        bytes32 modelVersion;
        /// keccak-256 of the input bytes.
        bytes32 inputHash;
        /// Verification mode that the payer asks for.
        uint8 mode;
        /// Gas that the callback gets, or zero for no callback.
        uint32 callbackGas;
        /// Number of the block that contains the request.
        #[serde(with = "crate::decimal")]
        uint64 blockNumber;
        /// Unix time of that block.
        #[serde(with = "crate::decimal")]
        uint64 requestedAt;
        /// Unix time after which the request can only be expired.
        #[serde(with = "crate::decimal")]
        uint64 deadline;
        /// OPG wei in escrow: the most that the answer may cost.
        #[serde(with = "crate::decimal")]
        uint128 maxFee;
    }
}

/// Identifier of an on-chain request: keccak-256 of `abi.encode(chain id, hub, request)`.
///
/// Every field is static, so the encoding is twelve words in a row without offsets.
#[must_use]
pub fn hub_request_id(chain_id: u64, hub: Address, request: &Request) -> B256 {
    keccak256((U256::from(chain_id), hub, request.clone()).abi_encode_params())
}

/// Identifier of a request over HTTP: keccak-256 of `abi.encode(payer, operator, payment nonce, input hash)`.
///
/// It binds both parties and the input, so a payer cannot make an honest operator sign two receipts for one identifier
/// by reusing a nonce.
#[must_use]
pub fn http_request_id(payer: Address, operator: Address, payment_nonce: B256, input_hash: B256) -> B256 {
    keccak256((payer, operator, payment_nonce, input_hash).abi_encode_params())
}
