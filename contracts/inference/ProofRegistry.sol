// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AccessManagedUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IInferenceHub} from "../interfaces/IInferenceHub.sol";
import {IOperators} from "../interfaces/IOperators.sol";
import {InferenceReceipt, IProofRegistry} from "../interfaces/IProofRegistry.sol";

/// @title Registry of proofs of inference
/// @notice See `IProofRegistry`. The contract has no storage of its own.
///
/// SIGNATURES
/// Receipts are signed by plain keys, never by contracts: a contract's answer could change after the receipt's time.
/// High-s signatures are refused: nobody but the signer can make a second signature of a receipt.
///
/// DOMAIN
/// OpenZeppelin's EIP712 keeps name and version in the implementation's code and derives the separator from the proxy's
/// own address and the current chain id. Nothing of it has to be initialised, and a fork of the chain gets its own
/// domain.
contract ProofRegistry is IProofRegistry, AccessManagedUpgradeable, UUPSUpgradeable, EIP712 {
    bytes32 private constant RECEIPT_TYPEHASH = keccak256(
        "InferenceReceipt(bytes32 requestId,address payer,address operator,bytes32 modelVersion,bytes32 inputHash,bytes32 outputHash,bytes32 traceHash,uint64 inputUnits,uint64 outputUnits,uint128 unitPrice,uint128 fee,uint8 mode,uint64 issuedAt)"
    );
    uint8 private constant MODE_OPERATOR_SIGNED = 0;

    /// @notice Who is an operator, and with which key, at which time.
    IOperators public immutable operators;
    /// @notice The only contract that records results.
    address public immutable inferenceHub;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IOperators operators_, address inferenceHub_) EIP712("OPG Inference", "1") {
        operators = operators_;
        // Zero would only mean that nothing can be recorded; the deployment checks it.
        // slither-disable-next-line missing-zero-check
        inferenceHub = inferenceHub_;
        _disableInitializers();
    }

    /// @notice Sets the AccessManager that may authorise upgrades.
    function initialize(address authority) external initializer {
        __AccessManaged_init(authority);
    }

    /// @inheritdoc IProofRegistry
    function digestOf(InferenceReceipt calldata receipt) external view returns (bytes32) {
        return _digestOf(receipt);
    }

    /// @inheritdoc IProofRegistry
    function verify(InferenceReceipt calldata receipt, bytes calldata evidence) external view returns (Fault) {
        return _verify(receipt, _digestOf(receipt), evidence);
    }

    /// @inheritdoc IProofRegistry
    function record(InferenceReceipt calldata receipt, bytes calldata evidence)
        external
        returns (Fault fault, bytes32 digest)
    {
        require(msg.sender == inferenceHub, NotInferenceHub(msg.sender));
        digest = _digestOf(receipt);
        fault = _verify(receipt, digest, evidence);
        if (fault == Fault.None) emit ResultRecorded(receipt.requestId, receipt.operator, digest);
    }

    /// @inheritdoc IProofRegistry
    function resultOf(bytes32 requestId) external view returns (bytes32 digest) {
        return IInferenceHub(inferenceHub).resultOf(requestId);
    }

    function _verify(InferenceReceipt calldata receipt, bytes32 digest, bytes calldata evidence)
        private
        view
        returns (Fault)
    {
        if (receipt.mode != MODE_OPERATOR_SIGNED) return Fault.UnsupportedMode;
        if (receipt.issuedAt > block.timestamp) return Fault.IssuedInFuture;
        address signer = operators.signerAt(receipt.operator, receipt.issuedAt);
        if (signer == address(0)) return Fault.OperatorInactive;
        // On any error `recovered` is zero, which `signer` is not.
        (address recovered,,) = ECDSA.tryRecoverCalldata(digest, evidence);
        return recovered == signer ? Fault.None : Fault.WrongSignature;
    }

    /// All members are static values, so their ABI encoding is their EIP-712 encoding.
    function _digestOf(InferenceReceipt calldata receipt) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RECEIPT_TYPEHASH, receipt)));
    }

    function _authorizeUpgrade(address) internal override restricted {}
}
