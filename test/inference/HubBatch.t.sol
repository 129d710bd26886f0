// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fulfilment, IInferenceHub, Request} from "../../contracts/interfaces/IInferenceHub.sol";
import {InferenceFixture} from "./support/InferenceFixture.sol";

/// @notice A bad row of a batch is skipped and reported; the others are paid.
contract HubBatchTest is InferenceFixture {
    function _batch(uint256 count) private returns (Request[] memory reqs, Fulfilment[] memory fs) {
        reqs = new Request[](count);
        fs = new Fulfilment[](count);
        for (uint256 i = 0; i < count; ++i) {
            reqs[i] = _request();
        }
        _waitForTurn();
        for (uint256 i = 0; i < count; ++i) {
            fs[i] = _answer(reqs[i]);
        }
    }

    function test_FulfilBatch_PaysAll() public {
        (Request[] memory reqs, Fulfilment[] memory fs) = _batch(5);
        vm.prank(relayer);
        assertEq(hub.fulfilBatch(reqs, fs), 5);
        for (uint256 i = 0; i < 5; ++i) {
            assertEq(proofs.resultOf(_idOf(reqs[i])), _digest(reqs[i], fs[i]));
        }
        assertEq(hub.creditOf(payer), 5 * uint256(MAX_FEE - fs[0].fee));
    }

    function test_FulfilBatch_OfNothingDoesNothing() public {
        assertEq(hub.fulfilBatch(new Request[](0), new Fulfilment[](0)), 0);
    }

    function test_FulfilBatch_PaysTheSameRequestOnce() public {
        (Request[] memory reqs, Fulfilment[] memory fs) = _batch(2);
        (reqs[1], fs[1]) = (reqs[0], fs[0]);
        vm.expectEmit(address(hub));
        emit IInferenceHub.FulfilmentRefused(_idOf(reqs[0]), operator, IInferenceHub.Refusal.NotOpen);
        assertEq(hub.fulfilBatch(reqs, fs), 1);
        assertEq(hub.creditOf(payer), MAX_FEE - fs[0].fee);
    }

    /// H9: no row spoils another one. Each row is made bad in one of eight ways, or left good.
    /// forge-config: default.fuzz.runs = 128
    function testFuzz_FulfilBatch_SkipsBadRowsOnly(uint256 seed) public {
        (Request[] memory reqs, Fulfilment[] memory fs) = _batch(6);
        IInferenceHub.Refusal[] memory reasons = new IInferenceHub.Refusal[](6);
        uint256 good;
        for (uint256 i = 0; i < 6; ++i) {
            reasons[i] = _spoil(reqs[i], fs[i], uint8(uint256(keccak256(abi.encode(seed, i))) % 10));
            if (reasons[i] == IInferenceHub.Refusal.None) ++good;
        }
        for (uint256 i = 0; i < 6; ++i) {
            if (reasons[i] == IInferenceHub.Refusal.None) continue;
            vm.expectEmit(address(hub));
            emit IInferenceHub.FulfilmentRefused(_idOf(reqs[i]), fs[i].operator, reasons[i]);
        }
        assertEq(hub.fulfilBatch(reqs, fs), good);
        for (uint256 i = 0; i < 6; ++i) {
            bool paid = reasons[i] == IInferenceHub.Refusal.None;
            assertEq(proofs.resultOf(_idOf(reqs[i])), paid ? _digest(reqs[i], fs[i]) : bytes32(0));
        }
        assertEq(hub.creditOf(payer), good * uint256(MAX_FEE - 1 ether - 960_784_313_725_490_196));
    }

    function _spoil(Request memory req, Fulfilment memory f, uint8 way) private view returns (IInferenceHub.Refusal) {
        if (way == 0) {
            req.maxFee += 1;
            return IInferenceHub.Refusal.NotOpen;
        }
        if (way == 1) {
            f.output = _text(8_193);
            return IInferenceHub.Refusal.OutputTooLong;
        }
        if (way == 2) {
            f.issuedAt = _now() + 1;
            return IInferenceHub.Refusal.ReceiptTimeOutOfRange;
        }
        if (way == 3) {
            f.fee = MAX_FEE + 1;
            return IInferenceHub.Refusal.FeeAboveMaximum;
        }
        if (way == 4) {
            f.unitPrice = 1;
            return IInferenceHub.Refusal.FeeAboveUsage;
        }
        if (way == 5) {
            f.operator = rival;
            return IInferenceHub.Refusal.NotYourTurn;
        }
        if (way == 6) {
            f.evidence = "";
            return IInferenceHub.Refusal.WrongSignature;
        }
        if (way == 7) {
            f.evidence[0] ^= 0x01;
            return IInferenceHub.Refusal.WrongSignature;
        }
        return IInferenceHub.Refusal.None;
    }

    function test_RevertWhen_LengthsDiffer() public {
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.BatchLengthMismatch.selector, 1, 2));
        hub.fulfilBatch(new Request[](1), new Fulfilment[](2));
    }
}
