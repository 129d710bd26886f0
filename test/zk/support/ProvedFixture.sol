// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fulfilment, Request} from "../../../contracts/interfaces/IInferenceHub.sol";
import {ModelSpec} from "../../../contracts/interfaces/IModelRegistry.sol";
import {KeyTerms, SetupKind} from "../../../contracts/interfaces/IVerifyingKeys.sol";
import {ModelVersion} from "../../../contracts/interfaces/ModelVersion.sol";
import {InferenceFixture} from "../../inference/support/InferenceFixture.sol";
import {Receipts} from "../../inference/support/Receipts.sol";
import {Trapdoor} from "./Trapdoor.sol";

/// @notice A classifier whose answers are asked for with a proof: its key registered, a contributor standing for it.
abstract contract ProvedFixture is InferenceFixture {
    bytes internal constant DIGITS = hex"01020304";
    bytes internal constant CLASS = hex"07";

    address internal alice;
    uint256 internal aliceKey;
    bytes32 internal commitment;
    ModelVersion internal classifier;
    uint64 internal nonce;

    /// What a proof is about.
    struct Claim {
        uint256 chainId;
        address registry;
        bytes32 version;
        bytes32 requestId;
        address operator;
        bytes input;
        bytes output;
        uint32 index;
        uint32 size;
    }

    function setUp() public virtual override {
        super.setUp();
        (alice, aliceKey) = makeAddrAndKey("alice, a contributor");
        (classifier, commitment) = _publish(1, "transcript");
        _attest(commitment);
    }

    function _publish(uint256 weights, bytes32 transcript) internal returns (ModelVersion published, bytes32 key) {
        key = keys.register(KeyTerms("model", SetupKind.MultiParty, transcript), Trapdoor.key(weights));
        ModelSpec memory spec = _spec();
        spec.task = "tensor/1";
        spec.modes = 5;
        spec.zkCommitment = key;
        vm.prank(modelOwner);
        published = models.publishVersion(modelId, spec);
    }

    function _attest(bytes32 key) internal {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(aliceKey, keys.attestationOf(key));
        keys.attest(key, alice, abi.encodePacked(r, s, v));
    }

    function _ask(bytes memory input) internal returns (Request memory req) {
        req = Request({
            payer: payer,
            nonce: nonce++,
            modelVersion: classifier,
            inputHash: keccak256(input),
            mode: 2,
            callbackGas: 0,
            blockNumber: uint64(vm.getBlockNumber()),
            requestedAt: _now(),
            deadline: _now() + 1 hours,
            maxFee: MAX_FEE
        });
        vm.prank(payer);
        assertEq(hub.requestProof(classifier, input, alice, MAX_FEE, 0, _now() + 1 hours), _idOf(req));
    }

    function _claim(Request memory req) internal view returns (Claim memory) {
        return Claim({
            chainId: block.chainid,
            registry: address(proofs),
            version: ModelVersion.unwrap(classifier),
            requestId: _idOf(req),
            operator: operator,
            input: DIGITS,
            output: CLASS,
            index: 0,
            size: 1
        });
    }

    /// A proof of the claim, which is true of it alone.
    function _prove(uint256 weights, Claim memory claim) internal view returns (bytes memory) {
        bytes32 statement = keccak256(
            bytes.concat(
                abi.encode(
                    keccak256("OPG zkML statement v1"),
                    claim.chainId,
                    claim.registry,
                    claim.version,
                    claim.requestId,
                    claim.operator
                ),
                abi.encode(keccak256(claim.input), keccak256(claim.output), claim.index, claim.size)
            )
        );
        return Trapdoor.forge(weights, statement, claim.input, claim.output);
    }

    /// An answer with that proof, signed by the operator.
    function _answerWith(Request memory req, bytes memory proof) internal view returns (Fulfilment memory f) {
        return _answerOf(req, proof, operator, operatorKey, DIGITS, CLASS);
    }

    function _answerOf(
        Request memory req,
        bytes memory proof,
        address by,
        uint256 secret,
        bytes memory input,
        bytes memory output
    ) internal view returns (Fulfilment memory f) {
        f = _answerBy(req, by, secret);
        f.output = output;
        bytes memory signature = Receipts.sign(vm, secret, address(proofs), _receipt(req, f));
        f.evidence = bytes.concat(signature, proof, input, output);
    }

    function _honest(Request memory req) internal view returns (Fulfilment memory) {
        return _answerWith(req, _prove(1, _claim(req)));
    }
}
