// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Turns} from "../../contracts/inference/Turns.sol";
import {Fulfilment, IInferenceHub, Request} from "../../contracts/interfaces/IInferenceHub.sol";
import {IOperators} from "../../contracts/interfaces/IOperators.sol";
import {InferenceFixture} from "./support/InferenceFixture.sol";

/// @notice Who may answer when.
contract HubTurnsTest is InferenceFixture {
    address private constant HISTORY_STORAGE = 0x0000F90827F1C53a10cb7A02335B175320002935;

    function _setTurns(uint32 window, uint32 cap) private {
        vm.prank(governance);
        hub.setTurnParameters(window, cap);
    }

    /// D1: the turn is what the formula says, computed here another way.
    function testFuzz_TurnOf_FollowsTheFormula(bytes32 blockHash, uint32 window, uint32 cap, uint96 stake, uint96 rest)
        public
    {
        cap = uint32(bound(cap, 1, 1 hours));
        window = uint32(bound(window, 1, cap));
        vm.assume(blockHash != 0 && stake != 0);
        _setTurns(window, cap);
        uint256 total = uint256(stake) + rest;
        vm.mockCall(address(staking), abi.encodeWithSelector(IOperators.stakeAt.selector), abi.encode(stake));
        vm.mockCall(address(staking), abi.encodeWithSelector(IOperators.totalStakeAt.selector), abi.encode(total));
        Request memory req = _request();
        _mine(2);
        vm.setBlockhash(req.blockNumber + 1, blockHash);
        // u has 64 bits: its numerator is 1 to 2^64.
        uint256 numerator = 1 + (uint256(keccak256(abi.encode(blockHash, _idOf(req), operator))) & type(uint64).max);
        uint256 delay = (uint256(window) * numerator * total) / (uint256(stake) << 64);
        assertEq(hub.turnOf(req, operator), req.requestedAt + (delay < cap ? delay : cap));
    }

    /// D2: delays of n equal operators are spread evenly up to n windows; chi-squared over 16 buckets.
    function test_Delays_AreUniform() public pure {
        uint256[16] memory buckets;
        (uint32 window, uint256 operatorCount, uint256 draws) = (4_000_000, 5, 8_000);
        uint256 range = window * operatorCount;
        for (uint256 i = 0; i < draws; ++i) {
            uint256 delay =
                Turns.delay(keccak256(abi.encode("block", i)), bytes32(i), address(0xa11ce), window, 1, operatorCount);
            assertLe(delay, range);
            ++buckets[delay == range ? 15 : delay * 16 / range];
        }
        uint256 expected = draws / 16;
        uint256 chiSquared;
        for (uint256 i = 0; i < 16; ++i) {
            uint256 off = buckets[i] > expected ? buckets[i] - expected : expected - buckets[i];
            chiSquared += off * off;
        }
        // 15 degrees of freedom: more than 37.7 happens once in a thousand; the draws here are always the same.
        assertLt(chiSquared * 10 / expected, 377);
    }

    /// D3: twice the stake halves the delay; the smallest draw still waits for the floor of its share only.
    function testFuzz_Delay_IsInverseToStake(bytes32 blockHash, bytes32 id, uint32 window, uint96 stake) public pure {
        uint256 total = 1e30;
        uint256 s = bound(stake, 1, 1e27);
        uint256 delay = Turns.delay(blockHash, id, address(1), window, s, total);
        uint256 half = Turns.delay(blockHash, id, address(1), window, 2 * s, total);
        assertApproxEqAbs(delay, 2 * half, 1);
    }

    /// D4: nobody answers before its turn, everybody with stake at its turn.
    function testFuzz_Fulfil_BeginsWithTheTurn(bytes32 blockHash) public {
        vm.assume(blockHash != 0);
        _registerRival();
        _mine(1);
        _setTurns(20, 60);
        Request memory req = _request();
        _mine(1);
        assertEq(hub.turnOf(req, operator), type(uint64).max);
        _expectRejection(req, _answer(req), IInferenceHub.Refusal.NotYourTurn);
        vm.roll(vm.getBlockNumber() + 1);
        vm.setBlockhash(req.blockNumber + 1, blockHash);

        uint64 mine = hub.turnOf(req, operator);
        assertGe(mine, req.requestedAt);
        assertLe(mine, req.requestedAt + 40);
        if (mine > req.requestedAt) {
            vm.warp(mine - 1);
            _expectRejection(req, _answer(req), IInferenceHub.Refusal.NotYourTurn);
        }
        vm.warp(mine);
        _fulfil(req, _answer(req));
    }

    /// D5: no delay exceeds the cap, whatever the shares are.
    function testFuzz_TurnOf_IsNotLaterThanTheCap(uint256 stake, bytes32 blockHash) public {
        vm.assume(blockHash != 0);
        vm.mockCall(
            address(staking), abi.encodeWithSelector(IOperators.stakeAt.selector), abi.encode(bound(stake, 1, 1e27))
        );
        vm.mockCall(address(staking), abi.encodeWithSelector(IOperators.totalStakeAt.selector), abi.encode(1e27));
        Request memory req = _request();
        _mine(2);
        vm.setBlockhash(req.blockNumber + 1, blockHash);
        assertLe(hub.turnOf(req, operator), req.requestedAt + TURN_CAP);
    }

    /// D6: who had no stake before the request waits for the cap; after the cap anyone may answer.
    function test_Fulfil_WithoutStakeBeforeTheRequestWaitsForTheCap() public {
        Request memory req = _request();
        _registerRival();
        vm.warp(req.requestedAt + TURN_CAP - 1);
        vm.roll(vm.getBlockNumber() + 20);
        assertEq(hub.turnOf(req, rival), type(uint64).max);
        _expectRejection(req, _answerBy(req, rival, rivalKey), IInferenceHub.Refusal.NotYourTurn);
        vm.warp(req.requestedAt + TURN_CAP);
        _fulfil(req, _answerBy(req, rival, rivalKey));
        assertGt(_feesOf(rival), 0);
    }

    function test_Fulfil_RegisteringInTheBlockOfTheRequestIsTooLate() public {
        _register(rival, vm.addr(rivalKey));
        Request memory req = _request();
        vm.roll(vm.getBlockNumber() + 20);
        assertEq(hub.turnOf(req, rival), type(uint64).max);
        assertEq(staking.stakeAt(rival, req.requestedAt - 1), 0);
    }

    /// D7: hashes up to 8,191 blocks old come from EIP-2935; with an older one only the cap decides.
    function test_TurnOf_OldBlocks() public {
        // The code of EIP-2935.
        vm.etch(
            HISTORY_STORAGE,
            hex"3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500"
        );
        Request memory req = _request();
        uint256 decider = req.blockNumber + 1;
        vm.store(HISTORY_STORAGE, bytes32(decider % 8_191), keccak256("hash"));
        _mine(1);
        vm.roll(decider + 300);
        uint256 numerator = 1 + uint256(uint64(uint256(keccak256(abi.encode(keccak256("hash"), _idOf(req), operator)))));
        assertEq(hub.turnOf(req, operator), req.requestedAt + ((TURN_WINDOW * numerator) >> 64));
        vm.roll(decider + 8_191);
        assertLe(hub.turnOf(req, operator), req.requestedAt + TURN_WINDOW);
        vm.roll(decider + 8_192);
        assertEq(hub.turnOf(req, operator), type(uint64).max);
        _expectRejection(req, _answer(req), IInferenceHub.Refusal.NotYourTurn);
        vm.warp(req.requestedAt + TURN_CAP);
        _fulfil(req, _answer(req));
    }

    /// D8: turns follow what is really staked, own and delegated, as of the second before the request.
    function test_Turns_FollowStake() public {
        _registerWith(rival, vm.addr(rivalKey), 2 * SELF_STAKE);
        address delegator = makeAddr("delegator");
        _fund(delegator, SELF_STAKE);
        vm.startPrank(delegator);
        opg.approve(address(custodyVault), SELF_STAKE);
        staking.delegate(rival, SELF_STAKE, 0);
        vm.stopPrank();
        _mine(1);
        _setTurns(1_000, 3_600);
        Request memory req = _request();
        // What arrives with the request or later changes nothing for it.
        _fund(delegator, 5 * SELF_STAKE);
        vm.startPrank(delegator);
        opg.approve(address(custodyVault), 5 * SELF_STAKE);
        staking.delegate(operator, 5 * SELF_STAKE, 0);
        vm.stopPrank();
        _mine(2);
        uint256 rivalFirst;
        uint256 draws = 2_000;
        for (uint256 i = 0; i < draws; ++i) {
            bytes32 blockHash = keccak256(abi.encode("block", i));
            vm.setBlockhash(req.blockNumber + 1, blockHash);
            (uint64 mine, uint64 theirs) = (hub.turnOf(req, operator), hub.turnOf(req, rival));
            assertEq(mine, req.requestedAt + _min(_drawOf(blockHash, req, operator) * 4, 3_600));
            assertEq(theirs, req.requestedAt + _min(_drawOf(blockHash, req, rival) * 4 / 3, 3_600));
            if (theirs < mine) ++rivalFirst;
        }
        // Delays are uniform up to 4,000 s and 1,333 s, so the smaller stake is first in one of six draws.
        assertApproxEqAbs(rivalFirst, draws * 5 / 6, draws / 40);
    }

    /// Seconds in a window of 1,000 s, times 2^64 rounded down.
    function _drawOf(bytes32 blockHash, Request memory req, address who) private view returns (uint256) {
        return 1_000 * (1 + uint256(uint64(uint256(keccak256(abi.encode(blockHash, _idOf(req), who))))));
    }

    /// The smaller of a draw in seconds and the cap.
    function _min(uint256 draw, uint256 cap) private pure returns (uint256) {
        return draw >> 64 < cap ? draw >> 64 : cap;
    }

    /// D9: an operator that is jailed after the request keeps its turn, but cannot sign for it any more.
    function test_RevertWhen_TheOperatorWasJailedMeanwhile() public {
        Request memory req = _request();
        _waitForTurn();
        Fulfilment memory early = _answer(req);
        vm.prank(governance);
        staking.jail(operator, 1 days);
        _mine(1);
        _expectRejection(req, _answer(req), IInferenceHub.Refusal.OperatorInactive);
        _fulfil(req, early);
    }

    /// D10: whoever has the first turn and lets it pass holds nobody up longer than to the next turn, and loses the fee.
    function test_MissedFirstTurn_PassesTheFeeOn() public {
        _registerRival();
        _mine(1);
        _setTurns(20, 60);
        Request memory req = _request();
        _mine(2);
        (uint64 mine, uint64 theirs) = (hub.turnOf(req, operator), hub.turnOf(req, rival));
        (address late, uint256 lateKey) = mine < theirs ? (rival, rivalKey) : (operator, operatorKey);
        vm.warp((mine < theirs ? theirs : mine));
        Fulfilment memory f = _answerBy(req, late, lateKey);
        _fulfil(req, f);
        assertGt(_feesOf(late), 0);
        assertEq(_feesOf(late == rival ? operator : rival), 0);
    }

    function test_SwitchedOff_AnyoneMayAnswerAtOnce() public {
        _setTurns(0, 60);
        _registerRival();
        Request memory req = _request();
        assertEq(hub.turnOf(req, operator), req.requestedAt);
        assertEq(hub.turnOf(req, makeAddr("nobody")), req.requestedAt);
        _fulfil(req, _answerBy(req, rival, rivalKey));
    }

    function testFuzz_SetTurnParameters_AreBounded(uint32 window, uint32 cap) public {
        cap = uint32(bound(cap, 0, 7200));
        window = uint32(bound(window, 0, 7200));
        bool acceptable = window <= cap && cap <= 3600;
        if (acceptable) {
            vm.expectEmit(address(hub));
            emit IInferenceHub.TurnParametersSet(window, cap);
        } else {
            vm.expectRevert(abi.encodeWithSelector(IInferenceHub.TurnParametersOutOfRange.selector, window, cap));
        }
        vm.prank(governance);
        hub.setTurnParameters(window, cap);
        (uint32 storedWindow, uint32 storedCap) = hub.turnParameters();
        assertEq(storedWindow, acceptable ? window : TURN_WINDOW);
        assertEq(storedCap, acceptable ? cap : TURN_CAP);
    }
}
