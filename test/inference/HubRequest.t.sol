// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInferenceHub, Request} from "../../contracts/interfaces/IInferenceHub.sol";
import {ModelVersion} from "../../contracts/interfaces/ModelVersion.sol";
import {InferenceFixture} from "./support/InferenceFixture.sol";

/// @notice Asking, expiry and withdrawal.
contract HubRequestTest is InferenceFixture {
    address private stranger = makeAddr("stranger");

    function test_Request_EscrowsTheFeeAndTellsEverything() public {
        Request memory expected = Request({
            payer: payer,
            nonce: 0,
            modelVersion: version,
            inputHash: keccak256(INPUT),
            mode: 0,
            callbackGas: 0,
            blockNumber: uint64(vm.getBlockNumber()),
            requestedAt: _now(),
            deadline: _now() + 1 hours,
            maxFee: MAX_FEE
        });
        vm.expectEmit(address(hub));
        emit IInferenceHub.InferenceRequested(_idOf(expected), payer, version, expected, INPUT);
        Request memory req = _request();
        assertEq(hub.requestIdOf(req), _idOf(req));
        assertEq(opg.balanceOf(address(hub)), MAX_FEE);
        assertEq(opg.balanceOf(payer), 1_000 ether - MAX_FEE);
        _assertStatus(req, IInferenceHub.Status.Open);
        assertEq(hub.resultOf(_idOf(req)), 0);
    }

    function test_Request_OfTheSameThingTwiceIsTwoRequests() public {
        Request memory first = _request();
        Request memory second = _request();
        assertNotEq(_idOf(first), _idOf(second));
        assertEq(opg.balanceOf(address(hub)), 2 * uint256(MAX_FEE));
    }

    function testFuzz_Request_DeadlineIsFrom10SecondsTo1Day(uint64 deadline) public {
        uint64 t = _now();
        bool acceptable = deadline >= t + 10 && deadline <= t + 1 days;
        if (!acceptable) {
            vm.expectRevert(
                abi.encodeWithSelector(IInferenceHub.DeadlineOutOfRange.selector, deadline, t + 10, t + 1 days)
            );
        }
        vm.prank(payer);
        hub.request(version, INPUT, 0, MAX_FEE, 0, deadline);
    }

    function test_Request_AcceptsTheBounds() public {
        _requestWith(payer, _text(16 * 1024), 0, MAX_FEE, 2_000_000, _now() + 10);
        _requestWith(payer, "", 0, 0, 0, _now() + 1 days);
    }

    function test_RevertWhen_InputIsTooLong() public {
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.InputTooLong.selector, 16_385, 16_384));
        vm.prank(payer);
        hub.request(version, _text(16_385), 0, MAX_FEE, 0, _now() + 60);
    }

    function test_RevertWhen_CallbackGasIsTooHigh() public {
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.CallbackGasTooHigh.selector, 2_000_001, 2_000_000));
        vm.prank(payer);
        hub.request(version, INPUT, 0, MAX_FEE, 2_000_001, _now() + 60);
    }

    function test_RevertWhen_ModelIsNotOffered() public {
        _expectNotRequestable(ModelVersion.wrap("nothing"), 0);
        _expectNotRequestable(version, 3);
        _expectNotRequestable(version, 255);
        vm.prank(modelOwner);
        models.deprecateVersion(version);
        _expectNotRequestable(version, 0);
    }

    function _expectNotRequestable(ModelVersion asked, uint8 mode) private {
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.ModelNotRequestable.selector, asked, mode));
        vm.prank(payer);
        hub.request(asked, INPUT, mode, MAX_FEE, 0, _now() + 60);
    }

    function test_RevertWhen_FeeCannotBeTaken() public {
        vm.expectRevert();
        vm.prank(stranger);
        hub.request(version, INPUT, 0, MAX_FEE, 0, _now() + 60);
        assertEq(opg.balanceOf(address(hub)), 0);
    }

    function test_Expire_ReturnsTheEscrowToThePayer() public {
        Request memory req = _request();
        vm.warp(req.deadline);
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.NotExpired.selector, _idOf(req), req.deadline));
        hub.expire(req);

        vm.warp(req.deadline + 1);
        vm.expectEmit(address(hub));
        emit IInferenceHub.Credited(payer, _idOf(req), MAX_FEE);
        vm.expectEmit(address(hub));
        emit IInferenceHub.RequestExpired(_idOf(req), payer, MAX_FEE);
        vm.prank(stranger);
        hub.expire(req);
        assertEq(hub.creditOf(payer), MAX_FEE);
        _assertStatus(req, IInferenceHub.Status.Expired);

        _expectNotOpen(req, IInferenceHub.Status.Expired);
    }

    function test_RevertWhen_ExpiringWhatIsNotOpen() public {
        Request memory req = _request();
        Request memory forged = req;
        _waitForTurn();
        _fulfil(req, _answer(req));
        vm.warp(req.deadline + 1);
        _expectNotOpen(req, IInferenceHub.Status.Fulfilled);
        forged.maxFee += 1;
        _expectNotOpen(forged, IInferenceHub.Status.Unknown);
        assertEq(hub.creditOf(payer), MAX_FEE - _answer(req).fee);
    }

    /// H5: who is not the payer of an open request gets nothing by changing any word of it.
    function testFuzz_Expire_RefusesAlteredRequests(uint8 word, uint8 bit) public {
        Request memory req = _request();
        vm.warp(req.deadline + 1);
        bytes memory encoded = abi.encodeCall(hub.expire, (req));
        uint256 at = 4 + uint256(word % 10) * 32 + 31 - bit / 8;
        encoded[at] = bytes1(uint8(encoded[at]) ^ uint8(1 << (bit % 8)));
        (bool success,) = address(hub).call(encoded);
        assertFalse(success);
        assertEq(hub.creditOf(payer), 0);
        _assertStatus(req, IInferenceHub.Status.Open);
    }

    function _expectNotOpen(Request memory req, IInferenceHub.Status status) private {
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.RequestNotOpen.selector, _idOf(req), status));
        hub.expire(req);
    }

    function testFuzz_Withdraw_PaysNoMoreThanTheCredit(uint256 first, uint256 second) public {
        Request memory req = _request();
        vm.warp(req.deadline + 1);
        hub.expire(req);
        first = bound(first, 0, MAX_FEE);
        vm.startPrank(payer);
        vm.expectEmit(address(hub));
        emit IInferenceHub.Withdrawn(payer, stranger, first);
        hub.withdraw(stranger, first);
        assertEq(opg.balanceOf(stranger), first);
        assertEq(hub.creditOf(payer), MAX_FEE - first);

        second = bound(second, MAX_FEE - first + 1, type(uint256).max);
        vm.expectRevert(
            abi.encodeWithSelector(IInferenceHub.InsufficientCredit.selector, payer, MAX_FEE - first, second)
        );
        hub.withdraw(stranger, second);
    }

    function test_RevertWhen_WithdrawingToNobodyOrTheHub() public {
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.InvalidRecipient.selector, address(0)));
        hub.withdraw(address(0), 0);
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.InvalidRecipient.selector, address(hub)));
        hub.withdraw(address(hub), 0);
    }
}
