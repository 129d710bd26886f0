// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fulfilment, IInferenceHub, Request} from "../../contracts/interfaces/IInferenceHub.sol";
import {IProofRegistry} from "../../contracts/interfaces/IProofRegistry.sol";
import {ModelSpec} from "../../contracts/interfaces/IModelRegistry.sol";
import {ModelVersion} from "../../contracts/interfaces/ModelVersion.sol";
import {InferenceFixture} from "./support/InferenceFixture.sol";
import {Receipts} from "./support/Receipts.sol";

/// @notice What is paid for an answer, and every reason to refuse one.
contract HubFulfilTest is InferenceFixture {
    function _expectWrongSignature(Request memory req, Fulfilment memory f) private {
        _expectRejection(req, f, IInferenceHub.Refusal.WrongSignature);
        _assertStatus(req, IInferenceHub.Status.Open);
    }

    function test_Fulfil_PaysRecordsAndTells() public {
        Request memory req = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        bytes32 id = _idOf(req);
        assertEq(uint8(hub.check(req, f)), uint8(IInferenceHub.Refusal.None));

        address vault = router.vaultOf(operator, version);
        vm.expectEmit(address(proofs));
        emit IProofRegistry.ResultRecorded(id, operator, _digest(req, f));
        vm.expectEmit(address(hub));
        emit IInferenceHub.Credited(vault, id, f.fee);
        vm.expectEmit(address(hub));
        emit IInferenceHub.Credited(payer, id, MAX_FEE - f.fee);
        vm.expectEmit(address(hub));
        emit IInferenceHub.InferenceFulfilled(id, operator, f);
        _fulfil(req, f);

        assertEq(hub.creditOf(vault), f.fee);
        assertEq(_feesOf(operator), f.fee);
        assertEq(hub.creditOf(operator) + hub.creditOf(modelOwner), 0);
        assertEq(hub.creditOf(payer), MAX_FEE - f.fee);
        assertEq(hub.creditOf(relayer), 0);
        assertEq(proofs.resultOf(id), _digest(req, f));
        _assertStatus(req, IInferenceHub.Status.Fulfilled);
    }

    /// H6: the escrow is split without remainder, for any fee and royalty, and the fee once more by the router.
    function testFuzz_Fulfil_SplitsTheWholeEscrow(uint128 maxFee, uint128 fee, uint16 royaltyBps) public {
        ModelSpec memory spec = _spec();
        spec.royaltyBps = uint16(bound(royaltyBps, 0, 5_000));
        spec.weightsDigest = keccak256("fuzzed royalty");
        vm.prank(modelOwner);
        version = models.publishVersion(modelId, spec);
        maxFee = uint128(bound(maxFee, 0, 1_000 ether));
        fee = uint128(bound(fee, 0, maxFee));

        Request memory req = _requestWith(payer, INPUT, 0, maxFee, 0, _now() + 1 hours);
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        (f.fee, f.unitPrice) = (fee, fee);
        _sign(f, req, operatorKey);
        _fulfil(req, f);
        assertEq(_feesOf(operator), fee);
        assertEq(hub.creditOf(payer), maxFee - fee);
        if (fee == 0) return;
        uint256 supply = opg.totalSupply();
        assertEq(hub.routeFees(operator, version), fee);
        assertEq(_feesOf(operator), 0);
        uint256 royalty = uint256(fee) * spec.royaltyBps / 10_000;
        assertApproxEqAbs(router.owed(modelOwner), royalty, 1);
        uint256 burned = supply - opg.totalSupply();
        assertEq(router.owed(operator) + router.owed(modelOwner) + router.owed(verifiers) + burned, fee);
        (uint256 counted, uint256 countedBurned) = router.feesOf(0, operator);
        assertEq(counted, fee);
        assertEq(countedBurned, burned);
    }

    /// Whoever owns the model when a fee is divided gets the royalty, as with every other fee. Its rate never changes.
    function test_Fulfil_PaysTheRoyaltyToTheOwnerOfTheTimeOfRouting() public {
        Request memory req = _request();
        address buyer = makeAddr("buyer");
        vm.prank(modelOwner);
        models.transferModelOwnership(modelId, buyer);
        vm.prank(buyer);
        models.acceptModelOwnership(modelId);
        vm.prank(buyer);
        models.deprecateVersion(version);
        _waitForTurn();
        _fulfil(req, _answer(req));
        hub.routeFees(operator, version);
        assertGt(router.owed(buyer), 0);
        assertEq(router.owed(modelOwner), 0);
    }

    function test_RevertWhen_SignedByAnotherOperator() public {
        _registerRival();
        Request memory req = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        _sign(f, req, rivalKey);
        _expectWrongSignature(req, f);
        // Nor can the rival put its own name on the operator's receipt.
        f = _answer(req);
        f.operator = rival;
        _expectWrongSignature(req, f);
    }

    function test_RevertWhen_SignedForAnotherRequestModelChainOrRegistry() public {
        Request memory req = _request();
        Request memory other = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        _sign(f, other, operatorKey);
        _expectWrongSignature(req, f);

        other = abi.decode(abi.encode(req), (Request));
        other.modelVersion = ModelVersion.wrap(keccak256("another version"));
        _sign(f, other, operatorKey);
        _expectWrongSignature(req, f);
        // Nor does the hub know the request under that version.
        _expectRejection(other, f, IInferenceHub.Refusal.NotOpen);

        f = _answer(req);
        vm.chainId(8453);
        f.evidence = Receipts.sign(vm, operatorKey, address(proofs), _receipt(req, f));
        vm.chainId(31337);
        _expectWrongSignature(req, f);

        f.evidence = Receipts.sign(vm, operatorKey, address(hub), _receipt(req, f));
        _expectWrongSignature(req, f);
    }

    function test_RevertWhen_RequestIsOfAnotherChain() public {
        Request memory req = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        vm.chainId(8453);
        _expectRejection(req, f, IInferenceHub.Refusal.NotOpen);
    }

    function test_RevertWhen_OutputIsAltered() public {
        Request memory req = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        f.output[17] ^= 0x01;
        _expectWrongSignature(req, f);
        f = _answer(req);
        f.output = bytes.concat(f.output, hex"00");
        _expectWrongSignature(req, f);
    }

    function test_RevertWhen_FeeIsAboveMaximum() public {
        Request memory req = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        (f.fee, f.unitPrice) = (MAX_FEE + 1, MAX_FEE);
        _sign(f, req, operatorKey);
        _expectRejection(req, f, IInferenceHub.Refusal.FeeAboveMaximum);
    }

    function test_RevertWhen_FeeIsAboveUsage() public {
        Request memory req = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        (f.inputUnits, f.outputUnits, f.unitPrice, f.fee) = (3, 4, 11, 78);
        _sign(f, req, operatorKey);
        _expectRejection(req, f, IInferenceHub.Refusal.FeeAboveUsage);
        f.fee = 77;
        _sign(f, req, operatorKey);
        _fulfil(req, f);
        // The largest figures do not overflow.
        req = _request();
        _waitForTurn();
        f = _answer(req);
        (f.inputUnits, f.outputUnits, f.unitPrice) = (type(uint64).max, type(uint64).max, type(uint128).max);
        _sign(f, req, operatorKey);
        _fulfil(req, f);
    }

    function test_RevertWhen_Late() public {
        Request memory req = _requestWith(payer, INPUT, 0, MAX_FEE, 0, _now() + 100);
        vm.warp(req.deadline);
        Fulfilment memory f = _answer(req);
        assertEq(uint8(hub.check(req, f)), uint8(IInferenceHub.Refusal.None));
        vm.warp(req.deadline + 1);
        _expectRejection(req, f, IInferenceHub.Refusal.PastDeadline);
    }

    function test_RevertWhen_ReceiptTimeIsOutOfRange() public {
        Request memory req = _requestWith(payer, INPUT, 0, MAX_FEE, 0, _now() + 1 days);
        _mine(2_000);
        Fulfilment memory f = _answer(req);
        uint64[3] memory wrong = [req.requestedAt - 1, _now() + 1, _now() - 1 hours - 1];
        for (uint256 i = 0; i < 3; ++i) {
            f.issuedAt = wrong[i];
            _sign(f, req, operatorKey);
            _expectRejection(req, f, IInferenceHub.Refusal.ReceiptTimeOutOfRange);
        }
        f.issuedAt = _now() - 1 hours;
        _sign(f, req, operatorKey);
        _fulfil(req, f);
    }

    function test_RevertWhen_Replayed() public {
        Request memory req = _request();
        Request memory twin = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        _fulfil(req, f);
        _expectRejection(req, f, IInferenceHub.Refusal.NotOpen);
        _expectRejection(twin, f, IInferenceHub.Refusal.WrongSignature);
        // Another valid answer to the same request comes too late.
        f.traceHash = "another";
        _sign(f, req, operatorKey);
        _expectRejection(req, f, IInferenceHub.Refusal.NotOpen);
    }

    function test_RevertWhen_ExpiredBefore() public {
        Request memory req = _request();
        vm.warp(req.deadline + 1);
        hub.expire(req);
        _expectRejection(req, _answer(req), IInferenceHub.Refusal.NotOpen);
    }

    function test_RevertWhen_OutputIsTooLong() public {
        Request memory req = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        f.output = _text(8_193);
        _sign(f, req, operatorKey);
        _expectRejection(req, f, IInferenceHub.Refusal.OutputTooLong);
        f.output = _text(8_192);
        _sign(f, req, operatorKey);
        _fulfil(req, f);
    }

    function test_RevertWhen_ModeHasNoVerifier() public {
        Request memory req = _requestWith(payer, INPUT, 1, MAX_FEE, 0, _now() + 1 hours);
        _waitForTurn();
        _expectRejection(req, _answer(req), IInferenceHub.Refusal.UnsupportedMode);
    }

    function test_RevertWhen_OperatorIsUnknownOrRetired() public {
        Request memory req = _request();
        _mine(TURN_CAP);
        _expectRejection(req, _answerBy(req, rival, rivalKey), IInferenceHub.Refusal.OperatorInactive);
        vm.prank(operator);
        staking.retire();
        Fulfilment memory before = _answer(req);
        _mine(1);
        _expectRejection(req, _answer(req), IInferenceHub.Refusal.OperatorInactive);
        // What was signed before retiring is still good.
        _fulfil(req, before);
    }

    function test_Fulfil_KeysAreThoseOfTheReceiptsTime() public {
        Request memory first = _request();
        Request memory second = _request();
        _waitForTurn();
        Fulfilment memory old = _answer(first);
        vm.prank(operator);
        staking.setSigner(vm.addr(rivalKey));
        _mine(1);
        _expectWrongSignature(second, _answer(second));
        _fulfil(first, old);
        _fulfil(second, _answerBy(second, operator, rivalKey));
    }

    /// A fault that the hub checks itself before is still translated.
    function test_RevertWhen_TheRegistrySaysIssuedInFuture() public {
        Request memory req = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        vm.mockCall(
            address(proofs),
            abi.encodeWithSelector(IProofRegistry.record.selector),
            abi.encode(IProofRegistry.Fault.IssuedInFuture, bytes32(0))
        );
        vm.expectRevert(
            abi.encodeWithSelector(
                IInferenceHub.FulfilmentRejected.selector, _idOf(req), IInferenceHub.Refusal.ReceiptTimeOutOfRange
            )
        );
        _fulfil(req, f);
    }

    /// H7: a digest that could be taken for an open request is never stored.
    function testFuzz_RevertWhen_DigestIsNotStorable(bytes32 digest) public {
        digest >>= 72;
        Request memory req = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        vm.mockCall(
            address(proofs),
            abi.encodeWithSelector(IProofRegistry.record.selector),
            abi.encode(IProofRegistry.Fault.None, digest)
        );
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.UnstorableResult.selector, _idOf(req), digest));
        _fulfil(req, f);
    }

    /// H8: truncated calldata is refused.
    function testFuzz_RevertWhen_CalldataIsTruncated(uint256 length) public {
        Request memory req = _request();
        _waitForTurn();
        bytes memory encoded = abi.encodeCall(hub.fulfil, (req, _answer(req)));
        // The last bytes are padding of the evidence.
        length = bound(length, 0, encoded.length - 32);
        assembly ("memory-safe") {
            mstore(encoded, length)
        }
        (bool success,) = address(hub).call(encoded);
        assertFalse(success);
        _assertStatus(req, IInferenceHub.Status.Open);
    }

    /// H8: whatever bit of the calldata is flipped, either nothing happens or exactly what was signed.
    /// forge-config: default.fuzz.runs = 2048
    function testFuzz_Fulfil_BitFlipsChangeNothingThatWasSigned(uint256 position) public {
        Request memory req = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        bytes memory encoded = abi.encodeCall(hub.fulfil, (req, f));
        position = bound(position, 32, encoded.length * 8 - 1);
        encoded[position / 8] ^= bytes1(uint8(1 << (position % 8)));
        (bool success,) = address(hub).call(encoded);
        if (success) {
            assertEq(proofs.resultOf(_idOf(req)), _digest(req, f));
            assertEq(hub.creditOf(payer), MAX_FEE - f.fee);
        } else {
            _assertStatus(req, IInferenceHub.Status.Open);
            assertEq(_feesOf(operator), 0);
        }
    }

    function test_RevertWhen_RequestIsForged() public {
        Request memory req = _request();
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        req.maxFee *= 2;
        _expectRejection(req, f, IInferenceHub.Refusal.NotOpen);
    }
}
