// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AskModel} from "../../contracts/examples/AskModel.sol";
import {Fulfilment, IInferenceHub, Request} from "../../contracts/interfaces/IInferenceHub.sol";
import {InferenceFixture} from "./support/InferenceFixture.sol";

/// @notice The example consumer: questions of several users, their answers and their refunds.
contract AskModelTest is InferenceFixture {
    AskModel private ask;
    uint64 private nonce;

    function setUp() public override {
        super.setUp();
        ask = new AskModel(hub, opg);
    }

    function _ask(address asker) private returns (Request memory req) {
        _fund(asker, MAX_FEE);
        req = Request({
            payer: address(ask),
            nonce: nonce++,
            modelVersion: version,
            inputHash: keccak256(INPUT),
            mode: 0,
            callbackGas: ask.CALLBACK_GAS(),
            blockNumber: uint64(vm.getBlockNumber()),
            requestedAt: _now(),
            deadline: _now() + 1 hours,
            maxFee: MAX_FEE
        });
        vm.startPrank(asker);
        opg.approve(address(ask), MAX_FEE);
        vm.expectEmit(address(ask));
        emit AskModel.Asked(_idOf(req), asker);
        assertEq(ask.ask(version, INPUT, MAX_FEE, req.deadline), _idOf(req));
        vm.stopPrank();
        assertEq(ask.askerOf(_idOf(req)), asker);
    }

    function test_Ask_KeepsTheAnswerAndRefundsTheRest() public {
        Request memory first = _ask(makeAddr("alice"));
        Request memory second = _ask(makeAddr("bob"));
        _waitForTurn();
        Fulfilment memory f = _answer(first);
        vm.expectEmit(address(ask));
        emit AskModel.Answered(_idOf(first), f.output);
        _fulfil(first, f);
        assertEq(ask.answerOf(_idOf(first)), f.output);
        assertEq(ask.askerOf(_idOf(first)), address(0));
        Fulfilment memory g = _answer(second);
        g.fee = 1;
        _sign(g, second, operatorKey);
        _fulfil(second, g);

        assertEq(ask.refundOf(makeAddr("alice")), MAX_FEE - f.fee);
        assertEq(ask.refundOf(makeAddr("bob")), MAX_FEE - 1);
        vm.prank(makeAddr("alice"));
        ask.withdrawRefund();
        vm.prank(makeAddr("bob"));
        ask.withdrawRefund();
        assertEq(opg.balanceOf(makeAddr("alice")), MAX_FEE - f.fee);
        assertEq(opg.balanceOf(makeAddr("bob")), MAX_FEE - 1);
        assertEq(hub.creditOf(address(ask)), 0);
        vm.prank(makeAddr("bob"));
        ask.withdrawRefund();
        assertEq(opg.balanceOf(makeAddr("bob")), MAX_FEE - 1);
    }

    /// The gas of the callback suffices for the longest output that the hub lets through.
    function test_Ask_StoresTheLongestAnswer() public {
        Request memory req = _ask(makeAddr("alice"));
        _waitForTurn();
        Fulfilment memory f = _answer(req);
        f.output = _text(8 * 1024);
        _sign(f, req, operatorKey);
        _fulfil(req, f);
        _assertStatus(req, IInferenceHub.Status.Fulfilled);
        assertEq(ask.answerOf(_idOf(req)), f.output);
    }

    function test_Reclaim_RefundsWhatNobodyAnswered() public {
        Request memory req = _ask(makeAddr("alice"));
        Request memory other = _ask(makeAddr("bob"));
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.NotExpired.selector, _idOf(req), req.deadline));
        ask.reclaim(req);
        vm.warp(req.deadline + 1);
        vm.expectEmit(address(ask));
        emit AskModel.Unanswered(_idOf(req), makeAddr("alice"));
        ask.reclaim(req);
        // Whoever expires it first at the hub changes nothing.
        hub.expire(other);
        ask.reclaim(other);
        assertEq(ask.refundOf(makeAddr("bob")), MAX_FEE);
        vm.prank(makeAddr("alice"));
        ask.withdrawRefund();
        assertEq(opg.balanceOf(makeAddr("alice")), MAX_FEE);

        vm.expectRevert(abi.encodeWithSelector(AskModel.UnknownQuestion.selector, _idOf(req)));
        ask.reclaim(req);
    }

    function test_RevertWhen_ReclaimingAnAnsweredOrForeignRequest() public {
        Request memory req = _ask(makeAddr("alice"));
        _waitForTurn();
        _fulfil(req, _answer(req));
        vm.expectRevert(abi.encodeWithSelector(AskModel.NotExpired.selector, _idOf(req)));
        ask.reclaim(req);

        vm.prank(payer);
        bytes32 id = hub.request(version, INPUT, 0, MAX_FEE, 0, _now() + 60);
        Request memory foreign = abi.decode(abi.encode(req), (Request));
        (foreign.payer, foreign.nonce, foreign.callbackGas) = (payer, nonce, 0);
        (foreign.blockNumber, foreign.requestedAt, foreign.deadline) =
        (uint64(vm.getBlockNumber()), _now(), _now() + 60);
        assertEq(_idOf(foreign), id);
        vm.warp(foreign.deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(AskModel.UnknownQuestion.selector, id));
        ask.reclaim(foreign);
    }

    function test_RevertWhen_SomebodyElseCallsBack() public {
        Request memory req = _ask(makeAddr("alice"));
        vm.expectRevert(abi.encodeWithSelector(AskModel.NotInferenceHub.selector, address(this)));
        ask.onInference(_idOf(req), "forged", 0);
        vm.expectRevert(abi.encodeWithSelector(AskModel.NoAnswer.selector, _idOf(req)));
        ask.answerOf(_idOf(req));
        vm.prank(address(hub));
        vm.expectRevert(abi.encodeWithSelector(AskModel.UnknownQuestion.selector, bytes32("nothing")));
        ask.onInference("nothing", "output", 0);
    }
}
