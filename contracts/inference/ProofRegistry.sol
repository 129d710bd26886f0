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
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {InferenceReceipt, IProofRegistry} from "../interfaces/IProofRegistry.sol";
import {ZkKey} from "../interfaces/IVerifyingKeys.sol";
import {ModelVersion} from "../interfaces/ModelVersion.sol";
import {VerifyingKeys} from "../zk/VerifyingKeys.sol";
import {ZkContext, ZkStatement} from "../zk/ZkStatement.sol";

/// @title Registry of proofs of inference
/// @notice See `IProofRegistry`. The contract has no storage of its own.
///
/// SIGNATURES
/// Receipts are signed by plain keys, never by contracts: a contract's answer could change after the receipt's time.
/// High-s signatures are refused: nobody but the signer can make a second signature of a receipt.
///
/// PROOFS
/// A zero-knowledge proof comes with the operator's signature, which says who is paid how much. The statement that is
/// proved names the operator too: a proof seen on its way to the chain pays nobody else.
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
    uint8 private constant MODE_ZERO_KNOWLEDGE = 2;
    /// Lengths of the parts of the evidence of mode 2.
    uint256 private constant SIGNATURE = 65;
    uint256 private constant PROOF = 256;

    /// @notice Who is an operator, and with which key, at which time.
    IOperators public immutable operators;
    /// @notice The only contract that records results.
    address public immutable inferenceHub;
    /// @notice Which key a version of a model has.
    IModelRegistry public immutable models;
    /// @notice The keys.
    VerifyingKeys public immutable keys;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IOperators operators_, address inferenceHub_, IModelRegistry models_, VerifyingKeys keys_)
        EIP712("OPG Inference", "1")
    {
        operators = operators_;
        models = models_;
        keys = keys_;
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

    /// @inheritdoc IProofRegistry
    function isTrusted(ModelVersion version, address contributor) external view returns (bool) {
        return keys.isTrusted(models.zkCommitmentOf(version), contributor);
    }

    function _verify(InferenceReceipt calldata receipt, bytes32 digest, bytes calldata evidence)
        private
        view
        returns (Fault)
    {
        bool proved = receipt.mode == MODE_ZERO_KNOWLEDGE;
        if (!proved && receipt.mode != MODE_OPERATOR_SIGNED) return Fault.UnsupportedMode;
        if (receipt.issuedAt > block.timestamp) return Fault.IssuedInFuture;
        address signer = operators.signerAt(receipt.operator, receipt.issuedAt);
        if (signer == address(0)) return Fault.OperatorInactive;
        // On any error `recovered` is zero, which `signer` is not.
        bytes calldata signature = proved && evidence.length > SIGNATURE ? evidence[:SIGNATURE] : evidence;
        (address recovered,,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (recovered != signer) return Fault.WrongSignature;
        return proved && !_isProved(receipt, evidence) ? Fault.WrongProof : Fault.None;
    }

    /// Whether the evidence contains the receipt's input and output and a proof of them for this receipt.
    function _isProved(InferenceReceipt calldata receipt, bytes calldata evidence) private view returns (bool) {
        ZkKey memory key = keys.keyOf(models.zkCommitmentOf(receipt.modelVersion));
        uint256 outputAt = SIGNATURE + PROOF + key.inputLength;
        if (key.pointer == address(0) || evidence.length != outputAt + key.outputLength) return false;
        bytes calldata input = evidence[SIGNATURE + PROOF:outputAt];
        bytes calldata output = evidence[outputAt:];
        if (keccak256(input) != receipt.inputHash || keccak256(output) != receipt.outputHash) return false;
        bytes32 statement = _statementOf(receipt, input, output);
        bytes calldata proof = evidence[SIGNATURE:SIGNATURE + PROOF];
        return keys.verifier().verify(key.pointer, statement, input, output, proof);
    }

    function _statementOf(InferenceReceipt calldata receipt, bytes calldata input, bytes calldata output)
        private
        view
        returns (bytes32)
    {
        ZkContext memory context = ZkContext({
            modelVersion: ModelVersion.unwrap(receipt.modelVersion),
            requestId: receipt.requestId,
            operator: receipt.operator,
            batchIndex: 0,
            batchSize: 1
        });
        return ZkStatement.digest(context, input, output);
    }

    /// All members are static values, so their ABI encoding is their EIP-712 encoding.
    function _digestOf(InferenceReceipt calldata receipt) private view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(RECEIPT_TYPEHASH, receipt)));
    }

    function _authorizeUpgrade(address) internal override restricted {}
}
