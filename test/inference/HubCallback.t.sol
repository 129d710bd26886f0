// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fulfilment, IInferenceHub, Request} from "../../contracts/interfaces/IInferenceHub.sol";
import {FailingConsumer, Recorder, ReentrantConsumer} from "./support/Consumers.sol";
import {InferenceFixture} from "./support/InferenceFixture.sol";

/// @notice Consumers that take, refuse, waste and abuse their callback, and senders that starve it.
contract HubCallbackTest is InferenceFixture {
    uint32 private constant CALLBACK_GAS = 500_000;

    FailingConsumer private consumer;

    function setUp() public override {
        super.setUp();
        consumer = new FailingConsumer(hub, opg);
        _fund(address(consumer), 100 ether);
    }

    function _asked() private returns (Request memory req, Fulfilment memory f) {
        return _askedBy(address(consumer));
    }

    function _askedBy(address account) private returns (Request memory req, Fulfilment memory f) {
        req = _requestBy(account, CALLBACK_GAS);
        _waitForTurn();
        f = _answer(req);
    }

    function test_Callback_DeliversTheAnswer() public {
        (Request memory req, Fulfilment memory f) = _asked();
        vm.expectEmit(address(hub));
        emit IInferenceHub.CallbackDelivered(_idOf(req), address(consumer));
        _fulfil(req, f);
        assertEq(consumer.lastRequest(), _idOf(req));
        assertEq(consumer.lastOutput(), f.output);
        assertEq(consumer.lastFee(), f.fee);
        assertEq(consumer.calls(), 1);
        _assertStatus(req, IInferenceHub.Status.Fulfilled);
    }

    /// C1: a consumer that fails, in whatever way, costs at most its gas; the operator is paid and anyone can retry.
    function test_Callback_FailureIsRecordedAndCanBeRetried() public {
        for (uint8 i = 1; i <= uint8(type(FailingConsumer.Failure).max); ++i) {
            FailingConsumer.Failure failure = FailingConsumer.Failure(i);
            (Request memory req, Fulfilment memory f) = _asked();
            bytes32 id = _idOf(req);
            consumer.setFailure(failure);
            uint256 credit = _feesOf(operator);
            bool fails = failure != FailingConsumer.Failure.ReturnBomb;
            vm.expectEmit(address(hub));
            if (fails) emit IInferenceHub.CallbackFailed(id, address(consumer));
            else emit IInferenceHub.CallbackDelivered(id, address(consumer));
            vm.prank(relayer);
            uint256 before = gasleft();
            hub.fulfil{gas: 1_500_000}(req, f);
            assertLt(before - gasleft(), CALLBACK_GAS + 200_000, "more than the callback's gas was used");
            assertEq(_feesOf(operator) - credit, f.fee);
            assertEq(proofs.resultOf(id), _digest(req, f));
            _assertStatus(req, fails ? IInferenceHub.Status.CallbackFailed : IInferenceHub.Status.Fulfilled);
            if (!fails) continue;

            // A retry that fails again changes nothing.
            hub.retryCallback(req, f);
            _assertStatus(req, IInferenceHub.Status.CallbackFailed);

            consumer.setFailure(FailingConsumer.Failure.None);
            vm.expectEmit(address(hub));
            emit IInferenceHub.CallbackDelivered(id, address(consumer));
            vm.prank(makeAddr("anyone"));
            hub.retryCallback(req, f);
            assertEq(consumer.lastRequest(), id);
            _assertStatus(req, IInferenceHub.Status.Fulfilled);
            _expectNoRetry(req, f);
        }
    }

    function _expectNoRetry(Request memory req, Fulfilment memory f) private {
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.NoCallbackToRetry.selector, _idOf(req)));
        hub.retryCallback(req, f);
    }

    /// C2: only the recorded result can be delivered.
    function testFuzz_RevertWhen_RetryingWithAnotherResult(uint8 field) public {
        (Request memory req, Fulfilment memory f) = _asked();
        consumer.setFailure(FailingConsumer.Failure.Revert);
        _fulfil(req, f);
        consumer.setFailure(FailingConsumer.Failure.None);
        Fulfilment memory other = abi.decode(abi.encode(f), (Fulfilment));
        field %= 8;
        if (field == 0) other.operator = rival;
        if (field == 1) other.traceHash = "other";
        if (field == 2) other.inputUnits += 1;
        if (field == 3) other.outputUnits += 1;
        if (field == 4) other.unitPrice += 1;
        if (field == 5) other.fee += 1;
        if (field == 6) other.issuedAt += 1;
        if (field == 7) other.output[0] ^= 0x01;
        _sign(other, req, operatorKey);
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.WrongResult.selector, _idOf(req)));
        hub.retryCallback(req, other);
        hub.retryCallback(req, f);
        assertEq(consumer.lastOutput(), f.output);
    }

    function test_RevertWhen_NothingIsToRetry() public {
        (Request memory req, Fulfilment memory f) = _asked();
        _expectNoRetry(req, f);
        _fulfil(req, f);
        _expectNoRetry(req, f);
    }

    function test_Callback_IsNotMadeWhereNoneWasAsked() public {
        Request memory req = _requestBy(address(consumer), 0);
        _waitForTurn();
        _fulfil(req, _answer(req));
        assertEq(consumer.calls(), 0);
        _assertStatus(req, IInferenceHub.Status.Fulfilled);
    }

    function test_Callback_ToAnAccountWithoutCodeCounts() public {
        (Request memory req, Fulfilment memory f) = _askedBy(payer);
        _fulfil(req, f);
        _assertStatus(req, IInferenceHub.Status.Fulfilled);
    }

    /// C3: whatever gas the sender gives, a consumer that would take the answer gets it with all its gas, or nothing
    /// happens at all.
    function testFuzz_Sender_CannotStarveTheConsumer(uint256 gas) public {
        (Request memory req, Fulfilment memory f) = _asked();
        gas = bound(gas, 30_000, 1_200_000);
        try hub.fulfil{gas: gas}(req, f) {
            assertEq(consumer.calls(), 1);
            // What is missing is the reading of 15 words of calldata and the dispatch.
            assertGt(consumer.gasAtEntry(), CALLBACK_GAS - 5_000);
            _assertStatus(req, IInferenceHub.Status.Fulfilled);
        } catch {
            _assertStatus(req, IInferenceHub.Status.Open);
        }
    }

    /// C3, in a batch: the last row is not starved by those before.
    function testFuzz_Sender_CannotStarveTheConsumerInABatch(uint256 gas) public {
        Request[] memory reqs = new Request[](3);
        Fulfilment[] memory fs = new Fulfilment[](3);
        for (uint256 i = 0; i < 3; ++i) {
            reqs[i] = _requestBy(address(consumer), CALLBACK_GAS);
        }
        _waitForTurn();
        for (uint256 i = 0; i < 3; ++i) {
            fs[i] = _answer(reqs[i]);
        }
        gas = bound(gas, 100_000, 2_500_000);
        try hub.fulfilBatch{gas: gas}(reqs, fs) returns (uint256 fulfilled) {
            assertEq(fulfilled, 3);
            assertEq(consumer.calls(), 3);
        } catch {
            for (uint256 i = 0; i < 3; ++i) {
                _assertStatus(reqs[i], IInferenceHub.Status.Open);
            }
        }
    }

    function testFuzz_Sender_CannotStarveARetry(uint256 gas) public {
        (Request memory req, Fulfilment memory f) = _asked();
        consumer.setFailure(FailingConsumer.Failure.Revert);
        _fulfil(req, f);
        consumer.setFailure(FailingConsumer.Failure.None);
        gas = bound(gas, 30_000, 1_200_000);
        try hub.retryCallback{gas: gas}(req, f) {
            assertEq(consumer.calls(), 1);
        } catch {
            _assertStatus(req, IInferenceHub.Status.CallbackFailed);
        }
    }

    /// C4: the reserve suffices to record a failure of a consumer that burns all it gets: with the least gas that passes
    /// the check the transaction succeeds, and with less it fails by that check.
    function test_Reserve_CoversTheRecordOfAFailure() public {
        (Request memory req, Fulfilment memory f) = _asked();
        consumer.setFailure(FailingConsumer.Failure.BurnAllGas);
        uint256 snapshot = vm.snapshotState();
        (uint256 low, uint256 high) = (100_000, 2_000_000);
        while (high - low > 1) {
            uint256 middle = (low + high) / 2;
            (bool success,) = address(hub).call{gas: middle}(abi.encodeCall(hub.fulfil, (req, f)));
            if (success) {
                _assertStatus(req, IInferenceHub.Status.CallbackFailed);
                high = middle;
            } else {
                low = middle;
            }
            vm.revertToState(snapshot);
        }
        (, bytes memory reason) = address(hub).call{gas: low}(abi.encodeCall(hub.fulfil, (req, f)));
        assertEq(bytes4(reason), IInferenceHub.CallbackGasUnavailable.selector);
    }

    /// C5: entering again from the callback is harmless, and asking again works.
    function test_Consumer_MayEnterEveryFunctionAgain() public {
        ReentrantConsumer reentrant = new ReentrantConsumer(hub, opg);
        _fund(address(reentrant), 100 ether);
        Request memory other = _requestBy(address(reentrant), 0);
        Request memory req = _requestBy(address(reentrant), 2_000_000);
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        Request[] memory reqs = new Request[](1);
        Fulfilment[] memory fs = new Fulfilment[](1);
        (reqs[0], fs[0]) = (req, f);
        uint256 refund = MAX_FEE - f.fee;
        reentrant.attempt(abi.encodeCall(hub.fulfil, (req, f)));
        reentrant.attempt(abi.encodeCall(hub.fulfilBatch, (reqs, fs)));
        reentrant.attempt(abi.encodeCall(hub.retryCallback, (req, f)));
        reentrant.attempt(abi.encodeCall(hub.expire, (req)));
        reentrant.attempt(abi.encodeCall(hub.withdraw, (address(reentrant), refund)));
        reentrant.attempt(abi.encodeCall(hub.withdraw, (address(reentrant), 1)));
        reentrant.attempt(abi.encodeCall(hub.request, (version, INPUT, 0, MAX_FEE, 0, _now() + 60)));
        reentrant.attempt(abi.encodeCall(hub.fulfil, (other, _answer(other))));
        reentrant.attempt(abi.encodeCall(hub.setTurnParameters, (0, 0)));
        _fulfil(req, f);

        assertEq(reentrant.calls(), 1);
        _assertStatus(req, IInferenceHub.Status.Fulfilled);
        // The batch goes through with its only row refused; the withdrawal, the request and the other answer are good.
        bool[9] memory expected = [false, true, false, false, true, false, true, true, false];
        for (uint256 i = 0; i < 9; ++i) {
            assertEq(reentrant.succeeded(i), expected[i], vm.toString(i));
        }
        assertEq(abi.decode(reentrant.reasons(1), (uint256)), 0);
        _assertStatus(other, IInferenceHub.Status.Fulfilled);
        // Two answers were paid, one of the refunds was withdrawn, one request is open.
        assertEq(_feesOf(operator), 2 * uint256(f.fee));
        assertEq(hub.creditOf(address(reentrant)), refund);
        assertEq(opg.balanceOf(address(hub)), 2 * uint256(f.fee) + refund + MAX_FEE);
    }

    /// C5, while retrying: the second entry finds nothing to retry.
    function test_Consumer_MayEnterARetryAgain() public {
        ReentrantConsumer reentrant = new ReentrantConsumer(hub, opg);
        _fund(address(reentrant), 100 ether);
        Request memory req = _requestBy(address(reentrant), 2_000_000);
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        reentrant.setClosed(true);
        _fulfil(req, f);
        _assertStatus(req, IInferenceHub.Status.CallbackFailed);

        reentrant.setClosed(false);
        reentrant.attempt(abi.encodeCall(hub.retryCallback, (req, f)));
        hub.retryCallback(req, f);
        assertEq(reentrant.calls(), 1);
        assertFalse(reentrant.succeeded(0));
        assertEq(reentrant.reasons(0), abi.encodeWithSelector(IInferenceHub.NoCallbackToRetry.selector, _idOf(req)));
        _assertStatus(req, IInferenceHub.Status.Fulfilled);
    }
}
