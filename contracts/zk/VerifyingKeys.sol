// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {IVerifyingKeys, KeyTerms, SetupKind, ZkKey} from "../interfaces/IVerifyingKeys.sol";
import {Groth16Verifier} from "./Groth16Verifier.sol";
import {KeyChecks} from "./KeyChecks.sol";

/// @title Keys that proofs of execution are checked with
/// @notice See `IVerifyingKeys`. Keys are kept as code, which costs a fraction of storage to write and to read. Nobody has
/// any power over this contract, and nothing in it can be changed or removed.
contract VerifyingKeys is IVerifyingKeys {
    bytes32 private constant COMMITMENT_DOMAIN = keccak256("OPG zkML key v1");
    /// Without chain and contract: what a contributor says of a key is true wherever the key is used.
    bytes32 private constant ATTESTATION_DOMAIN = keccak256(
        abi.encode(keccak256("EIP712Domain(string name,string version)"), keccak256("OPG zk setup"), keccak256("1"))
    );
    bytes32 private constant ATTESTATION_TYPEHASH = keccak256("KeyAttestation(bytes32 zkCommitment)");
    uint256 private constant DEVNET = 31_337;

    /// @notice What judges proofs under these keys.
    Groth16Verifier public immutable verifier;

    mapping(bytes32 commitment => ZkKey key) private _keys;
    mapping(bytes32 commitment => mapping(address contributor => bool attested)) private _attested;

    constructor(Groth16Verifier verifier_) {
        verifier = verifier_;
    }

    /// @inheritdoc IVerifyingKeys
    function register(KeyTerms calldata terms, bytes calldata key) external returns (bytes32 commitment) {
        // Check: the terms, that the key is new, and every point of it.
        require(terms.modelDigest != 0, InvalidKeyTerms("modelDigest"));
        require(terms.kind != SetupKind.None, InvalidKeyTerms("kind"));
        bool hasTranscript = terms.transcriptHash != 0;
        require(hasTranscript == (terms.kind == SetupKind.MultiParty), InvalidKeyTerms("transcriptHash"));
        commitment = commitmentOf(terms, key);
        require(_keys[commitment].pointer == address(0), KeyAlreadyRegistered(commitment));
        (uint32 inputLength, uint32 outputLength) = KeyChecks.check(key);

        // Effect: keep it.
        address pointer = SSTORE2.write(key);
        _keys[commitment] = ZkKey(pointer, inputLength, outputLength, terms.kind);
        emit KeyRegistered(commitment, terms.modelDigest, terms, pointer);
    }

    /// @inheritdoc IVerifyingKeys
    function attest(bytes32 commitment, address contributor, bytes calldata signature) external {
        SetupKind kind = _keys[commitment].kind;
        require(kind != SetupKind.None, UnknownKey(commitment));
        require(kind == SetupKind.MultiParty, NotMultiParty(commitment));
        // On any error `recovered` is zero.
        (address recovered,,) = ECDSA.tryRecoverCalldata(attestationOf(commitment), signature);
        require(recovered != address(0) && recovered == contributor, WrongAttestation(commitment, contributor));

        _attested[commitment][contributor] = true;
        emit KeyAttested(commitment, contributor);
    }

    /// @inheritdoc IVerifyingKeys
    function keyOf(bytes32 commitment) external view returns (ZkKey memory) {
        return _keys[commitment];
    }

    /// @inheritdoc IVerifyingKeys
    function hasAttested(bytes32 commitment, address contributor) external view returns (bool) {
        return _attested[commitment][contributor];
    }

    /// @inheritdoc IVerifyingKeys
    function isTrusted(bytes32 commitment, address contributor) external view returns (bool) {
        if (contributor != address(0)) return _attested[commitment][contributor];
        return block.chainid == DEVNET && _keys[commitment].kind != SetupKind.None;
    }

    /// @inheritdoc IVerifyingKeys
    function commitmentOf(KeyTerms calldata terms, bytes calldata key) public pure returns (bytes32) {
        return
            keccak256(
                abi.encode(COMMITMENT_DOMAIN, terms.modelDigest, keccak256(key), terms.kind, terms.transcriptHash)
            );
    }

    /// @inheritdoc IVerifyingKeys
    function attestationOf(bytes32 commitment) public pure returns (bytes32 digest) {
        return
            MessageHashUtils.toTypedDataHash(
                ATTESTATION_DOMAIN, keccak256(abi.encode(ATTESTATION_TYPEHASH, commitment))
            );
    }
}
