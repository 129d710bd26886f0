// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fulfilment, IInferenceHub, Request} from "../../contracts/interfaces/IInferenceHub.sol";
import {ModelSpec} from "../../contracts/interfaces/IModelRegistry.sol";
import {InferenceReceipt, IProofRegistry} from "../../contracts/interfaces/IProofRegistry.sol";
import {ModelVersion} from "../../contracts/interfaces/ModelVersion.sol";
import {Receipts} from "../inference/support/Receipts.sol";
import {ProvedFixture} from "./support/ProvedFixture.sol";

/// @notice Requests that ask for a proof, from the key's registration to the payment; and what does not get paid.
contract ProvedRequestsTest is ProvedFixture {
    function _assertRefused(Request memory req, Claim memory claim, string memory what) private {
        Fulfilment memory f = _answerWith(req, _prove(1, claim));
        assertEq(uint8(hub.check(req, f)), uint8(IInferenceHub.Refusal.WrongProof), what);
        _expectRejection(req, f, IInferenceHub.Refusal.WrongProof);
    }

    function test_AProvedAnswerIsPaid() public {
        Request memory req = _ask(DIGITS);
        _waitForTurn();
        Fulfilment memory f = _honest(req);
        _fulfil(req, f);
        _assertStatus(req, IInferenceHub.Status.Fulfilled);
        assertEq(hub.feesOf(operator, classifier), f.fee);
        assertEq(hub.creditOf(payer), MAX_FEE - f.fee);
        assertEq(uint8(proofs.verify(_receipt(req, f), f.evidence)), uint8(IProofRegistry.Fault.None));
    }

    function test_AProofOfSomethingElseIsRefused() public {
        Request memory other = _ask(DIGITS);
        Request memory req = _ask(DIGITS);
        _waitForTurn();
        Claim memory claim = _claim(req);
        claim.requestId = _idOf(other);
        _assertRefused(req, claim, "request");
        claim = _claim(req);
        claim.version = ModelVersion.unwrap(version);
        _assertRefused(req, claim, "model");
        claim = _claim(req);
        claim.chainId = 8453;
        _assertRefused(req, claim, "chain");
        claim = _claim(req);
        claim.registry = address(hub);
        _assertRefused(req, claim, "contract");
        claim = _claim(req);
        claim.operator = rival;
        _assertRefused(req, claim, "operator");
        claim = _claim(req);
        claim.size = 2;
        _assertRefused(req, claim, "batch size");
        claim.index = 1;
        _assertRefused(req, claim, "batch index");
        claim = _claim(req);
        (claim.index, claim.size) = (1, 0);
        _assertRefused(req, claim, "index for size");
    }

    /// A rival sees a proof on its way to the chain and sends it with a receipt of his own.
    function test_ACopiedProofPaysNobodyElse() public {
        _registerRival();
        Request memory req = _ask(DIGITS);
        _mine(TURN_CAP);
        bytes memory proof = _prove(1, _claim(req));
        Fulfilment memory f = _answerOf(req, proof, rival, rivalKey, DIGITS, CLASS);
        _expectRejection(req, f, IInferenceHub.Refusal.WrongProof);
    }

    /// Input and output of the same length as the honest ones, in the evidence, in the answer, or in both.
    function test_SwappedInputAndOutputAreRefused() public {
        Request memory req = _ask(DIGITS);
        _waitForTurn();
        bytes memory proof = _prove(1, _claim(req));
        bytes memory otherInput = hex"01020305";
        bytes memory otherClass = hex"08";
        IInferenceHub.Refusal wrong = IInferenceHub.Refusal.WrongProof;
        _expectRejection(req, _answerOf(req, proof, operator, operatorKey, otherInput, CLASS), wrong);
        _expectRejection(req, _answerOf(req, proof, operator, operatorKey, DIGITS, otherClass), wrong);

        // A true proof about another input does not answer this request.
        Claim memory claim = _claim(req);
        claim.input = otherInput;
        proof = _prove(1, claim);
        _expectRejection(req, _answerOf(req, proof, operator, operatorKey, otherInput, CLASS), wrong);

        // The receipt says one output, the evidence proves another.
        claim = _claim(req);
        claim.output = otherClass;
        Fulfilment memory f = _answerWith(req, _prove(1, claim));
        f.evidence[f.evidence.length - 1] = 0x08;
        _expectRejection(req, f, wrong);
    }

    function test_AKeyOfOtherWeightsProvesNothing() public {
        _publish(2, "transcript");
        Request memory req = _ask(DIGITS);
        _waitForTurn();
        _expectRejection(req, _answerWith(req, _prove(2, _claim(req))), IInferenceHub.Refusal.WrongProof);
    }

    function test_EveryByteOfTheEvidenceCounts() public {
        Request memory req = _ask(DIGITS);
        _waitForTurn();
        Fulfilment memory f = _honest(req);
        for (uint256 i; i < f.evidence.length; ++i) {
            bytes1 honest = f.evidence[i];
            f.evidence[i] = honest ^ bytes1(uint8(1 << (i % 8)));
            assertNotEq(uint8(hub.check(req, f)), uint8(IInferenceHub.Refusal.None), vm.toString(i));
            f.evidence[i] = honest;
        }
        bytes memory evidence = f.evidence;
        f.evidence = bytes.concat(evidence, hex"00");
        _expectRejection(req, f, IInferenceHub.Refusal.WrongProof);
        f.evidence = new bytes(64);
        _expectRejection(req, f, IInferenceHub.Refusal.WrongSignature);
        // Only the signature: an answer of mode 0.
        f.evidence = Receipts.sign(vm, operatorKey, address(proofs), _receipt(req, f));
        _expectRejection(req, f, IInferenceHub.Refusal.WrongProof);
        f.evidence = evidence;
        _fulfil(req, f);
    }

    function test_AnAnswerCannotBeReplayed() public {
        Request memory req = _ask(DIGITS);
        Request memory again = _ask(DIGITS);
        _waitForTurn();
        Fulfilment memory f = _honest(req);
        _fulfil(req, f);
        _expectRejection(req, f, IInferenceHub.Refusal.NotOpen);
        bytes memory proof = _prove(1, _claim(req));
        _expectRejection(again, _answerWith(again, proof), IInferenceHub.Refusal.WrongProof);
    }

    function test_OthersInABatchAreServed() public {
        Request[] memory reqs = new Request[](2);
        Fulfilment[] memory answers = new Fulfilment[](2);
        (reqs[0], reqs[1]) = (_ask(DIGITS), _ask(DIGITS));
        _waitForTurn();
        answers[0] = _answerWith(reqs[0], _prove(1, _claim(reqs[1])));
        answers[1] = _honest(reqs[1]);
        assertEq(hub.fulfilBatch(reqs, answers), 1);
        _assertStatus(reqs[0], IInferenceHub.Status.Open);
        _assertStatus(reqs[1], IInferenceHub.Status.Fulfilled);
    }

    function test_RevertWhen_TheContributorDoesNotStandForTheKey() public {
        _expectUntrusted(classifier, payer);
        (ModelVersion unsigned,) = _publish(1, "another transcript");
        _expectUntrusted(unsigned, alice);
        vm.chainId(8453);
        _expectUntrusted(classifier, address(0));
    }

    function _expectUntrusted(ModelVersion asked, address contributor) private {
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.SetupNotTrusted.selector, asked, contributor));
        vm.prank(payer);
        hub.requestProof(asked, DIGITS, contributor, MAX_FEE, 0, _now() + 60);
    }

    /// A version names its key for good, but nobody has registered that key.
    function test_RevertWhen_TheKeyIsNotRegistered() public {
        ModelSpec memory spec = _spec();
        spec.modes = 4;
        spec.zkCommitment = "a key that nobody has seen";
        vm.prank(modelOwner);
        ModelVersion bare = models.publishVersion(modelId, spec);
        _expectUntrusted(bare, alice);
        _expectUntrusted(bare, address(0));
        InferenceReceipt memory receipt = _receipt(_ask(DIGITS), _answerBy(_ask(DIGITS), operator, operatorKey));
        receipt.modelVersion = bare;
        bytes memory signature = Receipts.sign(vm, operatorKey, address(proofs), receipt);
        IProofRegistry.Fault fault = proofs.verify(receipt, bytes.concat(signature, new bytes(256)));
        assertEq(uint8(fault), uint8(IProofRegistry.Fault.WrongProof));
    }

    function test_RevertWhen_NobodyIsNamed() public {
        vm.expectRevert(IInferenceHub.ContributorRequired.selector);
        vm.prank(payer);
        hub.request(classifier, DIGITS, 2, MAX_FEE, 0, _now() + 60);
    }

    function test_RevertWhen_TheVersionOffersNoProofs() public {
        vm.expectRevert();
        vm.prank(payer);
        hub.requestProof(version, DIGITS, alice, MAX_FEE, 0, _now() + 60);
    }
}
