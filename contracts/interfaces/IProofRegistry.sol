// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelVersion} from "./ModelVersion.sol";

/// @notice What an operator signs about one inference. EIP-712 type, domain `OPG Inference` version `1` with the chain
/// id and the ProofRegistry as verifying contract.
struct InferenceReceipt {
    bytes32 requestId;
    address payer;
    address operator;
    ModelVersion modelVersion;
    bytes32 inputHash;
    bytes32 outputHash;
    /// Commitment to what a re-executing verifier needs beyond the text.
    bytes32 traceHash;
    /// Compute units charged for the input, the flat part of the request included.
    uint64 inputUnits;
    /// Compute units charged for the output.
    uint64 outputUnits;
    /// OPG wei per compute unit.
    uint128 unitPrice;
    /// OPG wei charged.
    uint128 fee;
    /// How the receipt can be verified: 0 operator-signed, 1 enclave-signed, 2 zero-knowledge.
    uint8 mode;
    /// Unix time in seconds at which the receipt was signed.
    uint64 issuedAt;
}

/// @title Registry of proofs of inference
/// @notice Defines the receipt, says whether a receipt is valid, and knows the digest of each result that was delivered
/// on-chain.
interface IProofRegistry {
    /// @notice The receipt with `digest` is the recorded result of `requestId`.
    event ResultRecorded(bytes32 indexed requestId, address indexed operator, bytes32 digest);

    error NotInferenceHub(address caller);

    /// @notice Why a receipt is not valid, or `None`.
    enum Fault {
        None,
        /// No verifier for this mode is deployed.
        UnsupportedMode,
        /// `operator` was not active at `issuedAt`.
        OperatorInactive,
        /// The signature is not by the key that `operator` used at `issuedAt`.
        WrongSignature,
        /// `issuedAt` lies in the future.
        IssuedInFuture,
        /// The proof does not show that this model turns this input into this output, or is not for this request and
        /// operator; or no key is registered for the model's version.
        WrongProof
    }

    /// @notice EIP-712 digest of `receipt`.
    function digestOf(InferenceReceipt calldata receipt) external view returns (bytes32);

    /// @notice Judges `receipt` with its evidence as of `receipt.issuedAt`.
    /// @param evidence Mode 0: the operator's signature of the digest, 65 bytes r, s, v with low s. Mode 2: that
    /// signature, the 256 bytes of the proof, the input, the output.
    /// Mode 2 says nothing about whether the key is to be trusted: see `isTrusted`.
    function verify(InferenceReceipt calldata receipt, bytes calldata evidence) external view returns (Fault);

    /// @notice Verifies and announces the result of an on-chain request. Only the InferenceHub, which keeps the digest in
    /// the storage slot that it has for the request anyway, and calls this at most once per request.
    /// @return fault `None` if `ResultRecorded` was emitted; otherwise nothing happened.
    /// @return digest Digest of `receipt`.
    function record(InferenceReceipt calldata receipt, bytes calldata evidence)
        external
        returns (Fault fault, bytes32 digest);

    /// @notice Whether zero-knowledge proofs about `version` may carry value for somebody who trusts `contributor`, one of
    /// those who made the key; zero for nobody, which suffices on a development chain only.
    function isTrusted(ModelVersion version, address contributor) external view returns (bool);

    /// @notice Digest of the recorded receipt of `requestId`, or zero.
    function resultOf(bytes32 requestId) external view returns (bytes32 digest);
}
